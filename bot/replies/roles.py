"""Roles that open items: added, removed, listed, and what becomes of them when many lose one at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.access.catalogue.lookup import Item
from bot.access.catalogue.role_rules import Opening
from bot.access.orders.role_losses import Decided
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import bold, count, embed, escape, kept_member, member, role, title
from bot.replies.tone import Tone
from bot.store.records import Event, Product, RoleLoss, RoleRule, Script

PUT_BACK = "role_put_back"
END, KEEP = "roles_lost_end", "roles_lost_keep"
_MAX_LINES = 40
_MAX_QUESTIONS = 5  # of which a list has the buttons
_AT_ONCE = "They get it at once, by themselves"


def counting() -> Message:
    """Return what is shown while Discord is asked who has the role."""
    return Message("⏳ **Asking Discord who has that role…**")


def add(
    role_id: int,
    item: Item,
    grace: int,
    holders: tuple[int, bool] | None,
    buttons: tuple[Button, ...],
) -> Message:
    """Return the question before a role opens an item, with how many get it at once where that is known."""
    if holders is None:
        who = "Discord did not say how many members have that role now; those who do get it by themselves."
    else:
        number, is_everybody = holders
        among = "member has" if number == 1 else "members have"
        if is_everybody:
            who = f"**{number:,} {among} that role now.** {_AT_ONCE}, as soon as a TradingView name is known."
        else:
            who = (
                f"**{number:,} of the customers that I know {'has' if number == 1 else 'have'} that role now.** "
                f"{_AT_ONCE}. Discord does not show me other members; each of them gets it when they press "
                "or type something of mine."
            )
    return Message(
        f"**Let {role(role_id)} open {_name(item)}?** {who}\n{_ends(item, grace)}",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def added(rule: RoleRule, item: Item) -> Message:
    """Return that a role opens an item from now on."""
    return Message(
        f"✅ **Whoever has {role(rule.role_id)} has {_name(item)} from now on.** "
        f"{_ends(item, rule.grace_days)} `/role list` shows how many have it."
    )


def not_added(item: Item) -> Message:
    """Return that nothing was changed."""
    return Message(f"**Left as it was.** That role does not open {title(_sold(item))}.")


def remove(opening: Opening, buttons: tuple[Button, ...]) -> Message:
    """Return the question before a rule ends, with who would lose what."""
    what = title(_sold(opening.item))
    if not opening.holders:
        who = "Nobody has anything by it now."
    else:
        has = "person has" if opening.holders == 1 else "people have"
        who = f"{opening.holders:,} {has} {what} by that role, and {_losing(opening)}"
    return Message(
        f"**Should {role(opening.rule.role_id)} no longer open {_name(opening.item)}?** {who}",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def _losing(opening: Opening) -> str:
    if not opening.losing:
        keep = "keeps" if opening.holders == 1 else "all of them keep"
        return f"{keep} it for another reason."
    if opening.losing == opening.holders:
        return "that person loses it." if opening.holders == 1 else "all of them lose it."
    return f"**{opening.losing:,} of them {'loses' if opening.losing == 1 else 'lose'} it**; the others have another reason."


def removed(opening: Opening) -> Message:
    """Return that a rule ended, with the way back."""
    what = _name(opening.item)
    ends = (
        f" What {count(opening.holders, 'person', 'people')} had by it ends now; whoever has another reason keeps it."
        if opening.holders
        else ""
    )
    rule = opening.rule
    return Message(
        f"✅ **{role(rule.role_id)} no longer opens {what}.**{ends}",
        buttons=(Button("Put back", key(PUT_BACK, rule.guild_id, rule.id)),),
    )


def kept(opening: Opening) -> Message:
    """Return that a rule stays."""
    return Message(
        f"**Left as it was.** {role(opening.rule.role_id)} still opens {title(_sold(opening.item))}."
    )


def put_back(opening: Opening) -> Message:
    """Return that a removed rule counts again."""
    return Message(
        f"✅ **{role(opening.rule.role_id)} opens {_name(opening.item)} again.** "
        "Whoever has the role gets it back by themselves."
    )


def listing(
    openings: Sequence[Opening], undecided: Mapping[int, RoleLoss], guild_id: int
) -> Message:
    """Return all rules, and the questions that wait for a manager."""
    if not openings and not undecided:
        return Message("**No role opens anything yet.** `/role add` lets one.")
    lines = [_line(each, each.rule.role_id in undecided) for each in openings[:_MAX_LINES]]
    if len(openings) > _MAX_LINES:
        lines.append(f"… and {len(openings) - _MAX_LINES} more")
    roles = len({each.rule.role_id for each in openings})
    waits = list(undecided.values())[:_MAX_QUESTIONS]
    buttons = tuple(
        button
        for loss in waits
        for button in _buttons(guild_id, loss.id, f" {_role_name(loss, openings)}".rstrip())
    )
    first = f"{count(roles, 'role')} {'opens' if roles == 1 else 'open'} something."
    return Message(first, (embed("Roles", "\n".join(lines)),), buttons)


def _line(opening: Opening, is_paused: bool) -> str:
    rule = opening.rule
    text = f"{role(rule.role_id)} → {title(_sold(opening.item))} – "
    text += count(opening.holders, "person has it", "people have it")
    if rule.grace_days:
        text += f" – {count(rule.grace_days, 'day')} of grace"
    if is_paused:
        text += (
            "\n⚠️ Paused: many lost that role at once, and nothing is taken away before you decide"
        )
    return text


def _role_name(loss: RoleLoss, openings: Sequence[Opening]) -> str:
    found = (each.rule.role_name for each in openings if each.rule.role_id == loss.role_id)
    return next(found, "")


def question(entry: Event) -> Message:
    """Return the one alarm to managers about a role that many lost at once, for the log channel."""
    facts: Mapping[str, Any] = entry.after if isinstance(entry.after, dict) else {}
    number = int(facts.get("number", 0))
    names = [kept_member(str(each)) for each in facts.get("members", ())]
    if number > len(names):
        names.append(f"and {number - len(names):,} more")
    return Message(
        f"{lost(facts)}.\n{', '.join(names)}\n"
        "- *They really lost it*: what the role gave them ends, after its grace days.\n"
        "- *It was an accident*: they keep it, until they have the role again and lose it then.\n"
        "Whoever gets the role back meanwhile keeps it without a decision.",
        buttons=_buttons(entry.guild_id, int(facts.get("loss_id", 0))),
        tone=Tone.STOP,
    )


def lost(facts: Mapping[str, Any]) -> str:
    """Return what happened, in one line, as for the history."""
    number = count(int(facts.get("number", 0)), "member")
    name = bold(str(facts.get("role_name") or "of a rule"))
    if facts.get("is_deleted"):
        text = f"⚠️ The role {name} was deleted; {number} had access by it."
    else:
        text = f"⚠️ {number} lost the role {name} at once."
    return f"{text} Nothing was taken away: a manager decides"


def _buttons(guild_id: int, loss_id: int, about: str = "") -> tuple[Button, ...]:
    of = f":{about}" if about else ""
    return (
        Button(
            shorten(f"They really lost it: end access{of}", 80),
            key(END, guild_id, loss_id),
            discord.ButtonStyle.danger,
        ),
        Button(
            shorten(f"It was an accident: keep{of}", 80),
            key(KEEP, guild_id, loss_id),
            discord.ButtonStyle.success,
        ),
    )


def decided(done: Decided) -> Message:
    """Return what was decided, and by whom."""
    who = member(done.loss.decided_by or 0)
    number = count(done.number, "member")
    if done.loss.is_kept:
        keep = "keeps" if done.number == 1 else "keep"
        text = f"✅ **{number} {keep} what the role gave.** {who} said that it was an accident."
    else:
        text = f"✅ **What the role gave {number} ends**, after its grace days. {who} decided so."
    if done.loss.is_deleted:
        text += " The role is gone, so it opens nothing any more."
    return Message(text)


def _ends(item: Item, grace: int) -> str:
    what = title(_sold(item))
    if not grace:
        return f"Whoever loses the role loses {what} too."
    return f"Whoever loses the role keeps {what} for {count(grace, 'more day')}."


def _sold(item: Item) -> Script | Product:
    return item.product or item.scripts[0]


def _name(item: Item) -> str:
    """Return its title within a bold sentence."""
    return escape(item.title)
