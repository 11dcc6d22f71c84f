"""The files of a server: each person and item once, as `/bulk set` takes them back, and nobody of another server."""

import csv
import gzip
import io
from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.errors import ItemUnknown
from bot.access.catalogue.lookup import find_item
from bot.access.orders.bulk import sheets
from bot.access.orders.bulk.errors import NothingToDo
from bot.access.orders.bulk.records import Defaults, Draft
from bot.access.orders.purchases import Bought
from bot.access.people.import_csv import read
from bot.access.people.import_ids import read_number
from bot.access.queries import exports
from bot.access.request import RequestContext, Subject
from bot.access.rules.cells import plain
from bot.access.rules.duration import parse_until
from bot.access.rules.entitlements import State
from bot.access.sweeps.sweep import Swept
from bot.replies import exports as replies
from bot.store.catalogue import products
from bot.store.kinds import ActorKind, BatchKind, RowProblem, StateKind
from bot.store.people import customers
from bot.store.records import Actor
from bot.tradingview.models import Lifetime
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME, OTHER, STAFF

ANN, NAME = 81384788765712384, "Ann_Trades"
DAY = timedelta(days=1)
ROLE = Actor(ActorKind.SOURCE, "staff")
SIX = ["username", "discord_id", "item", "kind", "until", "note"]


@pytest.fixture
async def harness(frozen, tmp_path):
    """Two scripts, and a product of both with three grace days."""
    async with open_harness(tmp_path, frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range")
        async with harness.database.write() as connection:
            gold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", grace_days=3
            )
            ids = [harness.script.id, harness.other.id]
            await products.add_scripts(connection, gold.id, ids)
            person = await customers.add(connection, HOME, member_id=ANN)
            await customers.rename(connection, person.id, NAME, None)
        yield harness


async def files(harness, item=None, guild_id=HOME):
    found = replies.Files()
    export = await harness.exports.gather(guild_id, item, found.add)
    return {
        file.name.partition(".")[0].partition("-")[0]: file.content
        for file in found.written(export)
    }


async def rows(harness, item=None, kind="customers", guild_id=HOME):
    """The rows of a file, by the names of their columns."""
    text = (await files(harness, item, guild_id))[kind].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def have(harness, length="1M", item="trend", name=NAME, **more):
    """The paid end of what somebody got."""
    order = await harness.grant(name, length, item, **more)
    return (await harness.done(order, within=10)).entitlement.ends_at


async def role(harness, item="gold"):
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, item)
    bought = Bought("staff", sold, ANN, State(StateKind.OPEN))
    opened = await harness.purchases.open(
        RequestContext(HOME, ROLE, f"role {item}", clock.now()), bought
    )
    await harness.done(opened.order_id, within=10)


def short(found):
    return [(row["username"], row["item"], row["kind"], row["until"]) for row in found]


def ends(harness):
    """What TradingView holds of everybody."""
    world = harness.fake.world
    return {
        (script.slug, name): world.row(script.pine_id, name).end
        for script in (harness.script, harness.other)
        for name in (NAME, "ann_trades2", "bob-fx")
        if world.row(script.pine_id, name)
    }


async def test_the_customers_have_the_six_columns_and_one_row_for_each_person_and_item(harness):
    gold = await have(harness, "1M", "gold", note="by invoice")
    await have(harness, "1Y", "trend", name="bob-fx")
    await have(harness, "L", "range", name="bob-fx")
    found = await rows(harness)
    assert list(found[0]) == SIX
    assert short(found) == [
        (NAME, "gold", "until", gold.isoformat()),
        ("bob-fx", "range", "lifetime", "lifetime"),
        ("bob-fx", "trend", "until", found[2]["until"]),
    ]
    assert found[0]["discord_id"] == f"'{ANN}"
    assert found[0]["note"] == "by invoice"
    assert found[1]["discord_id"] == ""


async def test_the_time_is_what_was_paid_without_the_days_of_grace(harness):
    paid = await have(harness, "1M", "gold")
    assert ends(harness)["trend", NAME] == paid + 3 * DAY
    [row] = await rows(harness)
    assert row["until"] == paid.isoformat()
    await harness.time.advance((paid + DAY - clock.now()).total_seconds())
    assert short(await rows(harness)) == [(NAME, "gold", "until", paid.isoformat())]
    await harness.time.advance(3 * DAY.total_seconds())
    assert await rows(harness) == []


async def test_where_the_scripts_of_a_product_do_not_end_alike_each_has_its_row(harness):
    """To set the product's end would shorten the script that was bought alone too."""
    gold = await have(harness, "1M", "gold")
    both = await have(harness, "1Y", "trend")
    assert short(await rows(harness)) == [
        (NAME, "range", "until", gold.isoformat()),
        (NAME, "trend", "until", both.isoformat()),
    ]
    assert short(await rows(harness, "gold")) == short(await rows(harness))


async def test_of_a_script_everybody_is_listed_whatever_gives_it(harness):
    gold = await have(harness, "1M", "gold")
    await have(harness, "1M", "trend", name="bob-fx")
    await have(harness, "1M", "range", name="ann_trades2")
    found = await rows(harness, "trend")
    assert [(row["username"], row["item"]) for row in found] == [
        (NAME, "trend"),
        ("bob-fx", "trend"),
    ]
    assert found[0]["until"] == gold.isoformat()
    assert [row["username"] for row in await rows(harness, "gold")] == [NAME]
    bought = await rows(harness, "trend", "purchases")
    assert [(row["username"], row["item"]) for row in bought] == [
        (NAME, "gold"),
        ("bob-fx", "trend"),
    ]


async def test_what_lasts_as_long_as_its_source_has_no_end_that_could_be_set(harness):
    await role(harness)
    assert short(await rows(harness)) == [(NAME, "gold", "open", "")]


async def test_what_stands_still_or_waits_for_a_name_has_no_end_that_could_be_set(harness):
    await have(harness, "1M", "trend")
    paused = harness.pauses.pause(harness.request(), Subject(username=NAME), "trend")
    await harness.done(await paused, within=10)
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, "gold")
    request = RequestContext(HOME, ROLE, "waits", clock.now())
    await harness.purchases.open(request, Bought("staff", sold, 502, State(StateKind.LIFETIME)))
    found = await rows(harness)
    assert short(found) == [(NAME, "trend", "until", ""), ("", "gold", "lifetime", "lifetime")]
    assert found[1]["discord_id"] == "502"


async def test_reading_the_customers_back_changes_nobodys_end(harness):
    """As `/bulk set` does, row by row; also where products share a script, and what is bought twice."""
    async with harness.database.write() as connection:
        for slug, scripts in (
            ("silver", [harness.script]),
            ("both", [harness.script, harness.other]),
        ):
            sold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug=slug, title=slug
            )
            await products.add_scripts(connection, sold.id, [each.id for each in scripts])
    await have(harness, "1M", "both")
    await have(harness, "2M", "silver")
    await have(harness, "1Y", "both", name="bob-fx")
    await have(harness, "1D", "trend", name="bob-fx")
    await have(harness, "L", "silver", name="ann_trades2")
    await have(harness, "3M", "both", name="ann_trades2")
    before = ends(harness)
    for row in await rows(harness):
        end = parse_until(row["until"], clock.now())
        order = await harness.grants.set_end(
            harness.request(confirmed=True), row["item"], end, Subject(username=row["username"])
        )
        await harness.done(order, within=10)
    assert ends(harness) == before
    assert len(before) == 6


async def draft(harness):
    """What `/bulk set` says of the file of customers."""
    data = (await files(harness))["customers"]
    sheet = sheets.read(data, BatchKind.SET, Defaults(), clock.now())
    given = Draft(BatchKind.SET, sheet.entries, sheet.faulty)
    return await harness.bulk.batches.draft(harness.request(), given)


async def test_the_dry_run_of_the_customers_finds_that_all_is_so_already(harness):
    """Also with days of grace on top, and with more than Usher gave on TradingView itself."""
    for name in ("Grace", "More", "Both"):
        harness.fake.world.add_user(name)
    await have(harness, "1M", "gold", name="Grace")
    await have(harness, "L", "range", name="Grace")
    await have(harness, "1M", "trend", name="More")
    later = clock.now() + 90 * DAY
    await harness.change("More", seen=StateKind.UNTIL, seen_ends_at=later)
    await have(harness, "1M", "gold", name="Both")
    await have(harness, "1Y", "trend", name="Both")
    await role(harness)
    with pytest.raises(NothingToDo) as refused:
        await draft(harness)
    assert refused.value.problems == ((RowProblem.SAME_ALREADY, 5), (RowProblem.NO_END, 1))
    assert [row["until"] for row in await rows(harness) if row["username"] == "More"] == [
        later.isoformat()
    ]


async def test_the_end_of_a_product_with_days_of_grace_is_so_already(harness):
    await have(harness, "1M", "gold")
    with pytest.raises(NothingToDo) as refused:
        await draft(harness)
    assert refused.value.problems == ((RowProblem.SAME_ALREADY, 1),)


async def test_the_reader_of_lists_reads_each_cell_of_the_customers_back(harness):
    notes = ["=1+1", "-, a; b", "'quoted'", "two\nlines", "ünï"]
    for number, note in enumerate(notes):
        name = f"-Buyer_{number}"
        harness.fake.world.add_user(name)
        async with harness.database.write() as connection:
            person = await customers.add(connection, HOME, member_id=ANN + 1 + number)
            await customers.rename(connection, person.id, name, None)
        await have(harness, "1M", "trend", name=name, note=note)
    data = (await files(harness))["customers"]
    lines = read(data)
    assert [line.username for line in lines] == [f"-Buyer_{number}" for number in range(5)]
    assert [read_number(line.member).value for line in lines] == [ANN + 1 + n for n in range(5)]
    found = await rows(harness)
    assert [plain(row["note"]) for row in found] == notes
    held = [harness.end(line.username) for line in lines]
    assert [parse_until(row["until"], clock.now()) for row in found] == held
    assert isinstance(parse_until("lifetime", clock.now()), Lifetime)


async def test_what_is_over_and_who_was_forgotten_are_no_customers(harness):
    await have(harness, "1M", "trend", name="bob-fx")
    await have(harness, "1M", "trend")
    await harness.done(await harness.revoke("bob-fx"), within=10)
    [row] = await rows(harness)
    assert row["username"] == NAME
    ended, kept = await rows(harness, kind="purchases")
    assert (ended["username"], ended["ended"]) == ("bob-fx", clock.now().isoformat())
    assert kept["ended"] == ""
    forgotten = await harness.erasures.forget(
        harness.request(confirmed=True), Subject(username="bob-fx")
    )
    assert forgotten.number is not None
    ended, _ = await rows(harness, kind="purchases")
    assert ended["username"] == ""
    assert ended["item"] == "trend"
    assert len(await rows(harness, kind="access")) == 1


async def test_what_should_be_stands_beside_what_was_seen(harness):
    end = await have(harness, "1M", "trend")
    await have(harness, "1M", "trend", name="bob-fx")
    await harness.change("bob-fx", seen=StateKind.NOTHING, seen_ends_at=None)
    harness.give("ann_trades2", None)
    assert isinstance(await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF)), Swept)
    await harness.change("bob-fx", seen=StateKind.NOTHING, seen_ends_at=None)
    stranger, ann, bob = sorted(
        await rows(harness, kind="access"), key=lambda row: row["wanted"] + row["username"]
    )
    assert (ann["script"], ann["wanted"], ann["wanted_until"]) == (
        "trend",
        "until",
        end.isoformat(),
    )
    assert (ann["seen"], ann["seen_until"], ann["agrees"]) == ("until", end.isoformat(), "yes")
    assert ann["discord_id"] == f"'{ANN}"
    assert ann["seen_at"]
    assert (bob["seen"], bob["agrees"]) == ("nothing", "no")
    assert (stranger["username"], stranger["wanted"]) == ("ann_trades2", "nothing")
    assert (stranger["seen"], stranger["agrees"]) == ("lifetime", "no")


async def test_an_end_that_has_passed_agrees_with_an_empty_list(harness):
    end = await have(harness, "1M", "trend")
    await harness.time.advance((end + DAY - clock.now()).total_seconds())
    await harness.change(NAME, seen=StateKind.NOTHING, seen_ends_at=None)
    [row] = await rows(harness, kind="access")
    assert (row["wanted"], row["seen"], row["agrees"]) == ("until", "nothing", "yes")


async def test_another_server_is_in_none_of_the_files(harness):
    await have(harness, "1M", "gold")
    assert [await rows(harness, kind=kind, guild_id=OTHER) for kind in await files(harness)] == [
        [], [], [],
    ]  # fmt: skip
    with pytest.raises(ItemUnknown):
        await harness.exports.gather(OTHER, "gold", lambda _: None)


async def test_who_had_files_made_stands_in_the_history(harness):
    await have(harness, "1M", "gold")
    await harness.exports.make(harness.request(), "gold", lambda _: None)
    await harness.exports.make(harness.request(), None, lambda _: None)
    of_gold, of_all = await harness.vendor.events("exported")
    assert of_gold.actor.member_id == STAFF
    assert of_gold.product_id is not None
    assert of_gold.after == {"number": 1, "item": "gold"}
    assert of_all.after == {"number": 1}


async def test_a_product_that_has_no_script_yet_has_its_customers_all_the_same(harness):
    async with harness.database.write() as connection:
        await products.add(connection, HOME, by=STAFF, at=clock.now(), slug="soon", title="Soon")
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, "soon")
    request = RequestContext(HOME, ROLE, "early", clock.now())
    await harness.purchases.open(request, Bought("staff", sold, ANN, State(StateKind.OPEN)))
    assert short(await rows(harness)) == [(NAME, "soon", "open", "")]


async def test_a_file_that_discord_would_not_take_is_packed_and_then_left_out(harness, monkeypatch):
    for name in (NAME, "bob-fx", "ann_trades2"):
        await have(harness, "1M", "gold", name=name, note="paid by card" * 9)
    found = replies.Files()
    export = await harness.exports.gather(HOME, None, found.add)
    sizes = {file.name: len(file.content) for file in found.written(export)}
    monkeypatch.setattr(replies, "LARGEST", sizes["purchases.csv"] - 1)
    packed = replies.exported(export, found)
    assert [file.name for file in packed.files][:2] == ["customers.csv", "purchases.csv.gz"]
    assert gzip.decompress(packed.files[1].content) == found.written(export)[1].content
    assert "packed" in packed.text
    monkeypatch.setattr(replies, "LARGEST", len(packed.files[1].content) - 1)
    left_out = replies.exported(export, found)
    assert "purchases.csv.gz" not in [file.name for file in left_out.files]
    assert "no room for `purchases.csv.gz`" in left_out.text
    assert "usher export" in left_out.text


async def test_many_people_come_some_at_a_time_and_each_once(harness, monkeypatch):
    monkeypatch.setattr(exports, "_PEOPLE", 2)
    monkeypatch.setattr(exports, "_STRANGERS", 1)
    for name in (NAME, "bob-fx", "ann_trades2"):
        await have(harness, "1M", "trend", name=name)
    for name in ("stray_1", "stray_2", "stray_3"):
        harness.fake.world.add_user(name)
        harness.give(name, None)
    await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
    far = []
    await harness.exports.gather(HOME, None, lambda page: far.append((page.done, page.total)))
    assert far == [(2, 3), (3, 3), (3, 3), (3, 3), (3, 3)]
    assert [row["username"] for row in await rows(harness)] == [NAME, "ann_trades2", "bob-fx"]
    assert len(await rows(harness, kind="access")) == 6
