"""Customers hear in time that what they paid for ends: once, by day, as long as they want to."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot import clock
from bot.errors import DiskFullError
from bot.store.catalogue import products, scripts
from bot.store.tables.ledger import entitlement
from bot.store.tables.reminders import reminder
from tests.support.discord_harness import at_work, labels, text_of
from tests.support.idle import at_rest

ALL = {"item": "trend", "username": "Alice_T", "duration": "30D"}
DAY = timedelta(days=1)

pytestmark = pytest.mark.ready  # nobody is told or given anything before


@pytest.fixture
async def sold(closed_office):
    """The buyer has the script for 30 days, and was told so; Usher is off again."""
    harness = closed_office
    harness.vendor.world.add_user("Alice_T")
    await harness.make_rows()
    await grant(harness)
    return harness


async def grant(harness, **options):
    async with at_work(harness):
        told = len(harness.as_buyer.dms())
        await harness.run(
            harness.as_mod, "access grant", **{**ALL, **options}, member=harness.buyer
        )
        await harness.passes(lambda: len(harness.as_buyer.dms()) > told)
    async with harness.database.read() as connection:
        ends = (await connection.execute(select(entitlement.c.ends_at))).scalars()
        harness.end = max(ends)
    harness.told = told + 1


def reminders(harness):
    """The direct messages since the one that said that access stands."""
    new = harness.as_buyer.dms()[harness.told :]
    return [each for each in new if "Your time" in text_of(each)]


async def outcomes(harness):
    async with harness.database.read() as connection:
        rows = await connection.execute(select(reminder.c.days, reminder.c.outcome))
        return [tuple(row) for row in rows]


async def on_at(harness, moment, *, number=1):
    """Usher is started at that moment, and has said that many reminders by then."""
    harness.time.set(moment)
    async with at_work(harness):
        if number:
            await harness.passes(lambda: len(reminders(harness)) >= number)
        for _ in range(3):
            await harness.time.advance(30)
            await at_rest(harness.database)
    found = reminders(harness)
    assert len(found) == number
    return found[-1] if found else None


async def test_a_reminder_says_what_ends_when_and_how_to_go_on_and_comes_once(sold):
    message = await on_at(sold, sold.end - 7 * DAY)
    said = text_of(message)
    assert "Your time ends soon" in said
    assert "**The shop**" in said
    assert f"<t:{sold.end.timestamp():.0f}:D>" in said
    assert "write to the staff of **The shop**" in said
    assert "`/reminders off`" in said
    assert labels(message) == ["No more reminders"]
    await on_at(sold, sold.end - 6 * DAY)  # a restart, and a day
    await on_at(sold, sold.end - DAY, number=2)  # the one for 3 days was missed
    message = await on_at(sold, sold.end, number=3)
    assert "Your time is over" in text_of(message)
    assert await outcomes(sold) == [(7, "sent"), (1, "sent"), (0, "sent")]


async def test_a_crash_between_sending_and_noting_sends_none_a_second_time(sold, monkeypatch):
    def full(*_):
        raise DiskFullError

    client = sold.build()
    monkeypatch.setattr(sold.reminders, "note", full)
    sold.time.set(sold.end - 7 * DAY)
    async with at_work(sold, client):
        await sold.passes(lambda: reminders(sold))
        await sold.time.advance(40)
    assert await outcomes(sold) == []
    async with at_work(sold):
        await sold.time.advance(90)
        await at_rest(sold.database)
    assert await outcomes(sold) == [(7, "sent")]
    assert len(reminders(sold)) == 1


async def test_a_product_leads_to_where_it_is_sold_and_its_grace_days_are_named(closed_office):
    harness = closed_office
    harness.vendor.world.add_user("Alice_T")
    await harness.make_rows()
    async with harness.database.write() as connection:
        gold = await products.add(
            connection,
            harness.guild.id,
            by=harness.owner.id,
            at=clock.now(),
            slug="gold",
            title="Gold",
            grace_days=3,
            link="https://shop.example/gold",
        )
        [trend] = await scripts.listed(connection, harness.guild.id)
        await products.add_scripts(connection, gold.id, [trend.id])
    await grant(harness, item="gold")
    granted = text_of(harness.as_buyer.dms()[-1])
    paid, held = (int(end.timestamp()) for end in (harness.end, harness.end + 3 * DAY))
    both = f"until **<t:{paid}:D>** (<t:{paid}:R>), and 3 more days to renew"
    assert both in granted
    assert f"TradingView shows it until **<t:{held}:D>**" in granted
    message = await on_at(harness, harness.end - 3 * DAY)
    assert both in text_of(message)
    assert labels(message) == ["Renew", "No more reminders"]
    [link] = [part for row in message.components for part in row["components"] if "url" in part]
    assert link["url"] == "https://shop.example/gold"
    message = await on_at(harness, harness.end, number=2)
    assert f"You can still use it until <t:{held}:f>" in text_of(message)
    async with at_work(harness):
        said = text_of((await harness.run(harness.as_buyer, "me")).original)
        assert ", and 3 more days to renew" in said
        listed = await harness.run(harness.as_mod, "access list", item="trend")
        assert f"until <t:{paid}:D>, and 3 more days to renew" in text_of(listed.original)


async def test_whoever_presses_the_button_or_says_so_gets_no_more(sold):
    message = await on_at(sold, sold.end - 7 * DAY)
    async with at_work(sold):
        pressed = await sold.as_buyer.press(message, "No more reminders")
        assert "no more reminders" in text_of(await pressed.answered())
        assert "Your time ends soon" in text_of(message)  # it stays to be read
    await on_at(sold, sold.end - 3 * DAY)
    async with at_work(sold):
        said = text_of((await sold.run(sold.as_buyer, "reminders on")).original)
        assert "7, 3 and 1 days before your time ends" in said
    await on_at(sold, sold.end - DAY, number=2)
    async with at_work(sold):
        said = text_of((await sold.run(sold.as_buyer, "reminders off")).original)
        assert "no more reminders from this server" in said
    await on_at(sold, sold.end, number=2)


async def test_closed_messages_are_given_up_quietly_and_who_left_is_not_written_to(sold):
    sold.fake.close_dms(sold.buyer)
    await on_at(sold, sold.end - 7 * DAY, number=0)
    assert await outcomes(sold) == [(7, "refused")]
    sold.fake.open_dms(sold.buyer)
    sold.leave(sold.buyer)
    await on_at(sold, sold.end - 3 * DAY, number=0)
    assert await outcomes(sold) == [(7, "refused"), (3, "left")]


async def test_what_discord_does_not_take_now_comes_later(sold):
    sold.time.set(sold.end - 7 * DAY)
    fault = sold.fake.switches.refuse("dm", 40003)  # opened too fast
    async with at_work(sold):
        await sold.passes(lambda: fault.hit)
        assert not reminders(sold)
        await sold.passes(lambda: reminders(sold), 120)
        await sold.time.advance(90)
    assert len(reminders(sold)) == 1


async def test_a_server_sets_its_days_and_its_nights_and_nobody_is_woken(sold):
    async with at_work(sold):
        shown = await sold.run(sold.as_owner, "setup show")
        assert "7, 3 and 1 days before the paid end" in text_of(shown.original)
        assert "by day in UTC" in text_of(shown.original)
        chosen = await sold.as_owner.choose(shown.original, 0, ["reminders"])
        message = await chosen.answered()
        assert "Set the time zone" in text_of(message)
        opened = await sold.as_owner.press(message, "Change")
        wrong = await sold.as_owner.submit(opened, {"days": "7", "time_zone": "Pacific/Aukland"})
        assert "Did you mean **Pacific/Auckland**" in text_of(await wrong.answered())
        opened = await sold.as_owner.press(message, "Change")
        done = await sold.as_owner.submit(opened, {"days": "5", "time_zone": "pacific/auckland"})
        assert "5 days before the paid end" in text_of(await done.answered())
    assert sold.end.hour == 12  # 1 in the night there
    await on_at(sold, sold.end - 5 * DAY, number=0)
    morning = datetime(2026, 4, 4, 18, 59, tzinfo=UTC)
    assert (
        sold.end - 5 * DAY
        == datetime(2026, 4, 4, 12, tzinfo=UTC)
        == morning.replace(hour=12, minute=0)
    )
    await on_at(sold, morning, number=0)
    await on_at(sold, morning + timedelta(minutes=61))


async def test_a_server_that_wants_no_reminders_sends_none(sold):
    async with at_work(sold):
        shown = await sold.run(sold.as_owner, "setup show")
        message = await (await sold.as_owner.choose(shown.original, 0, ["reminders"])).answered()
        opened = await sold.as_owner.press(message, "Change")
        done = await sold.as_owner.submit(opened, {"days": "", "time_zone": "UTC"})
        assert "Nobody is reminded any more" in text_of(await done.answered())
        shown = await sold.run(sold.as_owner, "setup show")
        assert "nobody is reminded before their time ends" in text_of(shown.original)
        said = text_of((await sold.run(sold.as_buyer, "reminders on")).original)
        assert "this server sends none just now" in said
    await on_at(sold, sold.end - 7 * DAY, number=0)
