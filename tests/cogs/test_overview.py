"""/overview over a real gateway: the day in one message, and the way to the dashboard."""

from datetime import timedelta

from bot.access.rules.releases import Release
from bot.store.people import claims
from tests.access.queries.test_today import buy
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import START
from tests.support.many import hold_all, many_people
from tests.support.vendor_fixture import AT, OTHER


async def test_a_quiet_day_is_said_in_one_message_with_the_dashboards_button(harness):
    request = await harness.run(harness.as_mod, "overview")
    assert request.ephemeral
    said = text_of(request.original)
    assert "Everything is on TradingView" in said
    assert "0 people have access" in said
    assert "0 today, 0 at the month's end, 100 without a fee" in said
    assert labels(request.original) == ["Open the dashboard"]
    pressed = await harness.as_mod.press(request.original, "Open the dashboard")
    await pressed.answered()
    assert "usher dashboard" in text_of(pressed.messages[-1])  # without a public address


async def test_what_waits_is_stuck_ends_and_was_sold_is_in_it(harness):
    guild_id, database = harness.guild.id, harness.vendor.database
    script = (await harness.overview.on_offer(guild_id))[0]
    people = await many_people(database, guild_id, 4)
    await hold_all(database, [(script, people[0])], state="stuck", reason="no_such_user")
    await hold_all(database, [(script, people[1])])
    await hold_all(
        database, [(script, people[2])], wanted="until", wanted_ends_at=START + timedelta(days=3)
    )
    elsewhere = await many_people(database, OTHER, 3)
    async with database.write() as connection:
        await claims.add(connection, guild_id, harness.buyer.id, "Alice_T", AT)
        await buy(connection, people[1], script, "one")
    said = text_of((await harness.run(harness.as_mod, "overview")).original)
    assert "1 order is stuck" in said
    assert "3 people have access" in said
    assert "1 with access that ends within 7 days" in said
    assert "3 not linked" in said
    name = people[0].username.replace("_", "\\_")
    assert f"**{name}**, **Trend**: TradingView knows nobody of that name" in said
    assert "1 member waits for a decision about a TradingView name" in said
    assert "Last sales" in said
    assert not any(person.username[-4:] in said for person in elsewhere)


async def test_a_login_that_is_missing_comes_first_and_managers_get_its_button(harness):
    await harness.sessions.forget(harness.vendor.request(guild_id=harness.guild.id))
    request = await harness.run(harness.as_owner, "overview")
    assert text_of(request.original).startswith("❌ **There is no TradingView login yet")
    assert labels(request.original) == ["Open the dashboard", "Add the login"]
    request = await harness.run(harness.as_mod, "overview")
    assert labels(request.original) == ["Open the dashboard"]


async def test_a_newer_release_is_named_to_all_staff(harness):
    await harness.releases.heard(Release("99.1.0", None))
    for who in (harness.as_owner, harness.as_mod):
        said = text_of((await harness.run(who, "overview")).original)
        assert "There is a newer Usher, **99.1.0**" in said
