"""What became of an order, said to the person who asked and to the customer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import discord

from bot.access.ledger.receipts import Receipt, WaitingFor, took_away
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State, last_seen
from bot.replies import for_oneself, own, plans
from bot.replies.by_source import why_ended, why_given
from bot.replies.message import Button, Message, key
from bot.replies.text import (
    bold,
    hour,
    listed,
    member,
    plain_day,
    relative,
    spoken,
    title,
    typed,
    until,
)
from bot.replies.tone import Tone
from bot.store.kinds import ActorKind, EntitlementKind, OrderKind, OrderState, Reason, StateKind
from bot.store.records import Customer, Permission
from bot.tradingview.models import Lifetime

PUT_BACK = "put_back"
GIVE_END = "give_end"
TRY_NOW = "try_now"

_WAITING = {
    WaitingFor.ASKING: "TradingView has not confirmed it yet.",
    WaitingFor.NO_LOGIN: "There is no TradingView login yet: a manager adds it with "
    "`/session update`.",
    WaitingFor.LOGIN_DEAD: "The TradingView login has ended: a manager renews it with "
    "`/session update`.",
    WaitingFor.TRADINGVIEW: "TradingView does not answer properly just now.",
    WaitingFor.SLOW_DOWN: "TradingView asks me to slow down.",
    WaitingFor.SCRIPT_PAUSED: "TradingView refuses this script; `/sync status` says why.",
    WaitingFor.FULL_CHECK: "The database was restored: first I read the list of every script "
    "on TradingView; `/sync status` says how far I am.",
    WaitingFor.UNDECIDED: "An older order for the same access comes from a backup and may have been done and "
    "taken away again: first staff decide about it, with the button under `/sync status`.",
    WaitingFor.CHANGED: "TradingView answers in another form than I know, so I change nothing there. "
    "Look for a newer Usher; `/sync retry` goes on all the same.",
    WaitingFor.CLOCK: "The clock of the computer that I run on is wrong, so I write no end that counts from "
    "now. Once it is right I go on, and the time counts from the moment of this order.",
    WaitingFor.NEW_ACCESS: "It stays until the new access stands on TradingView.",
}
_THEN = "I send it then; there is nothing to do. You hear from me when it is done."
_BY_ITSELF = "I keep trying; you need not run it again. You hear from me when it is done."

_REFUSED = "TradingView refuses it, again and again."
_STUCK: Mapping[Reason | None, str] = {
    Reason.TOO_LATE: "Time ran out while it was waiting, so nothing was sent. If it should still be "
    "given, run `/access grant` again.",
    Reason.NO_SUCH_USER: "TradingView knows nobody of that name. Ask for the exact spelling, then run "
    "the command again with it.",
    Reason.OTHER_PERSON: "That name now belongs to another person on TradingView. Ask the customer for "
    "their present name.",
    Reason.HELD: "It comes from a backup, and I first compare it with TradingView. That happens by itself.",
    Reason.UNDECIDED: "It comes from a backup, and TradingView shows what it did then: it was never done, "
    "or done and taken away since. Staff decide: `/sync status` has the button.",
    Reason.RESTORED: "It comes from a backup, and something else was changed since, so I did nothing. "
    "`/access check` shows what is there; order it anew if it is still wanted.",
    Reason.REFUSED: f"{_REFUSED} `/sync status` shows its own words; `/sync retry` tries once more.",
}
_STUCK_OTHER = "`/sync status` says more; `/sync retry` tries once more."


def why_stuck(reason: Reason | None) -> str:
    """Return why only a person can help, and how."""
    return _STUCK.get(reason, _STUCK_OTHER)


def why_stuck_here(reason: Reason | None) -> str:
    """Return the same where TradingView's own words and the button that tries again stand beside it."""
    if reason is Reason.REFUSED:
        return _REFUSED
    return why_stuck(reason) if reason in _STUCK else ""


def why_waiting(reason: WaitingFor | None, quiet_until: datetime | None = None) -> str:
    """Return what an order is waiting for; for TradingView's pause, how long it is."""
    if reason is WaitingFor.SLOW_DOWN and quiet_until is not None:
        return f"TradingView asked me to send nothing until {hour(quiet_until)}."
    return _WAITING[reason or WaitingFor.ASKING]


def person(customer: Customer, permission: Permission | None = None) -> str:
    """Return a customer: the TradingView name in bold, and the member if known."""
    name = customer.username or (permission.username if permission else None)
    who = member(customer.member_id) if customer.member_id else None
    if name is None:
        return who or "somebody"
    return f"{bold(name)} ({who})" if who else bold(name)


def held(state: State) -> str:
    """Return what a customer had, in a list."""
    return "no access" if state.end is None else until(state.end)


def receipt(receipt: Receipt) -> Message:
    """Return the answer to a grant, set, revoke or put back, in any state."""
    if receipt.by_customer is not None:
        return for_oneself.receipt(receipt)
    match receipt.state:
        case OrderState.DONE:
            return _done(receipt)
        case OrderState.STUCK:
            return _stuck(receipt)
        case OrderState.SUPERSEDED:
            text = (
                f"**A later order took the place of this one** for {_both(receipt)}.\n"
                "`/access check` shows what counts now."
            )
            return Message(text)
        case _:
            return _waiting(receipt)


def _both(receipt: Receipt) -> str:
    return f"{person(receipt.customer, receipt.permission)} on {item(receipt)}"


def item(receipt: Receipt) -> str:
    """Return what was asked about: the product, else the script, or all of several."""
    if receipt.product is None:
        new = [each for each in receipt.every if each.order.kind is receipt.order.kind]
        return listed(dict.fromkeys(title(each.script) for each in new))
    return title(receipt.product)


def _each(receipt: Receipt) -> list[str]:
    """Return a line for each script, where those of a product do not stand alike."""
    if len({(each.order.state, each.end, each.order.reason) for each in receipt.every}) == 1:
        return []
    return [f"- {title(each.script)}: {_standing(each)}" for each in receipt.every]


def _standing(receipt: Receipt) -> str:
    if receipt.behind_stuck:
        return "stays as it is until the new access stands"
    match receipt.order.state:
        case OrderState.WAITING:
            return "waits"
        case OrderState.STUCK:
            return f"not done. {why_stuck(receipt.order.reason)}"
        case _:
            return "no access" if receipt.end is None else plans.how_long(receipt)


def _asked_for(receipt: Receipt) -> str:
    if receipt.entitlement is not None and receipt.entitlement.length is not None:
        return spoken(parse_length(receipt.entitlement.length))
    return (
        "lifetime"
        if receipt.entitlement and receipt.entitlement.kind is EntitlementKind.LIFETIME
        else "time"
    )


def _done(receipt: Receipt) -> Message:
    who, what = person(receipt.customer, receipt.permission), item(receipt)
    if told := plans.done(receipt, who, what):
        return Message("\n".join(told), buttons=_put_back(receipt))
    if still := plans.paused(receipt):
        added = f"{_capital(_asked_for(receipt))} of {what} added"
        what_was = added if receipt.order.kind is OrderKind.GRANT else f"{what} was changed"
        return Message(f"✅ **Done:** {what_was} for {who}.\n{still}", buttons=_put_back(receipt))
    if several := _each(receipt):
        lines = [f"✅ **Done:** {what} for {who}:", *several]
    elif receipt.end is None:
        lines = [f"✅ **Done:** {who} has no access to {what} any more."]
    else:
        lines = [f"✅ **Done:** {who} has {what} {plans.how_long(receipt)}."]
    endless = [each for each in receipt.every if each.open_ended]
    if len(endless) == len(receipt.every):
        lines.append(
            f"That access has no end, so {_asked_for(receipt)} more changes nothing. "
            "To give it an end, press the button or use `/access set`."
        )
        return Message("\n".join(lines), buttons=_give_end(receipt), tone=Tone.LOOK)
    match receipt.order.kind:
        case OrderKind.GRANT:
            lines.append(f"{_capital(_asked_for(receipt))} added; TradingView's own list shows it.")
        case OrderKind.PUT_BACK:
            lines.append("It is put back; TradingView's own list shows it.")
        case _:
            lines.append(f"Before: {_before(receipt)}. TradingView's own list shows the change.")
    if endless:
        names = listed(title(each.script) for each in endless)
        lines.append(f"{names} had no end before: more time changes nothing there.")
    if any(each.permission.differs for each in receipt.every):
        lines.append("TradingView made another end of it than I asked for; the date above counts.")
    return Message("\n".join(lines), buttons=_put_back(receipt))


def _before(receipt: Receipt) -> str:
    """Return what the customer had; script by script where that was not the same."""
    if len({each.before for each in receipt.every}) == 1:
        return held(receipt.before)
    return "; ".join(f"{title(each.script)} {held(each.before)}" for each in receipt.every)


def _waiting(receipt: Receipt) -> Message:
    who, what = person(receipt.customer, receipt.permission), item(receipt)
    match receipt.order.kind:
        case OrderKind.GRANT:
            first = f"⏳ **Waiting:** {_asked_for(receipt)} of {what} for {who}."
        case OrderKind.SET:
            first = f"⏳ **Waiting:** {who} gets {what} {until(receipt.end)}."
        case OrderKind.REVOKE:
            first = f"⏳ **Waiting:** {who} still has {what}; I am ending it."
        case OrderKind.REPAIR:
            first = f"⏳ **Waiting:** {who} gets {what} on TradingView as it should be."
        case OrderKind.MOVE | OrderKind.PAUSE | OrderKind.RESUME:
            first = plans.waiting(receipt, who, what) or ""
        case _:
            first = f"⏳ **Waiting:** I am putting back {what} for {who}."
    waits = next(each for each in receipt.every if each.order.state is OrderState.WAITING)
    lines = [first, *_each(receipt), why_waiting(waits.waiting_for, receipt.quiet_until)]
    if not all(each.permission.checked for each in receipt.every):
        lines.append("I could not check the spelling of the name yet.")
    lines.append(_THEN if _is_pause(waits, receipt.quiet_until) else _BY_ITSELF)
    return Message("\n".join(lines), buttons=(*_try_now(receipt), *_put_back(receipt)))


def _is_pause(waits: Receipt, quiet_until: datetime | None) -> bool:
    return waits.waiting_for is WaitingFor.SLOW_DOWN and quiet_until is not None


def _stuck(receipt: Receipt) -> Message:
    done = {
        OrderKind.GRANT: "was not given",
        OrderKind.MOVE: "was not given",
        OrderKind.REVOKE: "was not ended",
        OrderKind.PAUSE: "was not paused",
    }.get(receipt.order.kind, "was not changed")
    text = f"⚠️ **Not done:** {item(receipt)} {done} for {person(receipt.customer, receipt.permission)}."
    why = "\n".join(_each(receipt)) or why_stuck(receipt.order.reason)
    buttons = _put_back(receipt) if receipt.order.kind is OrderKind.MOVE else ()
    return Message(f"{text}\n{why}", buttons=buttons, tone=Tone.STOP)


def _try_now(receipt: Receipt) -> tuple[Button, ...]:
    """Return the button that does not wait for the next try, where a try may help."""
    waits = {each.waiting_for for each in receipt.every} - {None}
    if not waits & {WaitingFor.ASKING, WaitingFor.TRADINGVIEW}:
        return ()
    return (Button("Try now", key(TRY_NOW, receipt.order.guild_id, receipt.order.id)),)


def _put_back(receipt: Receipt) -> tuple[Button, ...]:
    if not any(each.can_put_back for each in receipt.every):
        return ()
    return (Button("Put back", key(PUT_BACK, receipt.order.guild_id, receipt.order.id)),)


def _give_end(receipt: Receipt) -> tuple[Button, ...]:
    if receipt.entitlement is None or receipt.entitlement.length is None:
        return ()
    asked_for = {each.entitlement.ends_at for each in receipt.every if each.entitlement}
    bought = {reason.ends_at for each in receipt.every for reason in each.reasons}
    most = max((end for end in asked_for | bought if end), default=None)
    if most is not None and most not in asked_for:  # it holds more that was bought
        label = f"Let it end on {plain_day(most)}"
    else:
        label = f"Let it end in {spoken(parse_length(receipt.entitlement.length))}"
    name = key(GIVE_END, receipt.order.guild_id, receipt.order.id)
    return (Button(label, name, discord.ButtonStyle.danger),)  # it takes away what has no end


def to_customer(receipt: Receipt, server: str, *beside: Receipt) -> Message:
    """Return the one direct message when access stands or is over: what, until when, what to do.

    Those `beside` it are other rows of the same batch, for the same person.
    """
    whole = listed(dict.fromkeys(item(each) for each in (receipt, *beside)))
    receipt = _together(receipt, beside)
    by_itself = receipt.order.actor_kind is ActorKind.SOURCE
    done = [each for each in receipt.every if each.order.state is OrderState.DONE] or [receipt]
    is_whole = len(done) == len(receipt.every)
    what = whole if is_whole else listed(title(each.script) for each in done)
    if message := plans.no_access_now(receipt, what, server):
        return message
    ends = {each.end for each in done}
    if ends == {None}:
        by_program = receipt.order.actor_kind is ActorKind.KEY
        why = f": {bold(server) if by_program else f'the staff of {bold(server)}'} ended it."
        then = "If you did not expect this, or want to go on with it, write to the staff there."
        if by_itself:
            why, then = why_ended(receipt, server)
        return Message(
            f"❌ Your access to {what} has ended{why}\nNothing else of yours was changed. {then}"
        )
    how_long = f" {_how_long(done[0])}" if len(ends) == 1 else ""
    # Of a change of plan the new access alone: what went is named in the first sentence.
    moved = [each for each in done if each.order.kind is OrderKind.MOVE]
    told = moved if receipt.order.kind is OrderKind.MOVE and moved else done
    has_one_end = len({each.end for each in told}) == 1
    several = [] if has_one_end else [f"- {title(each.script)}: {_standing(each)}" for each in told]
    if by_itself and receipt.order.kind is OrderKind.REVOKE:
        why, _ = why_ended(receipt, server)
        still = (
            f"You have it for another reason too, so you can still use it{how_long}."
            if len(ends) == 1
            else "What you still have:"
        )
        first = f"ℹ️ One reason for your access to {what} has ended{why}"
        return Message("\n".join([first, still, *several]))
    given = why_given(receipt, server) if by_itself else None
    thanks = f"because {given}" if given else f"thanks to {bold(server)}"
    shorter = any(took_away(each.before, last_seen(each.permission)) for each in done)
    goes_on = all(each.had_access for each in done)
    plan = plans.to_customer(receipt, what, server)
    match receipt.order.kind:
        case _ if plan:
            first = plan
        case OrderKind.GRANT if goes_on and not several:
            return Message(f"✅ {what} goes on{how_long}, {thanks}. There is nothing else to do.")
        case OrderKind.GRANT:
            first = f"🎉 You can use {what}{how_long}, {thanks}."
        case OrderKind.PUT_BACK if not shorter:  # else a batch that gave time is undone
            first = f"✅ Your access to {what} is back{how_long}: the staff of {bold(server)} put it back."
        case _:
            by = "with what you bought" if by_itself else f"by the staff of {bold(server)}"
            first = f"{'⚠️' if shorter else '✅'} The end of {what} was changed {by}"
            first += f": you can use it{how_long}." if how_long else "."
            if goes_on and not several:
                return Message(f"{first}\n`/me` in the server shows everything that you have.")
    is_new = all(each.before.end is None for each in done)
    is_new = is_new and receipt.order.kind is not OrderKind.PUT_BACK
    where = own.where_to_find(done[0].permission.username, is_new=is_new)
    return Message(
        "\n".join([first, *several, where, "`/me` in the server shows everything that you have."]),
        buttons=(own.unseen_button(receipt.order.guild_id),),
    )


def _together(receipt: Receipt, beside: Sequence[Receipt]) -> Receipt:
    """Return one receipt of all of these."""
    if not beside:
        return receipt
    others = [each for part in beside for each in part.every]
    return replace(receipt, product=None, others=(*receipt.others, *others))


def _how_long(receipt: Receipt) -> str:
    if not isinstance(receipt.end, Lifetime):
        return plans.how_long(receipt)
    is_lifetime = receipt.permission.wanted is StateKind.LIFETIME
    return "**for lifetime**" if is_lifetime else "from now on"


def asked_at(receipt: Receipt, server: str | None) -> str:
    """Return the line above a late outcome: which order it is about."""
    where = f" in {bold(server)}" if server else ""
    return f"-# Your order{where}, {relative(receipt.order.asked_at)}"


def late(outcome: Receipt, server: str | None) -> Message:
    """Return the outcome for the person who asked, once the first answer can no longer change."""
    now = receipt(outcome)
    return replace(now, text=f"{asked_at(outcome, server)}\n{now.text}")


def near_names(text: str, near: tuple[str, ...], anyway: str | None) -> str:
    """Return the question which of the similar names was meant."""
    lines = [f"**TradingView knows nobody called {typed(text)}.** Nothing was changed yet."]
    if near:
        lines.append("Did you mean one of these? Press the right one.")
    else:
        lines.append("Ask for the name exactly as it stands on their TradingView profile.")
    if anyway is not None:
        lines.append(f"*{anyway}* keeps the order, should the name appear later.")
    return "\n".join(lines)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
