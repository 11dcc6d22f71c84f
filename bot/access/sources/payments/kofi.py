"""Ko-fi: each message is one payment for one length; what ends or goes back is never told."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.access.rules.duration import parse_length
from bot.access.rules.errors import DurationUnreadable, TooFar
from bot.access.rules.payments import Heading, Line, Payment, Reading, Refused, Stored
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared import fields, signatures
from bot.access.sources.payments.shared.bodies import form_of, json_of
from bot.access.sources.payments.shared.values import snowflake, text

_TEST_SENDER = "Ko-fi Team"  # of the test buttons on its page, which send the real token
_NAME = r"@?(?P<name>[A-Za-z0-9_.-]{2,64}|\S*tradingview\.com/u/[A-Za-z0-9_.-]{2,64}/?)"
_LABELLED = re.compile(
    rf"(?:^|[\n,;.!]\s*)(?:my\s)?trading\s?view(?:\s+(?:user\s?)?name)?\s*[:=]\s*{_NAME}(?=[\s,;!]|$)",
    re.IGNORECASE | re.ASCII,
)
_LONGEST_MESSAGE = 500  # characters; in a letter nothing is looked for
_ALONE = re.compile(_NAME, re.IGNORECASE | re.ASCII)
# One word may be a greeting: "Thanks" is a name only where something in it is none of a word's.
_UNLIKE_A_WORD = re.compile(r"[0-9_/]|[a-z][A-Z]|^@", re.ASCII)


def verify(
    _: Headers, body: bytes, secrets: Sequence[str], _now: datetime, _options: Options
) -> None:
    """Raise Refused unless the message carries the token of the vendor's Ko-fi page."""
    token = _data(body).get("verification_token")
    if not isinstance(token, str):
        raise Refused("the token is missing")
    signatures.insist(fields.keys(secrets), [token.encode(errors="replace")])


def _data(body: bytes) -> dict[str, Any]:
    data = form_of(body).get("data")
    if data is None:
        raise Refused("the form has no data")
    return json_of(data.encode())


def head(_: Headers, body: bytes, _options: Options) -> Heading | None:
    """Return Ko-fi's id of the message, the same when it is sent again."""
    data = _data(body)
    return Heading(
        fields.needed(data.get("message_id"), "message_id"), fields.needed(data.get("type"), "type")
    )


def read(stored: Stored, options: Options) -> Reading:
    """Return one payment of the length that the vendor set, and who made it."""
    data = _data(stored.body)
    at = fields.needed_moment(data.get("timestamp"), "timestamp")
    payment = text(data.get("kofi_transaction_id")) or f"message:{stored.event_id}"
    paid = Payment(
        payment,
        payment,
        at,
        _lines(data),
        length=text(options.get("length")),
        amount=fields.amount_if_any(data.get("amount")),
        currency=text(data.get("currency")),
    )
    told = fields.buyer(
        fields.Answers(
            username=_username(data.get("message")),
            discord_id=snowflake(data.get("discord_userid")),
        ),
        contract=payment,
        customer=_customer(data),
        address=data.get("email"),
    )
    return Reading((paid, *told), at, is_test=data.get("from_name") == _TEST_SENDER)


def _customer(data: dict[str, Any]) -> str | None:
    """Return what stands for the person: Ko-fi names none, and only the address is the same next month."""
    address = fields.email(data.get("email"))
    if address is None:
        return None
    return "email:" + hashlib.sha256(address.casefold().encode()).hexdigest()[:40]


def _username(message: Any) -> str | None:
    """Return the TradingView name that the message says it has, or that it is; prose is never searched."""
    written = message.strip() if isinstance(message, str) else ""
    if len(written) > _LONGEST_MESSAGE:
        return None
    named = {found["name"] for found in _LABELLED.finditer(written)}
    if named:
        return named.pop().rstrip(".") if len(named) == 1 else None
    alone = _ALONE.fullmatch(written)
    return alone["name"] if alone and _UNLIKE_A_WORD.search(written) else None


def _lines(data: dict[str, Any]) -> tuple[Line, ...]:
    """Return what was bought: the articles of the shop, or the tier, or else the kind of payment."""
    found = []
    for item in fields.objects(data.get("shop_items")):
        code, variation = text(item.get("direct_link_code")), text(item.get("variation_name"))
        if code:
            keys = fields.some(f"{code}:{variation}" if variation else None, code)
            found.append(Line(keys, variation))
    if found:
        return tuple(found)
    tier = text(data.get("tier_name"))
    key = tier or text(data.get("type"))
    return (Line((key,), key),) if key else ()


def _checked_length(written: str) -> str:
    try:
        return parse_length(written).text
    except (DurationUnreadable, TooFar) as error:
        raise ValueError("Write a length such as 1M or 30D.") from error


PROVIDER = Provider(
    name="kofi",
    label="Ko-fi",
    verify=verify,
    head=head,
    read=read,
    where=(
        "Open ko-fi.com/manage/webhooks, paste the address as the webhook URL, and press Update. Ko-fi tells"
        " of payments alone: refunds and cancellations are for you to enter."
    ),
    secret="Open ko-fi.com/manage/webhooks, Advanced, and copy the verification token.",
    name_field=(
        "Ask buyers to write their TradingView name into the message of the payment, like"
        " TradingView: Trader_Joe; who forgets it links it in Discord."
    ),
    check_options=fields.options_with(length=_checked_length),
)
