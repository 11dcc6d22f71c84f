"""A dashboard's server with something of every kind, and every address of its pages with those ids."""

import re

from sqlalchemy import select

from bot import clock
from bot.access.orders.bulk.records import Draft, Entry, faulty
from bot.access.orders.price_questions import ask_in
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.access.sweeps.drift import Kind
from bot.interactions.roles import opening_role
from bot.store.kinds import BatchKind, DeliveryState, RowProblem
from bot.store.ledger import role_losses
from bot.store.people import claims
from bot.store.sales import connections, prices
from bot.store.tables.columns import metadata
from bot.web.dashboard.routes import ROUTES
from tests.support.dashboard_people import settled
from tests.support.fake_time import eventually
from tests.support.shops import gets, is_paid

START = "/dashboard/{guild_id:[0-9]{1,20}}/"


async def fill(dashboard):
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
    await _batches(dashboard, request)
    now = clock.now()
    async with harness.database.write() as connection:
        await role_losses.add(connection, guild_id, role.id, now, is_deleted=False)
        await claims.add(connection, guild_id, 4711, "Zebra_Trader", now, None)
        shop = await connections.add(
            connection, guild_id, public_id="z" * 22, provider="standard", options={},
            by=dashboard.owner.id, at=now, reference="r1",
        )  # fmt: skip
        await prices.add(connection, shop.id, "zebra price", "Zebra price", now)
        await ask_in(connection, shop, now)
    await services.connections.open()
    await is_paid(harness.database, harness.vault, shop.id, "zebra_sub", guild_id)
    await gets(harness.database, harness.vault, shop.id, "e1", DeliveryState.STUCK)
    text = "Membership ID,Status,Product,TradingView username\nmem_1234,active,Zebra plan,Zebra_Trader\n"
    kept = await services.shop_lists.keep(request(), "whop", [text.encode()])
    return await _ids_of(dashboard, role) | {"list_id": [kept.id]}


async def _batches(dashboard, request):
    """One dry run, and one batch that has ended."""
    bulk, guild_id = dashboard.vendor.services.bulk, dashboard.guild.id
    given = {"item": "striped", "length": parse_length("1M"), "note": "zebra row"}
    wrong = faulty(Entry(2, written={"username": "zebra?"}), RowProblem.NAME_UNREADABLE)
    for starts in (False, True):
        rows = [Entry(1, username="Zebra_Stranger", **given)]
        draft = Draft(BatchKind.GRANT, rows, [wrong], {}, "zebra.csv", "zebra batch")
        number = await bulk.batches.draft(request(), draft)
        if starts:
            await bulk.batches.start(request(), number)

    async def has_ended():
        await bulk.runner.look()
        return (await bulk.views.view(guild_id, number)).batch.ended_at is not None

    await eventually(has_ended)


async def _ids_of(dashboard, role):
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
        "set_id": await all_of("code_batch"),
        "bulk_id": await all_of("batch"),
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


def addresses(path, ids):
    """Every address of that path with ids of theirs; of several places in it, the first that fits."""
    words = re.findall(r"\{([a-z_]+)(?::[^}]*)?\}", path)
    if not words:
        return [path]
    found = []
    most = max(len(_chosen(path, word, ids)) for word in words)
    for number in range(most):
        filled = path
        for word in words:
            some = _chosen(path, word, ids)
            value = str(some[number % len(some)])
            filled = re.sub(r"\{" + word + r"(:[^}]*)?\}", value.replace("\\", ""), filled, count=1)
        found.append(filled.replace(" ", "%20"))
    return found


def _chosen(path, word, ids):
    if word == "item_id":
        word = "product_id" if "products" in path else "script_id"
    if word == "kind" and "repair" in path:
        return [each for each in Kind if each in path.partition("{kind:")[2]]
    return ids[word]


def paths_of(dashboard, method):
    for verb, path in dashboard.app[ROUTES].rules:
        if verb == method:
            yield path.removeprefix(START)
