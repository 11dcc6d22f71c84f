"""What one provider's form is: which messages an event of the shop makes, and how they are signed."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bot.sandbox.payments.orders import Deed, Order
from bot.sandbox.payments.signing import Headers

Json = dict[str, Any]

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
ALL = frozenset(Deed)
ONCE = ALL - {Deed.RENEW, Deed.FAIL, Deed.CANCEL}  # what can happen to a single sale


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, before it is signed: it may be sent more than once, with a new time each time."""

    event: str  # as the provider calls it
    id: str  # the provider's id of the message, where it has one
    body: bytes = field(repr=False)
    content_type: str = JSON_TYPE


@dataclass(frozen=True, slots=True)
class Form:
    """One provider: `write` is asked after the order has changed; `sign` when a letter is sent.

    `deeds` are those that it has messages for, of a subscription; `once` of a single sale.
    """

    name: str  # as `/webhook add` takes it
    label: str
    write: Callable[[Order, Deed, str], list[Letter]]
    sign: Callable[[Letter, str, datetime], Headers]
    new_secret: Callable[[], str]
    deeds: frozenset[Deed] = ALL
    once: frozenset[Deed] = ONCE
    key: str = ""  # where one provider has two forms, what tells them apart
    note: str = ""  # for people: what is special about it

    @property
    def id(self) -> str:
        """Return what names the form on the page."""
        return self.key or self.name


def in_json(body: Json) -> bytes:
    """Return a body as JSON, written as most servers do."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def as_form(pairs: dict[str, str]) -> bytes:
    """Return a body as a form."""
    return urlencode(pairs).encode()


def unix(moment: datetime) -> int:
    """Return a moment in Unix seconds."""
    return int(moment.timestamp())


def iso(moment: datetime) -> str:
    """Return a moment in ISO 8601, in UTC with a Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message_id(prefix: str) -> str:
    """Return a new id of a message."""
    return f"{prefix}{secrets.token_hex(8)}"


def kept(**fields: Any) -> Json:
    """Return these fields without those that are empty."""
    return {name: value for name, value in fields.items() if value not in (None, "")}
