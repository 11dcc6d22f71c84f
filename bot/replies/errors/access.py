"""Refusals about times and orders, in sentences."""

from bot.access.ledger import errors as refusals
from bot.access.rules import errors as times
from bot.access.rules.duration import is_end_of_day
from bot.replies.errors.sentence import sentence
from bot.replies.text import escape, moment, plain_day, title, typed

_DURATIONS = "`7D`, `2W`, `1M`, `1Y`, `1Y 6M` or `L` for lifetime (M is months)"
_DATES = (
    "a date such as `2026-04-30`, a moment with its time zone such as `2026-04-30T18:00Z`, a time "
    "from now such as `30D`, or `lifetime`"
)


@sentence.register
def _(error: times.DurationUnreadable) -> str:
    return (
        f"**{typed(error.text)} is not a duration that I understand.** Type {_DURATIONS}. "
        "For an exact date, use `/access set`."
    )


@sentence.register
def _(error: times.DateUnreadable) -> str:
    return f"**{typed(error.text)} is not a date that I understand.** Type {_DATES}."


@sentence.register
def _(error: times.DateWithoutZone) -> str:
    return (
        f"**{typed(error.text)} does not say in which time zone.** Put `Z` behind it for UTC, or the "
        "zone: `2026-04-30T18:00Z`, `2026-04-30T18:00+02:00`. A date alone means the end of that "
        "day in UTC."
    )


@sentence.register
def _(error: times.DateAmbiguous) -> str:
    if error.only is not None:
        return f"**I did not take {typed(error.text)}.** Type the year first: `{error.only}`."
    return f"**{typed(error.text)} can be read in two ways.** Type the year first: `2026-04-30`."


@sentence.register
def _(error: times.DatePast) -> str:
    when = plain_day(error.when) if is_end_of_day(error.when) else moment(error.when)
    return f"**{when} is over.** Type a later date; to end access now, use `/access revoke`."


@sentence.register
def _(error: times.TooFar) -> str:
    return f"**{typed(error.text)} is too far away.** For no end at all, type `L`."


# Orders


@sentence.register
def _(error: refusals.NothingToRevoke) -> str:
    return (
        f"**There is nothing to end:** {escape(error.username)} has no access to {title(error.item)}. "
        "Nothing was changed."
    )


@sentence.register
def _(error: refusals.NothingToMove) -> str:
    why = (
        "They have it from a role or the like, without an end of its own, and that does not move."
        if error.stays
        else "`/access check` shows what they have."
    )
    return (
        f"**There is nothing to move:** {escape(error.username)} has no time of {title(error.item)} that "
        f"could go along. {why} Nothing was changed."
    )


@sentence.register
def _(error: refusals.SameItem) -> str:
    return (
        f"**{title(error.item).strip('*')} is both the old and the new one.** Nothing was changed."
    )


@sentence.register
def _(error: refusals.NothingToPause) -> str:
    what = "" if error.item is None else f" of {title(error.item)}"
    return (
        f"**There is nothing to pause:** nothing{what} runs for {escape(error.username)}. `/access check` "
        "shows what they have. Nothing was changed."
    )


@sentence.register
def _(error: refusals.NothingPaused) -> str:
    what = "" if error.item is None else f" of {title(error.item)}"
    return (
        f"**Nothing is paused:** nothing{what} stands still for {escape(error.username)}. `/access check` "
        "shows what they have. Nothing was changed."
    )


@sentence.register
def _(_: refusals.PutBackTooLate) -> str:
    return "**The 24 hours for that are over.** Use `/access grant` or `/access set` instead."


@sentence.register
def _(_: refusals.OvertakenSince) -> str:
    return (
        "**A later order counts there now**, so nothing was put back. Put that one back first, "
        "or use `/access grant`."
    )
