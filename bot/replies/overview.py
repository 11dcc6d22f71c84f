"""What people look up: one person's access, a script's customers, the queue."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.access.ledger.receipts import WaitingFor, because_of
from bot.access.queries.holders import Cut, Holders
from bot.access.queries.overview import FailedCheck, Restoring, Status
from bot.access.rules.entitlements import wanted_of
from bot.replies import wrong_clock
from bot.replies.history_sweeps import why_unchecked
from bot.replies.message import Button, Message, key
from bot.replies.orders import person as person_text, why_stuck, why_waiting
from bot.replies.text import (
    NO_END,
    bold,
    count,
    day,
    embed,
    listed,
    moment,
    relative,
    title,
    typed,
    until_day,
    until_paid_day,
)
from bot.replies.tone import Tone
from bot.store.kinds import PermissionState
from bot.store.records import Holding

LIST = "list"
_CUT = "~"  # in no short name
_CUTS: Mapping[Cut | None, str] = {
    Cut.WEEK: " in the next 7 days",
    Cut.MONTH: " until the end of this month",
}
_MAX_WAITING = 10
_NEEDS_LOGIN = (WaitingFor.NO_LOGIN, WaitingFor.LOGIN_DEAD)


def holders(page: Holders, guild_id: int) -> Message:
    """Return who has an item, soonest end first, with buttons for the other pages."""
    beside = ""
    if page.untaken:
        more = "more " if page.total else ""
        who = count(page.untaken, f"{more}person", f"{more}people")
        verb = "is" if page.untaken == 1 else "are"
        beside = (
            f"\n▫️ {who} on TradingView {verb} not taken over yet; "
            "`/sync status` has the button for it."
        )
    what = title(page.item)
    about = _CUT.join((page.item.slug, page.ends or "", str(page.role_id or "")))
    if page.role_id is not None:
        beside = "\n-# Only members whom I know with their TradingView name; the role as it is now."
    with_role = "" if page.role_id is None else f" with the role <@&{page.role_id}>"
    if page.paused:
        beside += "\n" + "\n".join(
            f"⏸️ {person_text(customer)}: paused since {day(since)}"
            for customer, since in page.paused
        )
    if not page.total:
        if page.role_id is not None:
            end = "" if page.ends is None else f" and such an end ({page.ends})"
            return Message(f"Nobody{with_role}{end} has {what}.{beside}")
        if page.ends is not None:
            return Message(f"Nobody has {what} with such an end ({page.ends}).")
        if beside:
            return Message(f"Nobody has {what} through me yet.{beside}")
        return Message(f"Nobody has {what} yet. `/access grant` gives it to somebody.")
    numbers = f"Page {page.page + 1} of {page.pages}" if page.pages > 1 else None
    has = "Whose time is over" if page.ends is Cut.ENDED else "Who has it, by end date"
    return Message(
        f"{what}: {count(page.total, 'person', 'people')}{with_role}{_CUTS.get(page.ends, '')}.{beside}",
        (embed(has, "\n".join(_holder_lines(page)), footer=numbers),),
        pages(LIST, guild_id, about, page.page, more=page.page + 1 < page.pages),
    )


def role_unknown(role_id: int) -> Message:
    """Return that it cannot be said now who has a role."""
    return Message(
        f"⚠️ **I cannot say who has <@&{role_id}> just now:** Discord does not tell, or more people have "
        "it than I may ask about at once. Without `role` you get the whole list; or try again in a minute."
    )


def cut_of(about: str) -> tuple[str, Cut | None, str]:
    """Return the short name, what the list is cut down to, and the role's number, in a button's key."""
    slug, _, rest = about.partition(_CUT)
    ends, _, role = rest.partition(_CUT)
    return slug, next((cut for cut in Cut if cut == ends), None), role


def _holder_lines(page: Holders) -> Iterator[str]:
    for permission, customer in page.people:
        waits = {PermissionState.DONE: "", PermissionState.STUCK: " ⚠️"}.get(permission.state, " ⏳")
        end = wanted_of(permission).end
        when = "ending" if end is None else until_paid_day(end, page.paid.get(permission.id))
        yield f"{person_text(customer, permission)}: {when}{waits}"
    for holder in page.buyers:
        # For lifetime, or as long as a role lasts: nothing is read here of which.
        when = NO_END if holder.has_no_end else "starts when it stands"
        if holder.ends_at is not None and not holder.has_no_end:
            when = until_day(holder.ends_at)
        if holder.paused_since is not None:
            when = f"⏸️ paused since {day(holder.paused_since)}"
        waits = " ⏳" if holder.waits else ""
        if holder.customer.username is None:
            waits = " ⏳ no TradingView name yet"
        yield f"{person_text(holder.customer)}: {when}{waits}"


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
    warning = wrong_clock.warning()
    first = "\n".join(filter(None, (warning, _first_line(status))))
    boxes = (embed("The queue", "\n".join(blocks)),) if blocks else ()
    return Message(first, boxes, tone=Tone.STOP if warning else _tone(status))


def _tone(status: Status) -> Tone | None:
    if status.stuck or status.paused or status.holdup in _NEEDS_LOGIN:
        return Tone.STOP
    return Tone.LOOK if status.waiting or status.unchecked or status.restoring else None


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
