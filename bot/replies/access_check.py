"""One person's access, script by script: what should be, what is, why, and what to do where they differ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import discord

from bot import clock
from bot.access.queries.standing import Checked, Person, Standing
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import gives_more
from bot.access.sweeps.adopt import Taken
from bot.replies import reasons
from bot.replies.message import MAX_KEY, Button, Message, key
from bot.replies.orders import why_stuck
from bot.replies.text import (
    AS_LONG,
    NO_END,
    bold,
    count,
    day,
    did_you_mean,
    embed,
    end_day,
    escape,
    member,
    origin,
    relative,
    spoken,
    title,
    typed,
    until,
    until_day,
)
from bot.replies.tone import Tone
from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.records import Purchase
from bot.tradingview.models import End, Lifetime

TAKE, SET, FORM, END = "check_take", "check_set", "check_form", "check_end"
UNTIL = "until"
_MAX_REASONS = (8, 5, 2, 1, 0)  # of each script, as there is room
_MAX_REASONS_PAGE = 20
_MAX_LENGTH = 4_000
_MAX_DIFFERING = 8  # scripts with buttons, three each


def check(person: Person, guild_id: int) -> Message:
    """Return for each script what should be there, what is there, and why until then."""
    now = clock.now()
    if person.waiting:
        return _waiting(person)
    who = bold(person.username)
    if person.customer is not None and person.customer.member_id is not None:
        who += f" ({member(person.customer.member_id)})"
    if not person.scripts:
        return Message(f"{who} has nothing here: there are no scripts yet. `/script add` adds one.")
    by = _by_standing(person, now)
    told = _told(by)
    if person.unknown is not None and not told:
        return Message(_unknown(person.username, person.unknown), tone=Tone.STOP)
    rest = []
    if by[Standing.NOTHING]:
        rest.append(f"No access: {_titles(by[Standing.NOTHING])}")
    if by[Standing.UNKNOWN]:
        rest.append(f"Not known, as TradingView did not answer: {_titles(by[Standing.UNKNOWN])}")
    return Message(
        _first(who, by),
        (embed("Access", _fitted(told, rest, now)),),
        _buttons(person.username, told, guild_id, now),
    )


@dataclass(frozen=True, slots=True)
class Block:
    """Scripts of which the same is to be said: what should be, what is, and why."""

    heading: str
    should_be: str
    shown: str
    trouble: tuple[str, ...]
    reasons: tuple[str, ...]
    scripts: tuple[Checked, ...]

    @property
    def lines(self) -> list[str]:
        """Return it as `/access check` says it."""
        facts = [f"Should be: {self.should_be}", f"On TradingView: {self.shown}"]
        return [self.heading, *facts, *self.trouble, *self.reasons]


@dataclass(frozen=True, slots=True)
class Blocks:
    """One person's access for a page: what there is to say of, and the titles of all other scripts."""

    told: tuple[Block, ...]
    nothing: str
    unknown: str


def in_blocks(person: Person, *, asked: bool) -> Blocks:
    """Return the same for a page, which has more room; `asked`: TradingView was asked now."""
    now = clock.now()
    by = _by_standing(person, now)
    told = _blocks(_told(by), _MAX_REASONS_PAGE, now, asked=asked)
    return Blocks(tuple(told), _titles(by[Standing.NOTHING]), _titles(by[Standing.UNKNOWN]))


def differing(person: Person, guild_id: int) -> tuple[Button, ...]:
    """Return what can be done where what should be and what TradingView shows now differ."""
    now = clock.now()
    return _buttons(person.username, _told(_by_standing(person, now)), guild_id, now)


def waits(person: Person) -> Message | None:
    """Return what a member has got who has no TradingView name yet; None where nothing waits for one."""
    return _waiting(person) if person.waiting else None


def _by_standing(person: Person, now: datetime) -> dict[Standing, list[Checked]]:
    by: dict[Standing, list[Checked]] = {standing: [] for standing in Standing}
    for checked in person.scripts:
        by[checked.standing(now)].append(checked)
    return by


def _told(by: dict[Standing, list[Checked]]) -> list[Checked]:
    """Return the scripts of which there is more to say than that there is nothing."""
    return [*by[Standing.HAS], *by[Standing.DUE], *by[Standing.PAUSED], *by[Standing.ENDED]]


def _fitted(told: Sequence[Checked], rest: list[str], now: datetime) -> str:
    """Return the blocks with as many reasons each as there is room for."""
    text = ""
    for most in _MAX_REASONS:
        blocks = ["\n".join(block.lines) for block in _blocks(told, most, now)]
        text = "\n\n".join([*blocks, *rest])
        if len(text) <= _MAX_LENGTH:
            return text
    return text


def _blocks(
    told: Sequence[Checked], most: int, now: datetime, *, asked: bool = True
) -> list[Block]:
    """Return a block for each script; those of which the same is to be said share one."""
    alike: dict[tuple[str, ...], list[Block]] = {}
    for checked in told:
        block = _block(checked, most, now, asked=asked)
        alike.setdefault(tuple(block.lines), []).append(block)
    return [_together(some, now) for some in alike.values()]


def _together(some: Sequence[Block], now: datetime) -> Block:
    scripts = tuple(checked for block in some for checked in block.scripts)
    return replace(some[0], heading=_heading(scripts, now), scripts=scripts)


def _heading(some: Sequence[Checked], now: datetime) -> str:
    """Return the names of the scripts, behind the product that gives all of them."""
    titles = ", ".join(
        title(each.script) + (" (archived)" if each.script.archived_at else "") for each in some
    )
    sold = {why.product for each in some for why in each.whys}
    [product] = sold if len(sold) == 1 and len(some) > 1 else [None]
    first = titles if product is None else f"{title(product)} ({titles.replace('**', '')})"
    return f"{first}{' – ended' if some[0].standing(now) is Standing.ENDED else ''}"


def _waiting(person: Person) -> Message:
    """Return what a member has got who has no TradingView name yet."""
    assert person.customer is not None  # noqa: S101 - something waits for that member
    lines = [
        f"- {title(item)} {origin(purchase)}, {day(purchase.asked_at)}: {_bought(purchase)}"
        for purchase, item in person.waiting
    ]
    return Message(
        f"⏳ {member(person.customer.member_id or 0)} **has no TradingView name yet**, so what they got waits. "
        "It is done by itself once they run `/link`.",
        (embed("Waiting for a name", "\n".join(lines)),),
    )


def _bought(purchase: Purchase) -> str:
    if purchase.length:
        return spoken(parse_length(purchase.length))
    if purchase.ends_at is not None:
        return until_day(purchase.ends_at)
    return "lifetime" if purchase.kind is EntitlementKind.LIFETIME else AS_LONG


def _first(who: str, by: dict[Standing, list[Checked]]) -> str:
    """Return what the person has now; what is over is told apart."""
    ended = f" {count(len(by[Standing.ENDED]), 'script')} ended." if by[Standing.ENDED] else ""
    if by[Standing.PAUSED]:
        ended = f" {count(len(by[Standing.PAUSED]), 'script')} paused.{ended}"
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


def _block(checked: Checked, most: int, now: datetime, *, asked: bool) -> Block:
    """Return one script: what should be, what is, and why; its heading comes with the others alike."""
    since = checked.paused_since(now)
    still = f", as it is paused since {day(since)}" if since is not None else ""
    should_be = NO_END if checked.lasting else _end(checked.wanted.end, now)
    trouble: tuple[str, ...] = ()
    if checked.permission is not None and checked.permission.state is PermissionState.STUCK:
        trouble = (f"⚠️ {why_stuck(checked.permission.reason)}",)
    elif checked.permission is not None and checked.permission.state is not PermissionState.DONE:
        trouble = ("⏳ Still waiting; `/sync status` says why.",)
    elif checked.differs(now):
        trouble = (f"⚠️ {_difference(checked)}",)
    shown = _shown(checked, now) if asked else _last_shown(checked, now)
    told = tuple(reasons.lines(checked, most, now))
    return Block("", f"{should_be}{still}", shown, trouble, told, (checked,))


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
        return NO_END if isinstance(known.end, Lifetime) else _end(known.end, now)
    if known.kind is StateKind.UNKNOWN:
        return "it did not answer just now"
    return f"it did not answer just now; {_last_shown(checked, now)}"


def _last_shown(checked: Checked, now: datetime) -> str:
    """Return what was seen there last, for who did not ask TradingView now."""
    known = checked.known
    if known.kind is StateKind.UNKNOWN:
        return "not read yet"
    when = f" {relative(checked.known_at)}" if checked.known_at else ""
    return f"last seen{when}: {_end(known.end, now)}"
