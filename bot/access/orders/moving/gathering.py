"""Gathers the rows of a shop's list: what each says of a person, and what is wrong with it; pure, no I/O."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bot.access.orders.moving.records import BadRow, Fault, Listing, Payer, Paying
from bot.access.orders.moving.table import Row, RowUnread

# What shops call each standing, in small letters without anything between.
_WORDS = {
    **dict.fromkeys(
        (
            "active", "activepatron", "renewing", "paid", "joined", "completed", "paidonce", "alive", "current",
            "subscribed", "true", "yes", "1", "lifetime", "paidsubscriber", "onetime", "member",
        ),
        Paying.PAYS,
    ),
    **dict.fromkeys(("trialing", "trial", "intrial", "freetrial"), Paying.TRIAL),
    **dict.fromkeys(
        ("pastdue", "declined", "declinedpatron", "unresolved", "pendingfailure", "failed", "overdue"),
        Paying.LATE,
    ),
    **dict.fromkeys(
        ("canceling", "cancelling", "pendingcancellation", "expiring", "nonrenewing", "settocancel"),
        Paying.CANCELLED,
    ),
    **dict.fromkeys(
        (
            "canceled", "cancelled", "expired", "ended", "churned", "left", "unpaid", "incomplete", "drafted",
            "incompleteexpired", "formerpatron", "inactive", "paused", "refunded", "failedpayment", "removed",
            "banned", "former", "false", "no", "0", "fixedsubscriptionperiodended",
        ),
        Paying.OVER,
    ),
}  # fmt: skip


def paying_of(row: Row, *titles: str) -> Paying:
    """Return the standing that one of these cells names. Raises RowUnread."""
    word = "".join(sign for sign in row.first(*titles).casefold() if sign.isalnum())
    if not word:
        raise RowUnread(Fault.NO_STATUS, titles[0])
    if word not in _WORDS:
        raise RowUnread(Fault.STATUS_UNKNOWN, titles[0])
    return _WORDS[word]


def until_end(payer: Payer, now: datetime) -> Payer:
    """Return a payer as they stand now: who cancelled keeps what is paid for, and not a day more."""
    if payer.paying is Paying.OVER and payer.until is not None and payer.until > now:
        return replace(payer, paying=Paying.CANCELLED)
    if payer.paying is Paying.CANCELLED and (payer.until is None or payer.until <= now):
        return replace(payer, paying=Paying.OVER)
    return payer


def gathered(
    rows: Iterable[Row], read: Callable[[Row], Payer | None], provider: str | None, now: datetime
) -> Listing:
    """Return what `read` makes of the rows; it returns None for one that is about nobody who paid."""
    payers: list[Payer] = []
    over: list[Payer] = []
    bad: list[BadRow] = []
    known: set[str] = set()
    for row in rows:
        try:
            payer = read(row)
        except RowUnread as error:
            bad += [*row.bad, BadRow(row.line, error.fault, error.column)]
            continue
        bad += row.bad
        if payer is None:
            continue
        if not (
            payer.contract or payer.customer or payer.email or payer.discord_id or payer.username
        ):
            bad.append(BadRow(row.line, Fault.NO_PERSON))
            continue
        if payer.contract is not None and payer.contract in known:
            bad.append(BadRow(row.line, Fault.TWICE))
            continue
        known.update(filter(None, [payer.contract]))
        payer = until_end(payer, now)
        (over if payer.paying is Paying.OVER else payers).append(payer)
    return Listing(provider, tuple(payers), tuple(bad), tuple(over))
