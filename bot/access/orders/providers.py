"""The providers whose messages are read: what an order needs to know of one, and when it is loaded."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.access.rules.payments import Heading, Reading, Stored

Headers = Mapping[str, str]
Options = Mapping[str, Any]


class Provider(Protocol):
    """How the messages of one provider are checked and read (`bot.access.sources.payments` says more)."""

    @property
    def is_signed(self) -> bool:
        """Return whether its messages are signed; else the address is the secret."""

    @property
    def verify(self) -> Callable[[Headers, bytes, Sequence[str], datetime, Options], None]:
        """Return what raises Refused unless a secret vouches for these bytes."""

    @property
    def head(self) -> Callable[[Headers, bytes, Options], Heading | None]:
        """Return what names a message, or refuses what is not readable; None for a mere greeting."""

    @property
    def read(self) -> Callable[[Stored, Options], Reading]:
        """Return what reads a stored message."""


class Providers:
    """Finds providers by name; the first look at one imports it, which must not hold up the loop."""

    def __init__(self, find: Callable[[str], Provider]) -> None:
        self._find = find
        self._known: dict[str, Provider] = {}

    async def get(self, name: str) -> Provider:
        """Return that provider. Raises LookupError for any other name."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = await asyncio.to_thread(self._find, name)
        return found
