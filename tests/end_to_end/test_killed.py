"""SIGKILL after Discord was told that a request is worked on: whoever asked hears how it ended, once."""

import asyncio
import re
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from bot.store.catalogue import scripts
from bot.store.engine.database import open_database
from tests.support.child import open_child
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import AT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")

NOTHING = "Nothing was ordered or changed. Please ask again."
DONE_BEFORE = "**This was done before**"


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path)
    child.as_buyer = child.discord.person(child.buyer)
    for name in ("Ann_Trades", "bob-fx", "carl_fx"):
        child.tradingview.world.add_user(name)
    try:
        await child.start()
        await child.shows_commands()
        yield child
    finally:
        child.tradingview.switches.hang = False
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


def rows(child, query):
    with closing(sqlite3.connect(child.tmp_path / "data/usher.db")) as raw:
        return raw.execute(query).fetchall()


async def left_over(child):
    return len(await asyncio.to_thread(rows, child, "SELECT 1 FROM unanswered"))


def shown(child, interaction):
    """Every message about it: its own ones, and direct messages to either person."""
    dms = child.as_owner.dms() + child.as_buyer.dms()
    return [message.text for message in interaction.messages + dms]


async def killed(child, interaction):
    """It was acknowledged; the process is killed and started again, and nothing is left over."""
    await interaction.acknowledged_()
    await child.kill()
    child.tradingview.switches.hang = False
    child.discord.switches.clear()
    assert await left_over(child) <= 1
    await child.start()

    async def answered():
        return await left_over(child) == 0

    await eventually(answered)


def silence(child):
    """The process asks TradingView, or answers Discord, and hears nothing before it is killed."""
    child.tradingview.switches.hang = True
    child.discord.switches.fail("original", 502, None)


def dies_looking_up(child):
    """The process is killed as soon as it looks a name up: a second later it would go on without."""
    note, process = child.tradingview._note, child.process

    def noted(request):
        call = note(request)
        if call.name == "hint":
            child.tradingview._note = note
            process.kill()
        return call

    child.tradingview._note = noted


async def grant(child):
    return await child.run(
        "access grant", item="trend", duration="1M", username="Ann_Trades", answered=False
    )


async def test_killed_while_the_name_is_looked_up_the_asker_hears_that_nothing_was_ordered(child):
    dies_looking_up(child)
    order = await grant(child)
    await eventually(lambda: child.tradingview.calls("hint"))
    await killed(child, order)
    [text] = shown(child, order)
    assert NOTHING in text
    assert "`/access grant` trend 1M" in re.sub(r"</([a-z ]+):\d+>", r"`/\1`", text)
    assert await asyncio.to_thread(rows, child, 'SELECT 1 FROM "order"') == []
    # Asked again, it is done, and nothing of the first one is left.
    again = await grant(child)
    await eventually(lambda: again.messages and "Done" in again.messages[0].text)
    assert len(child.writes()) == 1
    assert len(shown(child, order)) == 1


async def test_killed_once_the_order_is_recorded_its_outcome_is_told_once(child):
    child.discord.switches.fail("original", 502, None)
    child.tradingview.switches.hang = True
    order = await grant(child)

    async def recorded():
        return await asyncio.to_thread(rows, child, 'SELECT 1 FROM "order"')

    await eventually(recorded)
    await killed(child, order)
    await eventually(lambda: "Done" in order.messages[0].text)
    assert len(child.writes()) == 1
    assert len(shown(child, order)) == 1


@pytest.mark.parametrize("moment", ["looked up", "recorded"])
async def test_killed_after_a_press_on_a_question(child, moment):
    asked = await child.run("access grant", item="trend", duration="1M", username="Ann_Trade")
    if moment == "recorded":
        silence(child)
    else:
        dies_looking_up(child)
    press = await child.as_owner.press(asked.messages[0], "Ann_Trades")
    if moment == "recorded":

        async def recorded():
            return await asyncio.to_thread(rows, child, 'SELECT 1 FROM "order"')

        await eventually(recorded)
    await killed(child, press)
    if moment == "recorded":
        await eventually(lambda: "Done" in press.messages[0].text)
    else:
        await eventually(lambda: NOTHING in press.messages[0].text)
        assert "the button “Ann\\_Trades”" in press.messages[0].text
    assert len(child.writes()) == (moment == "recorded")
    assert len(shown(child, press)) == 1


async def test_killed_while_a_form_is_worked_on(child):
    opened = await child.run("session update", answered=False)
    await opened.form()
    fresh = child.tradingview.world.open_session(child.vendor)
    child.tradingview.switches.hang = True
    sent = await child.as_owner.submit(
        opened, dict(zip(("sessionid", "sessionid_sign"), fresh, strict=True))
    )
    await killed(child, sent)
    [text] = shown(child, sent)
    assert NOTHING in text
    assert "the form that you sent" in text
    assert not any(secret in text for secret in fresh)


async def test_killed_while_a_form_is_answered_it_counts_and_is_said(child):
    opened = await child.run("session update", answered=False)
    await opened.form()
    fresh = child.tradingview.world.open_session(child.vendor)
    child.discord.switches.fail("original", 502, None)
    sent = await child.as_owner.submit(
        opened, dict(zip(("sessionid", "sessionid_sign"), fresh, strict=True))
    )

    async def kept():
        return await asyncio.to_thread(
            rows, child, "SELECT 1 FROM event WHERE interaction_id IS NOT NULL"
        )

    await eventually(kept)
    await killed(child, sent)
    [text] = shown(child, sent)
    assert DONE_BEFORE in text


async def test_killed_while_a_member_links_a_name(child):
    dies_looking_up(child)
    request = await child.as_buyer.run(
        "link", guild=child.guild, channel=child.channel, username="Ann_Trades"
    )
    await killed(child, request)
    [text] = shown(child, request)
    assert NOTHING in text


async def test_killed_after_a_members_yes_the_name_is_theirs_and_they_hear_it(child):
    request = await child.as_buyer.run(
        "link", guild=child.guild, channel=child.channel, username="Ann_Trades"
    )
    question = await request.answered()
    child.discord.switches.fail("original", 502, None)
    press = await child.as_buyer.press(question, "Yes, that is me")

    async def linked():
        return await asyncio.to_thread(
            rows, child, "SELECT 1 FROM customer WHERE member_id IS NOT NULL"
        )

    await eventually(linked)
    await killed(child, press)
    [text] = shown(child, press)
    assert DONE_BEFORE in text
    assert "Ann\\_Trades" in text


async def test_killed_before_many_names_are_shown_and_after_they_are_tied(child):
    child.discord.switches.fail("original", 502, None)
    request = await child.run("customer match", answered=False)
    await killed(child, request)
    [text] = shown(child, request)
    assert NOTHING in text
    # Somebody to be tied: the buyer's own name in Discord is a name that was given access.
    child.tradingview.world.add_user("ben")
    given = await child.run("access grant", item="trend", duration="1M", username="ben")
    await eventually(lambda: "Done" in given.messages[0].text)
    matched = await child.run("customer match")
    before = len(shown(child, matched))
    child.discord.switches.fail("original", 502, None)
    press = await child.as_owner.press(matched.messages[0], "Tie 1 name")

    async def tied():
        return await asyncio.to_thread(
            rows, child, "SELECT 1 FROM customer WHERE member_id IS NOT NULL"
        )

    await eventually(tied)
    await killed(child, press)
    assert DONE_BEFORE in press.messages[0].text
    assert len(shown(child, press)) == before


@pytest.mark.parametrize("at", ["add", "remove"])
async def test_killed_between_the_new_access_and_the_old_each_is_done_once(child, at):
    other = child.tradingview.world.add_script(child.vendor, title="Range")
    async with open_database(child.url) as database, database.write() as connection:
        await scripts.add(
            connection, child.guild.id, pine_id=other.pine_id, slug="range", title="Range",
            by=child.owner.id, at=AT,
        )  # fmt: skip
    order = await child.run("access grant", item="trend", duration="1M", username="Ann_Trades")
    await eventually(lambda: "Done" in order.messages[0].text)
    end, before = child.end("Ann_Trades"), len(child.tradingview.calls(at))
    child.tradingview.switches.fault("hang", path=at)
    options = {"from": "trend", "to": "range", "username": "Ann_Trades"}
    move = await child.run("access move", answered=False, **options)
    await eventually(lambda: len(child.tradingview.calls(at)) > before)
    assert child.end("Ann_Trades") == end  # the old one stays meanwhile
    await child.kill()
    child.tradingview.switches.reset()
    await child.start()
    await eventually(lambda: child.end("Ann_Trades") == "absent")
    assert child.tradingview.world.row(other.pine_id, "Ann_Trades").end == end
    assert [call.name for call in child.writes()] == ["add", "add", "remove"]
    await eventually(lambda: "Moved" in "".join(shown(child, move)))
    assert sum("Moved" in text for text in shown(child, move)) == 1
