"""What became of a change of plan, a pause or its end, said to staff and to the customer."""

from collections.abc import Sequence

from bot.access.ledger.receipts import Receipt
from bot.replies.message import Message
from bot.replies.text import bold, day, listed, relative, title, until_paid
from bot.store.kinds import OrderKind


def how_long(receipt: Receipt) -> str:
    """Return both ends: of what was paid for, and of what TradingView holds."""
    return until_paid(receipt.end, receipt.paid_until)


def done(receipt: Receipt, who: str, what: str) -> list[str] | None:
    """Return what is said once all of it is done; None where it is none of these."""
    match receipt.order.kind:
        case OrderKind.MOVE:
            return [*_moved(receipt, who, what), "TradingView's own list shows it."]
        case OrderKind.PAUSE:
            return [
                f"⏸️ **Paused:** {what} for {who}.",
                *_still(receipt),
                "No time passes until `/access resume`; the end then moves later by the length of the pause.",
            ]
        case OrderKind.RESUME if receipt.end is not None:
            return [
                f"▶️ **Goes on:** {who} has {what}{_one_end(receipt)}.",
                *_each(receipt.every),
                "The end moved later by the length of the pause; TradingView's own list shows it.",
            ]
        case _:
            return None


def paused(receipt: Receipt) -> str:
    """Return that what was added waits until a pause is over; empty where nothing is paused."""
    since = receipt.paused_since
    if since is None:
        return ""
    return (
        f"⏸️ It is paused since {day(since)} ({relative(since)}), so no time passes and TradingView shows "
        "nothing. `/access resume` lets it go on."
    )


def waiting(receipt: Receipt, who: str, what: str) -> str | None:
    """Return what is said while it waits; None where it is none of these."""
    match receipt.order.kind:
        case OrderKind.MOVE:
            old = _old(receipt)
            stays = f" {old} stays until that stands." if old else ""
            return f"⏳ **Waiting:** {who} moves to {what}.{stays}"
        case OrderKind.PAUSE:
            return f"⏳ **Waiting:** {what} for {who} is paused already; I am taking it off TradingView."
        case OrderKind.RESUME:
            return f"⏳ **Waiting:** {who} gets {what} back{_one_end(receipt)}."
        case _:
            return None


def to_customer(receipt: Receipt, what: str, server: str) -> str | None:
    """Return the first lines of the direct message; None where it is none of these."""
    staff = f"the staff of {bold(server)}"
    match receipt.order.kind:
        case OrderKind.MOVE:
            new = _new(receipt)
            ends = {each.end for each in new}
            end = f" {how_long(receipt)}" if len(ends) == 1 else ""
            old = _old(receipt)
            instead = f" instead of {old}" if old else ""
            return f"🔁 Your plan was changed by {staff}: you can use {what}{instead}{end}."
        case OrderKind.PAUSE if receipt.end is None:
            return (
                f"⏸️ Your access to {what} is paused by {staff}. No time passes meanwhile: when it goes on, "
                "your end moves later by the length of the pause."
            )
        case OrderKind.RESUME:
            return (
                f"▶️ Your access to {what} goes on{_one_end(receipt)}. The end moved later by the length of "
                "the pause."
            )
        case _:
            return None


def no_access_now(receipt: Receipt, what: str, server: str) -> Message | None:
    """Return the direct message of a pause; None where access has ended."""
    text = to_customer(receipt, what, server) if receipt.order.kind is OrderKind.PAUSE else None
    return None if text is None else Message(text)


def _moved(receipt: Receipt, who: str, what: str) -> list[str]:
    new, old = _new(receipt), _old(receipt)
    ends = {each.end for each in new}
    instead = f" instead of {old}" if old else ""
    if len(ends) == 1:
        lines = [f"✅ **Moved:** {who} has {what}{instead} {how_long(receipt)}."]
    else:
        lines = [f"✅ **Moved:** {who} has {what}{instead}:", *_each(new)]
    stays = [each for each in receipt.every if each not in new and each.end is not None]
    lines += [
        f"{title(each.script)} stays {how_long(each)}: another reason gives it." for each in stays
    ]
    return lines


def _new(receipt: Receipt) -> list[Receipt]:
    return [each for each in receipt.every if each.order.kind is OrderKind.MOVE]


def _old(receipt: Receipt) -> str:
    """Return what the access was moved from, where something of it goes."""
    gone = [each for each in receipt.every if each.order.kind is not OrderKind.MOVE]
    return listed(dict.fromkeys(title(each.product or each.script) for each in gone))


def _one_end(receipt: Receipt) -> str:
    """Return until when, where that is the same for every script; else the lines below say it."""
    return f" {how_long(receipt)}" if len({each.end for each in receipt.every}) == 1 else ""


def _still(receipt: Receipt) -> list[str]:
    """Return what another reason gives meanwhile."""
    return [
        f"- {title(each.script)}: still {how_long(each)}, for another reason"
        for each in receipt.every
        if each.end is not None
    ]


def _each(every: Sequence[Receipt]) -> list[str]:
    """Return a line for each script, where their ends differ."""
    if len({each.end for each in every}) == 1:
        return []
    return [f"- {title(each.script)}: {how_long(each)}" for each in every]
