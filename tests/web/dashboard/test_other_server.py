"""Ids of another server in every address and every field: nothing of it is found, shown or changed."""

import re
from collections import Counter

import pytest
from sqlalchemy import select

from bot import clock
from bot.store.catalogue import guilds
from bot.store.people import customers
from bot.store.tables.columns import metadata
from bot.web.dashboard.routes import ROUTES
from tests.support.dashboard_filled import START, addresses, fill, paths_of
from tests.support.dashboard_harness import with_file

ONCE = "{:032x}"
THEIRS = re.compile("zebra", re.IGNORECASE)  # in whatever has a name there
# What these do concerns the server of the address alone, and says nothing of what was sent along.
OWN = {
    "backups", "checks", "differences/take-over", "payments/replay", "settings/reminders",
    "settings/sessions/{member_id}/end", "settings/discord-shop/remove", "login/test",
    "login/start-over", "people/link/{member_id}", "settings/keys", "items/scripts/discover",
    "settings/outgoing", "items/products/new", "settings/webhooks/new", "items/scripts/new",
    "differences/undecided/carry-out", "differences/undecided/drop",
    "people/take-over/{script_id}/{name}", "settings/panel", "settings/log",
}  # fmt: skip
ENDS_THE_SESSION = {"sign-out", "settings/sessions/end"}


@pytest.fixture
async def theirs(dashboard):
    return await fill(dashboard)


@pytest.fixture
async def other(dashboard, theirs):
    """Another server of the same owner, with a few things of its own: its id, and theirs there."""
    guild = dashboard.fake.add_guild("Another shop", dashboard.owner)
    script = await dashboard.vendor.add_script("own", guild_id=guild.id)
    async with dashboard.vendor.database.write() as connection:
        await guilds.ensure(connection, guild.id, clock.now())
        person = await customers.add(connection, guild.id, username="Own_One")
    services = dashboard.vendor.services
    request = dashboard.vendor.request(dashboard.owner.id, guild_id=guild.id)
    key = await services.connections.add(request, "standard", "", "")
    return guild.id, {"customer_id": person.id, "item_id": script.id, "connection_id": key.row.id}


@pytest.fixture
async def browser(dashboard, other):
    browser = await dashboard.browser()
    token = await dashboard.token(dashboard.owner, type("Guild", (), {"id": other[0]}))
    await browser.post("/dashboard/sign-in", {"token": token})
    assert browser.page.status == 200
    return browser


def fields_of(ids):
    """Every field that any form has, filled with what is theirs."""
    script = ids["script_id"][0]
    return {
        "item": "striped", "from": "zoo", "to": "striped", "duration": "1M", "until": "1Y",
        "other": str(ids["customer_id"][0]), "contract": str(ids["contract_id"][0]), "count": "1",
        "role": str(ids["role_id"][0]), "channel": "1", "part": "1", "some": "1", "reason": "mine",
        "member": str(4711), "username": "Own_One", "slug": "mine", "title": "Mine",
        "code": "AAAA-BBBB-CCCC", "uses": "1", "grace": "1", "script_striped": "1", "yes": "1",
        f"tick-{ids['order_id'][0]}": "1", f"script_{script}": "1", "text": "hello",
        "provider": "standard", "slack": "1", "days": "3", "time_zone": "UTC",
    }  # fmt: skip


async def rows(dashboard, but):
    """Every row there is, but for those of that server."""
    found = Counter()
    async with dashboard.vendor.database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name == "attempt":
                continue
            for row in await connection.execute(select(table)):
                if row._mapping.get("guild_id") != but:
                    found[table.name, *map(repr, row)] += 1
    return found


async def test_no_page_shows_anything_of_another_server(dashboard, browser, theirs, other):
    home = f"/dashboard/{other[0]}/"
    for path in paths_of(dashboard, "GET"):
        for address in addresses(path, theirs):
            page = await browser.get(home + address)
            assert not THEIRS.search(page.html), address
            assert page.status in ((403, 404) if "{" in path else (200, 403, 422)), address
    for asked in (
        *(f"people?q={text}" for text in ("Zebra", "zebra_trader", "striped", "Zebra_Trader")),
        *(f"people?q=%23{each}" for each in theirs["order_id"]),
        f"people?q={dashboard.buyer.id}",
        "people?item=striped",
        "people?item=zoo",
        *(f"history?person={each}" for each in theirs["customer_id"]),
        *(f"history?item=s{each}" for each in theirs["script_id"]),
        *(f"history?item=p{each}" for each in theirs["product_id"]),
        f"history?by={dashboard.owner.id}",
        *(f"history?before={each + 1}" for each in theirs["event_id"][-2:]),
        "payments/contracts?q=",
        f"people/{other[1]['customer_id']}/why?item=zoo",
        f"people/{other[1]['customer_id']}?do=grant&item=zoo",
        f"people/new?member={dashboard.buyer.id}",
        f"items/scripts/{other[1]['item_id']}?codes=1",
    ):
        page = await browser.get(home + asked)
        shown = page.html.replace(asked.rpartition("=")[2], "")  # what is looked for stands there
        assert not THEIRS.search(shown), asked


async def test_no_form_finds_or_changes_anything_of_another_server(
    dashboard, browser, theirs, other
):
    home, own = f"/dashboard/{other[0]}/", other[1]
    page = await browser.get(home)
    token = page.form("Sign out").fields["form_token"]
    before, once = await rows(dashboard, other[0]), 0
    for path in paths_of(dashboard, "POST"):
        if path in ENDS_THE_SESSION:
            continue
        filled = addresses(path, theirs)
        # With the places in the address its own, the fields alone are theirs.
        mine = path
        for word, number in own.items():
            mine = re.sub(r"\{" + word + r"(:[^}]*)?\}", str(number), mine)
        if mine != path and "{" not in mine and "products" not in mine:
            filled.append(mine)
        for address in filled:
            once += 1
            fields = fields_of(theirs) | {"form_token": token, "once": ONCE.format(once)}
            if dashboard.app[ROUTES].rules["POST", START + path].largest_file:
                fields = with_file(fields | {"file": ("mine.csv", b"username\nOwn_One\n")})
            status, text = await send(browser, home + address, fields)
            is_own = path in OWN or address == mine
            assert status in (403, 404, 415, 422, 429, 503) or is_own, (address, status)
            assert status < 500 or status == 503, address
            assert not THEIRS.search(text.replace("Zebra_Trader", "")), address
            now = await rows(dashboard, other[0])
            new = {row for row in now - before if "guild_id" in metadata.tables[row[0]].c}
            assert not {*(before - now), *new}, address


async def send(browser, path, fields):
    given = {"Origin": browser.origin, "Sec-Fetch-Site": "same-origin"}
    asked = browser.http.post(
        browser.origin + path, data=fields, headers=given, allow_redirects=False
    )
    async with asked as answer:
        return answer.status, await answer.text()
