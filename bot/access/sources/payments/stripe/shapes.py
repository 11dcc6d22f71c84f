"""Values of Stripe's objects in all their shapes: those from before and after 2025-03-31 (payments-wire, section 2).

An endpoint keeps the shape of the day it was made. Any id may also be the whole object.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.access.rules.payments import Line

MAX_ID = 200
_MAX_AMOUNT = 10**12
_LAST_YEAR = 9_998  # days are added to a moment
_NUL = "\0"
_CURRENCY = re.compile(r"[a-z]{3}", re.IGNORECASE | re.ASCII)
# How many digits a currency has behind the point, where they are not two.
_DIGITS = dict.fromkeys(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ],
    0,
) | dict.fromkeys(["bhd", "jod", "kwd", "omr", "tnd"], 3)


def inside(value: Any, *names: str) -> Any:
    """Return what lies inside objects under these names; None where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any, longest: int = MAX_ID) -> str | None:
    """Return a text of some length without the space around it; None for everything else."""
    if type(value) is not str or _NUL in value:
        return None
    value = value.strip()
    return value if 0 < len(value) <= longest else None


def id_of(value: Any) -> str | None:
    """Return an id, given as such or within its object."""
    return text(inside(value, "id") if isinstance(value, dict) else value)


def moment(value: Any) -> datetime | None:
    """Return the moment of a unix time in seconds."""
    if type(value) is not int or value < 0:
        return None
    try:
        found = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.year <= _LAST_YEAR else None


def currency(value: Any) -> str | None:
    """Return the code of a currency, in capitals."""
    code = text(value, 3)
    return code.upper() if code and _CURRENCY.fullmatch(code) else None


def amount(value: Any, code: Any) -> Decimal | None:
    """Return an amount in whole units of its currency."""
    if type(value) is not int or abs(value) > _MAX_AMOUNT:
        return None
    digits = _DIGITS.get((currency(code) or "").lower(), 2)
    return Decimal(value).scaleb(-digits)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, plain or in Stripe's wrapping."""
    found = inside(value, "data") if isinstance(value, dict) else value
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def price_line(price: Any, product: Any = None, name: Any = None) -> Line | None:
    """Return what is sold, by the ids of its price and its product."""
    whole = product or inside(price, "product")
    keys = tuple(key for key in (id_of(price), id_of(whole)) if key)
    names = (name, inside(whole, "name"), inside(price, "nickname"))
    return Line(keys, next(filter(None, map(text, names)), None)) if keys else None


def invoice_subscription(invoice: Any) -> str | None:
    """Return the subscription that an invoice is for; None for an invoice of its own."""
    found = id_of(inside(invoice, "subscription")) or id_of(
        inside(invoice, "parent", "subscription_details", "subscription")
    )
    return found or next(
        filter(None, map(_line_subscription, objects(inside(invoice, "lines")))), None
    )


def invoice_metadata(invoice: Any) -> Any:
    """Return the metadata of the subscription as an invoice shows it."""
    return inside(invoice, "parent", "subscription_details", "metadata") or inside(
        invoice, "subscription_details", "metadata"
    )


def invoice_payments(invoice: Any) -> Iterator[str]:
    """Yield the ids of what paid an invoice, as far as it tells."""
    whole = inside(invoice, "payment_intent")
    found = [
        id_of(whole),
        id_of(inside(invoice, "charge")),
        id_of(inside(whole, "latest_charge")),
        *(
            id_of(inside(paid, "payment", name))
            for paid in objects(inside(invoice, "payments"))
            for name in ("payment_intent", "charge")
        ),
    ]
    yield from (one for one in found if one)


@dataclass(frozen=True, slots=True)
class Period:
    """The time that an invoice pays for, and what for."""

    starts_at: datetime | None
    ends_at: datetime
    lines: tuple[Line, ...]
    is_cut: bool = False  # the message leaves out lines that tell more


def invoice_period(invoice: Any) -> Period | None:
    """Return what an invoice pays for; None where it only settles an account.

    The invoice's own period is the window in which it collected its lines, not what they are for.
    """
    rows = [row for row in map(_row, objects(inside(invoice, "lines"))) if row is not None]
    running = [row for row in rows if not row.is_one_off]
    whole = [row for row in running if not row.is_proration]
    counted = whole or [row for row in running if not row.is_credit]
    if not counted:
        return None
    ends_at = max(row.ends_at for row in counted)
    starts = [row.starts_at for row in counted if row.starts_at and row.ends_at == ends_at]
    lines = {row.line.keys: row.line for row in counted if row.line is not None}
    is_cut = not whole and inside(invoice, "lines", "has_more") is True
    return Period(min(starts, default=None), ends_at, tuple(lines.values()), is_cut)


@dataclass(frozen=True, slots=True)
class _Row:
    line: Line | None
    starts_at: datetime | None
    ends_at: datetime
    is_proration: bool
    is_credit: bool

    @property
    def is_one_off(self) -> bool:
        """Return whether it is for no time, such as a fee."""
        return self.starts_at == self.ends_at


def _row(line: dict[str, Any]) -> _Row | None:
    ends_at = moment(inside(line, "period", "end"))
    if ends_at is None:
        return None
    charged = inside(line, "amount")
    parent = inside(line, "parent")
    return _Row(
        line=_line(line),
        starts_at=moment(inside(line, "period", "start")),
        ends_at=ends_at,
        is_proration=any(
            flag is True
            for flag in (
                inside(line, "proration"),
                inside(parent, "subscription_item_details", "proration"),
                inside(parent, "invoice_item_details", "proration"),
            )
        ),
        is_credit=type(charged) is int and charged < 0,
    )


def _line(line: dict[str, Any]) -> Line | None:
    details = inside(line, "pricing", "price_details")
    price = inside(details, "price") or inside(line, "price") or inside(line, "plan")
    return price_line(price, inside(details, "product"), inside(line, "description"))


def _line_subscription(line: dict[str, Any]) -> str | None:
    parent = inside(line, "parent")
    return (
        id_of(inside(line, "subscription"))
        or id_of(inside(parent, "subscription_item_details", "subscription"))
        or id_of(inside(parent, "invoice_item_details", "subscription"))
    )


def subscription_end(subscription: Any) -> datetime | None:
    """Return the end of the running period: of the subscription, or the latest of its items."""
    items = objects(inside(subscription, "items"))
    ends = [moment(inside(item, "current_period_end")) for item in items]
    ends.append(moment(inside(subscription, "current_period_end")))
    return max((end for end in ends if end is not None), default=None)


def subscription_lines(subscription: Any) -> tuple[Line, ...]:
    """Return what a subscription is for."""
    items = objects(inside(subscription, "items")) or [subscription]
    found = (price_line(inside(item, "price") or inside(item, "plan")) for item in items)
    return tuple({line.keys: line for line in found if line is not None}.values())
