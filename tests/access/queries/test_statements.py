"""How often the database is asked does not depend on how many rows the answer is about."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from bot import clock
from bot.access.ledger.settle import settle_with, unsettle
from bot.access.orders.bulk.records import Defaults, Filter
from bot.access.orders.bulk.row_results import RowGroup
from bot.access.people.guild_settings import GuildSettings
from bot.access.people.import_csv import Pair
from bot.access.queries.history import HistoryTail
from bot.access.queries.history_pages import Search
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State
from bot.access.sweeps.drift import Kind
from bot.access.sweeps.resume import hold, resume
from bot.access.sweeps.sweep import Swept
from bot.access.sync.failures import FailureRecorder
from bot.access.sync.reconcile import Sync
from bot.replies import overview as said
from bot.store.catalogue import scripts
from bot.store.kinds import BatchKind, Reason, StateKind
from bot.store.ledger import permissions, replays, work
from bot.store.logins import outages
from bot.store.maintenance import restore
from bot.store.people import imports
from bot.store.sweeps import sweeps
from bot.store.sweeps.sweeps import Found
from bot.store.vault import rekey
from tests.support import filled
from tests.support.access_harness import open_harness
from tests.support.many import hold_all, many_people, many_scripts
from tests.support.statements import counting
from tests.support.vendor_fixture import AT, HOME, MEMBER

FEW, MANY = 5, 50


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen, login=False) as harness:
        yield harness


# The two that were found first


async def test_the_status_of_a_thousand_waiting_orders_takes_twelve_statements(harness):
    people = await many_people(harness.database, HOME, 1_000)
    pairs = [(harness.script, person) for person in people]
    await hold_all(harness.database, pairs[:900], state="waiting")
    await hold_all(harness.database, pairs[900:], state="stuck", reason="refused")
    for script in await many_scripts(harness.database, HOME, 20):
        await filled.failed(harness, script)
    with counting(harness.database) as statements:  # as /sync status does
        status = await harness.overview.status(HOME)
        await harness.drift.overall(HOME)
    assert len(statements) <= 12
    text = said.status(status)
    assert "900 orders waiting, 100 orders stuck" in text.content
    assert "- and 890 more" in text.embeds[0].description
    assert "- and 90 more" in text.embeds[0].description
    assert "- and 10 more" in text.embeds[0].description
    names = [row.customer.username for row in status.waiting]
    assert names == [person.username for person in people[: len(names)]]
    assert [row.permission.customer_id for row in status.stuck] == [
        row.customer.id for row in status.stuck
    ]


async def test_a_page_of_the_list_takes_six_statements(harness):
    people = await many_people(harness.database, HOME, 40)
    await hold_all(harness.database, [(harness.script, person) for person in people])
    with counting(harness.database) as statements:
        page = await harness.overview.holders(HOME, "trend", 1)
    assert len(statements) <= 6
    assert len(page.people) == 15
    assert all(held.customer_id == person.id for held, person in page.people)


# Whatever else is about many rows: `fill` adds that many, `act` reads or writes them


class Path(NamedTuple):
    fill: Callable[[Any, int], Awaitable[None]]
    act: Callable[[Any], Awaitable[object]]


async def reminders(harness):
    await harness.login_monitor.remind()
    async with harness.database.read() as connection:
        assert not await outages.to_remind(connection, AT)


async def status(harness):
    return await harness.overview.status(HOME)


async def check(harness):
    person = await harness.overview.check(HOME, Subject(username="Ann_Trades"))
    assert all(checked.reasons for checked in person.scripts if checked.permission)


async def me(harness):
    person = await harness.overview.me(HOME, MEMBER)
    assert person.scripts
    assert all(checked.reasons[0].script_id == checked.script.id for checked in person.scripts)


async def suggestions(harness):
    await harness.autocomplete.scripts(HOME, "s")
    await harness.autocomplete.names(HOME, "p")
    await harness.autocomplete.ends(
        HOME, [parse_length("1M")], "trend", Subject(username="Ann_Trades")
    )


async def log_channel(harness):
    tail = HistoryTail(harness.database)
    await tail.servers()
    assert await tail.since(HOME, 0, 20)


async def untold(harness):
    assert await harness.outcomes.untold()


async def customer_show(harness):
    profile = await harness.directory.show(HOME, Subject(username="Ann_Trades"))
    assert all(profile.item(bought) for bought in profile.purchases)


async def customer_search(harness):
    assert (await harness.directory.search(HOME, "p")).people


async def members_to_tell(harness):
    assert await harness.outcomes.members_to_tell()


async def receipt(harness):
    assert (await harness.outcomes.receipt(harness.first)).can_put_back


async def note(harness):
    swept = await latest(harness)
    assert await harness.drift.note(swept, None)


async def latest(harness):
    async with harness.database.read() as connection:
        last = await sweeps.last(connection, harness.script.id)
    return Swept(harness.script, last, (), 0)


async def ignore(harness):
    for kind in (Kind.OTHER_END, Kind.NAMESAKE, Kind.EXTRA):
        request = harness.request(confirmed=True)
        assert await harness.drift.ignore(request, harness.script.id, kind)


async def take_over(harness):
    assert (await harness.adoption.take_over(harness.request(), harness.script.id)).number


async def tie(harness):
    async with harness.database.read() as connection:
        people = [
            person for person in await imports.everybody(connection, HOME) if not person.member_id
        ]
    pairs = [Pair(person.id, person.username, 700 + person.id) for person in people]
    members = {pair.member_id for pair in pairs}
    tied = await harness.imports.tie(harness.request(), pairs, members)
    assert len(tied.pairs) == len(people) > 0


async def first_log_channel(harness):
    harness.channel = getattr(harness, "channel", 0) + 1
    await harness.guild_settings.set_log_channel(harness.request(), harness.channel)


async def commands(harness):
    settings = harness.guild_settings
    await settings.remember_commands(await settings.command_digests(), "ab")


async def roles(harness):
    settings = GuildSettings(harness.database, harness.sessions)
    await settings.open()
    assert settings.level_roles(1_002)["staff"] == {9}


async def offers(harness):
    found = await harness.discovery.find(HOME)
    assert [offer.slug for offer in found if offer.slug] == ["trend"]


async def due_checks(harness):
    await harness.sweep_schedule._due(clock.now() + timedelta(days=3))


async def pick_up(harness):
    now = clock.now()
    async with harness.database.read() as connection:
        found = await work.due(connection, HOME, now, busy=(), limit=100)
        await work.chunk(connection, HOME, now, (), 100)
    assert found
    await FailureRecorder(harness.database, harness.notifier).revisions_of(found)


async def replay(harness):
    """What a restore holds back is compared: nothing was done since, so it all goes on."""
    async with harness.database.write() as connection:
        script = await scripts.by_id(connection, harness.script.id)
        ids = await replays.to_compare(connection, script.id, script.restored_at)
        people = await permissions.by_ids(connection, ids)
        assert len(people) == len(ids) > 0
        replayed = await resume(connection, script, dict.fromkeys(ids, State(StateKind.NOTHING)))
        assert {resumed.outcome for resumed in replayed} == {"undecided"}
        await hold(connection, people, script.restored_at)


async def settled(harness):
    """The ends of all that was ordered are fixed, and then the write does not go out."""
    async with harness.database.write() as connection:
        held, fixed = await settle_with(connection, harness.held.id, None)
        assert len(fixed) >= FEW
        await unsettle(connection, held.id, fixed)


async def concluded(harness):
    session = await harness.sessions.of(HOME)
    sync = Sync(harness.database, session, harness.notifier.ended)
    await sync.conclude(harness.held, State(StateKind.NOTHING))


async def parked(harness):
    recorder = FailureRecorder(harness.database, harness.notifier)
    await recorder.park(harness.held.id, harness.held.revision, Reason.REFUSED)


async def page_of_a_list(harness):
    async with harness.database.write() as connection:
        await sweeps.drop_running(connection, AT)
        begun = await sweeps.begin(connection, harness.script, AT, None)
        found = [Found(None, f"n{each}", None, None) for each in range(harness.rows)]
        assert await sweeps.keep(connection, begun.id, found, AT) == harness.rows


async def page_of_batches(harness):
    found, *_ = await harness.services.bulk.views.listed(HOME, 0)
    assert len(found) in (FEW, 10)


async def page_of_rows(harness):
    page = await harness.services.bulk.results.page(HOME, harness.batch, RowGroup.ALL, 0)
    assert len(page.rows) >= FEW


async def dry_run_by_a_filter(harness):
    everyone, month = Filter(everyone=True), Defaults(length=parse_length("1M"))
    bulk = harness.services.bulk
    number = await bulk.selection.draft(harness.request(), BatchKind.EXTEND, everyone, month, None)
    assert (await bulk.views.view(HOME, number)).numbers.total >= FEW


async def marked(harness):
    async with harness.database.write() as connection:
        await restore.mark(connection, clock.now(), clock.now())


PATHS = {
    "/sync status": Path(filled.waiting_people, status),
    "/sync status, failed checks": Path(filled.failed_scripts, status),
    "/access list": Path(
        filled.waiting_people, lambda harness: harness.overview.holders(HOME, "trend")
    ),
    "/access check": Path(filled.scripts_of_ann, check),
    "/customer show": Path(filled.scripts_of_ann, customer_show),
    "/customer search": Path(filled.known_names, customer_search),
    "/me": Path(filled.scripts_of_ann, me),
    "/audit": Path(
        filled.entries,
        lambda harness: harness.overview.history(HOME, Subject(username="Ann_Trades")),
    ),
    "/script list": Path(filled.plain_scripts, lambda harness: harness.scripts.listed(HOME)),
    "/script discover": Path(filled.published, offers),
    "/setup show": Path(filled.waiting_claims, lambda harness: harness.guild_settings.setup(HOME)),
    "/setup log": Path(filled.waiting_claims, first_log_channel),
    "/seats": Path(filled.plain_scripts, lambda harness: harness.seat_counts.now(HOME)),
    "/customer match": Path(filled.known_names, tie),
    "suggestions": Path(filled.known_names, suggestions),
    "the log channel": Path(filled.entries, log_channel),
    "askers to tell": Path(filled.buyers, untold),
    "members to tell": Path(filled.served, members_to_tell),
    "a receipt": Path(filled.ends_of_ann, receipt),
    "a report of drift": Path(
        filled.differing, lambda harness: harness.drift.report(HOME, harness.script.id)
    ),
    "a page of drift": Path(
        filled.differing,
        lambda harness: harness.difference_pages.people(HOME, harness.script.id),
    ),
    "a page of scripts": Path(
        filled.differing_scripts, lambda harness: harness.difference_pages.scripts(HOME)
    ),
    "a page of the history": Path(
        filled.entries, lambda harness: harness.history_pages.page(HOME, Search(), None)
    ),
    "/export": Path(
        filled.served, lambda harness: harness.exports.gather(HOME, None, lambda _: None)
    ),
    "/export item": Path(
        filled.served, lambda harness: harness.exports.gather(HOME, "trend", lambda _: None)
    ),
    "counts of drift": Path(filled.differing_scripts, lambda harness: harness.drift.overall(HOME)),
    "drift noted": Path(filled.differing, note),
    "drift ignored": Path(filled.differing, ignore),
    "progress of repairs": Path(
        filled.repaired, lambda harness: harness.repairs.progress(HOME, harness.reference)
    ),
    "people taken over": Path(filled.differing, take_over),
    "roles at the start": Path(filled.other_servers, roles),
    "commands registered": Path(filled.other_servers, commands),
    "reminders of logins": Path(filled.outages, reminders),
    "full checks that are due": Path(filled.failed_scripts, due_checks),
    "a page of a full check": Path(filled.rows_of_a_page, page_of_a_list),
    "orders picked up": Path(filled.waiting_people, pick_up),
    "ends of one person": Path(filled.months_of_ann, settled),
    "orders of one person done": Path(filled.months_of_ann, concluded),
    "orders of one person stuck": Path(filled.months_of_ann, parked),
    "a backup put back": Path(filled.overruled, marked),
    "orders compared after a restore": Path(filled.from_a_backup, replay),
    "a dry run by a filter": Path(filled.served, dry_run_by_a_filter),
    "a page of batches": Path(filled.batches, page_of_batches),
    "a page of a batch's rows": Path(filled.rows_of_a_batch, page_of_rows),
    "a new key": Path(filled.buyers, lambda harness: rekey(harness.database, harness.vault)),
}


@pytest.mark.parametrize("name", PATHS)
async def test_as_many_statements_for_many_rows_as_for_few(harness, name):
    fill, act = PATHS[name]
    numbers = {}
    for rows in (FEW, MANY):
        await fill(harness, rows)
        await harness.rest()
        with counting(harness.database) as statements:
            await act(harness)
        numbers[rows] = len(statements)
    assert numbers[MANY] <= numbers[FEW]
