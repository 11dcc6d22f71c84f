"""An export that comes back: into its own shop it changes nobody's access, and a new one gets its ends."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.bulk import sheets
from bot.access.orders.bulk.errors import NothingToDo
from bot.access.orders.bulk.records import Defaults
from bot.access.orders.purchases import Bought
from bot.access.people.import_records import People, Person
from bot.access.request import RequestContext, Subject
from bot.access.rules.cells import table
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State
from bot.replies import exports as replies
from bot.store.catalogue import products, scripts
from bot.store.kinds import ActorKind, BatchKind, EntitlementKind, RowProblem, RowState, StateKind
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter
from tests.support.vendor_fixture import HOME, STAFF

DAY = timedelta(days=1)
ANN, BEN = 81384788765712384, 91384788765712311
SHOP = Actor(ActorKind.SOURCE, "staff")
NAMES = (
    "Dated", "Forever", "Lapsed", "Graced", "Paused", "Paused_L", "Revoked", "Two_Reasons",
    "By_Role", "Found_L", "Found_D", "Waiting", "Blocked", "Old_Script", "Mixed",
)  # fmt: skip


async def product(harness, slug, sold, **more):
    async with harness.database.write() as connection:
        made = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug=slug, title=slug.title(), **more
        )
        await products.add_scripts(connection, made.id, [each.id for each in sold])
    return made


async def have(harness, name, length, item="trend"):
    await harness.done(await harness.grant(name, length, item), within=10)


async def bought(harness, member_id, item, gives):
    """Got from a source, whether or not a name is known."""
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, item)
    request = RequestContext(HOME, SHOP, f"{member_id} {item}", clock.now())
    opened = await harness.purchases.open(request, Bought("staff", sold, member_id, gives))
    await harness.rest()
    return opened


async def person(harness, member_id, name):
    async with harness.database.write() as connection:
        added = await customers.add(connection, HOME, member_id=member_id)
        if name is not None:
            await customers.rename(connection, added.id, name, None)


@pytest.fixture
async def counter(tmp_path, frozen):
    """A shop in which somebody has everything that one can have, or had it."""
    async with open_harness(tmp_path, frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range")
        old = await harness.vendor.add_script(slug="old")
        await product(harness, "gold", [harness.script, harness.other], grace_days=3)
        await product(harness, "soon", [])
        for name in NAMES:
            harness.vendor.world.add_user(name)
        await person(harness, ANN, "By_Role")
        await person(harness, BEN, None)
        await have(harness, "Lapsed", "1W")
        await have(harness, "Graced", "8D", "gold")
        await harness.let_pass(9 * DAY.total_seconds())
        await have(harness, "Dated", "1M", "gold")
        await have(harness, "Forever", "L")
        await have(harness, "Forever", "1M", "gold")
        for name, length in (("Paused", "1M"), ("Paused_L", "L")):
            await have(harness, name, length)
            paused = await harness.pauses.pause(
                harness.request(confirmed=True), Subject(username=name), "trend"
            )
            await harness.done(paused, within=10)
        await have(harness, "Revoked", "1M")
        await harness.done(await harness.revoke("Revoked"), within=10)
        await have(harness, "Two_Reasons", "1M", "gold")
        await have(harness, "Two_Reasons", "1Y")
        await have(harness, "Mixed", "1M", "range")
        await bought(harness, ANN, "gold", State(StateKind.OPEN))
        await have(harness, "By_Role", "1M")
        await bought(harness, BEN, "gold", State(StateKind.LIFETIME))
        await bought(harness, BEN, "trend", parse_length("1M"))
        for number in (1, 2):
            await bought(harness, BEN + number, "soon", State(StateKind.LIFETIME))
        harness.give("Found_L", None)
        harness.give("Found_D", clock.now() + 40 * DAY)
        await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
        await harness.adoption.take_over(harness.request(), harness.script.id)
        harness.vendor.world.add_user("Stranger")
        harness.give("Stranger", None)
        await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
        await have(harness, "Blocked", "1M")
        await have(harness, "Old_Script", "1M", "old")
        async with harness.database.write() as connection:
            await scripts.archive(connection, old.id, clock.now())
        await harness.let_pass(60)
        yield Counter(harness)


async def export(harness):
    """The file of the customers."""
    found = replies.Files("customers")
    made = await harness.exports.gather(HOME, None, found.add)
    [file] = found.written(made)
    return file.content


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def draft(counter, content, kind=BatchKind.SET, here=(), **defaults):
    """The dry run of a file, as the command makes it; `here`: who is a member of the server."""

    async def look_up(_):
        return People(tuple(Person(each, ()) for each in here), is_everybody=True)

    request = counter.harness.request()
    return await counter.bulk.sheets.draft(
        request, kind, "customers.csv", content, Defaults(**defaults), look_up
    )


def held(harness):
    """What TradingView holds of everybody, of every script."""
    world = harness.fake.world
    return {
        (script.slug, name): row.end
        for script in (harness.script, harness.other)
        for name in (*NAMES, "Stranger")
        if (row := world.row(script.pine_id, name))
    }


async def test_an_untouched_export_changes_nothing_and_has_no_mistake(counter):
    content = await export(counter.harness)
    before, kinds = held(counter.harness), [row["kind"] for row in rows_of(content)]
    assert {*kinds} == {*EntitlementKind}
    with pytest.raises(NothingToDo) as refused:
        await draft(counter, content)
    found = dict(refused.value.problems)
    assert sum(found.values()) == len(kinds)
    assert set(found) == {
        RowProblem.SAME_ALREADY, RowProblem.PAUSED, RowProblem.NO_END, RowProblem.NO_NAME_KNOWN,
        RowProblem.ITEM_EMPTY, RowProblem.ITEM_ARCHIVED,
    }  # fmt: skip
    assert found[RowProblem.PAUSED] == 2
    assert held(counter.harness) == before


async def test_each_row_that_is_left_out_says_why_beside_one_that_changes(counter):
    content = await export(counter.harness)
    longer = content + b"ann_trades2,,trend,until,2031-01-01,\r\n"
    number = await draft(counter, longer)
    lines = {row["username"] + row["item"]: at for at, row in enumerate(rows_of(longer), 2)}
    why = await counter.problems(number)
    assert why[lines["Pausedtrend"]] is why[lines["Paused_Ltrend"]] is RowProblem.PAUSED
    assert why[lines["Found_Ltrend"]] is RowProblem.NO_END
    assert why[lines["Old_Scriptold"]] is RowProblem.ITEM_ARCHIVED
    assert why[lines["Gracedgold"]] is RowProblem.SAME_ALREADY
    [planned] = await counter.rows(number, RowState.PLANNED)
    assert planned.username == "ann_trades2"
    assert await counter.rows(number, RowState.FAULTY) == []
    assert (await counter.view(number)).numbers.mistakes == {}


async def test_an_export_of_last_month_finds_what_is_over_still_over(counter):
    content = await export(counter.harness)
    await counter.harness.let_pass(45 * DAY.total_seconds())
    with pytest.raises(NothingToDo) as refused:
        await draft(counter, content)
    assert RowProblem.DATE_PAST not in dict(refused.value.problems)


async def test_an_end_that_is_over_is_a_mistake_where_somebody_has_more_by_now(counter):
    content = await export(counter.harness)
    await have(counter.harness, "Dated", "1Y", "gold")
    await counter.harness.let_pass(45 * DAY.total_seconds())
    number = await draft(counter, content)
    [row] = await counter.rows(number, RowState.FAULTY)
    assert row.problem is RowProblem.DATE_PAST
    assert row.username == "Dated"


async def test_more_time_for_the_same_file_reaches_live_dated_rows_alone(counter):
    content = await export(counter.harness)
    number = await draft(counter, content, BatchKind.EXTEND, length=parse_length("1W"))
    planned = {row.username for row in await counter.rows(number, RowState.PLANNED)}
    assert planned == {
        "Dated", "Graced", "Paused", "Two_Reasons", "Mixed", "Found_D", "Blocked", "Forever",
    }  # fmt: skip
    assert await counter.rows(number, RowState.FAULTY) == []
    left_out = await counter.problems(number)
    assert RowProblem.ENDLESS in left_out.values()


async def test_an_empty_shop_gets_every_end_that_the_file_says(counter, tmp_path, frozen):
    """By the same lists of TradingView, and what the file does not say stays there as it is."""
    content, before = await export(counter.harness), held(counter.harness)
    said = {
        (row["username"], row["item"]): row["until"]
        for row in rows_of(content)
        if row["until"] and row["username"] and row["item"] != "old"
    }
    async with open_harness(tmp_path / "empty", frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range")
        await product(harness, "gold", [harness.script, harness.other], grace_days=3)
        by_slug = {"trend": harness.script, "range": harness.other}
        for name in (*NAMES, "Stranger"):
            harness.vendor.world.add_user(name)
        for (slug, name), end in before.items():
            harness.fake.world.grant(by_slug[slug].pine_id, name, end)
        for slug in by_slug:
            await harness.meanwhile(harness.sweeps.run(HOME, slug, by=STAFF))
        empty = Counter(harness)
        number = await draft(empty, content, here=(ANN, BEN))
        mistakes = await empty.rows(number, RowState.FAULTY)
        assert {row.problem for row in mistakes} == {
            RowProblem.DATE_PAST, RowProblem.ITEM_UNKNOWN, RowProblem.NO_NAME_KNOWN,
            RowProblem.MEMBER_UNKNOWN,
        }  # fmt: skip
        await empty.carry_out(number)
        again = {
            (row["username"], row["item"]): row["until"] for row in rows_of(await export(harness))
        }
        assert again == {key: end for key, end in said.items() if key != ("Graced", "gold")}
        now = held(harness)
        assert {name for slug, name in before if now[slug, name] != before[slug, name]} == {
            "Dated",
            "Forever",
            "Two_Reasons",
        }  # fmt: skip - by their days of grace, which no file gives
        await empty.undo(number)
        await harness.let_pass(60)
        assert held(harness) == before


def by_spreadsheet(content, encoding, day, number):
    """The same file as a spreadsheet saves it, with its own notation of dates and of long numbers."""
    found = rows_of(content)
    for row in found:
        if row["until"].startswith("20"):
            row["until"] = day(datetime.fromisoformat(row["until"]))
        if row["discord_id"]:
            row["discord_id"] = number(row["discord_id"].removeprefix("'"))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(found[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize(
    ("encoding", "pattern"),
    [
        ("utf-8-sig", "%d.%m.%Y 00:00"),
        ("utf-8", "%d.%m.%Y"),
        ("utf-16", "%m/%d/%Y"),
        ("utf-16", "%d/%m/%Y 0:00"),
        ("utf-8-sig", "%Y/%m/%d"),
    ],
)
def test_what_a_spreadsheet_saves_is_understood(encoding, pattern):
    """Only days are left of the ends: of them all one at least can be no month."""
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    ends = [
        datetime(2026, month, day, 23, 59, 59, 999000, UTC) for month, day in ((5, 4), (12, 31))
    ]
    rows = [(name, None, "trend", "until", end, None) for name, end in zip("ab", ends, strict=True)]
    content = table(("username", "discord_id", "item", "kind", "until", "note"), rows)
    saved = by_spreadsheet(content, encoding, lambda end: end.strftime(pattern), str)
    read = sheets.read(saved, BatchKind.SET, Defaults(), now)
    assert read.faulty == ()
    assert [entry.until for entry in read.entries] == ends


async def test_ids_that_a_spreadsheet_shortened_change_nobody(counter):
    """The name that stands beside them says who it is."""
    content = await export(counter.harness)
    saved = by_spreadsheet(
        content, "utf-8-sig", lambda end: end.isoformat(), lambda digits: f"{float(digits):.5E}"
    )
    try:
        number = await draft(counter, saved, here=(ANN, BEN))
    except NothingToDo:
        return
    assert await counter.rows(number, RowState.PLANNED) == []
    mistakes = await counter.rows(number, RowState.FAULTY)
    assert {(row.username, row.problem) for row in mistakes} == {(None, RowProblem.ID_SHORTENED)}
