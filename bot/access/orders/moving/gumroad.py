"""Gumroad: the export of sales, with a row for each charge, or the list of subscribers.

Messages of a renewal name a new sale and a subscription that the export does not hold: they are known by the
licence key, which stays the same, else by the address.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from bot.access.orders.moving.gathering import gathered, paying_of
from bot.access.orders.moving.records import Fault, Listing, Payer, Paying
from bot.access.orders.moving.table import Row, RowUnread, rows
from bot.access.rules.duration import Length

_LENGTHS = {
    "monthly": Length(months=1),
    "quarterly": Length(months=3),
    "biannually": Length(months=6),
    "yearly": Length(years=1),
    "every_two_years": Length(years=2),
}
_BOUGHT = ("purchasetimeutctimezone", "purchasetime", "purchasedate", "createdat", "date")
_IDS = ("purchaseid", "saleid")
_SUBSCRIPTION = ("subscriptionid", "subscriberid")


def read(files: Sequence[bytes], now: datetime) -> Listing:
    """Return who is in the lists: of each subscription what its last charge paid for. Raises ListUnreadable."""
    needs = [(*_IDS, *_SUBSCRIPTION)]
    found = [row for data in files for row in rows(data, needs=needs)]
    sold = [row for row in found if row.first(*_IDS)]
    subscribers = [row for row in found if not row.first(*_IDS)]
    sales = [row for row in sold if row.first(*_IDS).casefold() != "totals"]
    sales.sort(key=lambda row: (_whose(row), row.line))
    last = [_last([*some]) for _, some in groupby(sales, key=_whose)]
    last.sort(key=lambda row: row.line)
    return gathered(
        [*last, *subscribers],
        lambda row: _payer(row, now) if row.first(*_IDS) else _subscriber(row),
        "gumroad",
        now,
    )


def _subscriber(row: Row) -> Payer:
    paying = paying_of(row, "status", "state")
    subscription = row.first(*_SUBSCRIPTION)
    return Payer(
        row.line,
        paying,
        row.moment("nextchargedate", "nextcharge", "renewsat", "renewaldate", "enddate", "endedat"),
        product=row.first("productname", "itemname", "product"),
        keys=tuple(filter(None, (row.first("productid"), row.first("permalink")))),
        contract=f"subscription:{subscription}",
        licence=row.first("licensekey") or None,
        email=row.email("email", "useremail", "purchaseemail"),
        username=row.username(),
        discord_id=row.discord_id(),
        discord_name=row.discord_name(),
    )


def _whose(row: Row) -> tuple[str, ...]:
    """Return what the charges of one subscription have in common; a sale stands alone."""
    if not row.first("recurrence"):
        return ("sale", row.first(*_IDS))
    licence = row.first("licensekey")
    if licence:
        return ("licence", licence)
    product = row.first("productid", "itemname")
    return ("address", row.first("purchaseemail", "buyeremail").casefold(), product)


def _last(charges: list[Row]) -> Row:
    """Return the newest charge that did not go back; where all did, the newest."""

    def order(row: Row) -> tuple[bool, str]:
        try:
            bought = row.moment(*_BOUGHT)
        except RowUnread:
            return False, ""
        return not _went_back(row), bought.isoformat() if bought else ""

    return max(charges, key=order)


def _went_back(row: Row) -> bool:
    disputed = row.is_yes("disputed") and not row.is_yes("disputewon")
    return row.is_yes("fullyrefunded") or disputed


def _payer(row: Row, now: datetime) -> Payer:
    bought = row.moment(*_BOUGHT)
    if bought is None:
        raise RowUnread(Fault.DATE_UNREADABLE, "purchasedate")
    recurrence = row.first("recurrence").casefold()
    paying, until = Paying.PAYS, None
    if recurrence:
        if recurrence not in _LENGTHS:
            raise RowUnread(Fault.STATUS_UNKNOWN, "recurrence")
        until = _LENGTHS[recurrence].add_to(bought)
        over = row.moment("subscriptionenddate")
        if over is not None or row.first("cancellationdate"):
            paying = Paying.CANCELLED
        elif until <= now:
            paying = Paying.LATE
    if _went_back(row):
        paying, until = Paying.OVER, None
    sale, subscription = row.first(*_IDS), row.first(*_SUBSCRIPTION)
    payment = f"sale:{sale}"
    variants = row.first("variants")
    name = row.first("itemname", "productname", "product")
    permalink = row.first("productid", "permalink")
    return Payer(
        row.line,
        paying,
        until,
        for_good=not recurrence,
        product=" · ".join(filter(None, (name, variants))),
        keys=() if variants or not permalink else (permalink,),
        contract=f"subscription:{subscription}"
        if subscription
        else None
        if recurrence
        else payment,
        payment=payment,
        licence=row.first("licensekey") or None,
        email=row.email("purchaseemail", "email", "buyeremail"),
        username=row.username(),
        discord_id=row.discord_id(),
        discord_name=row.discord_name(),
        paid_at=bought,
    )
