"""One look at the form of everything that Usher reads as data: what differs, and what could not be seen.

The home page is left out: it is a page for people, and a name that it does not tell is merely not shown.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.tradingview import discovery, shapes, wire
from bot.tradingview.client import TradingViewClient
from bot.tradingview.errors import NoSuchScript, Refused, TradingViewError, UpstreamTrouble
from bot.tradingview.parsing import account as read_account, page as read_page
from bot.tradingview.response_errors import Reply

ANYBODY = "TradingViewClient"  # asked for when the account's own name is not known
_MAX_SCRIPTS = 3
_GONE = (404, 405, 410)
_NOT_UNDERSTOOD = (400, *_GONE, 406, 415, 422)


class Endpoint(enum.StrEnum):
    """What a difference is about, as staff read it."""

    ACCOUNT = "the account page"
    NAMES = "the name search"
    LIST = "the list of users"
    ROWS = "the people in that list"
    SCRIPTS = "the list of your scripts"


Differences = Mapping[Endpoint, Sequence[str]]


@dataclass
class Seen:
    """What one look found: only the subjects that showed their form, or why they did not."""

    differences: dict[Endpoint, tuple[str, ...]] = field(default_factory=dict)
    unclear: dict[Endpoint, str] = field(default_factory=dict)
    news: dict[Endpoint, tuple[str, ...]] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether anything that is relied upon has another form."""
        return any(self.differences.values())

    @property
    def is_complete(self) -> bool:
        """Whether everything showed its form, but for what orders can do without."""
        return not self.unclear.keys() - {Endpoint.ROWS, Endpoint.SCRIPTS}

    def note(self, subject: Endpoint, form: shapes.ResponseSchema) -> None:
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


async def look(client: TradingViewClient, username: str | None, pine_ids: Sequence[str]) -> Seen:
    """Ask everything that orders and the list of one's scripts rely upon, once. Writes nothing."""
    seen = Seen()
    about = await _answer(client, wire.account(), Endpoint.ACCOUNT, seen)
    if about is not None:
        seen.note(Endpoint.ACCOUNT, shapes.account(about))
        if username is None and not seen.differences[Endpoint.ACCOUNT]:
            username = read_account(about).username
    names = await _answer(client, wire.hints(username or ANYBODY), Endpoint.NAMES, seen)
    if names is not None:
        seen.note(Endpoint.NAMES, shapes.hints(names))
    seen.unclear[Endpoint.ROWS] = "no list has anybody in it"
    if not pine_ids:
        seen.unclear[Endpoint.LIST] = "there is no script to ask about"
    for pine_id in pine_ids[:_MAX_SCRIPTS]:
        if await _list(client, pine_id, seen):
            break
    lists = [
        (discovery.published_request(client), shapes.published),
        (discovery.managed_request(), shapes.managed),
    ]
    if pine_ids:
        lists.append((discovery.names_request(pine_ids[:_MAX_SCRIPTS]), shapes.named))
    for request, form_of in lists:
        reply = await _answer(client, request, Endpoint.SCRIPTS, seen)
        if reply is not None:
            seen.note(Endpoint.SCRIPTS, form_of(reply))
    return seen


async def _list(client: TradingViewClient, pine_id: str, seen: Seen) -> bool:
    """Compare the first page of a script's list and the one after; True when it held anybody."""
    reply = await _answer(client, wire.listing(pine_id), Endpoint.LIST, seen)
    if reply is None:
        return False
    anybody = _page(reply, client.base, seen)
    if seen.differences[Endpoint.LIST] or seen.differences.get(Endpoint.ROWS):
        return anybody
    try:
        following = read_page(reply, client.base).next_path
    except UpstreamTrouble:  # in a way that no comparison thought of
        seen.note(Endpoint.LIST, shapes.ResponseSchema(("it cannot be read",)))
        return anybody
    if following is not None:
        more = wire.listing_next(following, pine_id)
        reply = await _answer(client, more, Endpoint.LIST, seen)
        if reply is not None:
            _page(reply, client.base, seen)
    return anybody


def _page(reply: Reply, base: str, seen: Seen) -> bool:
    seen.note(Endpoint.LIST, shapes.page(reply, base))
    people = shapes.rows(reply)
    if people.items:
        seen.note(Endpoint.ROWS, people)
    return bool(people.items)


async def _answer(
    client: TradingViewClient, request: wire.Request, subject: Endpoint, seen: Seen
) -> Reply | None:
    """The answer; None when its form cannot be compared, which is noted."""
    try:
        reply = await client.ask(request)
    except TradingViewError as error:
        if (gone := _gone(error)) is not None:
            seen.note(subject, shapes.ResponseSchema((gone,)))
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
