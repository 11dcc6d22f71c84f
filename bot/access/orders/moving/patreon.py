"""Patreon: the Relationship Manager's list. It holds the ids of people, and messages name their memberships.

In one campaign a person has one membership, so the first message is known by the person's id.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.access.orders.moving.gathering import gathered, paying_of
from bot.access.orders.moving.records import Listing, Payer, Paying
from bot.access.orders.moving.table import Row, rows
from bot.access.rules.duration import Length

_LENGTHS = {"monthly": Length(months=1), "annual": Length(years=1), "annually": Length(years=1)}


def read(files: Sequence[bytes], now: datetime) -> Listing:
    """Return who is in the lists. Raises ListUnreadable."""
    needs = [("patronstatus",), ("userid", "email")]
    found = [row for data in files for row in rows(data, needs=needs)]
    return gathered(found, _payer, "patreon", now)


def _payer(row: Row) -> Payer | None:
    if not row.first("patronstatus"):
        return None  # who follows for free
    paying, charged = paying_of(row, "patronstatus"), row.moment("lastchargedate")
    status = row.first("lastchargestatus").casefold()
    user = row.first("userid")
    until = _paid_end(row, paying, charged)
    if status in ("refunded", "fraud"):
        paying, until = Paying.OVER, None
    return Payer(
        row.line,
        paying,
        until,
        product=row.first("tier"),
        customer=f"user:{user}" if user.isdecimal() else None,
        email=row.email("email"),
        username=row.username(),
        discord_id=row.discord_id(),
        discord_name=row.discord_name(),
        paid_at=charged if status == "paid" else None,
    )


def _paid_end(row: Row, paying: Paying, charged: datetime | None) -> datetime | None:
    """Return where the paid time ends: at the next charge; of who left, where access ends."""
    if paying is Paying.LATE:
        return charged  # what was charged in vain paid for nothing
    if (ends := row.moment("accessexpiration")) is not None:
        return ends
    following = row.moment("nextchargedate") if paying is not Paying.OVER else None
    if following is not None and (charged is None or following > charged):
        return following
    length = _LENGTHS.get(row.first("chargefrequency").casefold(), Length(months=1))
    return None if charged is None else length.add_to(charged)
