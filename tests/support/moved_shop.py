"""A shop whose customers are taken over from its list, and whose messages come over the wire afterwards."""

import asyncio
import itertools
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import select

from bot import clock
from bot.access.orders.intake import Receipt
from bot.access.orders.moving.readers import read
from bot.access.orders.moving.taking_over import ChangeOfShop
from bot.access.request import RequestContext
from bot.access.sources.payments import ADDRESS_SECRET
from bot.sandbox.payments import signing
from bot.store.kinds import DeliveryState
from bot.store.records import OPERATOR
from bot.store.sales import connections
from bot.store.tables.ledger import entitlement, order, purchase
from bot.store.tables.payments import delivery
from tests.support.vendor_fixture import HOME, STAFF

SECRETS = {
    "whop": "ws_0123456789abcdef0123456789abcdef",
    "stripe": "whsec_0123456789abcdef0123456789abcdef",
    "patreon": "a-secret-of-patreon-0123456789",
    "gumroad": "a-long-random-text-1234",
}
_numbers = itertools.count(1)


class MovedShop:
    """What a vendor does who changes shop, on the harness of access."""

    def __init__(self, harness, tmp_path, shop):
        self.harness, self.tmp_path, self.shop = harness, tmp_path, shop
        self.moving = ChangeOfShop(harness.database, harness.vault)
        self.source = None

    async def connect(self, provider):
        """Add the connection as `/webhook add` does, with a secret."""
        number = next(_numbers)
        async with self.harness.database.write() as connection:
            self.source = await connections.add(
                connection, HOME, provider=provider, reference=f"r{number}",
                public_id=f"{provider}-{number}-0123456789", by=STAFF, at=clock.now(), options={},
            )  # fmt: skip
            await connections.change(
                connection,
                self.source.id,
                secrets=self.harness.vault.seal(json.dumps([SECRETS[provider]])),
            )
        return self.source

    async def listing(self, *texts):
        paths = []
        for text in texts:
            path = self.tmp_path / f"list{next(_numbers)}.csv"
            path.write_text(text)
            paths.append(path)
        return await asyncio.to_thread(read, self.shop, paths, clock.now())

    async def plan(self, *texts, items=None):
        """Read the lists of TradingView, and match this one to them."""
        await self.harness.sweeps.run(HOME, "trend", by=STAFF)
        listing = await self.listing(*texts)
        ground = await self.moving.ground(HOME)
        slugs = items or {}
        found = {
            payer.product: ground.items[slugs.get(payer.product, "trend")]
            for payer in listing.payers
        }
        return await self.moving.plan(HOME, listing, found, ground.scripts)

    async def take_over(self, *texts, items=None, **options):
        plan = await self.plan(*texts, items=items)
        number = next(_numbers)
        request = RequestContext(HOME, OPERATOR, f"import {number}", clock.now())
        done = await self.moving.apply(request, plan, self.source, **options)
        await self.harness.rest()
        return done

    async def posts(self, body, headers):
        """Let a message come in at its address, and be worked on."""
        services = self.harness.services
        receipt = await services.intake.take(self.source.public_id, headers, body)
        assert receipt is Receipt.TAKEN
        await services.deliveries.process()
        self.harness.queue.wake(HOME)
        await self.harness.rest()

    async def says(self, provider, message):
        """The same, signed as that provider does; returns nothing."""
        at, secret = int(clock.now().timestamp()), SECRETS[provider]
        if provider == "gumroad":
            await self.posts(urlencode(message).encode(), {ADDRESS_SECRET: secret})
            return
        body = json.dumps(message).encode()
        headers = {
            "whop": lambda: signing.whop(secret, body, at, f"msg_{next(_numbers)}"),
            "stripe": lambda: signing.stripe(secret, body, at),
            "patreon": lambda: signing.patreon(secret, body, "members:update"),
        }[provider]()
        await self.posts(body, headers)

    async def states(self):
        async with self.harness.database.read() as connection:
            return list(await connection.scalars(select(delivery.c.state).order_by(delivery.c.id)))

    async def all_done(self):
        states = await self.states()
        return bool(states) and set(states) == {DeliveryState.DONE}

    async def rows(self, table):
        async with self.harness.database.read() as connection:
            return list(await connection.execute(select(table).order_by(table.c.id)))

    async def bought(self):
        """The sources of all purchases, in their order."""
        return [row.source for row in await self.rows(purchase)]

    async def ledger(self):
        """All that would be doubled by what counts twice."""
        return [len(await self.rows(table)) for table in (purchase, entitlement, order)]


def stripe_period(end, number=1, customer="cus_1", subscription="sub_1", price="price_1"):
    """The paid invoice of a subscription's next period."""
    start = end - timedelta(days=30)
    return {
        "id": f"evt_{number}", "object": "event", "api_version": "2025-03-31.basil",
        "created": int(clock.now().timestamp()), "livemode": True, "type": "invoice.paid",
        "data": {"object": {
            "object": "invoice", "id": f"in_{number}", "status": "paid", "customer": customer,
            "billing_reason": "subscription_cycle", "amount_paid": 2900, "currency": "usd",
            "parent": {"type": "subscription_details", "subscription_details": {
                "subscription": subscription, "metadata": {}}},
            "lines": {"has_more": False, "data": [{
                "amount": 2900,
                "period": {"start": int(start.timestamp()), "end": int(end.timestamp())},
                "pricing": {"price_details": {"price": price, "product": "prod_1"}},
                "parent": {"type": "subscription_item_details", "subscription_item_details": {
                    "subscription": subscription, "subscription_item": "si_1", "proration": False}},
            }]},
        }},
    }  # fmt: skip


def whop_membership(end, membership="mem_1", status="active", kind="membership.updated", **more):
    """A membership of Whop as it stands."""
    return {
        "id": "msg", "api_version": "v1", "timestamp": iso(clock.now()), "type": kind,
        "data": {
            "id": membership, "status": status, "user": {"id": "user_1", "email": "a@example.org"},
            "product": {"id": "prod_1", "title": "Scripts"}, "plan": {"id": "plan_1"},
            "renewal_period_start": iso(end - timedelta(days=30)), "renewal_period_end": iso(end),
            "cancel_at_period_end": False, **more,
        },
    }  # fmt: skip


def patreon_member(charged, following, **more):
    """A member of Patreon with their last charge."""
    return {
        "data": {
            "type": "member", "id": "0a1b2c3d-member",
            "attributes": {
                "patron_status": "active_patron", "last_charge_status": "Paid",
                "last_charge_date": charged.isoformat(), "next_charge_date": following.isoformat(),
                "currently_entitled_amount_cents": 2900, "email": "a@example.org", **more,
            },
            "relationships": {
                "user": {"data": {"type": "user", "id": "9"}},
                "currently_entitled_tiers": {"data": [{"type": "tier", "id": "4"}]},
            },
        },
        "included": [
            {"type": "tier", "id": "4", "attributes": {"title": "Gold", "amount_cents": 2900}}
        ],
    }  # fmt: skip


def gumroad_charge(sale, at, **more):
    """A charge of a monthly membership of Gumroad, without a licence key that would be asked about."""
    return {
        "resource_name": "sale", "sale_id": sale, "sale_timestamp": iso(at),
        "seller_id": "seller==", "product_id": "prod==", "product_name": "Scripts",
        "permalink": "gold", "email": "a@example.org", "price": "2900", "currency": "usd",
        "subscription_id": "sub==", "recurrence": "monthly", "is_recurring_charge": "true",
        "refunded": "false", "disputed": "false", "dispute_won": "false", **more,
    }  # fmt: skip


def iso(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def written(moment: datetime):
    """A moment as shops write it in lists."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
