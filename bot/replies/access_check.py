"""One person's access, script by script: what should be, what is, why, and what to do where they differ."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import discord

from bot import clock
from bot.access.queries.standing import Checked, Person, Standing
from bot.access.request import FOUND
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import gives_more
from bot.access.sweeps.adopt import Taken
from bot.replies.message import MAX_KEY, Button, Message, key
from bot.replies.orders import why_stuck
from bot.replies.text import (
    bold,
    count,
    day,
    did_you_mean,
    embed,
    end_day,
    escape,
    member,
    relative,
    source,
    spoken,
    title,
    typed,
    until,
    until_paid_day,
)
from bot.replies.tone import Tone
from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.records import Entitlement
from bot.tradingview.models import End, Lifetime

TAKE, SET, FORM, END = "check_take", "check_set", "check_form", "check_end"
UNTIL = "until"
_MAX_REASONS = 5
_MAX_DIFFERING = 8  # scripts with buttons, three each


def check(person: Person, guild_id: int) -> Message:
    """Return for each script what should be there, what is there, and why until then."""
    now = clock.now()
    who = bold(person.username)
    if person.customer is not None and person.customer.member_id is not None:
        who += f" ({member(person.customer.member_id)})"
    if not person.scripts:
        return Message(f"{who} has nothing here: there are no scripts yet. `/script add` adds one.")
    by: dict[Standing, list[Checked]] = {standing: [] for standing in Standing}
    for checked in person.scripts:
        by[checked.standing(now)].append(checked)
    told = [*by[Standing.HAS], *by[Standing.DUE], *by[Standing.ENDED]]
    if person.unknown is not None and not told:
        return Message(_unknown(person.username, person.unknown), tone=Tone.STOP)
    blocks = ["\n".join(_lines(checked, now)) for checked in told]
    if by[Standing.NOTHING]:
        blocks.append(f"No access: {_titles(by[Standing.NOTHING])}")
    if by[Standing.UNKNOWN]:
        blocks.append(f"Not known, as TradingView did not answer: {_titles(by[Standing.UNKNOWN])}")
    return Message(
        _first(who, by),
        (embed("Access", "\n\n".join(blocks)),),
        _buttons(person.username, told, guild_id, now),
    )


def _first(who: str, by: dict[Standing, list[Checked]]) -> str:
    """Return what the person has now; what is over is told apart."""
    ended = f" {count(len(by[Standing.ENDED]), 'script')} ended." if by[Standing.ENDED] else ""
    if by[Standing.HAS]:
        return f"{who} has {count(len(by[Standing.HAS]), 'script')}.{ended}"
    if by[Standing.UNKNOWN] and not (by[Standing.DUE] or by[Standing.ENDED]):
        return f"TradingView did not answer just now, so I do not know what {who} has."
    return f"{who} has no access now.{ended}"


def looking() -> Message:
    """Return what is shown while TradingView is asked."""
    return Message("⏳ **Waiting for TradingView:** a few seconds more, then I show what I know.")


def taken_over(done: Taken, name: str, check: Message) -> Message:
    """Return that the access of one person counts from now on, above how it stands."""
    what = title(done.script)
    first = f"✅ **{escape(name)} taken over** on {what}. Nothing was changed on TradingView."
    if not done.number:
        first = (
            f"⚠️ **{escape(name)} was left out:** somebody else here has the same name, with another "
            "TradingView account."
        )
    return Message(f"{first}\n{check.text}", check.embeds, check.buttons)


def end_form(should_be: End | None) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the one field of the form that sets an end; it holds what should be."""
    default = None
    if should_be is not None:
        default = "lifetime" if isinstance(should_be, Lifetime) else f"{should_be:%Y-%m-%d}"
    return [
        discord.ui.Label(
            text="Until when",
            description="A date such as 2026-04-30, a time from now such as 30D, or lifetime",
            component=discord.ui.TextInput(
                custom_id=UNTIL, min_length=1, max_length=50, default=default
            ),
        )
    ]


def _unknown(username: str, near: tuple[str, ...]) -> str:
    return (
        f"**TradingView knows nobody called {typed(username)}.** Nobody of that name has access; check "
        f"the spelling.{did_you_mean(near)}"
    )


def _titles(scripts: Iterable[Checked]) -> str:
    return ", ".join(escape(checked.script.title) for checked in scripts)


def _lines(checked: Checked, now: datetime) -> list[str]:
    """Return one script: what should be, what is, and the reasons."""
    archived = " (archived)" if checked.script.archived_at else ""
    ended = " – ended" if checked.standing(now) is Standing.ENDED else ""
    lines = [f"{title(checked.script)}{archived}{ended}"]
    lines.append(f"Should be: {_end(checked.wanted.end, now)}")
    lines.append(f"On TradingView: {_shown(checked, now)}")
    if checked.permission is not None and checked.permission.state is PermissionState.STUCK:
        lines.append(f"⚠️ {why_stuck(checked.permission.reason)}")
    elif checked.permission is not None and checked.permission.state is not PermissionState.DONE:
        lines.append("⏳ Still waiting; `/sync status` says why.")
    elif checked.differs(now):
        lines.append(f"⚠️ {_difference(checked)}")
    lines.extend(f"- {_reason(reason)}" for reason in checked.reasons[:_MAX_REASONS])
    if len(checked.reasons) > _MAX_REASONS:
        lines.append(f"- and {len(checked.reasons) - _MAX_REASONS} more")
    return lines


def _difference(checked: Checked) -> str:
    if checked.permission is None:
        return "Not taken over yet: somebody gave this on TradingView itself."
    return "The two differ: somebody changed it on TradingView."


def _buttons(
    username: str, told: Sequence[Checked], guild_id: int, now: datetime
) -> tuple[Button, ...]:
    """Return what can be done where the two differ: take over, set an end, end it.

    They name the script where the answer tells of several.
    """
    differing = [
        checked
        for checked in told
        if checked.differs(now)
        and (checked.permission is None or checked.permission.state is PermissionState.DONE)
    ]
    buttons = []
    for checked in differing[:_MAX_DIFFERING]:
        about = (guild_id, checked.script.id, username)
        if len(":".join(map(str, ("u", FORM, *about)))) > MAX_KEY:
            continue  # the commands take any name
        name = checked.script.title if len(told) > 1 else ""
        if checked.shown is not None and not _gives_less(checked):
            label = f"Take over {name}".rstrip()
            buttons.append(Button(label, key(TAKE, *about), discord.ButtonStyle.success))
        label = f"Set an end for {name}" if name else "Set an end"
        buttons.append(Button(label, key(SET, *about)))
        label = f"End {name}" if name else "End access"
        buttons.append(Button(label, key(END, *about), discord.ButtonStyle.danger))
    return tuple(buttons)


def _gives_less(checked: Checked) -> bool:
    """Return whether TradingView shows less than should be: that is not taken over."""
    return checked.shown is not None and gives_more(checked.wanted, checked.shown, clock.now())


def _end(end: End | None, now: datetime) -> str:
    if end is None:
        return "no access"
    if isinstance(end, Lifetime) or end > now:
        return until(end)
    return f"ended **{end_day(end)}** ({relative(end)})"


def _shown(checked: Checked, now: datetime) -> str:
    known = checked.known
    if checked.shown is not None:
        return "no end date" if isinstance(known.end, Lifetime) else _end(known.end, now)
    if known.kind is StateKind.UNKNOWN:
        return "it did not answer just now"
    when = f" {relative(checked.known_at)}" if checked.known_at else ""
    return f"it did not answer just now; last seen{when}: {_end(known.end, now)}"


def _reason(reason: Entitlement) -> str:
    origin = "taken over" if reason.source == FOUND and reason.asked_by else source(reason)
    note = f" – {typed(reason.note)}" if reason.note else ""
    length = f" {spoken(parse_length(reason.length))}" if reason.length else ""
    if reason.kind is EntitlementKind.LIFETIME:
        end = "lifetime"
    elif reason.kind is EntitlementKind.OPEN:
        end = "no end"
    elif reason.ends_at is None:
        end = "starts when TradingView answers"
    else:
        end = until_paid_day(reason.ends_at + timedelta(days=reason.grace_days), reason.ends_at)
    by = f" by {member(reason.asked_by)}" if reason.asked_by else ""
    return f"{origin}{length}{by}, {day(reason.asked_at)}: {end}{note}"
