"""Hundreds of orders at once: what there was of them, and the forms that begin one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from aiohttp import web

from bot.access.catalogue.errors import ItemUnknown, ProductEmpty
from bot.access.orders.bulk.errors import CompensatesForEver, NobodyChosen, NothingToDo
from bot.access.orders.bulk.records import LARGEST, Defaults, Filter
from bot.access.people.import_records import People, Wanted
from bot.access.rules.duration import Length, parse_length, parse_until, read_end_before
from bot.errors import UserError
from bot.interactions.levels import Level
from bot.interactions.typed import USUAL_LENGTHS
from bot.replies import explain
from bot.replies.bulk import role_unknown, title
from bot.replies.history_facts import actor_named
from bot.replies.message import Attached
from bot.replies.text import spoken
from bot.store.kinds import BatchKind, BatchState, RowProblem
from bot.tradingview import End
from bot.web.dashboard.files import file_response
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.in_discord import role_choices, role_in
from bot.web.dashboard.pages.person import items
from bot.web.dashboard.people import note_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.uploads import Upload
from bot.web.dashboard.visitor import Visitor

HERE = "batches"
_BY_PEOPLE_ALONE = BatchKind.COMPENSATE  # it means everybody who has the item
_KINDS = (BatchKind.GRANT, BatchKind.EXTEND, BatchKind.SET, BatchKind.REVOKE, _BY_PEOPLE_ALONE)
_LENGTHS = tuple((each.text, spoken(each)) for each in USUAL_LENGTHS)
_TIMED = {  # which of the two fields say how much time, or until when
    BatchKind.GRANT: ("duration", "until"),
    BatchKind.EXTEND: ("duration", "until"),
    BatchKind.SET: ("until",),
    BatchKind.COMPENSATE: ("duration",),
}
# What a form leaves open: beside which field, and in which words of the page, that is said.
_OPEN = {
    RowProblem.NO_ITEM: ("item", "no item"),
    RowProblem.NO_TIME: ("duration", "no time"),
}


class _Mistyped(Exception):  # noqa: N818 - by a person, not by the program
    """What a field of the form holds was refused; `field` is empty where it is about no single one.

    `said` is the refusal as the command says it. Where something lacks, `words` name the page's own sentence.
    """

    def __init__(self, field: str, said: str | None = None, *, words: str = "") -> None:
        super().__init__(field)
        self.field = field
        self.said = said
        self.words = words


def add_to(routes: Routes) -> None:
    """Serve the pages and their forms."""
    routes.page(HERE, Level.MANAGER, show)
    for kind in _KINDS:
        new = f"{HERE}/new/{kind}"
        routes.page(new, Level.MANAGER, partial(show_new, kind))
        routes.form(f"{new}/people", Level.MANAGER, partial(choose_people, kind))
        if kind is not _BY_PEOPLE_ALONE:
            routes.page(f"{new}/example", Level.MANAGER, partial(example, kind))
            read = partial(read_file, kind)
            routes.form(f"{new}/file", Level.MANAGER, read, largest_file=LARGEST)


async def show(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show the batches of the server, newest first, with the dry runs that nobody started yet."""
    views = visitor.services.bulk.views
    found, page, pages = await views.listed(
        visitor.guild_id, number_in(request.query.get("page", "0"))
    )
    return await visitor.page(
        "dashboard/batches.html",
        found=found,
        page=page,
        pages=pages,
        drafts=await views.standing(visitor.guild_id, BatchState.DRAFT),
        title=title,
        actor=actor_named,
    )


async def show_new(kind: BatchKind, visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Show the form of one kind, for a file or, after a press, for those of whom something is so."""
    by_file = kind is not _BY_PEOPLE_ALONE and request.query.get("by") != "people"
    return await _form(visitor, kind, by_file=by_file)


async def example(kind: BatchKind, _: Visitor, __: web.Request) -> web.StreamResponse:
    """Give an empty file with the columns that such a batch reads."""
    columns = ("username", "discord_id", "item", *_TIMED.get(kind, ()), "note")
    return file_response(Attached("batch.csv", (",".join(columns) + "\r\n").encode()))


async def read_file(
    kind: BatchKind, visitor: Visitor, form: Form, _: web.Request
) -> Done | web.StreamResponse:
    """Read a file, and lead to its dry run."""
    bulk = visitor.services.bulk

    async def look_up(wanted: Wanted) -> People:
        members = visitor.services.client.members
        return await members.people(visitor.guild_id, wanted, lambda _: None)

    try:
        upload, defaults = _upload(form), _defaults(visitor, kind, form)
        with _about("file"):
            number = await bulk.sheets.draft(
                form.request(visitor), kind, upload.name, upload.data, defaults, look_up
            )
    except _Mistyped as mistake:
        return await _form(visitor, kind, by_file=True, form=form, mistake=mistake)
    return Done(f"{HERE}/{number}")


async def choose_people(
    kind: BatchKind, visitor: Visitor, form: Form, _: web.Request
) -> Done | web.StreamResponse:
    """Choose those of whom something is so, and lead to the dry run."""
    bulk = visitor.services.bulk
    try:
        defaults = _defaults(visitor, kind, form)
        chosen = _filter(visitor, form)
        members = await _having(visitor, chosen)
        with _about(""):
            number = await bulk.selection.draft(
                form.request(visitor), kind, chosen, defaults, members
            )
    except _Mistyped as mistake:
        return await _form(visitor, kind, by_file=False, form=form, mistake=mistake)
    return Done(f"{HERE}/{number}")


@contextmanager
def _about(field: str) -> Iterator[None]:
    """Note about which field of the form a refusal is."""
    try:
        yield
    except NobodyChosen as refusal:
        raise _Mistyped("nobody", words="nobody") from refusal
    except CompensatesForEver as refusal:
        raise _Mistyped("duration", words="for ever") from refusal
    except (ItemUnknown, ProductEmpty) as refusal:
        raise _Mistyped("item", explain(refusal).text) from refusal
    except NothingToDo as refusal:
        lacks = refusal.problems[0][0] if refusal.problems else None
        if lacks not in _OPEN:
            raise _Mistyped(field, explain(refusal).text) from refusal
        place, words = _OPEN[lacks]
        raise _Mistyped(place, words=words) from refusal
    except UserError as refusal:
        raise _Mistyped(field, explain(refusal).text) from refusal


def _upload(form: Form) -> Upload:
    """Return the file that was chosen."""
    upload = form.file("file")
    if upload is None:
        raise _Mistyped("file", words="no file")
    return upload


def _defaults(visitor: Visitor, kind: BatchKind, form: Form) -> Defaults:
    """Return what counts for everybody of whom nothing else is said."""
    length: Length | None = None
    until: End | None = None
    timed = _TIMED.get(kind, ())
    if "duration" in timed and (typed := form.text("duration")):
        with _about("duration"):
            length = parse_length(typed)
    if "until" in timed and (typed := form.text("until")):
        with _about("until"):
            until = parse_until(typed, form.request(visitor).at)
    if length is not None and until is not None:
        raise _Mistyped("until", words="two times")
    return Defaults(form.text("item") or None, length, until, note_in(form))


def _filter(visitor: Visitor, form: Form) -> Filter:
    """Return who is meant."""
    ends_before: datetime | None = None
    if typed := form.text("ends_before"):
        with _about("ends_before"):
            ends_before = read_end_before(typed, form.request(visitor).at)
    role_id = role_in(visitor, form, "role").id if form.text("role") else None
    return Filter(form.text("item") or None, ends_before, role_id, form.checked("everyone"))


async def _having(visitor: Visitor, chosen: Filter) -> frozenset[int] | None:
    """Return who has the role now; None where none was chosen."""
    if chosen.role_id is None:
        return None
    services, guild_id = visitor.services, visitor.guild_id
    known = await services.bulk.views.members(guild_id)
    found = await services.client.members.with_role(guild_id, chosen.role_id, known)
    if found is None:
        raise _Mistyped("role", role_unknown(chosen.role_id).text)
    return found


async def _form(
    visitor: Visitor,
    kind: BatchKind,
    *,
    by_file: bool,
    form: Form | None = None,
    mistake: _Mistyped | None = None,
) -> web.Response:
    """Show the form; after a mistake with what was typed, and what is wrong beside its field."""
    return await visitor.page(
        "dashboard/batch_new.html",
        status=200 if mistake is None else 422,
        kind=kind,
        by_file=by_file,
        timed=_TIMED.get(kind, ()),
        typed={} if form is None else form.kept_fields(),
        wrong=None if mistake is None else mistake.field,
        lacks="" if mistake is None else mistake.words,
        why=None if mistake is None else mistake.said,
        offered=items(await visitor.services.overview.on_offer(visitor.guild_id)),
        roles=role_choices(visitor, managed=True),
        lengths=_LENGTHS,
    )
