"""A connection to a shop as its vendor sees it, without any secret, and what it heard."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Protocol

from bot.access.rules.contracts import Terms
from bot.store.kinds import DeliveryState
from bot.store.records import Connection

# Among the options of a connection, beside those of its provider:
NAME_FIELD = (
    "name_field"  # the field of the shop's form in which buyers type their TradingView name
)
OLD_UNTIL = "old_secrets_until"  # then all secrets but the newest go


class ProviderFacts(Protocol):
    """What is to be known of a provider here; `bot.access.sources.payments` has them."""

    @property
    def label(self) -> str:
        """Return its name for people."""

    @property
    def secret_pattern(self) -> str | None:
        """Return what its secrets look like."""

    @property
    def takes_api_key(self) -> bool:
        """Return whether it lets messages be looked up with a key."""

    @property
    def check_options(self) -> "Callable[[Mapping[str, Any]], dict[str, Any]] | None":
        """Return what checks its options, and raises ValueError for wrong ones; None: it has none."""


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """What is to be changed about a connection; None leaves it as it is."""

    slack_days: int | None = None
    grace_days: int | None = None
    cancel_ends_now: bool | None = None
    partial_refund_ends: bool | None = None
    dispute_holds: bool | None = None
    asks_first: bool | None = None
    name_field: str | None = None  # empty: back to the usual one


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """A connection as its vendor sees it; no secret of it is here."""

    row: Connection
    label: str
    secrets: int
    old_until: datetime | None
    stuck: int = 0
    unmapped: int = 0

    @property
    def terms(self) -> Terms:
        """Return what the vendor decided, or the safe defaults."""
        return terms_of(self.row)

    @property
    def options(self) -> dict[str, Any]:
        """Return the provider's own options."""
        return own_options(self.row)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a connection has heard so far; two are the same while nothing new comes."""

    at: datetime | None
    kind: str | None
    refused: int
    why: str | None
    state: DeliveryState | None = None  # of the message that was taken

    def is_newer(self, before: "Heard") -> bool:
        """Return whether a message came since, taken or refused."""
        return (self.at, self.refused) != (before.at, before.refused)

    def is_refusal(self, before: "Heard") -> bool:
        """Return whether all that came since was refused."""
        return self.at == before.at and self.refused != before.refused


def terms_of(row: Connection) -> Terms:
    """Return what the vendor of a connection decided, or the safe defaults."""
    known = {field.name for field in fields(Terms)}
    return Terms(**{name: value for name, value in row.terms.items() if name in known})


def own_options(row: Connection) -> dict[str, Any]:
    """Return the options of a connection that are its provider's."""
    return {name: value for name, value in row.options.items() if name != OLD_UNTIL}


def path_of(row: Connection) -> str:
    """Return the address of a connection, without the server before it."""
    return f"/webhooks/{row.public_id}"


def old_until(row: Connection) -> datetime | None:
    """Return until when the secrets before the newest are good; None without any."""
    until = row.options.get(OLD_UNTIL)
    return None if until is None else datetime.fromisoformat(until)
