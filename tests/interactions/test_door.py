"""Whatever happens behind it, an interaction is acknowledged in time, says so after 5 s, and ends in words."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from bot.store.engine import database as engine
from bot.store.ledger import events
from bot.store.tables.ledger import unanswered
from tests.support.discord_harness import at_work, eventually, labels, open_office, text_of
from tests.support.statements import counting

ALL = {"item": "trend", "username": "Alice_T", "duration": "1M"}
BUSY = "**My database is busy:**"
NOTHING = "Nothing was ordered or changed. Please ask again."


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_MS", 60_000)
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        harness.vendor.world.add_user("Alice_T")
        await harness.make_rows()
        async with at_work(harness, ready=True):
            yield harness


@contextlib.asynccontextmanager
async def locked(harness, *, patience=60_000):
    """Another program holds the database; Usher waits so many milliseconds for it."""
    path = make_url(harness.vendor.settings.database_url).database
    async with harness.vendor.database.write() as connection:
        await connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")
    other = await asyncio.to_thread(sqlite3.connect, path, check_same_thread=False)
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    try:
        yield
    finally:
        await asyncio.to_thread(other.rollback)
        await asyncio.to_thread(other.close)


async def send(harness, path, **options):
    is_known = harness.guild.id in harness.client._met
    request = await harness.as_mod.run(
        path, guild=harness.guild, channel=harness.channel, **options
    )
    # A server that cannot be noted holds up the acknowledgement for a second, which has to begin first.
    if not is_known:
        await eventually(harness.client._comings.locked)
        await harness.time.advance(1)
    noted = harness.vendor.services.unanswered._in_hand
    await eventually(lambda: request.acknowledged or request.id in noted)
    await harness.time.advance(1)
    await request.acknowledged_()
    return request


async def orders(harness):
    async with harness.vendor.database.read() as connection:
        found = await connection.exec_driver_sql('SELECT count(*) FROM "order"')
        return found.scalar_one()


@pytest.mark.parametrize(
    ("path", "options", "end"),
    [
        ("access grant", ALL, "✅ **Done:**"),
        ("setup staff", {}, "counts as staff"),
        ("script rename", {"item": "trend", "slug": "wave", "title": "Wave"}, "Wave"),
    ],
)
async def test_with_the_database_locked_waiting_is_said_after_5_s_and_then_how_it_ended(
    harness, path, options, end
):
    who = harness.as_mod if path == "access grant" else harness.as_owner
    if path == "setup staff":
        options = {"role": harness.fake.add_role(harness.guild, "Helper", 0)}
    harness.as_mod = who
    async with locked(harness):
        request = await send(harness, path, **options)
        await harness.passes(lambda: not request.original.loading, 5)
        assert "⏳ **Waiting:** this takes longer than usual" in text_of(request.original)
    await harness.passes(lambda: "⏳" not in text_of(request.original))
    assert end in text_of(request.original)
    assert len(request.messages) == 1


async def test_a_database_that_stays_locked_is_said_and_nothing_was_ordered(harness):
    async with locked(harness, patience=20):
        request = await send(harness, "access grant", **ALL)
        await harness.passes(lambda: BUSY in text_of(request.original), 5)
        assert NOTHING in text_of(request.original)
    assert await orders(harness) == 0
    assert len(request.messages) == 1


async def test_a_server_that_cannot_be_noted_yet_is_answered_all_the_same(harness):
    await harness.client.guild_settings.left(harness.guild.id)  # so that there is something to note
    harness.client._met.clear()
    async with locked(harness):
        request = await send(harness, "help")
        assert harness.client._comings.locked()  # it waits to be noted, as long as the database is
        await harness.passes(lambda: not request.original.loading, 3)
        assert "/access grant" in text_of(request.original)


async def test_what_could_not_be_noted_says_at_once_what_to_do_should_nothing_follow(harness):
    async with locked(harness):
        request = await send(harness, "access grant", **ALL)
        await eventually(lambda: not request.original.loading)  # no time passes
        said = text_of(request.original)
        assert "this takes longer than usual, as I cannot write" in said
        assert "look with `/access check`" in said
    await harness.passes(lambda: "✅ **Done:**" in text_of(request.original))
    assert len(request.messages) == 1


async def test_what_was_not_noted_in_time_is_noted_as_soon_as_it_can_be(harness):
    async def noted():
        async with harness.vendor.database.read() as connection:
            found = await connection.execute(select(unanswered.c.asked))
            return found.scalars().all()

    harness.switches.latency = 30.0
    async with locked(harness, patience=20):
        request = await send(harness, "validate", username="Alice_T")
        assert request.acknowledged
        assert await noted() == []
    harness.switches.latency = 0.0

    async def is_noted():
        await harness.time.advance(0.2)
        return await noted()

    assert await eventually(is_noted) == [r"`/validate` Alice\_T"]


async def breaks(harness, monkeypatch, name="outcome"):
    """The order is recorded, and then something breaks."""

    async def broken(*_):
        raise RuntimeError("sessionid=abc")

    monkeypatch.setattr(harness.outcomes, name, broken)


async def test_an_error_after_the_order_was_recorded_says_so(harness, monkeypatch):
    await breaks(harness, monkeypatch)
    request = await harness.run(harness.as_mod, "access grant", **ALL)
    said = text_of(request.original)
    assert said.startswith("**Something went wrong here**")
    assert "**Your order was recorded** and goes on by itself; do not order it again:" in said
    assert "ordered 1 month of **Trend** for **Alice\\_T**" in said
    assert "sessionid" not in said


async def test_an_error_after_a_pressed_button_says_whether_it_was_recorded(harness, monkeypatch):
    question = await harness.run(harness.as_mod, "access grant", **(ALL | {"username": "Alice_"}))
    await breaks(harness, monkeypatch)
    press = await harness.as_mod.press(question.original, "Alice_T")
    await press.until(lambda message: "Something went wrong" in text_of(message))
    assert "**Your order was recorded**" in text_of(press.messages[-1])


async def test_no_command_acknowledges_past_the_door():
    """What discord.py offers for it is called in one module, which notes before."""
    for folder in ("bot", "cogs"):
        for path in (Path(__file__).parents[2] / folder).rglob("*.py"):
            if path.name != "responses.py" and "sandbox" not in path.parts:
                text = await asyncio.to_thread(path.read_text, "utf-8")
                assert "response.defer" not in text, path
                assert "response.send_message" not in text, path


async def test_a_note_costs_three_statements(harness):
    with counting(harness.vendor.database) as statements:
        await harness.run(harness.as_mod, "help")
        await harness.vendor.services.unanswered.close()
    assert len([each for each in statements if "unanswered" in each]) <= 3


async def test_an_error_before_anything_was_recorded_says_so(harness, monkeypatch):
    async def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(harness.grants, "grant", broken)
    request = await harness.run(harness.as_mod, "access grant", **ALL)
    assert NOTHING in text_of(request.original)


async def test_an_error_in_a_form_says_so_too(harness, monkeypatch):
    async def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(harness.sessions, "update", broken)
    opened = await harness.as_owner.run(
        "session update", guild=harness.guild, channel=harness.channel
    )
    await opened.form()
    pair = dict(
        zip(
            ("sessionid", "sessionid_sign"),
            harness.vendor.world.open_session(harness.vendor.vendor),
            strict=True,
        )
    )
    sent = await harness.as_owner.submit(opened, pair)
    assert NOTHING in text_of(await sent.answered())


async def test_where_it_cannot_be_told_what_was_recorded_that_is_said(harness, monkeypatch):
    async def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(harness.grants, "grant", broken)
    monkeypatch.setattr(events, "of_interaction", broken)
    request = await harness.run(harness.as_mod, "access grant", **ALL)
    assert "I cannot tell just now whether anything was ordered or changed" in text_of(
        request.original
    )


async def test_that_the_asker_knows_cannot_be_noted_is_no_second_answer(harness, monkeypatch):
    await breaks(harness, monkeypatch, "told")
    request = await harness.run(harness.as_mod, "access grant", **ALL)
    assert "✅ **Done:**" in text_of(request.original)
    assert len(request.messages) == 1
    assert labels(request.original) == []
