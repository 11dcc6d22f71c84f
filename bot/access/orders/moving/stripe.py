"""Stripe: the exports of subscriptions and of customers. Messages name the subscription (sub_).

The list of customers adds who they are: addresses, and what the vendor keeps as metadata.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.access.orders.moving.gathering import gathered, paying_of
from bot.access.orders.moving.records import Listing, Payer, Paying
from bot.access.orders.moving.table import Row, rows

_ENDS = ("currentperiodendutc", "currentperiodend", "trialendutc", "trialend")
_CANCELS = ("cancelatperiodend",)
_CANCELLED = ("canceledatutc", "canceledat", "cancelatutc", "cancelat")
_ENDED = ("endedatutc", "endedat")


def read(files: Sequence[bytes], now: datetime) -> Listing:
    """Return who is in the lists, in any order of the files. Raises ListUnreadable."""
    subscriptions: list[Row] = []
    people: dict[str, Row] = {}
    alone: list[Row] = []
    for data in files:
        for row in rows(data, needs=[("id", "subscriptionid", "customerid")]):
            customer = row.id_like("cus_")
            if row.id_like("sub_"):
                subscriptions.append(row)
            elif customer is not None and customer == row.first("id", "customerid"):
                people[customer] = row
                alone += [row] if row.first("status") else []
            else:
                subscriptions.append(row)
    listed = gathered(subscriptions or alone, _payer, "stripe", now)
    return replace(
        listed,
        payers=tuple(_with(payer, people) for payer in listed.payers),
        over=tuple(_with(payer, people) for payer in listed.over),
    )


def _payer(row: Row) -> Payer:
    paying, until = paying_of(row, "status"), row.moment(*_ENDS)
    live = paying in (Paying.PAYS, Paying.TRIAL)
    # Either mark may stand alone: it depends on how and where it was cancelled.
    if live and (row.is_yes(*_CANCELS) or row.moment(*_CANCELLED) is not None):
        paying = Paying.CANCELLED
    if paying is Paying.OVER:  # its period may run on, but it is over all the same
        until = row.moment(*_ENDED) or row.moment(*_CANCELLED)
    return _told(
        row,
        Payer(
            row.line,
            paying,
            until,
            product=row.first("product", "productname", "plan", "description"),
            keys=tuple(filter(None, (row.id_like("price_", "plan_"), row.id_like("prod_")))),
            contract=row.id_like("sub_"),
            customer=row.id_like("cus_"),
        ),
    )


def _told(row: Row, payer: Payer) -> Payer:
    return replace(
        payer,
        email=payer.email or row.email("customeremail", "email"),
        username=payer.username or row.username(),
        discord_id=payer.discord_id or row.discord_id(),
        discord_name=payer.discord_name or row.discord_name(),
    )


def _with(payer: Payer, people: dict[str, Row]) -> Payer:
    row = people.get(payer.customer or "")
    return payer if row is None else _told(row, payer)
