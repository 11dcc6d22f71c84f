"""What stands in the objects of Whop's messages, in each of their forms: ids, what was bought, and who bought it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.access.rules.payments import Buyer, Line, Refused
from bot.access.sources.payments.shared.values import (
    amount,
    asks_for_tradingview,
    member_of,
    snowflake,
    text,
)

_MAX_ID = 150  # characters: what is made of it has a moment behind it
_TYPED, _SHOP = 2, 1  # how much a name is worth: typed at the checkout, or in the shop's own data
_MIN_LICENSE = 8  # characters: what is shorter can be guessed


@dataclass(frozen=True, slots=True)
class Message:
    """A message of either envelope."""

    kind: str
    data: Mapping[str, Any]
    at: datetime  # when its object last changed, else when it was sent
    question: str | None  # that asks for the name, as the vendor set it


def id_needed(value: Any) -> str:
    """Return an id. Raises Refused where it is missing."""
    found = text(value, _MAX_ID)
    if found is None:
        raise Refused("an id is missing")
    return found


def id_in(data: Any, name: str) -> str | None:
    """Return the id of an object within another: as "payment_id", or as an object or a text "payment"."""
    inner = member_of(data, name)
    return (
        text(member_of(data, f"{name}_id"), _MAX_ID)
        or text(member_of(inner, "id"), _MAX_ID)
        or text(inner, _MAX_ID)
    )


def lines(data: Mapping[str, Any]) -> tuple[Line, ...]:
    """Return what was bought: by its plan, else by its product."""
    keys = tuple(key for name in ("plan", "product") if (key := id_in(data, name)))
    return (Line(keys, text(member_of(data.get("product"), "title"))),) if keys else ()


def total(payment: Any) -> Decimal | None:
    """Return what a payment came to."""
    value = member_of(payment, "total")
    return amount(member_of(value, "amount") if isinstance(value, Mapping) else value)


def customer(data: Mapping[str, Any]) -> str | None:
    """Return Whop's id of the buyer."""
    return id_in(data, "user") or id_in(data, "member")


def buyer(message: Message, contract: str, payment: str | None = None) -> Iterator[Buyer]:
    """Yield what the message tells of the buyer, if anything."""
    data = message.data
    license_key = text(data.get("license_key"))
    typed = _answer(_responses(data), message.question)
    metadata = data.get("metadata")
    named = _answer(metadata.items(), message.question) if isinstance(metadata, Mapping) else None
    found = Buyer(
        contract=contract,
        payment=payment,
        customer=customer(data),
        token=text(member_of(metadata, "usher")),
        username=typed or named,
        discord_id=_discord_id(data),
        email=text(member_of(data.get("user"), "email")) or text(data.get("email")),
        claim_codes=(license_key,) if license_key and len(license_key) >= _MIN_LICENSE else (),
    )
    if found != Buyer(contract=contract, payment=payment):
        yield replace(found, rank=_TYPED if typed else _SHOP, at=message.at)


def _answer(answers: Iterable[tuple[Any, Any]], question: str | None) -> str | None:
    """Return the answer to the vendor's question, else to one that asks for the TradingView name."""
    pairs = [(text(asked), text(answer)) for asked, answer in answers]
    known = [(asked.casefold(), answer) for asked, answer in pairs if asked and answer]
    chosen = [answer for asked, answer in known if question and asked == question.casefold()]
    likely = [answer for asked, answer in known if asks_for_tradingview(asked)]
    return next(iter(chosen or likely), None)


def _responses(data: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Return the questions of the checkout with what was answered."""
    found: list[tuple[Any, Any]] = []
    for name in ("custom_field_responses", "custom_fields_responses"):
        responses = data.get(name)
        if isinstance(responses, Mapping):
            found += responses.items()
        elif isinstance(responses, list):
            found += [
                (member_of(each, "question"), member_of(each, "answer")) for each in responses
            ]
    return found


def _discord_id(data: Mapping[str, Any]) -> int | None:
    for named in (
        member_of(data.get("discord"), "id"),
        member_of(data.get("metadata"), "discord_id"),
    ):
        if found := snowflake(named):
            return found
    accounts = member_of(data.get("user"), "social_accounts") or data.get("social_accounts")
    for account in accounts if isinstance(accounts, list) else ():
        if member_of(account, "service") == "discord" and (found := snowflake(account.get("id"))):
            return found
    return None
