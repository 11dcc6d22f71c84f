"""Payments of shops: one module for each provider, found by walking this package, read when first needed."""

import asyncio
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from bot.access.rules.payments import Heading, Reading, Stored
from bot.access.sources import Source

SOURCE = Source(
    "payment",
    "a payment",
    returns_by_itself=True,
    has="you bought it",
    lost="it is no longer paid for",
    again="Buy it again and it returns by itself.",
    lasts="it is paid for",
)

Headers = Mapping[str, str]  # by names in any case, as aiohttp hands them over
Options = Mapping[str, Any]  # of one connection: the paths and forms that its vendor set


class OptionInvalid(ValueError):  # noqa: N818 - named for what it says
    """An option of a connection that cannot be meant so; `why` is a sentence for the vendor."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


# Where a provider does not sign, the secret is a part of the address: whoever takes the message in hands the
# `secret` of the address's query, or without one the address's own id, over as one more header of this name.
ADDRESS_SECRET = "Address-Secret"


@dataclass(frozen=True, slots=True)
class Check:
    """A question to a provider's own API: is a message true that nobody signed?

    `form` is sent as a form by POST; without one it is a GET. `answer` reads the status and the body of what
    comes back: it is true, it is not, or (None) nobody can say yet and it is asked again later.
    """

    url: str
    answer: Callable[[int, bytes], bool | None]
    form: Mapping[str, str] | None = field(default=None, repr=False)  # may hold a licence key
    api_key: str | None = field(default=None, repr=False)  # sent as "Authorization: Bearer"


@dataclass(frozen=True, slots=True)
class Provider:
    """How the messages of one provider are checked and read; all of it without I/O.

    `verify` raises Refused unless one of the `secrets` vouches for exactly these bytes; without a secret
    it always does. `head` names a delivery before it is stored, and refuses what is no strict JSON or form
    (duplicate keys, half characters, numbers out of range); None: a mere greeting of the shop, which wants
    200 and is not stored. `read` may be called at any later time, and any number of times; it raises
    Refused for what is stored well but makes no sense (an unknown type of our own message, an end without
    a zone): such a delivery is stuck with that reason, and what its sender sends for others, which Usher
    has no use for, is an empty reading instead.
    """

    name: str  # as people type it
    label: str
    verify: Callable[[Headers, bytes, Sequence[str], datetime, Options], None]
    head: Callable[[Headers, bytes, Options], Heading | None]
    read: Callable[[Stored, Options], Reading]
    # For people, one sentence each, without internals: where the address is pasted and which messages
    # to choose; where the secret is found; how the TradingView name of a buyer gets into the message.
    where: str
    secret: str
    name_field: str
    secret_pattern: str | None = None  # a pasted secret looks so; else it is asked again
    is_signed: bool = True  # False: the secret is a part of the address (Gumroad)
    link_parameter: str | None = (
        None  # of the shop link: takes Usher's token ("client_reference_id")
    )
    # Returns the options as they are kept, all of them checked; raises OptionInvalid. None: it has none.
    check_options: Callable[[Options], dict[str, Any]] | None = None
    takes_api_key: bool = False  # messages can be looked up with a key of the vendor
    # What to ask before a stored message is read, with the vendor's API key where there is one; None: nothing.
    check: Callable[[Stored, str | None], Check | None] | None = None


_SHARED = "shared"  # the one module here that is no provider's: what several have in common


@cache
def names() -> tuple[str, ...]:
    """Return the name of each provider, sorted; nothing is imported for it."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in modules if name != _SHARED))


@cache
def provider(name: str) -> Provider:
    """Return that provider. Raises LookupError for any other name."""
    if name not in names():
        raise LookupError(name)
    # Late: of a dozen providers a vendor uses one or two.
    found: Provider = importlib.import_module(f"{__name__}.{name}").PROVIDER
    return found


def label(name: str) -> str:
    """Return what people call a provider; of one that there is no more, the name.

    The providers of all connections are read at the start, so that nothing is imported for their history.
    """
    try:
        return provider(name).label
    except LookupError:
        return name


async def offered() -> list[Provider]:
    """Return every provider; those that nobody used yet are read beside the loop."""
    return await asyncio.to_thread(lambda: [provider(name) for name in names()])
