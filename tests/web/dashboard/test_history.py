"""The history page: every entry in the words of the log channel, searched by what a person knows of it."""

from datetime import timedelta

import pytest

from bot import clock
from bot.replies.history import ACTIONS, ALARMS
from bot.replies.history_kinds import actions_of, kinds
from bot.store.catalogue import guilds
from bot.store.ledger import events
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.discord_harness import eventually
from tests.support.fake_time import START


async def record(dashboard, action, number=1, *, guild=None, **facts):
    """That many entries, a minute apart, the last one now."""
    guild_id = (guild or dashboard.guild).id
    async with dashboard.vendor.database.write() as connection:
        for index in range(number):
            at = clock.now() - timedelta(minutes=number - index - 1)
            await events.record(connection, guild_id, at, action, **facts)


async def granted(dashboard, name, note=None):
    """Time given by staff, and on TradingView by now."""
    more = {} if note is None else {"note": note}
    await dashboard.run(
        dashboard.as_mod, "access grant", item="trend", duration="1M", username=name, **more
    )
    world = dashboard.vendor.world
    await eventually(lambda: world.has_access(next(iter(world.scripts)), name))


async def test_entries_stand_there_newest_first_with_who_did_it_and_a_way_to_the_person(dashboard):
    await granted(dashboard, "Alice_T", note="paid <b>in cash</b>")
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("history")
    assert "@mia ordered 1 month of Trend for Alice_T – paid <b>in cash</b>" in page.text
    assert "<b>in cash" not in page.html
    assert page.text.index("TradingView shows it") < page.text.index("ordered 1 month")
    assert page.text.index("signed in to the dashboard") < page.text.index("ordered 1 month")
    person = page.links["Alice_T"].rpartition("/")[2]
    other = await browser.get(f"history?person={person}")
    assert "History of Alice_T" in other.title
    assert "signed in" not in other.text
    assert "ordered 1 month" in other.text


async def test_every_filter_leaves_only_what_fits(dashboard):
    await granted(dashboard, "Alice_T", note="Order 5001, café")
    await granted(dashboard, "Alice_Two", note="another")
    await record(dashboard, "script_add", script_id=1, actor=Actor.member(dashboard.owner.id))
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("history")
    item = page.form("Search").choices["item"][1]
    member = str(dashboard.owner.id)
    for fields, there, gone in (
        ({"kind": "login"}, "signed in", "ordered 1 month"),
        ({"kind": "access"}, "ordered 1 month", "signed in"),
        ({"kind": "items"}, "added the script", "ordered 1 month"),
        ({"item": item}, "ordered 1 month", "signed in"),
        ({"by": member}, "added the script", "ordered 1 month"),
        ({"by": "usher"}, "TradingView shows it", "ordered 1 month"),
        ({"by": "key"}, "Nothing in the history fits", "ordered 1 month"),
        ({"q": "ORDER 5001"}, "Alice_T", "Alice_Two"),
        ({"q": "café"}, "Alice_T", "Alice_Two"),
        ({"q": "note"}, "Nothing in the history fits", "ordered 1 month"),
        ({"q": "%"}, "Nothing in the history fits", "ordered 1 month"),
        ({"q": "#1"}, "Alice_T", "Alice_Two"),
        ({"since": "2026-03-11"}, "Nothing in the history fits", "ordered 1 month"),
        ({"until": "2026-03-09"}, "Nothing in the history fits", "ordered 1 month"),
        ({"since": "2026-03-10", "until": "2026-03-10", "kind": "access"}, "ordered", "signed in"),
    ):
        await browser.get("history")
        page = await browser.press("Search", **fields)
        assert page.status == 200
        assert there in page.text.partition("Search")[2], fields
        assert gone not in page.text.partition("Search")[2], fields
        assert {**page.form("Search").fields, **fields} == page.form("Search").fields


async def test_old_pages_are_reached_without_gaps_and_keep_the_filter(dashboard):
    for number in range(120):
        await record(dashboard, "setup_log", actor=Actor.member(1_000 + number))
    await record(dashboard, "joined", 30)
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("history?kind=settings")
    seen, links = [], []
    while True:
        listed = page.text.partition("What happened")[2]
        seen += [number for number in range(1_000, 1_120) if f"member {number} " in listed]
        links.append(page.text.count("joined this server"))
        if "Older" not in page.links:
            break
        assert "kind=settings" in page.links["Older"]
        page = await browser.get(page.links["Older"])
    assert sorted(seen) == list(range(1_000, 1_120))
    assert (sum(links), len(links)) == (30, 3)
    assert page.links["Newest"].endswith("history?kind=settings&")


async def test_what_was_taken_is_put_back_from_here(dashboard):
    await granted(dashboard, "Alice_T")
    await dashboard.run(dashboard.as_mod, "access revoke", item="trend", username="Alice_T")
    world = dashboard.vendor.world
    await eventually(lambda: not world.has_access(next(iter(world.scripts)), "Alice_T"))
    browser = await dashboard.signed_in(dashboard.mod)
    await browser.get("history")
    page = await browser.press("Put back")
    assert "/orders/" in page.url.path
    await eventually(lambda: world.has_access(next(iter(world.scripts)), "Alice_T"))
    page = await browser.get("history")
    assert "@mia put back Trend for Alice_T" in page.text
    assert not any("Put back" in form.labels for form in page.forms)


async def test_of_another_server_nothing_is_shown(dashboard):
    other = dashboard.fake.add_guild("Another shop", dashboard.owner)
    async with dashboard.vendor.database.write() as connection:
        await guilds.ensure(connection, other.id, START)
        person = await customers.add(connection, other.id, username="Theirs_T")
    await dashboard.vendor.add_script("theirs", guild_id=other.id, title="Theirs")
    await record(dashboard, "setup_staff", guild=other, actor=Actor.member(7_777))
    async with dashboard.vendor.database.read() as connection:
        [*_, theirs] = await events.since(connection, other.id, 0)
    await granted(dashboard, "Alice_T")
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("history")
    assert "7777" not in page.text
    assert "Theirs" not in page.text
    page = await browser.get(f"history?before={theirs.id}")
    assert "Nothing in the history fits" in page.text
    for customer_id in (person.id, 999):
        assert (await browser.get(f"history?person={customer_id}")).status == 404


@pytest.mark.parametrize(
    "query",
    [
        *("person=x", "item=x1", "item=s", "before=-1", "person=" + "9" * 30, "item=s²"),
        *("kind=%00", "by=x", "since=yesterday", "until=9999-12-31", "since=0001-01-01"),
        *("q=%00", "q=%22%5C", "q=" + "9" * 80, "by=" + "9" * 90, "kind=*&by=²"),
    ],
)
async def test_no_address_made_by_hand_ends_in_an_error_of_ours(dashboard, query):
    browser = await dashboard.signed_in(dashboard.mod)
    assert (await browser.get(f"history?{query}")).status in (200, 404)


async def test_only_staff_see_it(dashboard):
    assert (await (await dashboard.browser()).get("history")).status == 401
    browser = await dashboard.signed_in(dashboard.mod)
    dashboard.take_role(dashboard.mod, dashboard.staff)
    assert (await browser.get("history")).status == 403


def test_every_entry_is_of_one_kind_and_alarms_of_one_more():
    found = [kind for kind, _ in kinds() if kind != "alarms"]
    for action in ACTIONS:
        assert sum(action in actions_of(kind) for kind in found) == 1, action
    assert actions_of("alarms") == ALARMS
    assert all(actions_of(kind) for kind in found)
    assert "session_dead" in actions_of("login")
    assert {"grant", "done", "move", "pause"} <= actions_of("access")
    assert {"setup_staff", "api_key_made", "panel_posted"} <= actions_of("settings")
