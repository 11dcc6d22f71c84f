"""What is asked before something is taken away, or before the fee begins."""

from bot.access.ledger import errors as refusals
from bot.access.logins.errors import CookiesOfOther
from bot.access.rules.seat_fee import FEE_CENTS, FREE, cents
from bot.access.sweeps.errors import MAX_BY_STAFF, IgnoresMany, TakesFromMany
from bot.replies import product_scripts
from bot.replies.errors.sentence import sentence
from bot.replies.seats import money
from bot.replies.text import bold, count, end_day, escape, listed, member, source, title, until
from bot.store.kinds import EntitlementKind
from bot.store.records import Entitlement
from bot.tradingview.models import End

_MAX_TITLES = 8
# What the buttons say under the question about a name that a member merely claims.
ONLY_THE_NAME, IT_IS_THEIRS = "Only for the name", "The name is theirs"


@sentence.register
def _(error: refusals.Shortens) -> str:
    return (
        f"**This takes time away from {escape(error.username)}** on {title(error.item)}.\n"
        f"Now: {_end(error.before)}\nThen: {_end(error.after)}\nShall I do it?"
    )


@sentence.register
def _(error: refusals.EndsSeveral) -> str:
    shown = error.reasons[:10]
    lines = [f"- {source(reason)}: {_reason_end(reason)}" for reason in shown]
    if not lines:
        lines.append("- found on TradingView: no end")
    if len(error.reasons) > len(shown):
        lines.append(f"- and {count(len(error.reasons) - len(shown), 'more')[:-1]}")
    return (
        f"**This ends everything that {escape(error.username)} has** on {title(error.item)}:\n"
        + "\n".join(lines)
        + "\nShall I do it?"
    )


@sentence.register
def _(error: refusals.MoveLeavesOpen) -> str:
    lines = [f"- {source(reason)}: {_reason_end(reason)}" for reason in error.stays[:10]]
    return (
        f"{bold(error.username)} also has {title(error.item)} **without an end of its own**:\n"
        + "\n".join(lines)
        + "\nThat does not move: they keep it there. What was bought for a time moves. Shall I do it?"
    )


@sentence.register
def _(error: refusals.StopsEverything) -> str:
    what = "lets everything go on that is paused" if error.goes_on else "pauses everything"
    titles = listed(escape(each) for each in error.titles[:_MAX_TITLES])
    left = len(error.titles) - _MAX_TITLES
    more = f" and {left} more" if left > 0 else ""
    return f"**This {what} for {escape(error.username)}:** {titles}{more}.\nShall I do it?"


@sentence.register
def _(error: refusals.NameOnlyClaimed) -> str:
    name, claimer = escape(error.username), member(error.member_id)
    return (
        f"**{claimer} says that {name} is theirs, and nobody else has shown it.** Anybody can type a "
        f"name. Is it certain?\n- **{ONLY_THE_NAME}**: {name} gets it on TradingView, and {claimer} "
        f"hears and sees nothing of it until they prove the name.\n- **{IT_IS_THEIRS}**: {name} gets it, "
        f"and is {claimer}'s name for certain from now on."
    )


@sentence.register
def _(error: refusals.OverTheLine) -> str:
    first = f"This would be person number {error.seats:,} at the month's end."
    if error.more > 1:
        first = f"With these {error.more:,}, {error.seats:,} people have access at the month's end."
    return (
        f"**{first}** By its own rules, "
        f"TradingView's fee for the month would be {money(cents(error.seats))} "
        f"({error.seats:,} × US${FEE_CENTS / 100:.2f}); up to {FREE} people cost nothing. Only a "
        "manager can say yes: if you are none, ask one to do the same."
    )


@sentence.register
def _(error: TakesFromMany) -> str:
    parts = []
    if error.ends:
        parts.append(f"ends access for {count(error.ends, 'person', 'people')}")
    if error.shortens:
        parts.append(f"gives {count(error.shortens, 'person', 'people')} an earlier end")
    of = f"{count(error.total, 'person has', 'people have')} {escape(error.script.title)} now."
    ask = "Shall I do it?"
    if error.needs_manager:
        ask = (
            f"For more than {MAX_BY_STAFF} people at once, only a manager can say yes: if you are none, ask "
            "one to do the same."
        )
    return f"**This {listed(parts)}.** {of} {ask}"


@sentence.register
def _(error: IgnoresMany) -> str:
    what = ("person", "people") if error.new else ("difference", "differences")
    return (
        f"**This leaves {count(error.number, *what)} on {escape(error.script.title)} alone.** "
        "They are no longer counted or told of until something about them changes; nothing changes on "
        "TradingView, and you can undo it. Shall I do it?"
    )


@sentence.register
def _(error: CookiesOfOther) -> str:
    new = escape(error.username) if error.username else "another account"
    old = bold(error.before) if error.before else "the account in use"
    lost = (
        f" It does not own {listed(bold(name) for name in error.missing[:5])}."
        if error.missing
        else ""
    )
    return (
        f"**These cookies belong to {new}**, but this server uses {old}.{lost} "
        "Access that is already on TradingView stays as it is. Change the account?"
    )


def _end(end: End | None) -> str:
    return "no access" if end is None else until(end).removeprefix("until ")


def _reason_end(reason: Entitlement) -> str:
    if reason.kind is EntitlementKind.LIFETIME:
        return "lifetime"
    if reason.ends_at is not None:
        return f"until {end_day(reason.ends_at)}"
    return "no end" if reason.length is None else f"{escape(reason.length)}, not started yet"


@sentence.register
def _(error: refusals.ChangesProduct) -> str:
    return product_scripts.question(error)
