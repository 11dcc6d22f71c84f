"""What people look up: one person's access, a script's customers, the queue."""

from collections.abc import Iterable
from datetime import datetime

from bot import clock
from bot.access.ledger.receipts import WaitingFor, because_of
from bot.access.queries.overview import (
    Checked,
    FailedCheck,
    Holders,
    Person,
    Restoring,
    Status,
)
from bot.access.request import FOUND
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State, last_seen, ours_of, wanted_of
from bot.replies import wrong_clock
from bot.replies.history_sweeps import why_unchecked
from bot.replies.message import Button, Message, key
from bot.replies.orders import person as person_text, why_stuck, why_waiting
from bot.replies.text import (
    bold,
    count,
    day,
    did_you_mean,
    embed,
    escape,
    listed,
    member,
    moment,
    relative,
    source,
    spoken,
    title,
    typed,
    until,
    until_day,
)
from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.records import Entitlement, Holding
from bot.tradingview.models import End, Lifetime

LIST = "list"
_MAX_REASONS = 5
_MAX_WAITING = 10


def check(person: Person) -> Message:
    """Return for each script what should be there, what is there, and why until then."""
    who = bold(person.username)
    if person.customer is not None and person.customer.member_id is not None:
        who += f" ({member(person.customer.member_id)})"
    if not person.scripts:
        return Message(f"{who} has nothing here: there are no scripts yet. `/script add` adds one.")
    held = [checked for checked in person.scripts if _has_anything(checked)]
    others = [checked for checked in person.scripts if not _has_anything(checked)]
    if person.unknown is not None and not held:
        return Message(_unknown(person.username, person.unknown))
    blocks = ["\n".join(_script_lines(checked)) for checked in held]
    if others:
        silent = any(checked.shown is None for checked in others)
        tail = " (TradingView did not answer)" if silent else ""
        blocks.append(f"No access: {_titles(others)}{tail}")
    first = f"{who} has {count(len(held), 'script')}." if held else f"{who} has no access."
    return Message(first, (embed("Access", "\n\n".join(blocks)),))


def _unknown(username: str, near: tuple[str, ...]) -> str:
    return (
        f"**TradingView knows nobody called {typed(username)}.** Nobody of that name has access; check "
        f"the spelling.{did_you_mean(near)}"
    )


def looking() -> Message:
    """Return what is shown while TradingView is asked."""
    return Message("⏳ **Waiting for TradingView:** a few seconds more, then I show what I know.")


def _titles(scripts: Iterable[Checked]) -> str:
    return ", ".join(escape(checked.script.title) for checked in scripts)


def _has_anything(checked: Checked) -> bool:
    wanted = checked.permission is not None and wanted_of(checked.permission).end is not None
    shown = checked.shown is not None and checked.shown.end is not None
    waits = checked.permission is not None and checked.permission.state is not PermissionState.DONE
    return wanted or shown or waits or bool(checked.reasons)


def _script_lines(checked: Checked) -> list[str]:
    """Return one script: what should be, what is, and the reasons."""
    archived = " (archived)" if checked.script.archived_at else ""
    lines = [f"{title(checked.script)}{archived}"]
    now = clock.now()
    wanted = wanted_of(checked.permission).end if checked.permission else None
    lines.append(f"Should be: {_end(wanted, now)}")
    lines.append(f"On TradingView: {_shown(checked, now)}")
    if checked.permission is not None and checked.permission.state is PermissionState.STUCK:
        lines.append(f"⚠️ {why_stuck(checked.permission.reason)}")
    elif checked.permission is not None and checked.permission.state is not PermissionState.DONE:
        lines.append("⏳ Still waiting; `/sync status` says why.")
    elif checked.shown is not None and not _agrees(checked, now):
        if checked.permission is None:
            lines.append(
                "⚠️ The two differ: somebody gave this on TradingView itself, not with Usher."
            )
        else:
            lines.append("⚠️ The two differ: somebody changed it on TradingView.")
    lines.extend(f"- {_reason(reason)}" for reason in checked.reasons[:_MAX_REASONS])
    if len(checked.reasons) > _MAX_REASONS:
        lines.append(f"- and {len(checked.reasons) - _MAX_REASONS} more")
    return lines


def _agrees(checked: Checked, now: datetime) -> bool:
    """Return whether TradingView shows what should be; access that is over agrees with none."""
    wanted = (
        State(StateKind.NOTHING) if checked.permission is None else wanted_of(checked.permission)
    )
    if checked.shown is None or checked.shown.agrees_with(wanted):
        return True
    if checked.permission is not None and checked.permission.differs:
        return checked.shown.agrees_with(ours_of(checked.permission))  # its own form of our end
    return not checked.shown.gives_access(now) and not wanted.gives_access(now)


def _end(end: End | None, now: datetime) -> str:
    if end is None:
        return "no access"
    if isinstance(end, Lifetime) or end > now:
        return until(end)
    return f"ended **{day(end)}** ({relative(end)})"


def _shown(checked: Checked, now: datetime) -> str:
    if checked.shown is not None:
        return (
            "no end date"
            if isinstance(checked.shown.end, Lifetime)
            else _end(checked.shown.end, now)
        )
    if checked.permission is None or checked.permission.seen is StateKind.UNKNOWN:
        return "it did not answer just now"
    seen_at = checked.permission.seen_at
    when = f" {relative(seen_at)}" if seen_at else ""
    return f"it did not answer just now; last seen{when}: {_end(last_seen(checked.permission).end, now)}"


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
        end = until_day(reason.ends_at)
    by = f" by {member(reason.asked_by)}" if reason.asked_by else ""
    return f"{origin}{length}{by}, {day(reason.asked_at)}: {end}{note}"


def me(person: Person) -> Message:
    """Return a member's own view: no internals, no numbers of other people."""
    lines = []
    for checked in person.scripts:
        if checked.permission is None:
            continue
        wanted = wanted_of(checked.permission).end
        if checked.permission.state is PermissionState.STUCK:
            lines.append(
                f"- {title(checked.script)}: there is a problem; the staff know and will help"
            )
        elif checked.permission.state is not PermissionState.DONE:
            lines.append(
                f"- {title(checked.script)}: ⏳ on its way; you get a message when it is there"
            )
        elif wanted is not None:
            lines.append(f"- {title(checked.script)}: {until(wanted)}")
    name = bold(person.username)
    if not lines:
        return Message(
            f"Your TradingView name is {name}. You have no scripts here yet.\n"
            "If you bought one, ask the staff of this server."
        )
    where = (
        "On TradingView: open a chart, then **Indicators → Invite-only scripts**. "
        "To change your name, use `/unlink`."
    )
    return Message(
        f"Your TradingView name is {name}.\n{where}", (embed("Your scripts", "\n".join(lines)),)
    )


def holders(page: Holders, guild_id: int) -> Message:
    """Return who has a script, soonest end first, with buttons for the other pages."""
    if not page.total:
        return Message(
            f"Nobody has {title(page.script)} yet. `/access grant` gives it to somebody."
        )
    lines = []
    for permission, customer in page.people:
        waits = {PermissionState.DONE: "", PermissionState.STUCK: " ⚠️"}.get(permission.state, " ⏳")
        end = wanted_of(permission).end
        when = "ending" if end is None else until_day(end)
        lines.append(f"{person_text(customer, permission)}: {when}{waits}")
    numbers = f"Page {page.page + 1} of {page.pages}" if page.pages > 1 else None
    return Message(
        f"{title(page.script)}: {count(page.total, 'person', 'people')}.",
        (embed("Who has it, by end date", "\n".join(lines), footer=numbers),),
        pages(LIST, guild_id, page.script.slug, page.page, more=page.page + 1 < page.pages),
    )


def pages(name: str, guild_id: int, about: str, page: int, *, more: bool) -> tuple[Button, ...]:
    """Return the buttons back and on, where there is a page; the keys' last part keeps them apart."""
    if page == 0 and not more:
        return ()
    return (
        Button("◀ Back", key(name, guild_id, about, max(page - 1, 0), "b"), disabled=page == 0),
        Button("Next ▶", key(name, guild_id, about, page + 1, "n"), disabled=not more),
    )


def status(status: Status) -> Message:
    """Return what waits, what is stuck and why, and the remedy for each."""
    blocks = []
    if status.restoring is not None:
        blocks.append("**After the restore**")
        blocks.append(_restoring_line(status.restoring))
    if status.paused:
        blocks.append("**Scripts that TradingView refuses**")
        blocks.extend(
            _paused_line(script.title, script.slug, script.paused_reason)
            for script in status.paused
        )
    if status.unchecked:
        blocks.append("**Full checks that failed**")
        blocks.extend(_unchecked_line(check) for check in status.unchecked[:_MAX_WAITING])
        blocks.extend(_rest(len(status.unchecked)))
    if status.stuck:
        blocks.append("**Stuck**")
        blocks.extend(_stuck_line(row) for row in status.stuck[:_MAX_WAITING])
        blocks.extend(_rest(len(status.stuck) + status.more_stuck))
    if status.waiting:
        blocks.append("**Waiting, oldest first**")
        blocks.extend(_waiting_line(row, status.holdup) for row in status.waiting[:_MAX_WAITING])
        blocks.extend(_rest(len(status.waiting) + status.more_waiting))
    first = "\n".join(filter(None, (wrong_clock.warning(), _first_line(status))))
    return Message(first, (embed("The queue", "\n".join(blocks)),) if blocks else ())


def _first_line(status: Status) -> str:
    waiting = len(status.waiting) + status.more_waiting
    stuck = len(status.stuck) + status.more_stuck
    quiet = _quiet(status.quiet_until) if status.quiet_until else ""
    held_up = status.holdup not in (None, WaitingFor.SLOW_DOWN)  # a pause has its own sentence
    if not (waiting or stuck or status.paused or held_up):
        return f"✅ **Everything is on TradingView.** Nothing waits.{quiet}"
    parts = []
    if waiting:
        parts.append(f"{count(waiting, 'order')} waiting")
    if stuck:
        parts.append(f"{count(stuck, 'order')} stuck")
    numbers = f"**{', '.join(parts)}.**" if parts else "**Nothing waits.**"
    return f"{numbers} {why_waiting(status.holdup)}{quiet}" if held_up else f"{numbers}{quiet}"


def _quiet(until_then: datetime) -> str:
    return (
        f"\nTradingView asked me to send nothing until {moment(until_then)} ({relative(until_then)}). "
        "Nobody lost access; I go on by myself then, and there is nothing to do."
    )


def _restoring_line(restoring: Restoring) -> str:
    of = restoring.read + len(restoring.left)
    left = listed(title(script) for script in restoring.left[:_MAX_WAITING])
    more = f" Still to read: {left}." if left else ""
    return (
        f"- {restoring.read} of {count(of, 'list')} read.{more} When one cannot be read, "
        "`/script archive` goes on without that script."
    )


def _unchecked_line(check: FailedCheck) -> str:
    last = f"last checked {relative(check.last.started_at)}" if check.last else "never checked"
    return (
        f"- {title(check.script)}: {last}; the last try, {relative(check.failed.started_at)}, failed: "
        f"{why_unchecked(check.failed.failure)}"
    )


def _paused_line(name: str, slug: str, words: str | None) -> str:
    own = f" Its own words: {typed(words)}." if words else ""
    return (
        f"- {bold(name)}:{own} Check that the script is still yours and invite-only, then run "
        f"`/sync retry` with {typed(slug)}."
    )


def _stuck_line(row: Holding) -> str:
    words = f" Its own words: {typed(row.permission.detail)}." if row.permission.detail else ""
    return (
        f"- {person_text(row.customer, row.permission)}, {title(row.script)}: "
        f"{why_stuck(row.permission.reason)}{words}"
    )


def _waiting_line(row: Holding, holdup: WaitingFor | None) -> str:
    why = ""
    if holdup is None:
        paused = WaitingFor.SCRIPT_PAUSED if row.script.paused_at else None
        if paused is None and row.script.restored_at is not None:
            paused = WaitingFor.FULL_CHECK
        reason = paused or because_of(row.permission.reason)
        why = f": {why_waiting(reason)}" if reason else ""
    return (
        f"- {person_text(row.customer, row.permission)}, {title(row.script)}, "
        f"asked {relative(row.permission.asked_at)}{why}"
    )


def _rest(total: int) -> list[str]:
    return [f"- and {total - _MAX_WAITING} more"] if total > _MAX_WAITING else []


def retried(slug: str, number: int) -> Message:
    """Return how many orders `/sync retry` tries again."""
    if not number:
        return Message(f"**Nothing waits or is stuck for {typed(slug)}.** There was nothing to do.")
    asked = "it hears" if number == 1 else "them hears"
    return Message(
        f"**Trying {count(number, 'order')} for {typed(slug)} again.** "
        f"Whoever asked for {asked} how it ends; `/sync status` shows what is left."
    )
