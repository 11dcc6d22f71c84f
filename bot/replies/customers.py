"""Customers as staff see them: one in one message, found ones in a list, and what was done with one."""

import discord

from bot import clock
from bot.access.orders.erasure import Forgetting
from bot.access.orders.ties import Moved
from bot.access.people.pseudonyms import pseudonym
from bot.access.queries.directory import Found, Profile
from bot.access.queries.standing import Checked
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import last_seen
from bot.replies.claims import CLAIMS
from bot.replies.history import in_lines
from bot.replies.message import Button, Message, key
from bot.replies.orders import person, why_stuck
from bot.replies.overview import pages
from bot.replies.people import profile
from bot.replies.text import (
    AS_LONG,
    NO_END,
    bold,
    count,
    day,
    embed,
    end_day,
    escape,
    member,
    origin,
    relative,
    spoken,
    title,
    typed,
    until_day,
)
from bot.replies.tone import Tone
from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.records import Customer, Purchase
from bot.tradingview.models import End, Lifetime

# The buttons under one customer and under a list of them; they outlive a restart.
UNLINK, UNBLOCK, SHOW, PAGE = "person_unlink", "person_unblock", "person_show", "person_page"
OPEN_BLOCK, BLOCK_FORM = "person_block_open", "person_block_form"
OPEN_LINK, LINK_FORM = "person_link_open", "person_link_form"
REASON, USERNAME = "reason", "username"
_MAX_SCRIPTS = 20
_MAX_PURCHASES = 8


def who(customer: Customer) -> str:
    """Return a customer by name and member, as far as there is each, for a sentence in bold."""
    return named(customer.member_id, customer.username)


def named(member_id: int | None, username: str | None) -> str:
    """Return a person by TradingView name and member, as far as there is each, for a sentence in bold."""
    if username is None:
        return "this person" if member_id is None else member(member_id)
    return escape(username) if member_id is None else f"{escape(username)} ({member(member_id)})"


# One customer


def show(person: Profile) -> Message:
    """Return everything that is known of one person, with the mends that are one press away."""
    boxes = [embed("Person", "\n".join(_facts(person)))]
    if person.checked:
        lines = [_script_line(checked) for checked in person.checked[:_MAX_SCRIPTS]]
        if len(person.checked) > _MAX_SCRIPTS:
            lines.append(f"- and {len(person.checked) - _MAX_SCRIPTS} more")
        boxes.append(embed("Access", "\n".join(lines)))
    if person.purchases:
        boxes.append(embed("What they got", "\n".join(_purchases(person))))
    if person.events:
        boxes.append(embed("Last in the history", in_lines(person.events, person.item)))
    whom = named(person.member_id, person.username)
    first = f"**{whom}**, as I know it. `/access check` asks TradingView now."
    if person.customer is None:
        first = f"**I have no record of {whom}.**"
    return Message(first, tuple(boxes), _buttons(person), tone=Tone.PLAIN)


def _facts(person: Profile) -> list[str]:
    customer = person.customer
    lines = [
        "Member: " + (member(person.member_id) if person.member_id else "none is tied to the name"),
        "TradingView: "
        + (
            f"{bold(person.username)} {profile(person.username)}"
            if person.username
            else "no name is known; `/customer link` ties one"
        ),
    ]
    if customer is not None:
        lines += facts(customer)
    lines += [
        f"⏳ {member(claim.member_id)} says that {bold(claim.username)} is theirs, "
        f"{relative(claim.asked_at)}; staff must look"
        for claim in person.claims
    ]
    if not person.checked:
        lines.append("Has no access, and had none that I know of")
    return lines


def facts(customer: Customer) -> list[str]:
    """Return since when a name and a member are tied, and whether the customer is blocked or to be forgotten."""
    lines = []
    if customer.linked_at is not None:
        own = customer.linked_by == customer.member_id
        by = "by themselves" if own else f"by {member(customer.linked_by or 0)}"
        lines.append(f"Tied since {day(customer.linked_at)}, {by}")
    if customer.blocked_at is not None:
        why = f": {typed(customer.block_reason)}" if customer.block_reason else ""
        by = member(customer.blocked_by) if customer.blocked_by else "Usher"
        lines.append(f"⛔ Blocked since {day(customer.blocked_at)} by {by}{why}")
    if customer.forget_at is not None:
        lines.append("⏳ Is forgotten as soon as TradingView shows that the access has ended")
    return lines


def _script_line(checked: Checked) -> str:
    """Return one script: what should be, what was seen, and what waits or is stuck."""
    line = f"- {title(checked.script)}: should be {NO_END if checked.lasting else _end(checked.wanted.end)}; {_seen(checked)}"
    held = checked.permission
    if held is None:
        return f"{line}; not taken over yet"
    if held.state is PermissionState.STUCK:
        line += f"\n  ⚠️ {why_stuck(held.reason)}"
    elif held.state is not PermissionState.DONE:
        line += "\n  ⏳ An order waits; `/sync status` says why."
    origins = [origin(reason) for reason in checked.reasons]
    return f"{line}\n  {', '.join(dict.fromkeys(origins))}" if origins else line


def _purchases(person: Profile) -> list[str]:
    """Return what the person got, newest first."""
    lines = []
    for bought in person.purchases[: -_MAX_PURCHASES - 1 : -1]:
        item = person.item(bought)
        what = "an item" if item is None else title(item)
        line = f"- {what} {origin(bought)}, {day(bought.asked_at)}: {length(bought)}"
        if bought.ended_at is not None:
            line += f"; ended {day(bought.ended_at)}"
        lines.append(f"{line} – {typed(bought.note)}" if bought.note else line)
    more = len(person.purchases) - len(lines)
    return [*lines, f"- and {more} more"] if more > 0 else lines


def length(bought: Purchase) -> str:
    """Return how much was got, or until when, in words."""
    if bought.kind is EntitlementKind.LIFETIME:
        return "lifetime"
    if bought.kind is EntitlementKind.OPEN:
        return AS_LONG
    if bought.length is not None:
        return spoken(parse_length(bought.length))
    return "" if bought.ends_at is None else until_day(bought.ends_at)


def _end(end: End | None) -> str:
    if end is None:
        return "no access"
    if isinstance(end, Lifetime) or end > clock.now():
        return until_day(end)
    return f"ended {end_day(end)}"


def _seen(checked: Checked) -> str:
    held = checked.permission
    if held is not None and held.seen is StateKind.UNKNOWN:
        return "TradingView was not read yet"
    known = checked.known if held is None else last_seen(held)
    when = f" {relative(checked.known_at)}" if checked.known_at else ""
    end = NO_END if checked.lasting and isinstance(known.end, Lifetime) else _end(known.end)
    return f"seen{when}: {end}"


def _buttons(person: Profile) -> tuple[Button, ...]:
    """Return the mends: tie or untie the name, decide a claim, block or unblock."""
    guild_id, customer, buttons = person.guild_id, person.customer, []
    if person.claims:
        buttons.append(Button("Decide", key(CLAIMS, guild_id), discord.ButtonStyle.primary))
    if person.username is None and person.member_id is not None:
        buttons.append(
            Button(
                "Link a TradingView name",
                key(OPEN_LINK, guild_id, person.member_id),
                discord.ButtonStyle.success,
            )
        )
    if customer is None:
        return tuple(buttons)
    if customer.member_id is not None and customer.username is not None:
        buttons.append(Button("Unlink", key(UNLINK, guild_id, customer.id)))
    if customer.blocked_at is None:
        buttons.append(
            Button("Block", key(OPEN_BLOCK, guild_id, customer.id), discord.ButtonStyle.danger)
        )
    else:
        buttons.append(Button("Unblock", key(UNBLOCK, guild_id, customer.id)))
    return tuple(buttons)


def block_form() -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the one field of the form that blocks somebody."""
    return [
        discord.ui.Label(
            text="Why",
            description="Staff read it; the customer does not",
            component=discord.ui.TextInput(custom_id=REASON, required=False, max_length=200),
        )
    ]


def link_form() -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the one field of the form that ties a name to a member."""
    return [
        discord.ui.Label(
            text="TradingView name",
            description="As on their profile, or the address of the profile",
            component=discord.ui.TextInput(custom_id=USERNAME, min_length=1, max_length=200),
        )
    ]


# Found customers


def found(result: Found, guild_id: int) -> Message:
    """Return the customers that fit to a text, a page at a time."""
    if not result.total:
        return Message(
            f"**No customer fits {typed(result.text)}.** I look at TradingView names, Discord ids, notes and "
            "order numbers. Names of members in Discord are not kept: use their id, or `/customer show` "
            "with `member`."
        )
    lines = [
        f"- {person(customer)}: {count(access, 'script') if access else 'no access now'}"
        f"{' ⛔ blocked' if customer.blocked_at else ''}"
        for customer, access in result.people
    ]
    footer = f"Page {result.page + 1} of {result.pages}" if result.pages > 1 else None
    more = result.page + 1 < result.pages
    buttons = [] if len(result.people) > 1 else [_show_button(result.people[0][0], guild_id)]
    return Message(
        f"{count(result.total, 'customer fits', 'customers fit')} {typed(result.text)}.",
        (embed("Customers", "\n".join(lines), footer=footer),),
        (*buttons, *pages(PAGE, guild_id, result.text, result.page, more=more)),
        tone=Tone.PLAIN,
    )


def _show_button(person: Customer, guild_id: int) -> Button:
    return Button("Show", key(SHOW, guild_id, person.id), discord.ButtonStyle.primary)


# What was done


def unlinked(person: Customer) -> Message:
    """Return that staff untied a name from its member."""
    return Message(
        f"✅ **{escape(person.username or '')} is no longer tied to {member(person.member_id or 0)}.** What "
        "that name may use on TradingView stays as it is. `/customer link` ties it again."
    )


def moved(result: Moved) -> Message:
    """Return that everything of one customer is another member's now."""
    person = result.customer
    before = f" from {member(result.from_id)}" if result.from_id else ""
    what = (
        f"The access to {count(result.number, 'script')} went along"
        if result.number
        else "There was no access"
    )
    return Message(
        f"✅ **{named(None, person.username)} went{before} to {member(person.member_id or 0)}**, with its "
        f"history. {what}; nothing changes on TradingView."
    )


def merged(person: Customer) -> Message:
    """Return that two records are one now."""
    return Message(
        f"✅ **Both are one customer now: {who(person)}.** What was given to either counts, and the history "
        "of both is one."
    )


def blocked(person: Customer, ended: int | None = None) -> Message:
    """Return that a customer is blocked; `ended`: how many accesses end with it."""
    then = "What they have stays. "
    if ended is not None:
        then = f"Their access to {count(ended, 'script')} ends now; `/customer show` says how it stands. "
    return Message(
        f"⛔ **{who(person)} is blocked.** They get nothing new by themselves: no link, no code, no trial, "
        f"nothing from a role or a payment. {then}`/customer unblock` ends the block.",
        tone=Tone.DONE,
    )


def end_it_too(person: Customer, buttons: tuple[Button, ...]) -> Message:
    """Return that a customer is blocked, and the question whether what they have ends, too."""
    return Message(
        f"⛔ **{who(person)} is blocked, and still has access.** Shall I end what they have, too?",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def unblocked(person: Customer) -> Message:
    """Return that a customer is blocked no longer."""
    return Message(
        f"✅ **{who(person)} is no longer blocked.** What ended meanwhile does not come back by itself."
    )


_LEFT = (
    "Messages that stand in Discord already (the log channel, direct messages) and backups of the "
    "database still name them: delete those by hand."
)


def forgetting(result: Forgetting) -> Message:
    """Return that a person is forgotten, or that their access ends first."""
    if result.number is not None:
        return Message(
            f"✅ **Forgotten.** The history says {bold(pseudonym(result.number))} now, and nothing here names "
            f"them any more. {_LEFT}"
        )
    waits = f"The access to {count(result.ending, 'script')}" if result.ending else "The access"
    return Message(
        f"⏳ **{waits} ends first.** As soon as TradingView shows that, I erase what names this person and "
        "tell you by direct message, also after a restart. Until then they get nothing new."
    )


def forgotten_by_now(number: int) -> Message:
    """Return the message to whoever had a person forgotten, once that is done."""
    return Message(
        f"✅ **The customer whom you asked me to forget is forgotten.** Their access has ended on TradingView, "
        f"and the history says {bold(pseudonym(number))}. {_LEFT}"
    )
