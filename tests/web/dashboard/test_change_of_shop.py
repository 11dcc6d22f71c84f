"""A change of shop on pages: the list, which plan is what, what it comes to, and taking everybody over."""

import asyncio
import contextlib
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import clock
from bot.access.orders.moving.shop_lists import KEPT_FOR, Stage
from bot.store.tables.columns import metadata
from bot.store.tables.ledger import entitlement, order, permission, purchase
from bot.store.tables.payments import contract
from tests.support.dashboard_harness import DashboardHarness
from tests.support.fake_time import START, eventually

END = (START + timedelta(days=12)).replace(second=0, microsecond=0)
TITLES = (
    "Membership ID,User ID,Email,Product,Plan ID,Status,Renewal Period End,TradingView username\n"
)
SUBSCRIPTIONS = "id,Customer ID,Plan,Product,Status,Current Period End (UTC)\n"
CUSTOMERS = "id,Email,TradingView username (metadata)\n"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def manager(dashboard):
    return await dashboard.signed_in(dashboard.owner)


def row(name, product="Gold", number=1, end=END, status="active"):
    address = f"{name.lower()}@example.org"
    plan = f"plan_{len(product)}"
    return f"mem_{number}0,user_{number},{address},{product},{plan},{status},{end:%Y-%m-%d %H:%M},{name}\n"


def gives(dashboard, name, end=END):
    world = dashboard.vendor.world
    if world.find_user(name) is None:
        world.add_user(name)
    world.grant(next(iter(world.scripts)), name, end)


def end_of(dashboard, name):
    world = dashboard.vendor.world
    found = world.row(next(iter(world.scripts)), name)
    return None if found is None else found.end


def writes(dashboard):
    fake = dashboard.vendor.fake
    return [call for kind in ("add", "modify", "remove") for call in fake.calls(kind)]


async def sent(browser, text, shop="whop", **more):
    """The page after sending a list."""
    await browser.get(f"payments/move/{shop}")
    data = text if isinstance(text, bytes) else text.encode()
    return await browser.press("Show what it comes to", file=("members.csv", data), **more)


async def looked_at(browser, text=None, shop="whop", **more):
    """The page with what a list comes to."""
    page = browser.page if text is None else await sent(browser, text, shop, **more)
    assert page.status == 200, page.text
    return await rested(browser, page.url.path)


async def rested(browser, address):
    """The page of a list, once nothing is done with it in the background."""

    async def is_ready():
        page = await browser.get(address)
        return "you may close the page" not in page.text

    await eventually(is_ready)
    return browser.page


async def taken_over(browser, **ticks):
    address = browser.page.url.path
    form = browser.page.form("Take them over")
    await browser.send(form, {**form.fields, **ticks})
    return await rested(browser, address)


async def rows(dashboard, table):
    async with dashboard.vendor.database.read() as connection:
        return list(await connection.execute(select(table).order_by(table.c.id)))


async def everything(dashboard):
    """All that stands in the database, as text, but for what is noted of requests and readings."""
    found = []
    async with dashboard.vendor.database.read() as connection:
        for table in metadata.sorted_tables:
            found += [str(tuple(each)) for each in await connection.execute(select(table))]
    return "\n".join(found)


async def connected(dashboard, provider="whop"):
    request = dashboard.vendor.request(dashboard.owner.id, guild_id=dashboard.guild.id)
    return (await dashboard.connections.add(request, provider, "", "")).row


async def test_a_list_is_sent_looked_at_and_taken_over(dashboard, manager, caplog):
    await dashboard.script("ribbon", "Ribbon")
    source = await connected(dashboard)
    for name, end in (("Alice_T", END), ("Alice_Two", END - timedelta(days=5)), ("Own", None)):
        gives(dashboard, name, end)
    dashboard.vendor.world.add_user("Cy_Pays")
    before = writes(dashboard)
    page = await manager.get("payments")
    page = await manager.get(page.links["Move from another shop"])
    assert "Whop" in page.text
    text = TITLES + row("Alice_T") + row("Alice_Two", number=2) + row("Cy_Pays", number=3)
    text += row("Mugs", "Coffee mug", 4) + row("Nobody", status="what", number=5)
    page = await sent(manager, text)
    assert "Which plan is what?" in page.text
    assert "4 people pay" in page.text
    assert "1 row has a mistake" in page.text
    address = page.url.path
    form = page.form("Look at TradingView")
    assert {"plan-0", "plan-1"} <= form.required
    await manager.press("Look at TradingView", **{"plan-0": "trend", "plan-1": "-"})
    page = await rested(manager, address)
    for said in (
        "1 has just what is paid", "1 paid for longer than they have", "1 pays, has no access",
        "1 pays for something else", "1 has access, does not pay", "1 row is not understood",
        "Nothing has changed yet.", "2 people keep the ends that they have", "Cy_Pays",
    ):  # fmt: skip
        assert said in page.text, said
    assert page.links[f"connection {source.id}"]
    page = await manager.get(f"{address}?show=mistakes")
    assert "line 6 The word in the column status is not known" in page.text
    page = await manager.get(f"{address}?show=strangers")
    assert "Own Trend" in page.text
    assert await rows(dashboard, purchase) == await rows(dashboard, contract) == []

    await manager.get(address)
    page = await taken_over(manager)
    assert "Taken over: 2 people. No end was changed on TradingView." in page.text
    assert writes(dashboard) == before
    assert end_of(dashboard, "Alice_T") == END
    assert end_of(dashboard, "Alice_Two") == END - timedelta(days=5)
    assert [each.source for each in await rows(dashboard, purchase)] == ["payment"] * 2
    assert [each.name for each in await rows(dashboard, contract)] == ["mem_10", "mem_20"]
    assert len(await rows(dashboard, permission)) == 2  # nobody else's

    # The same list again: nothing doubles, its plans are known, and what is missing can be ordered.
    page = await sent(manager, text)
    assert page.form("Look at TradingView").fields["plan-0"] == "trend"
    await manager.press("Look at TradingView", **{"plan-1": "-"})
    page = await rested(manager, page.url.path)
    page = await taken_over(manager, grant_missing="1", extend_to_paid="1")
    assert "2 people were taken over before." in page.text
    assert "Ordered for 2 people" in page.text

    async def is_given():
        ends = (end_of(dashboard, "Cy_Pays"), end_of(dashboard, "Alice_Two"))
        return all(end is not None and end >= END for end in ends)

    await eventually(is_given)
    assert len(await rows(dashboard, purchase)) == 3
    page = await manager.get("history")
    assert "took 2 customers over from the list of Whop" in page.text
    assert "example.org" not in await everything(dashboard)
    assert "example.org" not in caplog.text


async def test_addresses_stand_in_the_file_alone(dashboard, manager):
    gives(dashboard, "Alice_T")
    text = TITLES + row("Alice_T") + row("", "who@example.org", 2) + row("", EVIL, 3)
    page = await looked_at(manager, text)
    address = page.url.path
    for group in ("", "?show=agrees", "?show=no_name"):
        page = await manager.get(address + group)
        assert page.status == 200
        assert "example.org" not in page.html
        assert EVIL not in page.html
    file = await manager.get(f"{address}/everybody")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.headers["Cache-Control"] == "no-store"
    assert "alice_t@example.org" in file.html
    page = await manager.get("history")
    assert "downloaded everybody in the list of Whop, with e-mail addresses: 3 people" in page.text
    assert "example.org" not in await everything(dashboard)


async def test_stripes_two_lists_come_together(dashboard, manager):
    gives(dashboard, "Alice_T")
    first = SUBSCRIPTIONS + f"sub_1234,cus_1234,price_12,Gold,active,{END:%Y-%m-%d %H:%M}\n"
    second = CUSTOMERS + "cus_1234,a@example.org,Alice_T\n"
    page = await looked_at(manager, first, "stripe")
    assert "1 pays, no TradingView name known" in page.text
    page = await looked_at(manager, first, "stripe", customers=("c.csv", second.encode()))
    assert "1 has just what is paid" in page.text
    assert "This server is not connected to Stripe yet." in page.text


async def test_the_older_panels_database_is_read_without_a_file(dashboard, manager, tmp_path):
    gives(dashboard, "Alice_T")
    path = tmp_path / "panel.db"

    def write():
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(
                "CREATE TABLE clients (id INTEGER PRIMARY KEY, username TEXT);"
                "CREATE TABLE indicators (id INTEGER PRIMARY KEY, name TEXT);"
                "CREATE TABLE accesses (client_id INT, indicator_id INT, expiration TEXT);"
                "INSERT INTO clients VALUES (1, 'Alice_T'); INSERT INTO indicators VALUES (1, 'Trend');"
                f"INSERT INTO accesses VALUES (1, 1, '{END:%Y-%m-%d %H:%M}');"
            )
            database.commit()
        return path.read_bytes()

    page = await looked_at(manager, await asyncio.to_thread(write), "panel")
    assert "1 has just what is paid" in page.text
    assert "No payment messages come from there" in page.text
    page = await taken_over(manager)
    assert "Taken over: 1 person." in page.text
    assert end_of(dashboard, "Alice_T") == END


@pytest.mark.parametrize(
    ("shop", "data", "said"),
    [
        ("whop", b"", "The file is empty."),
        ("whop", b"a,b\n1,2\n", "This does not look like a list of Whop"),
        ("whop", b"PK\x03\x04" + bytes(200), "The file is no CSV text."),
        ("whop", TITLES.encode() + b'"' + b"x\n" * 3000, "never closed"),
        ("panel", b"SQLite format 3\0" + b"\xff" * 5000, "no SQLite database, or it is damaged"),
        ("panel", b'{"sessionid": "secret-of-the-login"}', "no SQLite database"),
    ],
)
async def test_a_file_that_is_none_is_refused_beside_its_field(
    dashboard, manager, shop, data, said
):
    before = await rows(dashboard, contract)
    page = await sent(manager, data, shop)
    assert page.status == 422
    assert said in page.text
    assert "Nothing was changed." in page.text
    assert "secret-of-the-login" not in page.html
    page = await manager.get("payments/move")
    assert "Sent already" not in page.text
    assert await rows(dashboard, contract) == before


async def test_a_list_of_another_server_is_not_here(dashboard, manager):
    page = await looked_at(manager, TITLES + row("Alice_T"))
    number = page.url.path.rpartition("/")[2]
    other = dashboard.fake.add_guild("Another shop", dashboard.owner)
    browser = await dashboard.browser()
    token = await dashboard.token(dashboard.owner, other)
    await browser.post("/dashboard/sign-in", {"token": token})
    token = browser.page.form("Sign out").fields["form_token"]
    begin = f"/dashboard/{other.id}/payments/move/{number}"
    for path in ("", "/plans", "/everybody"):
        page = await browser.get(begin + path)
        assert page.status == 404
        assert "Send it once more" in page.text
        assert "Alice" not in page.html
    for path in ("/plans", "/look", "/take", "/forget"):
        page = await browser.post(begin + path, {"form_token": token, "once": "0" * 32})
        assert page.status == 404, path
    staff = await dashboard.signed_in(dashboard.mod)
    assert (await staff.get(f"payments/move/{number}")).status == 403
    assert (await staff.get("payments/move")).status == 403
    page = await manager.get(f"payments/move/{number}")
    assert "Take them over" in page.text


async def test_after_an_hour_or_a_restart_the_list_is_sent_once_more(harness):
    await harness.make_rows()
    harness.vendor.world.add_user("Alice_T")
    text = TITLES + row("Alice_T")
    async with DashboardHarness(harness).running() as dashboard:
        gives(dashboard, "Alice_T")
        browser = await dashboard.signed_in(dashboard.owner)
        page = await looked_at(browser, text)
        address = page.url.path
        dashboard.time.set(clock.now() + KEPT_FOR)
        page = await browser.get(address)
        assert page.status == 404
        assert "not here any more" in page.text
        await browser.get("payments/move")
        assert "Sent already" not in browser.page.text
        address = (await looked_at(browser, text)).url.path
    async with DashboardHarness(harness).running() as dashboard:
        browser = await dashboard.signed_in(dashboard.owner)
        page = await browser.get(address)
        assert page.status == 404
        assert "whoever was taken over already is not taken over twice" in page.text


async def test_pressed_twice_it_is_taken_over_once(dashboard, manager):
    gives(dashboard, "Alice_T")
    await looked_at(manager, TITLES + row("Alice_T"))
    address = manager.page.url.path
    form = manager.page.form("Take them over")
    await manager.send(form, form.fields)
    await manager.send(form, form.fields)
    await rested(manager, address)
    counts = [len(await rows(dashboard, each)) for each in (purchase, entitlement, order, contract)]
    assert counts == [1, 1, 0, 1]


async def test_while_tradingview_refuses_nothing_is_taken_over(dashboard, manager):
    gives(dashboard, "Alice_T")
    world = dashboard.vendor.world
    page = await looked_at(manager, TITLES + row("Alice_T"))
    address = page.url.path
    world.end_all_sessions()
    page = await taken_over(manager)
    assert "login" in page.text
    assert page.form("Take them over")
    assert await rows(dashboard, contract) == []
    [kept] = dashboard.shop_lists.of(dashboard.guild.id)
    assert kept.stage is Stage.READY
    page = await manager.get(address)
    await manager.press("Look anew")
    page = await rested(manager, address)
    assert page.form("Try again")


async def test_of_several_connections_one_is_chosen(dashboard, manager):
    gives(dashboard, "Alice_T")
    await connected(dashboard)
    second = await connected(dashboard)
    page = await sent(manager, TITLES + row("Alice_T"))
    address = page.url.path
    assert "You have several of that shop" in page.text
    await manager.press("Look at TradingView", connection=str(second.id))
    await rested(manager, address)
    await taken_over(manager)
    [tied] = await rows(dashboard, contract)
    assert tied.connection_id == second.id


async def test_hundreds_of_plans_and_people_come_in_pages(dashboard, manager):
    await dashboard.script("ribbon", "Ribbon")
    many = "".join(row("", f"Plan {number % 60}", number) for number in range(300))
    page = await sent(manager, TITLES + many)
    address, pressed = page.url.path, 0
    while page.text.startswith("Which plan") or "Which plan is what?" in page.text:
        form = page.form("payments/move/" + address.rpartition("/")[2] + "/plans")
        await manager.send(form, form.fields | dict.fromkeys(form.required, "trend"))
        page = manager.page
        pressed += 1
        assert len(page.html) < 100_000
    assert pressed == 3
    page = await rested(manager, address)
    assert "300 pay, no TradingView name known" in page.text
    assert "Page 1 of 6" in page.text
    page = await manager.get(f"{address}?show=no_name&page=5")
    assert "Page 6 of 6" in page.text
    assert (await manager.get(f"{address}?show=what")).status == 404
