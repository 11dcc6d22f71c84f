"""A person who is forgotten leaves nothing in the database's file but a number."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.access.catalogue.role_rules import Role
from bot.access.ledger.errors import OvertakenSince, PutBackTooLate
from bot.access.ledger.link_calls import CALLED
from bot.access.people.errors import BeingForgotten, CustomerUnknown, ForgetsCustomer
from bot.access.people.pseudonyms import pseudonym
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.access.rules.premium import PremiumEntitlement, PremiumSku
from bot.replies import history
from bot.store.catalogue import products
from bot.store.kinds import (
    AttemptKind,
    BatchKind,
    HolderRoleState,
    Otherwise,
    ReminderOutcome,
    RowProblem,
    RowState,
    SkuKind,
)
from bot.store.ledger import (
    batch_rows,
    batches,
    direct_messages,
    events,
    holder_roles,
    purchases,
    unanswered,
)
from bot.store.people import attempts, claims, customers, erasure, proofs, reminders, web_sessions
from bot.store.records import Actor, BatchRow, HolderRole, Unanswered
from bot.store.sales import api_keys, api_requests, contracts, trials
from bot.store.tables.columns import metadata
from bot.store.tables.ledger import event
from bot.store.tables.sales import code_guess, trial_use
from bot.store.tables.sweeps import sighting, sweep, sweep_row
from tests.support.access_harness import eventually, open_harness
from tests.support.vendor_fixture import AT, HOME, OTHER, STAFF

ANN = 781_555_000_111_222_333  # a member's id
NOTE = "paid by bank transfer 4711"
BY_NAME, BY_ID = Subject(username="Ann_Trades"), Subject(member_id=ANN)


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        harness.path = tmp_path / "usher.db"
        yield harness


def left_in_file(harness):
    """What stays of Ann in the database's file and in what lies beside it."""
    files = [path for path in harness.path.parent.glob("usher.db*") if "-shm" not in path.name]
    content = b"".join(path.read_bytes() for path in files).lower()
    words = ("ann_trades", "ann\\_trades", str(ANN), NOTE, "4711")
    found = [word for word in words if word.encode() in content]
    for number in (ANN, 77_123_456_789):  # as SQLite keeps numbers of that size
        found += [number] * (number.to_bytes(8) in content)
    return found


async def known_everywhere(harness):
    """Ann, in every table that may name her."""
    await harness.vendor.resolve(ANN, "Ann_Trades")
    done = await harness.grant("Ann_Trades", "1M", note=NOTE)
    await harness.done(done)
    await harness.grant("bob-fx", "1M", note="a friend of Ann_Trades, see <@781555000111222333>")
    async with harness.database.write() as connection:
        await claims.add(connection, HOME, ANN, "Somebody_Else", AT)
        await reminders.set_off(connection, HOME, ANN, AT)
        content = {"text": r"**Ann\_Trades** has it", "embeds": [], "buttons": []}
        for user_id in (ANN, STAFF):
            await direct_messages.add(connection, HOME, user_id, content, Otherwise.LOG, AT)
        await unanswered.add(
            connection, [Unanswered(5, HOME, ANN, "`/link Ann_Trades`", AT, None, False)]
        )
        await events.record(
            connection, HOME, AT, "restored", after={"names": ["Ann_Trades", "bob-fx"], "number": 2}
        )
        await events.record(
            connection,
            HOME,
            AT,
            "claim_withdrawn",
            actor=Actor.member(ANN),
            member_id=ANN,
            before={"username": "Somebody_Else"},
        )
        read = await connection.execute(
            insert(sweep)
            .values(
                guild_id=HOME, script_id=harness.script.id, started_at=AT, ended_at=AT,
                state="complete", rows=1, calls=1,
            )
            .returning(sweep.c.id)
        )  # fmt: skip
        await connection.execute(
            insert(sighting).values(
                script_id=harness.script.id, guild_id=HOME, sweep_id=read.scalar_one(),
                username="Ann_Trades", name_folded="ann_trades", tv_user_id=77_123_456_789,
                kind="until", ends_at=AT + timedelta(days=30), seen_at=AT,
            )
        )  # fmt: skip
    return done


NAMING = ("member_id", "user_id", "username", "name_folded")  # columns of customers, not of staff


def _folded(value):
    return value.casefold() if isinstance(value, str) else value


async def known_by_what_is_new(harness):
    """Ann, also in what roles, codes, trials, reminders and the panel keep of members."""
    me = RequestContext(HOME, Actor.member(ANN), "a press", AT)
    await harness.role_rules.add(harness.request(), Role(70, "VIP", "role"), "trend", 0)
    async with harness.database.write() as connection:
        await contracts.token_of(connection, HOME, ANN, "u-1", AT)
    await harness.role_access.see(HOME, {ANN: {70}})
    sku = PremiumSku(80, "VIP", SkuKind.SUBSCRIPTION)
    await harness.premium_rules.add(harness.request(), sku, "trend")
    await harness.premium_access.see([PremiumEntitlement(81, 80, ANN)])
    made = await harness.codes.create(
        harness.request(), "trend", parse_length("7D"), number=1, uses=3, expires=None
    )
    await harness.codes.redeem(me, made.codes[0])
    assert await harness.codes.redeem(replace(me, idempotency_key="other"), "no code") is None
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, ANN)
        bought = (await purchases.of_customers(connection, [person.id]))[person.id]
        gold = await products.add(
            connection, HOME, by=STAFF, at=AT, slug="gold", title="Gold", trial="3D", role_id=71
        )
        await trials.add(connection, person, gold.id, bought[-1].id, AT)
        wished = HolderRole(HOME, ANN, 71, None)
        await holder_roles.keep(connection, wished, HolderRoleState.THEIRS, AT)
        await reminders.note(connection, [(bought[-1].id, AT)], 7, ReminderOutcome.SENT, AT)
        await proofs.start(connection, HOME, ANN, "Ann_Trades", b"x" * 32, AT)
        [read] = (await connection.execute(select(sweep.c.id))).scalars()
        await connection.execute(
            insert(sweep_row).values(
                sweep_id=read, username="Ann_Trades", name_folded="ann_trades",
                tv_user_id=77_123_456_789, kind="until", ends_at=AT, seen_at=AT,
            )
        )  # fmt: skip
        await attempts.add(connection, HOME, ANN, AttemptKind.LINK, AT)
        key = await api_keys.add(
            connection, HOME, reference="k", name="shop", scopes=["write"], digest=b"x" * 32,
            hash_key=b"x", by=STAFF, at=AT, expires_at=None,
        )  # fmt: skip
        await api_requests.add(
            connection, HOME, key_id=key.id, repeat_key=None, fingerprint=b"x" * 32,
            username="ann_Trades", at=AT,
        )  # fmt: skip
        for member_id, secret in ((ANN, "a"), (STAFF, "b")):
            await web_sessions.add(connection, secret * 64, HOME, member_id, AT)
            await web_sessions.add_link(
                connection, secret * 64, guild_id=HOME, member_id=member_id, expires_at=AT
            )
        await batch_of(connection, person)
        members = {"members": [str(ANN), "9"], "role_name": "VIP", "number": 2, "loss_id": 1}
        for action in ("roles_lost", CALLED):
            await events.record(connection, HOME, AT, action, after=members)
    return made.codes[0]


async def batch_of(connection, person):
    """Ann in a batch: known, by her name alone, by her id alone, and in a row with a mistake."""
    made = await batches.add(
        connection, HOME, kind=BatchKind.GRANT, idempotency_key="b", actor=Actor.member(ANN),
        made_at=AT, note="an outage", file_name="Ann_Trades.csv", chosen={"item": None}, forecast={},
        newest_order_id=0,
    )  # fmt: skip
    planned, faulty = RowState.PLANNED, RowState.FAULTY
    written = {"username": "ANN_TRADES", "discord_id": str(ANN), "note": NOTE}
    rows = [
        BatchRow(1, planned, customer_id=person.id, username="Ann_Trades", note=NOTE),
        BatchRow(2, planned, username="ann_Trades", tv_user_id=77_123_456_789),
        BatchRow(3, RowState.LEFT_OUT, RowProblem.NO_NAME_KNOWN, member_id=ANN),
        BatchRow(4, faulty, RowProblem.OTHER_NAME, "Ann_Trades", written, member_id=ANN, note=NOTE),
        BatchRow(5, faulty, RowProblem.NAME_UNREADABLE, None, written),
        BatchRow(6, planned, username="bob-fx", note="a friend of Ann_Trades"),
    ]
    await batch_rows.add(connection, made.id, rows)


async def forget(harness, subject=BY_ID):
    return await harness.erasures.forget(harness.request(confirmed=True), subject)


async def erased(harness):
    """Let the queue end the access, and what waits for that go on."""
    await harness.rest()
    await harness.erasures.carry_out()


async def test_nothing_about_a_forgotten_person_stays_in_the_file(harness):
    await known_everywhere(harness)
    assert set(left_in_file(harness)) >= {"ann_trades", str(ANN), NOTE}
    waiting = await forget(harness)
    assert (waiting.number, waiting.ending) == (None, 1)
    await erased(harness)
    assert harness.end("Ann_Trades") == "absent"
    assert left_in_file(harness) == []


async def test_nothing_stays_in_any_table_that_names_people(harness):
    await known_everywhere(harness)
    code = await known_by_what_is_new(harness)
    await harness.rest()
    async with harness.database.read() as connection:
        for table in set(metadata.sorted_tables) - set(erasure._VENDORS):
            columns = [each for each in table.c if each.name in NAMING]
            if columns:
                rows = (await connection.execute(select(*columns))).all()
                assert any({ANN, "ann_trades"} & {_folded(each) for each in row} for row in rows), (
                    table
                )
    await forget(harness)
    await erased(harness)
    assert left_in_file(harness) == []
    async with harness.database.read() as connection:
        kept = await events.since(connection, HOME, 0)
        signed_in = await web_sessions.listed(connection, HOME)
        [batch] = await batches.drafts(connection, AT + timedelta(days=1))
        rows = await batch_rows.listed(connection, batch)
    assert [(row.state, row.problem) for row in rows[:2]] == [
        (RowState.LEFT_OUT, RowProblem.FORGOTTEN)
    ] * 2
    assert (rows[5].username, rows[5].state) == ("bob-fx", RowState.PLANNED)
    assert [each.member_id for each in signed_in] == [STAFF]  # who forgot her
    said = [history.line(each, harness.script, None) for each in kept]
    assert any("person " in line for line in said if "take no direct messages" in line)
    # The same person comes back, uses the same code, and is forgotten once more.
    me = RequestContext(HOME, Actor.member(ANN), "again", AT)
    await harness.vendor.resolve(ANN, "Ann_Trades")
    assert await harness.codes.redeem(me, code) is not None
    async with harness.database.write() as connection:
        await proofs.start(connection, HOME, ANN, "Ann_Trades", b"y" * 32, AT)
    await forget(harness)
    await erased(harness)
    assert left_in_file(harness) == []


async def test_a_role_from_usher_is_taken_before_the_person_is_erased(harness):
    await harness.vendor.resolve(ANN, "Ann_Trades")
    wished = HolderRole(HOME, ANN, 71, None)
    async with harness.database.write() as connection:
        await products.add(connection, HOME, by=STAFF, at=AT, slug="gold", title="Gold", role_id=71)
        await holder_roles.keep(connection, wished, HolderRoleState.GIVEN, AT)
    assert (await forget(harness)).number is None
    async with harness.database.write() as connection:
        await holder_roles.drop(connection, wished)
    await erased(harness)
    assert left_in_file(harness) == []


async def test_what_is_paused_ends_first(harness):
    await known_everywhere(harness)
    await harness.done(await harness.pauses.pause(harness.request(), BY_ID, "trend"), within=10)
    assert (await forget(harness)).ending == 1
    await erased(harness)
    assert left_in_file(harness) == []


async def test_nothing_stays_of_a_trial_and_of_wrong_codes(harness):
    await harness.vendor.resolve(ANN, "Ann_Trades")
    async with harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=STAFF, at=AT, slug="gold", title="Gold", trial="3D"
        )
        await products.add_scripts(connection, gold.id, [harness.script.id])
    asks = RequestContext(HOME, Actor.member(ANN), "a press", AT)
    begun = await harness.trials.begin(asks, "gold")
    assert await harness.codes.redeem(asks, "no code") is None
    await harness.done(begun.order_id)
    async with harness.database.write() as connection:  # as her name was found when she took it
        await connection.execute(update(trial_use).values(tv_user_id=77_123_456_789))
    await forget(harness)
    await erased(harness)
    assert left_in_file(harness) == []
    async with harness.database.read() as connection:
        [tried] = await connection.execute(select(trial_use))
        [guess] = await connection.execute(select(code_guess))
    assert (tried.name_folded, tried.tv_user_id) == (None, None)
    assert ANN not in (tried.member_id, guess.member_id)


async def test_the_history_stays_with_one_number_in_place_of_the_person(harness):
    await known_everywhere(harness)
    await forget(harness)
    await erased(harness)
    async with harness.database.read() as connection:
        kept = await events.since(connection, HOME, 0)
        ids = {each.customer_id for each in kept if each.customer_id}
        people = await customers.by_ids(connection, ids)
        raw = json.dumps(
            [row._asdict() for row in await connection.execute(select(event))], default=str
        )
    number = next(each.after["person"] for each in kept if each.action == "forgotten")
    lines = [history.line(each, harness.script, people.get(each.customer_id or 0)) for each in kept]
    stand_in = pseudonym(number)
    assert f"<@{STAFF}> tied **{stand_in}** to {stand_in}" in lines
    assert f"<@{STAFF}> ordered 1 month of **Trend** for **{stand_in}**" in lines
    assert f"{stand_in} took back the request for **{stand_in}**" in lines
    assert any(
        f"ordered 1 month of **Trend** for **bob-fx** – `a friend of {stand_in}" in line
        for line in lines
    )
    assert str(ANN) not in raw


async def test_whoever_asked_hears_of_it_once_also_after_a_restart(harness):
    await known_everywhere(harness)
    harness.switches.set("down", True)
    assert (await forget(harness)).number is None
    await erased(harness)
    assert "ann_trades" in left_in_file(harness)
    harness.services = harness.vendor.build()
    harness.switches.set("down", False)
    await harness.start()

    async def nothing_left():
        await harness.time.advance(5)
        await erased(harness)
        return not left_in_file(harness)

    await eventually(nothing_left)
    await erased(harness)
    async with harness.database.read() as connection:
        told = [each for each in await direct_messages.waiting(connection) if each.user_id == STAFF]
    said = [each.content["text"] for each in told]
    assert len([text for text in said if "asked me to forget is forgotten" in text]) == 1
    assert left_in_file(harness) == []


async def test_it_is_asked_first_and_the_question_changes_nothing(harness):
    await known_everywhere(harness)
    with pytest.raises(ForgetsCustomer) as asked:
        await harness.erasures.forget(harness.request(), BY_NAME)
    assert (asked.value.number, asked.value.needs_manager) == (1, True)
    assert harness.end("Ann_Trades") != "absent"
    with pytest.raises(CustomerUnknown):
        await forget(harness, Subject(username="nobody_zz"))


async def test_the_same_person_has_the_same_number_again_and_another_has_another(harness):
    numbers = []
    for name, member in (("Ann_Trades", ANN), ("Ann_Trades", ANN), ("bob-fx", ANN + 1)):
        await harness.vendor.resolve(member, name)
        numbers.append((await forget(harness, Subject(member_id=member))).number)
    assert numbers[0] == numbers[1]
    assert numbers[1] != numbers[2]
    assert None not in numbers


async def test_another_server_keeps_its_own_record_of_the_same_person(harness):
    await harness.vendor.resolve(ANN, "Ann_Trades")
    async with harness.database.write() as connection:
        await customers.add(connection, OTHER, username="Ann_Trades", member_id=ANN)
    await forget(harness)
    there = await harness.vendor.person(name="Ann_Trades", guild_id=OTHER)
    assert there.member_id == ANN
    assert await harness.vendor.person(name="Ann_Trades") is None


async def test_nothing_is_given_while_a_person_is_forgotten_and_nothing_comes_back_after(harness):
    await known_everywhere(harness)
    revoked = await harness.revoke("Ann_Trades")
    await harness.done(revoked)
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await forget(harness)
    with pytest.raises(BeingForgotten):
        await harness.grant("Ann_Trades", "1M")
    await erased(harness)
    with pytest.raises((BeingForgotten, OvertakenSince, PutBackTooLate)):
        await harness.put_back(revoked)
    again = await harness.grant("Ann_Trades", "1M")  # a new customer of the same name
    await harness.done(again)
    assert harness.end("Ann_Trades") == AT.replace(month=4)


async def test_a_member_without_a_record_is_forgotten_too(harness):
    async with harness.database.write() as connection:
        await claims.add(connection, HOME, ANN, "Ann_Trades", AT)
    assert (await forget(harness)).number is not None
    assert left_in_file(harness) == []
