"""Takes a shop's customers over: what TradingView shows becomes theirs, and their contracts' to go on with."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import Item, item_of, with_scripts
from bot.access.orders.moving.matching import TAKEN, Match, Outcome, Plan, matched
from bot.access.orders.moving.records import Listing
from bot.access.orders.moving.tying import Tying
from bot.access.orders.purchases import Bought, open_in
from bot.access.people.identity import resolve
from bot.access.request import FOUND, STAFF, RequestContext, Subject
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import State
from bot.errors import UserError
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import StateKind
from bot.store.ledger import events
from bot.store.parts import parts
from bot.store.records import Connection, Script
from bot.store.sales import connections, deliveries, moving, prices
from bot.store.sweeps import adopt
from bot.store.vault import Vault

AT_ONCE = 20  # in one transaction, so that a running bot gets its turn
_ID_BYTES = 24
_LACKING = (Outcome.NO_ACCESS, Outcome.SHORTER)  # they have less than they paid for

Tell = Callable[[int, int], None]  # so many of so many are done


class ConnectionUnclear(Exception):  # noqa: N818 - named for what it says
    """Several connections go to that shop, or none has the number that was named."""

    def __init__(self, numbers: Sequence[int], wanted: int | None) -> None:
        super().__init__(numbers, wanted)
        self.numbers = numbers
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Ground:
    """What a server sells, by short name, and the scripts that it has."""

    scripts: tuple[Script, ...]
    items: Mapping[str, Item]


@dataclass(slots=True)
class Done:
    """What taking over came to."""

    adopted: int = 0  # rows of TradingView that Usher did not know before
    tied: int = 0  # contracts that go on with what somebody has
    known: int = 0  # contracts that were tied before
    ordered: int = 0  # people whose missing access or time is ordered
    left: list[Match] = field(default_factory=list)  # taken over at a later run, or by hand


class ChangeOfShop:
    """Reads what there is, and takes over what a plan says; every call may be repeated."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def ground(self, guild_id: int) -> Ground:
        """Return what may be sold in a server."""
        async with self._database.read() as connection:
            listed = await scripts.listed(connection, guild_id)
            items = {script.slug: Item((script,)) for script in listed}
            for product in await products.listed(connection, guild_id):
                items[product.slug] = await with_scripts(connection, product)
        return Ground(tuple(listed), items)

    async def plan(
        self,
        guild_id: int,
        listing: Listing,
        items: Mapping[str, Item | None],
        among: Sequence[Script],
    ) -> Plan:
        """Return what a list comes to, by the last complete read of these scripts; nothing changes."""
        async with self._database.read() as connection:
            people = await moving.people(connection, guild_id)
            ids = [script.id for script in among]
            accesses = await moving.accesses(connection, ids, clock.now())
        titles = {script.id: script.title for script in among}
        return await asyncio.to_thread(matched, listing, items, people, accesses, titles)

    async def connection(
        self, guild_id: int, provider: str, wanted: int | None
    ) -> Connection | None:
        """Return the connection whose messages will tell of the contracts; None: there is none yet.

        Raises ConnectionUnclear.
        """
        async with self._database.read() as connection:
            listed = await connections.listed(connection, guild_id)
        found = [each for each in listed if each.provider == provider]
        if wanted is not None:
            found = [each for each in found if each.id == wanted]
        if len(found) > 1 or (wanted is not None and not found):
            raise ConnectionUnclear(
                [each.id for each in listed if each.provider == provider], wanted
            )
        return found[0] if found else None

    async def sold_as(
        self, guild_id: int, provider: str | None, source: Connection | None
    ) -> dict[str, Item]:
        """Return which item each price of a shop is by now, by the shop's ids and by its names.

        Without a connection, as was said when an earlier list of the shop was taken over.
        """
        found: dict[str, Item] = {}
        if provider is None:
            return found
        async with self._database.read() as connection:
            shop = source or await _stand_in(connection, guild_id, provider)
            listed = {} if shop is None else await prices.of_shops(connection, [shop.id])
            for price in (price for of_shop in listed.values() for price in of_shop):
                if price.product_id is None and price.script_id is None:
                    continue
                item = await item_of(connection, price.product_id, price.script_id)
                for name in filter(None, (price.name, price.key)):
                    found[name.casefold()] = item
        return found

    async def apply(
        self,
        request: RequestContext,
        plan: Plan,
        source: Connection | None,
        *,
        grant_missing: bool = False,
        extend_to_paid: bool = False,
        tell: Tell = lambda *_: None,
    ) -> Done:
        """Take over whom the plan names; ended halfway, the next call goes on.

        Without a connection, contracts wait for the one that is made later.
        """
        done = Done(adopted=await self._adopt(request, plan))
        provider = plan.listing.provider
        fresh = await self.plan(
            request.guild_id,
            plan.listing,
            {each.payer.product: each.item for each in plan.matches},
            await self._scripts(request.guild_id, plan),
        )
        if provider is not None and source is None:
            source = await self._placeholder(request, provider)
        work = [
            each
            for each in fresh.matches
            if each.outcome in TAKEN or each.outcome is Outcome.NO_ACCESS
        ]
        number = 0
        tying = None if source is None else Tying(self._vault, request, source)
        for some in parts(work, AT_ONCE):
            async with self._database.write() as connection:
                for match in some:
                    if tying is None:
                        await self._without_shop(
                            connection, request, match, done,
                            grants=grant_missing, extends=extend_to_paid,
                        )  # fmt: skip
                    else:
                        await _with_shop(
                            connection, tying, match, done,
                            grants=grant_missing, extends=extend_to_paid,
                        )  # fmt: skip
            number += len(some)
            tell(number, len(work))
        if source is not None and done.tied:
            await self._note(request, source, done.tied)
        return done

    async def _note(self, request: RequestContext, source: Connection, number: int) -> None:
        """Note in one line how many customers of a shop were taken over; messages that waited for a price go on."""
        async with self._database.write() as connection:
            await deliveries.process_unmapped(connection, source.id)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "payments_moved",
                actor=request.actor,
                after={"number": number, "provider": source.provider},
            )

    async def _scripts(self, guild_id: int, plan: Plan) -> list[Script]:
        async with self._database.read() as connection:
            listed = await scripts.listed(connection, guild_id)
        return [script for script in listed if script.id in plan.titles]

    async def _adopt(self, request: RequestContext, plan: Plan) -> int:
        """Record what TradingView shows of the payers and Usher does not know; nobody else's."""
        new: dict[int, set[int]] = {}
        for match in plan.matches:
            for access in match.held if match.outcome in TAKEN else ():
                if access.permission_id is None:
                    new.setdefault(access.script_id, set()).add(access.id)
        total = 0
        for script in await self._scripts(request.guild_id, plan):
            number = 0
            for some in parts(sorted(new.get(script.id, ())), AT_ONCE):
                async with self._database.write() as connection:
                    number += await adopt.adopt(
                        connection, script, request.at, request.member_id, FOUND, some
                    )
            if number:
                async with self._database.write() as connection:
                    await events.record(
                        connection,
                        request.guild_id,
                        request.at,
                        "taken_over",
                        actor=request.actor,
                        script_id=script.id,
                        after={"number": number},
                    )
            total += number
        return total

    async def _placeholder(self, request: RequestContext, provider: str) -> Connection:
        """Return a connection that is none yet: the first message of a later one takes its contracts over."""
        async with self._database.write() as connection:
            known = await _stand_in(connection, request.guild_id, provider)
            if known is not None:
                return known
            added = await connections.add(
                connection,
                request.guild_id,
                public_id=secrets.token_urlsafe(_ID_BYTES),
                provider=provider,
                options={},
                by=request.member_id,
                at=request.at,
                reference=moving.before_connected(provider),
            )
            return await connections.change(connection, added.id, removed_at=request.at)

    async def _without_shop(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        match: Match,
        done: Done,
        *,
        grants: bool,
        extends: bool,
    ) -> None:
        """Keep whose the access is; of what no shop's message will tell there is no contract."""
        payer = match.payer
        subject = Subject(payer.discord_id, match.username)
        try:
            if match.outcome is not Outcome.NO_ACCESS:
                if payer.discord_id is not None:
                    await resolve(connection, request, subject)
                done.tied += 1
            wanted = grants if match.outcome is Outcome.NO_ACCESS else extends
            if not wanted or match.item is None or match.outcome not in _LACKING:
                return
            person = await resolve(connection, request, subject)
            if payer.until is None and not payer.for_good:
                done.left.append(match)
                return
            gives = Length() if payer.until is None else State(StateKind.UNTIL, payer.until)
            # Of two rows, or two lists, the later end counts: each is a purchase of its own.
            until = "" if payer.until is None else f" {payer.until:%Y%m%d%H%M%S}"
            key = f"moved {person.id} {match.item.slug}"[:80] + until
            asked = RequestContext(request.guild_id, request.actor, key, request.at)
            bought = Bought(STAFF, match.item, person.member_id, gives, customer=person)
            opened, _ = await open_in(connection, self._vault, asked, bought)
            done.ordered += opened.is_new
        except UserError:
            done.left.append(match)


async def _with_shop(
    connection: AsyncConnection,
    tying: Tying,
    match: Match,
    done: Done,
    *,
    grants: bool,
    extends: bool,
) -> None:
    try:
        if match.outcome is Outcome.NO_ACCESS:
            if grants:
                done.ordered += await tying.grant(connection, match)
            return
        tied = await tying.tie(connection, match)
        if tied is None:
            done.left.append(match)
            return
        done.tied += tied.is_new
        done.known += not tied.is_new
        if extends and match.outcome is Outcome.SHORTER:
            done.ordered += await tying.extend(connection, match)
    except UserError:
        done.left.append(match)


async def _stand_in(connection: AsyncConnection, guild_id: int, provider: str) -> Connection | None:
    """Return what stands for a shop until it is connected."""
    reference = moving.before_connected(provider)
    every = await connections.every_of(connection, guild_id)
    return next((each for each in every if each.reference == reference), None)
