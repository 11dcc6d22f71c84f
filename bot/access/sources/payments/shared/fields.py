"""What the messages of shops have in common: what must be there, and what a buyer answered."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.access.rules.payments import Buyer, Refused
from bot.access.sources.payments import Headers, OptionInvalid, Options
from bot.access.sources.payments.shared import signatures
from bot.access.sources.payments.shared.values import (
    amount as amount_of,
    asks_for_tradingview,
    moment as moment_of,
    snowflake,
    text,
)

_TV = re.compile(r"(?<![a-z])tv")  # "tv", "tv_name", "_tv": not "outvote"
_MAX_ADDRESS = 254  # characters of an e-mail address
_MAX_PART = 80  # characters of each part of an event's id, so that all of them fit


def insist_on_hex(
    headers: Headers, name: str, secrets: Sequence[str], message: bytes, algorithm: str = "sha256"
) -> None:
    """Raise Refused unless that header is the digest of the message, in hex, by one of the secrets."""
    given = signatures.header(headers, name)
    expected = [signatures.digest(key, message, algorithm) for key in keys(secrets)]
    signatures.insist(expected, [signatures.from_hex(given.strip())])


def keys(secrets: Sequence[str]) -> list[bytes]:
    """Return the secrets as bytes; an empty one is none."""
    return [secret.encode(errors="replace") for secret in secrets if secret]


def event_id(*parts: Any, body: bytes | None = None) -> str:
    """Return an id for a message that has none of its own: the same for each copy, another for another."""
    written = [(text(part) or "")[:_MAX_PART] for part in parts]
    whole = "\n".join(repr(part) for part in parts).encode(errors="replace") + b"\n" + (body or b"")
    return ":".join([*written, hashlib.sha256(whole).hexdigest()])[-200:]


def needed(value: Any, what: str) -> str:
    """Return a text. Raises Refused where it is missing."""
    found = text(value)
    if found is None:
        raise Refused(f"the message has no {what}")
    return found


def needed_moment(value: Any, what: str) -> datetime:
    """Return a moment. Raises Refused where it is missing or not readable."""
    found = moment_of(value)
    if found is None:
        raise Refused(f"the message has no readable {what}")
    return found


def moment_if_any(value: Any, what: str) -> datetime | None:
    """Return a moment, or None where there is none. Raises Refused for one that is not readable."""
    return None if value is None or value == "" else needed_moment(value, what)


def amount_if_any(value: Any) -> Decimal | None:
    """Return an amount, or None where there is none. Raises Refused for one that is not readable."""
    if value is None or value == "":
        return None
    found = amount_of(value)
    if found is None:
        raise Refused("an amount is not readable")
    return found


def email(value: Any) -> str | None:
    """Return an e-mail address; None for what is none."""
    found = text(value, _MAX_ADDRESS)
    return found if found and "@" in found else None


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; nothing where it is none."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def some(*values: str | None) -> tuple[str, ...]:
    """Return those of the texts that are there."""
    return tuple(value for value in values if value)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the fields that a shop hands through tell of the buyer."""

    token: str | None = None
    username: str | None = None
    discord_id: int | None = None


def answers(fields: Iterable[tuple[Any, Any]], options: Options) -> Answers:
    """Return what those fields tell: the name under the vendor's `name_field`, or one that asks for TradingView.

    Two fields with different names tell none: nobody guesses which of them is meant.
    """
    token, discord_id = None, None
    chosen, likely = set(), set()
    configured = _plain(options.get("name_field"))
    for name, value in fields:
        field = _plain(name)
        if field.strip("_") == "usher":
            token = token or text(value)
        elif field.strip("_") in ("discord_id", "discord id"):
            discord_id = discord_id or snowflake(value)
        elif configured and field == configured:
            chosen.add(text(value))
        elif asks_for_tradingview(field) or _TV.search(field):
            likely.add(text(value))
    names = (chosen - {None}) or (likely - {None})
    return Answers(token, names.pop() if len(names) == 1 else None, discord_id)


def _plain(name: Any) -> str:
    return name.strip().casefold() if isinstance(name, str) else ""


def buyer(
    told: Answers,
    *,
    contract: str | None = None,
    customer: str | None = None,
    address: Any = None,
    claim_codes: tuple[str, ...] = (),
) -> list[Buyer]:
    """Return who bought, as one fact; none where the message tells nothing of them."""
    found = email(address)
    if not (
        customer
        or told.token
        or told.username
        or told.discord_id is not None
        or found
        or claim_codes
    ):
        return []
    return [
        Buyer(
            contract=contract,
            customer=customer,
            token=told.token,
            username=told.username,
            discord_id=told.discord_id,
            email=found,
            claim_codes=claim_codes,
        )
    ]


def options_with(**checks: Callable[[str], Any]) -> Callable[[Options], dict[str, Any]]:
    """Return what checks the options of a provider that knows these; each check raises ValueError with a sentence."""

    def check(options: Options) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in options.items():
            if name not in checks:
                raise OptionInvalid(str(name), "There is no such option.")
            if value is None or value == "":
                continue
            written = text(value)
            try:
                if written is None:
                    raise ValueError("Write one short text.")  # noqa: TRY301
                found[name] = checks[name](written)
            except ValueError as error:
                raise OptionInvalid(name, str(error)) from None
        return found

    return check
