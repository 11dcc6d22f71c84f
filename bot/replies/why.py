"""Why somebody has no access, or not the expected: one sentence for each cause, and its mend as a button."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot import clock
from bot.access.queries.causes import Cause, Explanation, Part, opening
from bot.access.queries.standing import Checked
from bot.replies import customers, history_payments
from bot.replies.by_source import as_long_as
from bot.replies.message import Message
from bot.replies.orders import why_stuck, why_waiting
from bot.replies.own import FREE_PLAN, RELOAD
from bot.replies.text import (
    NO_END,
    bold,
    day,
    end_day,
    escape,
    listed,
    member,
    order_number,
    origin,
    relative,
    role,
    title,
    typed,
    until,
)
from bot.replies.tone import Tone
from bot.replies.why_mends import mends, why_reason
from bot.store.kinds import ActorKind, OrderKind
from bot.store.records import Order, RoleRule
from bot.tradingview.models import End, Lifetime


def why(found: Explanation) -> Message:
    """Return the answer: the first cause, and what mends it."""
    text, tone = _SENTENCES[found.cause](found), _TONES.get(found.cause, Tone.LOOK)
    if found.cause not in (Cause.NO_ITEM, Cause.NOT_HERE, Cause.NO_NAME, Cause.NAME_UNKNOWN):
        text += _beside(found)
    return Message(text, buttons=mends(found), tone=tone)


def _whom(found: Explanation) -> str:
    """Return the person, to stand inside bold text."""
    return customers.named(found.who.member_id, found.who.username)


def _what(found: Explanation) -> str:
    """Return what the answer is about, to stand inside bold text."""
    return "anything" if found.sold is None else escape(found.sold.title)


def _beside(found: Explanation) -> str:
    """Return what stands beside the cause: a block, other scripts, and that TradingView is silent."""
    text, person = "", found.who.customer
    if found.cause in (Cause.NEVER, Cause.ENDED) and found.part is not None:
        has = opening(found.part, found.who)
        if has:
            text += f"\nThey have {_roles(has)}, which opens it: I have not followed that yet."
    if person is not None and person.blocked_at is not None and found.cause is not Cause.BLOCKED:
        text += (
            f"\n⛔ They are blocked since {day(person.blocked_at)}: they get nothing by themselves."
        )
    if found.standing and found.cause is not Cause.STANDS:
        text += f"\nAs it should be: {listed(title(script) for script in found.standing)}."
    if not found.is_certain:
        text += "\nTradingView did not answer just now: this is what I knew before."
    return text


# The sentences, in the order of the causes


def _no_item(found: Explanation) -> str:
    meant = " Which one do you mean?" if found.near else " `/script list` shows what there is."
    return f"**There is nothing here with the short name {typed(found.asked or '')}.**{meant}"


def _not_here(found: Explanation) -> str:
    text = (
        f"**{_whom(found)} is not in this server.** What they bought is not lost, and access on TradingView "
        "may still be there."
    )
    if found.who.customer is None:
        return text
    return f"{text} With another Discord account now? `/customer move` gives it everything of this one."


def _no_name(found: Explanation) -> str:
    lines = [
        f"**No TradingView name of {_whom(found)} is known.** Without one I can give nothing there."
    ]
    if found.who.claim is not None:
        lines.append(f"They say that it is {bold(found.who.claim.username)}; staff must decide.")
    if found.bought:
        lines.append(f"Waits for the name: {listed(title(item) for item in found.bought)}.")
    return "\n".join(lines)


def _name_unknown(found: Explanation) -> str:
    name = typed(found.who.username or "")
    if found.renamed is not None:
        return (
            f"**TradingView knows nobody called {name} any more.** The same account is called "
            f"{bold(found.renamed)} there now: press that, and what they have goes on under it."
        )
    text = f"**TradingView knows nobody called {name}.** It is misspelled, or was changed there."
    if found.near:
        return f"{text}\nWhich one is it? Ask the customer before you press."
    return f"{text}\nAsk the customer for the name as it stands on their profile now."


def _never(found: Explanation) -> str:
    if found.sold is None:
        return f"**{_whom(found)} never got anything here.** TradingView shows no access either."
    return f"**{_whom(found)} never got {_what(found)}.** Nothing here gives it to them."


def _ended(found: Explanation) -> str:
    last = None if found.part is None else found.part.last
    if found.part is None or last is None or found.part.over_at is None:
        return f"**{_whom(found)} has no {_what(found)} any more.**"
    over_at = found.part.over_at
    how = "its time ran out"
    if last.ended_at is not None:
        how = _by(found.ended_by)
        by_shop = found.ended_by is None or found.ended_by.actor_kind is ActorKind.SOURCE
        if found.contract is not None and by_shop:
            how = history_payments.why(found.contract.why)
    text = (
        f"**{_whom(found)} has no {_what(found)} any more.** It ended {end_day(over_at)} "
        f"({relative(over_at)}): {how}."
    )
    grace = ""
    if last.grace_days and last.ends_at is not None and last.ended_at is None:
        grace = f" Paid for until {end_day(last.ends_at)}, then {last.grace_days} days of grace."
    where = origin(last)
    if found.contract is not None:
        where += f" (order {typed(order_number(found.contract.name))})"
    came = "came" if where.startswith("from") else "was"
    return f"{text}\nIt {came} {where}, {day(last.asked_at)}.{grace}"


def _role_missing(found: Explanation) -> str:
    assert found.part is not None  # noqa: S101 - it is about a script
    last, rules = found.part.last, found.part.rules
    which = "that role" if len({rule.role_id for rule in rules}) == 1 else "any of those roles"
    text = (
        f"**{_whom(found)} lacks the role that opens {_what(found)}.** It comes with {_roles(rules)}, and they "
        f"do not have {which} now. Given the role, they get it by themselves."
    )
    if last is not None and found.part.over_at is not None:
        over_at = found.part.over_at
        text += f"\nThey had it until {end_day(over_at)} ({relative(over_at)})."
    return text


def _roles(rules: Sequence[RoleRule]) -> str:
    return listed(dict.fromkeys(role(rule.role_id) for rule in rules), "or")


def _by(order: Order | None) -> str:
    """Return who ended something, and how."""
    if order is None:
        return "what gave it was ended"
    by = order.actor
    note = f" – {typed(order.note)}" if order.note else ""
    if by.member_id is not None:
        did = "changed the plan to another item" if order.kind is OrderKind.MOVE else "ended it"
        return f"{member(by.member_id)} {did}{note}"
    return ("what gave it ended" if by.kind is ActorKind.SOURCE else "it was ended") + note


def _held_back(found: Explanation) -> str:
    order = None if found.receipt is None else found.receipt.order
    when = "" if order is None else f" {day(order.asked_at)} ({relative(order.asked_at)})"
    how = "staff ended it" if order is None else _by(order)
    return (
        f"**{_whom(found)} has no {_what(found)}, and nothing gives it back by itself.** It was revoked{when}: "
        f"{how}. No role and no payment that is there already opens it again until staff grant it."
    )


def _blocked(found: Explanation) -> str:
    person = found.who.customer
    since = (
        "" if person is None or person.blocked_at is None else f" since {day(person.blocked_at)}"
    )
    by = "" if person is None or not person.blocked_by else f" by {member(person.blocked_by)}"
    reason = "" if person is None or not person.block_reason else f": {typed(person.block_reason)}"
    return (
        f"**{_whom(found)} is blocked.** That is so{since}{by}{reason}. They get nothing new by themselves: no "
        f"link, no code, nothing from a role or a payment. {_should(found)}"
    )


def _should(found: Explanation) -> str:
    """Return what should be there now."""
    if found.part is None:
        return ""
    checked = found.part.checked
    if checked.wanted.end is None:
        return ""
    return f"{title(found.part.script)} should be there {_until(checked, checked.wanted.end)}."


def _paused(found: Explanation) -> str:
    since = None if found.part is None else found.part.checked.paused_since(clock.now())
    when = "" if since is None else f" since {day(since)} ({relative(since)})"
    return (
        f"**{_what(found)} of {_whom(found)} is paused{when}.** It is not on TradingView, and no time passes; "
        "resumed, the end moves later by the length of the pause."
    )


def _waiting(found: Explanation) -> str:
    quiet = None if found.receipt is None else found.receipt.quiet_until
    return (
        f"**An order waits for {_whom(found)} on {_what(found)}.** {_asked(found)}\n"
        + why_waiting(found.waiting_for, quiet)
    )


def _asked(found: Explanation) -> str:
    """Return who ordered what, and when."""
    if found.receipt is None:
        return ""
    order = found.receipt.order
    what = _ORDERED[order.kind]
    by = f" by {member(order.actor.member_id)}" if order.actor.member_id is not None else ""
    return f"{what}{by}, {relative(order.asked_at)}."


_ORDERED: Mapping[OrderKind, str] = {
    OrderKind.GRANT: "Time was added",
    OrderKind.SET: "An end was set",
    OrderKind.REVOKE: "It is to end",
    OrderKind.PUT_BACK: "It is put back",
    OrderKind.REPAIR: "TradingView is set right",
    OrderKind.MOVE: "The plan was changed",
    OrderKind.PAUSE: "It is paused",
    OrderKind.RESUME: "It goes on after a pause",
}


def _stuck(found: Explanation) -> str:
    reason = why_reason(found)
    return (
        f"**An order for {_whom(found)} on {_what(found)} does not go on by itself.** {_asked(found)}\n"
        f"{why_stuck(reason)}"
    )


def _differs(found: Explanation) -> str:
    assert found.part is not None  # noqa: S101 - it is about a script
    checked = found.part.checked
    first = (
        f"**TradingView shows something else for {_whom(found)} on {_what(found)} than it should.**"
    )
    if checked.permission is None:
        first = (
            f"**{_whom(found)} has {_what(found)} on TradingView, and I was never told.** Somebody gave it "
            "there by hand."
        )
    return f"{first}\nShould be: {NO_END if checked.lasting else _end(checked.wanted.end)}\nOn TradingView: {_end(checked.known.end)}"


def _end(end: End | None) -> str:
    if end is None:
        return "no access"
    if isinstance(end, Lifetime) or end > clock.now():
        return until(end)
    return f"ended **{end_day(end)}** ({relative(end)})"


def _stands(found: Explanation) -> str:
    assert found.part is not None  # noqa: S101 - it is about a script
    name, held = found.who.username or "", found.part.permission
    end = found.part.checked.known.end or found.part.checked.wanted.end
    shows = "TradingView shows it"
    if not found.is_certain and held is not None and held.seen_at is not None:
        shows = f"TradingView showed it {relative(held.seen_at)}"
    what = listed([title(found.part.script), *(title(other) for other in found.standing)])
    whole = f"{what} stand{'' if found.standing else 's'} as they should" if found.standing else ""
    lasts = _until(found.part.checked, end)
    first = f"{whole}; {title(found.part.script)} {lasts}" if whole else f"{what} {lasts}"
    return (
        f"✅ **Everything is as it should be for {_whom(found)}.** {first}; {shows}.\n"
        f"If they do not see it, ask them this:\n{to_look_at(name)}"
    )


def _until(checked: Checked, end: End | None) -> str:
    """Return an end within a sentence; of what lasts as long as its source, that it has none."""
    return f"with {NO_END}" if checked.lasting and isinstance(end, Lifetime) else until(end)


def to_look_at(name: str) -> str:
    """Return what a buyer looks at who does not see what they have."""
    return (
        f"- Logged in to TradingView as {bold(name)}, and as nobody else?\n"
        "- On a chart: **Indicators → Invite-only scripts**.\n"
        f"- {RELOAD}\n- {FREE_PLAN}"
    )


_SENTENCES: Mapping[Cause, Callable[[Explanation], str]] = {
    Cause.NO_ITEM: _no_item,
    Cause.NOT_HERE: _not_here,
    Cause.NO_NAME: _no_name,
    Cause.NAME_UNKNOWN: _name_unknown,
    Cause.NEVER: _never,
    Cause.ENDED: _ended,
    Cause.ROLE_MISSING: _role_missing,
    Cause.HELD_BACK: _held_back,
    Cause.BLOCKED: _blocked,
    Cause.PAUSED: _paused,
    Cause.WAITING: _waiting,
    Cause.STUCK: _stuck,
    Cause.DIFFERS: _differs,
    Cause.STANDS: _stands,
}
_TONES = {
    Cause.NO_ITEM: Tone.STOP,
    Cause.NAME_UNKNOWN: Tone.STOP,
    Cause.STUCK: Tone.STOP,
    Cause.STANDS: Tone.DONE,
}


# What the presses are answered with


def to_buyer(name: str, parts: Sequence[Part], server: str | None) -> Message:
    """Return the one direct message to a customer about where to find what they have, and until when."""
    where = f" of {bold(server)}" if server else ""
    lines = [
        f"- {title(part.script)} {as_long_as(part.checked) or until(part.checked.wanted.end)}"
        for part in parts
        if part.checked.wanted.end is not None
    ]
    return Message(
        "\n".join(
            (
                f"✅ **Your access stands.** The staff{where} looked, and this is where you find it:",
                *lines,
                f"If you do not see it:\n{to_look_at(name)}",
            )
        )
    )


def told(member_id: int) -> Message:
    """Return that the list goes to the buyer."""
    return Message(
        f"✅ **{member(member_id)} gets that by direct message.** If they take none, I say so in the log "
        "channel."
    )


def corrected(name: str, answer: Message) -> Message:
    """Return that a customer has another name now, above how it stands."""
    return replace(
        answer,
        text=f"✅ **Their TradingView name is {escape(name)} now.** What they have goes along.\n{answer.text}",
    )
