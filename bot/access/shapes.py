"""Is it still the TradingView we know? Compares the form of its answers, daily, with reads alone.

When it differs, writes pause for that account and orders wait: until a later look finds the known form
again, or staff say to go on. An outage says nothing about a form and changes nothing here.
"""

import enum
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot import clock
from bot.access.login import AccountSession, LoginState
from bot.access.session import Sessions
from bot.jobs import Jobs
from bot.store import events, guilds, scripts, sessions as logins, shapes as kept
from bot.store.database import Database
from bot.store.shapes import ShapeCheck
from bot.tradingview import discovery, shapes, wire
from bot.tradingview.client import TradingView
from bot.tradingview.errors import NoSuchScript, Refused, TradingViewError, UpstreamTrouble
from bot.tradingview.reading import account as read_account, page as read_page
from bot.tradingview.verdict import Reply

log = logging.getLogger(__name__)

LOOK_EVERY = 300.0  # seconds between looks for accounts whose day is over
FIRST_WITHIN = 900.0  # seconds after the start: accounts must not be asked in step
DAY = timedelta(hours=23)
JITTER = timedelta(hours=2)
AGAIN = timedelta(hours=1)  # while writes are paused, or after an answer that said nothing
CONFIRM_AFTER = 20.0  # seconds; a difference counts when it is seen twice

ANYBODY = "TradingView"  # asked for when the account's own name is not known
_MOST_SCRIPTS = 3
_GONE = (404, 405, 410)
_NOT_UNDERSTOOD = (400, *_GONE, 406, 415, 422)


class Subject(enum.StrEnum):
    """What a difference is about, as staff read it."""

    ACCOUNT = "the account page"
    NAMES = "the name search"
    LIST = "the list of users"
    ROWS = "the people in that list"
    SCRIPTS = "the list of your scripts"


@dataclass
class Seen:
    """What one look found: only the subjects that showed their form, or why they did not."""

    differences: dict[Subject, tuple[str, ...]] = field(default_factory=dict)
    unclear: dict[Subject, str] = field(default_factory=dict)
    news: dict[Subject, tuple[str, ...]] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether anything that is relied upon has another form."""
        return any(self.differences.values())

    @property
    def is_complete(self) -> bool:
        """Whether everything showed its form, but for what orders can do without."""
        return not self.unclear.keys() - {Subject.ROWS, Subject.SCRIPTS}

    def note(self, subject: Subject, form: shapes.Form) -> None:
        """Add what an answer showed, to what earlier ones showed."""
        self.differences[subject] = _with(self.differences.get(subject, ()), form.differences)
        self.news[subject] = _with(self.news.get(subject, ()), form.news)
        self.unclear.pop(subject, None)

    def agreed(self, other: "Seen") -> "Seen":
        """What this look and a later one both found; what the later one missed is unclear."""
        both = Seen(unclear=dict(other.unclear), news=dict(other.news))
        for subject, words in other.differences.items():
            if subject in self.differences:
                earlier = self.differences[subject]
                both.differences[subject] = tuple(word for word in words if word in earlier)
            else:
                both.unclear[subject] = "it was seen only once"
        return both


async def look(
    door: TradingView,
    username: str | None,
    pine_ids: Sequence[str],
    *,
    confirm_after: float,
) -> Seen:
    """Ask everything that Usher reads, once; twice where something differs. Writes nothing."""
    first = await _look(door, username, pine_ids)
    if not first.differs:
        return first
    await clock.sleep(confirm_after)
    return first.agreed(await _look(door, username, pine_ids))


async def _look(door: TradingView, username: str | None, pine_ids: Sequence[str]) -> Seen:
    seen = Seen()
    about = await _answer(door, wire.account(), Subject.ACCOUNT, seen)
    if about is not None:
        seen.note(Subject.ACCOUNT, shapes.account(about))
        if username is None and not seen.differences[Subject.ACCOUNT]:
            username = read_account(about).username
    names = await _answer(door, wire.hints(username or ANYBODY), Subject.NAMES, seen)
    if names is not None:
        seen.note(Subject.NAMES, shapes.hints(names))
    seen.unclear[Subject.ROWS] = "no list has anybody in it"
    if not pine_ids:
        seen.unclear[Subject.LIST] = "there is no script to ask about"
    for pine_id in pine_ids[:_MOST_SCRIPTS]:
        if await _list(door, pine_id, seen):
            break
    for request, form_of in (
        (discovery.published_request(door), shapes.published),
        (discovery.managed_request(), shapes.managed),
    ):
        reply = await _answer(door, request, Subject.SCRIPTS, seen)
        if reply is not None:
            seen.note(Subject.SCRIPTS, form_of(reply))
    return seen


async def _list(door: TradingView, pine_id: str, seen: Seen) -> bool:
    """Compare the first page of a script's list and the one after; True when it held anybody."""
    reply = await _answer(door, wire.listing(pine_id), Subject.LIST, seen)
    if reply is None:
        return False
    anybody = _page(reply, door.base, seen)
    if seen.differences[Subject.LIST] or seen.differences.get(Subject.ROWS):
        return anybody
    try:
        following = read_page(reply, door.base).next_path
    except UpstreamTrouble:  # in a way that no comparison thought of
        seen.note(Subject.LIST, shapes.Form(("it cannot be read",)))
        return anybody
    if following is not None:
        more = wire.listing_next(following, pine_id)
        reply = await _answer(door, more, Subject.LIST, seen)
        if reply is not None:
            _page(reply, door.base, seen)
    return anybody


def _page(reply: Reply, base: str, seen: Seen) -> bool:
    seen.note(Subject.LIST, shapes.page(reply, base))
    people = shapes.rows(reply)
    if people.items:
        seen.note(Subject.ROWS, people)
    return bool(people.items)


async def _answer(
    door: TradingView, request: wire.Request, subject: Subject, seen: Seen
) -> Reply | None:
    """The answer; None when its form cannot be compared, which is noted."""
    try:
        reply = await door.ask(request)
    except TradingViewError as error:
        if (gone := _gone(error)) is not None:
            seen.note(subject, shapes.Form((gone,)))
        elif subject not in seen.differences:
            seen.unclear[subject] = error.summary
        return None
    if not shapes.is_data(reply):
        if subject not in seen.differences:
            seen.unclear[subject] = "an answer that is no data"
        return None
    return reply


def _gone(error: TradingViewError) -> str | None:
    """In words, when a question that was always answered is not understood any more."""
    match error:
        case NoSuchScript():
            return None  # that is about the script
        case UpstreamTrouble(status=int(status)) if status in _GONE:
            return f"it is no longer where it was (HTTP {status})"
        case Refused(status=int(status)) if status in _NOT_UNDERSTOOD:
            return f"the question is not understood any more (HTTP {status})"
        case _:
            return None


def _with(earlier: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...]:
    return (*earlier, *(word for word in words if word not in earlier))


class Shapes:
    """Compares every account's answers once a day, and pauses or resumes its writes.

    `resumed` is called with the server's id when orders may go on.
    """

    def __init__(
        self, database: Database, sessions: Sessions, resumed: Callable[[int], None]
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._resumed = resumed
        self._not_before: dict[int, float] = {}  # by server, by clock.monotonic()
        self._random = random.Random()  # noqa: S311 - spreads requests, guards nothing

    def start(self, jobs: Jobs) -> None:
        """Begin; runs until the jobs end."""
        jobs.every(LOOK_EVERY, "compare the form of TradingView's answers", self.turn)

    async def turn(self) -> None:
        """Look at every account whose day is over; one that fails holds up no other."""
        for held in self._sessions.every():
            if held.state is not LoginState.ALIVE or not await self._is_due(held.guild_id):
                continue
            self._not_before[held.guild_id] = clock.monotonic() + AGAIN.total_seconds()
            try:
                await self.compare(held)
            except Exception:  # the other accounts are looked at all the same
                log.exception("comparing the answers for server %s failed", held.guild_id)

    async def _is_due(self, guild_id: int) -> bool:
        async with self._database.read() as connection:
            server = await guilds.by_id(connection, guild_id)
            last = await kept.of_guild(connection, guild_id)
        if server is None or server.left_at is not None:
            return False
        now = clock.monotonic()
        # A newer Usher may know the form for which an older one paused: then nobody need wait.
        within = FIRST_WITHIN if last.paused_at is None else 0.0
        if self._not_before.setdefault(guild_id, now + self._random.uniform(0, within)) > now:
            return False
        if last.checked_at is None or last.paused_at is not None:
            return True
        return clock.now() - last.checked_at >= DAY + JITTER * self._random.random()

    async def compare(self, held: AccountSession) -> Seen:
        """Look now, and pause or resume by what is seen."""
        async with self._database.read() as connection:
            stored = await logins.account_of(connection, held.guild_id)
            listed = await scripts.listed(connection, held.guild_id)
        name = None if stored is None else stored.username
        pine_ids = [script.pine_id for script in listed if script.paused_at is None]
        seen = await look(held.tradingview, name, pine_ids, confirm_after=CONFIRM_AFTER)
        log.info("form of TradingView's answers, server %s: %s", held.guild_id, _summary(seen))
        if await self._record(held.guild_id, seen):
            self._resumed(held.guild_id)
        return seen

    async def _record(self, guild_id: int, seen: Seen) -> bool:
        """Keep what was seen; True when writes go on that were paused."""
        now = clock.now()
        async with self._database.write() as connection:
            before = await kept.of_guild(connection, guild_id)
            differences = _merged(before.differences, seen)
            # Some of what staff accepted may be known again: then it is news when it comes back.
            accepted = {
                subject: words
                for subject, words in differences.items()
                if set(words) <= set(before.accepted.get(subject, ()))
            }
            paused = accepted != differences
            after = ShapeCheck(
                guild_id,
                now if seen.is_complete else before.checked_at,
                (before.paused_at or now) if paused else None,
                differences,
                accepted,
            )
            await kept.keep(connection, after)
            if paused and (before.paused_at is None or before.differences != differences):
                words = in_words(differences)
                await events.record(
                    connection, guild_id, now, "shape_changed", after={"differences": words}
                )
            elif before.differences and not differences:
                await events.record(connection, guild_id, now, "shape_known")
        return before.paused_at is not None and not paused


def in_words(differences: kept.Differences) -> list[str]:
    """What differs, one line for each."""
    return [f"{subject}: {word}" for subject, words in differences.items() for word in words]


def _merged(before: kept.Differences, seen: Seen) -> Mapping[str, list[str]]:
    """What differs by now: what was not seen this time stays as it was."""
    merged: dict[str, list[str]] = {}
    for subject in Subject:
        words = seen.differences.get(subject)
        kept_words = list(before.get(subject.value, ())) if words is None else sorted(words)
        if kept_words:
            merged[subject.value] = kept_words
    return merged


def _summary(seen: Seen) -> str:
    differing = [subject.value for subject, words in seen.differences.items() if words]
    if differing:
        return f"another one in {', '.join(differing)}"
    return "as known" if seen.is_complete else "not everything could be seen"
