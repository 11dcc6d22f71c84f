"""Ids of another server in every address and every field: nothing of it is found, shown or changed."""

import re
from collections import Counter

import pytest
from sqlalchemy import select

from bot import clock
from bot.access.orders.price_questions import ask_in
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.access.sweeps.drift import Kind
from bot.interactions.roles import opening_role
from bot.store.catalogue import guilds
from bot.store.kinds import DeliveryState
from bot.store.ledger import role_losses
from bot.store.people import customers
from bot.store.sales import connections, prices
from bot.store.tables.columns import metadata
from bot.web.dashboard.routes import ROUTES
from tests.support.dashboard_people import settled
from tests.support.shops import gets, is_paid

ONCE = "{:032x}"
START = "/dashboard/{guild_id:[0-9]{1,20}}/"
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
    """The first server with something of every kind; by the word in an address, its ids."""
    harness, services = dashboard.vendor, dashboard.vendor.services
    guild_id = dashboard.guild.id

    def request():
        return harness.request(dashboard.owner.id, guild_id=guild_id)

    for name in ("Zebra_Trader", "Zebra_Stranger", "Own_One"):
        harness.world.add_user(name)
    pine_id = next(iter(harness.world.scripts))
    harness.world.grant(pine_id, "Zebra_Stranger", None)
    await dashboard.script("striped", "Zebra title")
    await dashboard.run(
        dashboard.as_owner, "product create", slug="zoo", title="Zebra product", scripts="striped"
    )
    person, length = Subject(dashboard.buyer.id, "Zebra_Trader"), parse_length("1M")
    await settled(
        dashboard, await services.grants.grant(request(), "zoo", length, person, "zebra note")
    )
    await settled(dashboard, await services.grants.revoke(request(), "zoo", person, "zebra gone"))
    await settled(dashboard, await services.grants.grant(request(), "trend", length, person))
    await dashboard.run(dashboard.as_owner, "code create", item="zoo", duration="1M")
    role = dashboard.make_role("Zebra fans")
    guild = services.client.get_guild(guild_id)
    await dashboard.passes(lambda: guild.get_role(role.id))
    opens = opening_role(guild.get_role(role.id))
    await services.role_rules.add(request(), opens, "striped", 0)
    await services.api_keys.create(request(), "zebra key", "read", None)
    await services.web_sessions.open(await dashboard.token(dashboard.mod))
    await services.sweeps.of_script(
        (await services.scripts.listed(guild_id))[0].script, by=dashboard.owner.id
    )
    now = clock.now()
    async with harness.database.write() as connection:
        await role_losses.add(connection, guild_id, role.id, now, is_deleted=False)
        await customers.add_claim(connection, guild_id, 4711, "Zebra_Trader", now, None)
        shop = await connections.add(
            connection, guild_id, public_id="z" * 22, provider="standard", options={},
            by=dashboard.owner.id, at=now, reference="r1",
        )  # fmt: skip
        await prices.add(connection, shop.id, "zebra price", "Zebra price", now)
        await ask_in(connection, shop, now)
    await services.connections.open()
    await is_paid(harness.database, harness.vault, shop.id, "zebra_sub", guild_id)
    await gets(harness.database, harness.vault, shop.id, "e1", DeliveryState.STUCK)
    return await ids_of(dashboard, role)


async def ids_of(dashboard, role):
    tables = metadata.tables

    async def all_of(name, column="id"):
        async with dashboard.vendor.database.read() as connection:
            return list((await connection.execute(select(tables[name].c[column]))).scalars())

    return {
        "customer_id": await all_of("customer"),
        "order_id": await all_of("order"),
        "script_id": await all_of("script"),
        "product_id": await all_of("product"),
        "rule_id": await all_of("role_rule"),
        "role_id": [role.id],
        "loss_id": await all_of("role_loss"),
        "batch_id": await all_of("code_batch"),
        "code_id": [0, *await all_of("code")],
        "event_id": await all_of("event"),
        "claim_id": await all_of("claim"),
        "contract_id": await all_of("contract"),
        "price_id": await all_of("price"),
        "delivery_id": await all_of("delivery"),
        "connection_id": await all_of("connection"),
        "endpoint_id": [1],
        "sku_id": [1],
        "member_id": [dashboard.buyer.id],
        "reference": await all_of("order", "idempotency_key"),
        "who": [f"c{each}" for each in await all_of("customer")] + [f"m{dashboard.buyer.id}"],
        "item": ["zoo", "striped", "trend"],
        "name": ["Zebra_Trader"],
        "kind": [*Kind, "page"],
    }


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


def addresses(path, ids):
    """Every address of that path with ids of theirs; of several places in it, the first that fits."""
    words = re.findall(r"\{([a-z_]+)(?::[^}]*)?\}", path)
    if not words:
        return [path]
    found = []
    most = max(len(chosen(path, word, ids)) for word in words)
    for number in range(most):
        filled = path
        for word in words:
            some = chosen(path, word, ids)
            value = str(some[number % len(some)])
            filled = re.sub(r"\{" + word + r"(:[^}]*)?\}", value.replace("\\", ""), filled, count=1)
        found.append(filled.replace(" ", "%20"))
    return found


def chosen(path, word, ids):
    if word == "item_id":
        word = "product_id" if "products" in path else "script_id"
    if word == "kind" and "repair" in path:
        return [each for each in Kind if each in path.partition("{kind:")[2]]
    return ids[word]


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


def paths_of(dashboard, method):
    for verb, path in dashboard.app[ROUTES].rules:
        if verb == method:
            yield path.removeprefix(START)


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
        assert not THEIRS.search(page.html), asked


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
