"""Trials: a product for a short while, once for each member, TradingView name and TradingView id."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import Item, with_scripts
from bot.access.orders.codes import Got, got_by
from bot.access.orders.errors import NoSuchTrial, TrialForNewOnly, TrialTaken
from bot.access.orders.purchases import Bought, Purchases, open_in
from bot.access.request import TRIAL, RequestContext
from bot.access.rules.duration import parse_length
from bot.errors import UserError
from bot.store.catalogue import products
from bot.store.engine.database import Database
from bot.store.kinds import Otherwise
from bot.store.ledger import direct_messages, entitlements, events, purchases
from bot.store.people import customers
from bot.store.records import Customer, Product, Purchase
from bot.store.sales import trials
from bot.store.vault import Vault

# What a member reads whose trial waited for a name, and does not begin for this one.
ToMember = Callable[[int, UserError], Mapping[str, Any]]


class Trials:
    """The door for trials.

    `to_member` words why a trial that waited does not begin, about a server.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        purchases: Purchases,
        to_member: ToMember,
    ) -> None:
        self._database = database
        self._vault = vault
        self._purchases = purchases
        self._to_member = to_member
        purchases.gates[TRIAL] = self._may_begin

    async def begin(self, request: RequestContext, slug: str) -> Got:
        """Give the member who asks the trial of a product, at once or once a TradingView name is known.

        Raises:
            NoSuchTrial: there is no such product, or none to try.
            TrialTaken: that member, name or person took it before.
            TrialForNewOnly: they have or had a script of it.
        """
        async with self._database.write() as connection:
            reference = request.guild_id, TRIAL, request.idempotency_key
            if known := await purchases.by_reference(connection, *reference):
                return await got_by(connection, request, known)
            item, product, length = await _tried(connection, request.guild_id, slug)
            person = await customers.by_member(connection, request.guild_id, request.member_id)
            person = person or await customers.add(
                connection, request.guild_id, member_id=request.member_id
            )
            if refusal := await _refusal(connection, person, item, product):
                raise refusal
            bought = Bought(TRIAL, item, request.member_id, parse_length(length))
            opened, superseded = await open_in(connection, self._vault, request, bought)
            await trials.add(connection, person, product.id, opened.purchase.id, request.at)
            got = await got_by(connection, request, opened.purchase)
        self._purchases.go_on(request.guild_id, superseded)
        return got

    async def _may_begin(
        self, connection: AsyncConnection, purchase: Purchase, person: Customer
    ) -> bool:
        """Return whether a trial that waited for a name may begin for this one; else it ends, and is told."""
        assert purchase.product_id is not None  # noqa: S101 - only products can be tried
        product = await products.by_id(connection, purchase.product_id)
        assert product is not None  # noqa: S101 - a foreign key
        item = await with_scripts(connection, product)
        refusal = await _refusal(connection, person, item, product, purchase.id)
        if refusal is None:
            await trials.learn_name(connection, person, purchase.id)
            return True
        now = clock.now()
        given = (await entitlements.of_purchases(connection, [purchase.id]))[purchase.id]
        await entitlements.end(connection, {reason.id for reason in given}, now)
        await purchases.change(connection, [purchase.id], ended_at=now)
        await events.record(
            connection,
            purchase.guild_id,
            now,
            "trial_refused",
            product_id=product.id,
            customer_id=person.id,
            member_id=person.member_id,
        )
        if person.member_id is not None:
            content = self._to_member(purchase.guild_id, refusal)
            await direct_messages.add(
                connection, purchase.guild_id, person.member_id, content, Otherwise.NOWHERE, now
            )
        return False


async def _tried(
    connection: AsyncConnection, guild_id: int, slug: str
) -> tuple[Item, Product, str]:
    """Return the product of that short name and the length of its trial. Raises NoSuchTrial."""
    product = await products.by_slug(connection, guild_id, slug.strip())
    if product is not None and product.trial is not None:
        item = await with_scripts(connection, product)
        if item.scripts:
            return item, product, product.trial
    listed: Sequence[Product] = await products.listed(connection, guild_id)
    raise NoSuchTrial(slug, tuple(each.slug for each in listed if each.trial is not None))


async def _refusal(
    connection: AsyncConnection,
    person: Customer,
    item: Item,
    product: Product,
    purchase_id: int | None = None,
) -> TrialTaken | TrialForNewOnly | None:
    """Return why the trial is not for that customer; `purchase_id`: the one that is asked about."""
    if await trials.is_taken(connection, person, product.id, but=purchase_id):
        return TrialTaken(product)
    ids = {script.id for script in item.scripts}
    if await trials.is_customer(connection, person, ids, TRIAL, clock.now()):
        return TrialForNewOnly(product)
    return None
