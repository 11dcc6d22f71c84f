"""One look at the form of everything that Usher reads as data: what differs, and what could not be seen.

The home page is left out: it is a page for people, and a name that it does not tell is merely not shown.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.tradingview import discovery, shapes, wire
from bot.tradingview.client import TradingView
from bot.tradingview.errors import NoSuchScript, Refused, TradingViewError, UpstreamTrouble
from bot.tradingview.parsing import account as read_account, page as read_page
from bot.tradingview.response_errors import Reply

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


Differences = Mapping[Subject, Sequence[str]]


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

    def confirmed(self, earlier: Differences) -> "Seen":
        """Without the differences that were not seen earlier: what shows only such ones is unclear."""
        sure = Seen(unclear=dict(self.unclear), news=dict(self.news))
        for subject, words in self.differences.items():
            known = tuple(word for word in words if word in earlier.get(subject, ()))
            if words and not known:
                sure.unclear[subject] = "something was seen only once"
            else:
                sure.differences[subject] = known
        return sure


async def look(door: TradingView, username: str | None, pine_ids: Sequence[str]) -> Seen:
    """Ask everything that orders and the list of one's scripts rely upon, once. Writes nothing."""
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
    lists = [
        (discovery.published_request(door), shapes.published),
        (discovery.managed_request(), shapes.managed),
    ]
    if pine_ids:
        lists.append((discovery.names_request(pine_ids[:_MOST_SCRIPTS]), shapes.named))
    for request, form_of in lists:
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
    """In words, when a question that was always answered is not understood any more.

    That has words of its own: a web page, or nothing at all, comes from whatever stands in between.
    """
    if error.code is None and error.detail is None:
        return None
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
