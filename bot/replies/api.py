"""What a program, and whoever reads its log, is told of an order of the HTTP API; plain text."""

from bot.access.ledger.receipts import WaitingFor
from bot.access.orders.api_parts import Failure
from bot.store.kinds import Reason

_WAITING = {
    WaitingFor.ASKING: "TradingView has not confirmed it yet; it goes on by itself.",
    WaitingFor.NO_LOGIN: "No TradingView login is stored yet. A manager gives one with /session update in Discord.",
    WaitingFor.LOGIN_DEAD: "The TradingView login has ended. A manager renews it in Discord; then it goes on by itself.",
    WaitingFor.TRADINGVIEW: "TradingView does not answer; it is tried again by itself.",
    WaitingFor.SLOW_DOWN: "TradingView asked for fewer requests; it goes on by itself.",
    WaitingFor.SCRIPT_PAUSED: "TradingView refuses this script; staff must look at /sync status in Discord.",
    WaitingFor.FULL_CHECK: "The lists are compared after a restore; it goes on by itself.",
    WaitingFor.UNDECIDED: "Staff must decide about an earlier order of this person first.",
    WaitingFor.CHANGED: "TradingView answers in another form than is known; staff must look at /sync status in Discord.",
    WaitingFor.CLOCK: "The clock of the bot's computer is wrong; it goes on once that is right.",
    WaitingFor.NEW_ACCESS: "Another access of this person has to stand first; it goes on by itself.",
}
_STUCK = {
    Reason.NO_SUCH_USER: "TradingView has no user of that name.",
    Reason.OTHER_PERSON: "That name belongs to another TradingView user now; staff must decide.",
    Reason.REFUSED: "TradingView refuses it; staff must look at /sync status in Discord.",
    Reason.TOO_LATE: "Its time ran out while it waited; order it again.",
    Reason.RESTORED: "It is from before a restore; order it again.",
}
_FAILED = {
    Failure.NO_SUCH_SCRIPT: "There is no such script or product here; nothing was changed for it.",
    Failure.NO_SUCH_USER: "TradingView has no user of that name; nothing was changed.",
    Failure.BARRED: "This person gets nothing by a program; staff can give it in Discord.",
    Failure.SEATS: "It would cost a fee at TradingView; a manager can give it in Discord.",
    Failure.GIFT: "It was given as a gift, which no program ends; staff can end it in Discord.",
    Failure.REFUSED: "It cannot be done; staff can try it in Discord and are told why.",
}
SUPERSEDED = "A later order took the place of this one."
SILENT = "TradingView cannot be read now, so nothing is known; try again later."
NO_USERNAME = "That cannot be a TradingView username."
NO_ITEMS = "Give pine_ids: pine ids or short names, as a list or with commas."
TOO_MANY_ITEMS = "Too many pine_ids; send at most {most} at once."
NO_DURATION = "Give a duration such as 7D, 2W, 1M, 1Y, or L for lifetime."
BODY_UNREADABLE = "The body must be a JSON object or a form."
KEY_UNREADABLE = "An Idempotency-Key has 1 to 255 printable characters."
REPEATED_DIFFERENTLY = "That Idempotency-Key came with another request before; nothing was changed."
NO_ORDER = "There is no such order."


def why_waiting(reason: WaitingFor | None) -> str:
    """Return what an order waits for."""
    return _WAITING[reason or WaitingFor.ASKING]


def why_stuck(reason: Reason | None) -> str:
    """Return why an order is stuck."""
    known = _STUCK.get(reason) if reason is not None else None
    return known or "It cannot go on by itself; staff must look at /sync status in Discord."


def why_failed(failure: Failure) -> str:
    """Return why something was not even ordered."""
    return _FAILED[failure]
