"""Codes: managers make, list and revoke them, and members use them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.errors import ProductEmpty
from bot.access.catalogue.lookup import Item, find_item, item_of
from bot.access.orders.contract_claims import ClaimedPurchase
from bot.access.orders.contracts import Contracts
from bot.access.orders.errors import (
    CodeNotNamed,
    CodesOutOfRange,
    CodeUnknown,
    GivesLifetime,
    HaveItForever,
)
from bot.access.orders.guesses import note_guess, refuse_guessing
from bot.access.orders.purchases import Bought, Purchases, open_in
from bot.access.people.blocks import refuse_blocked
from bot.access.request import CODE, RequestContext
from bot.access.rules.codes import digest_of, in_groups, new_signs, read_code
from bot.access.rules.duration import Length, cut, parse_length
from bot.access.rules.entitlements import known_to_member, want
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import StateKind
from bot.store.ledger import entitlements, events, orders, permissions, purchases
from bot.store.people import customers
from bot.store.records import Product, Purchase, Script
from bot.store.sales import codes
from bot.store.sales.codes import Code, CodeSet, Count
from bot.store.vault import Vault
from bot.tradingview import End, Lifetime

MAX_CODES = 1_000  # made at once, and uses of each


@dataclass(frozen=True, slots=True)
class CodeSetView:
    """Codes that were made together, with what they give and how many of them work still."""

    made: CodeSet
    sold: Script | Product
    count: Count

    @property
    def length(self) -> Length:
        """Return how much time each use gives."""
        return parse_length(self.made.length)


@dataclass(frozen=True, slots=True)
class MadeCodes:
    """New codes, as they are told once."""

    code_set: CodeSetView
    codes: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Revoked:
    """What works no more: all codes of a set, or one."""

    code_set: CodeSetView
    code_id: int | None


@dataclass(frozen=True, slots=True)
class Got:
    """What a member got by themselves, and the order that brings it; None while that waits."""

    item: Item
    purchase: Purchase
    order_id: int | None
    has_name: bool  # a TradingView name of the member is known


class Codes:
    """The door for codes; of each, only a digest is kept."""

    def __init__(
        self, database: Database, vault: Vault, purchases: Purchases, contracts: Contracts
    ) -> None:
        self._database = database
        self._vault = vault
        self._purchases = purchases
        self._contracts = contracts

    async def create(
        self,
        request: RequestContext,
        item: str,
        length: Length,
        *,
        number: int,
        uses: int,
        expires: End | Length | None,
    ) -> MadeCodes | None:
        """Make so many codes, each for so many members; None: that request made them before.

        Raises:
            ItemUnknown: there is no such item.
            ProductEmpty: the product has no script.
            GivesLifetime: they give something without an end, and the person who asks did not agree yet.
            CodesOutOfRange: so many codes, or uses of each, are not possible.
        """
        if not (1 <= number <= MAX_CODES and 1 <= uses <= MAX_CODES):
            raise CodesOutOfRange(MAX_CODES)
        async with self._database.write() as connection:
            if await codes.is_made(connection, request.guild_id, request.idempotency_key):
                return None
            found = await find_item(connection, request.guild_id, item)
            if not found.scripts:
                raise ProductEmpty(found.title)
            if length.lifetime and not request.consent.confirmed:
                raise GivesLifetime(found.product or found.scripts[0], number)
            new = [new_signs() for _ in range(number)]
            made = await codes.add_set(
                connection,
                request.guild_id,
                reference=request.idempotency_key,
                product_id=found.product_id,
                script_id=found.script_id,
                length=length.text,
                uses=uses,
                expires_at=_moment(expires, request.at),
                by=request.member_id,
                at=request.at,
                digests=[digest_of(request.guild_id, each) for each in new],
            )
            await _record(connection, request, "codes_made", made, number=number)
            [code_set] = await _views(connection, [made])
        return MadeCodes(code_set, tuple(map(in_groups, new)))

    async def sets(self, guild_id: int, *, skip: int = 0, limit: int = 25) -> list[CodeSetView]:
        """Return a server's sets, newest first."""
        async with self._database.read() as connection:
            return await sets_in(connection, guild_id, skip=skip, limit=limit)

    async def sets_of(
        self, guild_id: int, item: Script | Product, *, skip: int = 0, limit: int = 25
    ) -> list[CodeSetView]:
        """Return the sets of one item, newest first."""
        async with self._database.read() as connection:
            found = await codes.sets(connection, guild_id, item=item, skip=skip, limit=limit)
            return await _views(connection, found)

    async def revoke(self, request: RequestContext, set_id: int | None, typed: str) -> Revoked:
        """Let all codes of a set, or one code as it is typed, work no more; what was got stays.

        Raises CodeNotNamed, unless exactly one of the two is given, or CodeUnknown.
        """
        if (set_id is None) is not bool(typed.strip()):
            raise CodeNotNamed
        async with self._database.write() as connection:
            if set_id is not None:
                return await self._revoke(connection, request, set_id, None, request.at)
            digest = _digest(request.guild_id, typed)
            found = None if digest is None else await codes.by_digest(connection, digest)
            if found is None:
                raise CodeUnknown
            code, code_set = found
            return await self._revoke(connection, request, code_set.id, code.id, request.at)

    async def put_back(self, request: RequestContext, set_id: int, code_id: int | None) -> Revoked:
        """Let what was revoked work again. Raises CodeUnknown."""
        async with self._database.write() as connection:
            return await self._revoke(connection, request, set_id, code_id, None)

    async def _revoke(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        set_id: int,
        code_id: int | None,
        at: datetime | None,
    ) -> Revoked:
        made = await codes.set_by_id(connection, request.guild_id, set_id)
        code = None if code_id is None else await codes.of_set(connection, set_id, code_id)
        if made is None or (code_id is not None and code is None):
            raise CodeUnknown
        stands = made.revoked_at if code is None else code.revoked_at
        if (stands is None) is not (at is None):  # else it was done before
            if code is None:
                await codes.revoke_set(connection, set_id, at)
            else:
                await codes.revoke(connection, code.id, at)
            action = "codes_put_back" if at is None else "codes_revoked"
            count = (await codes.counts(connection, [set_id], request.at))[set_id]
            number = count.codes if code is None else 1
            await _record(connection, request, action, made, number=number)
        [code_set] = await _views(connection, [made])
        return Revoked(code_set, code_id)

    # Using one

    async def redeem(self, request: RequestContext, typed: str) -> Got | ClaimedPurchase | None:
        """Give the member who asks what a code gives, at once or once a TradingView name is known.

        What a shop shows its buyer alone, such as a licence key, is a code for that purchase. None: it does
        not work, for whatever reason: nobody learns whether a code exists.

        Raises:
            YouAreBlocked: staff decided so.
            TooManyGuesses: no code is tried now.
            HaveItForever: it would be used up for nothing.
        """
        async with self._database.write() as connection:
            reference = request.guild_id, CODE, request.idempotency_key
            if known := await purchases.by_reference(connection, *reference):
                return await got_by(connection, request, known)
            await refuse_blocked(connection, request.guild_id, request.member_id)
            await refuse_guessing(connection, request)
            found = await _take(connection, request, typed)
            brought = (
                await self._contracts.claim_in(connection, request, typed)
                if found is None
                else await self._use(connection, request, *found)
            )
            if brought is None:
                await note_guess(connection, request)
                return None
        got, superseded = brought
        self._purchases.go_on(request.guild_id, superseded)
        self._purchases.wake()
        return got

    async def _use(
        self, connection: AsyncConnection, request: RequestContext, code: Code, code_set: CodeSet
    ) -> tuple[Got, Sequence[int]]:
        """Give what a code gives, in the transaction that took it."""
        item = await item_of(connection, code_set.product_id, code_set.script_id)
        if await _has_forever(connection, request, item):
            raise HaveItForever(item.product or item.scripts[0])
        bought = Bought(
            CODE,
            item,
            request.member_id,
            parse_length(code_set.length),
            grace=True,
            note=f"batch {code_set.id}",
        )
        opened, superseded = await open_in(connection, self._vault, request, bought)
        await codes.add_use(connection, code.id, opened.purchase.id, request.member_id, request.at)
        return await got_by(connection, request, opened.purchase), superseded


async def sets_in(
    connection: AsyncConnection, guild_id: int, *, skip: int = 0, limit: int = 25
) -> list[CodeSetView]:
    """Return a server's sets, newest first."""
    found = await codes.sets(connection, guild_id, skip=skip, limit=limit)
    return await _views(connection, found)


async def got_by(connection: AsyncConnection, request: RequestContext, purchase: Purchase) -> Got:
    """Return what a member got by a request, with how it goes on."""
    order = await orders.by_key(connection, request.guild_id, request.idempotency_key)
    person = await customers.by_member(connection, request.guild_id, request.member_id)
    return Got(
        await item_of(connection, purchase.product_id, purchase.script_id),
        purchase,
        None if order is None else order.id,
        person is not None and person.username is not None,
    )


async def _take(
    connection: AsyncConnection, request: RequestContext, typed: str
) -> tuple[Code, CodeSet] | None:
    """Count a use of the code that was typed, and return it; None when it does not work for this member."""
    digest = _digest(request.guild_id, typed)
    found = None if digest is None else await codes.by_digest(connection, digest)
    if found is None:
        return None
    code, code_set = found
    is_over = code_set.expires_at is not None and code_set.expires_at <= request.at
    if code.revoked_at or code_set.revoked_at or is_over:
        return None
    if await codes.is_used_by(connection, code.id, request.member_id):
        return None
    return found if await codes.take(connection, code.id, code_set.uses) else None


async def _has_forever(connection: AsyncConnection, request: RequestContext, item: Item) -> bool:
    """Return whether the member who asks has every script of the item for lifetime, and may know it."""
    person = await customers.by_member(connection, request.guild_id, request.member_id)
    if person is None or person.username is None:
        return False
    held = await permissions.of_name(connection, request.guild_id, person.username)
    reasons = await entitlements.active_of(connection, [each.id for each in held])
    forever = {
        each.script_id
        for each in held
        if want(known_to_member(reasons[each.id])).kind is StateKind.LIFETIME
    }
    return bool(item.scripts) and {script.id for script in item.scripts} <= forever


def _digest(guild_id: int, typed: str) -> bytes | None:
    signs = read_code(typed)
    return None if signs is None else digest_of(guild_id, signs)


def _moment(expires: End | Length | None, asked_at: datetime) -> datetime | None:
    """Return when codes stop working; None: never."""
    if isinstance(expires, Length):
        return None if expires.lifetime else cut(expires.add_to(asked_at))
    return None if isinstance(expires, Lifetime) else expires


async def _views(connection: AsyncConnection, found: Sequence[CodeSet]) -> list[CodeSetView]:
    counts = await codes.counts(connection, [each.id for each in found], clock.now())
    some = await products.by_ids(connection, {each.product_id for each in found if each.product_id})
    others = await scripts.by_ids(connection, {each.script_id for each in found if each.script_id})
    return [
        CodeSetView(
            each, some.get(each.product_id or 0) or others[each.script_id or 0], counts[each.id]
        )
        for each in found
    ]


async def _record(
    connection: AsyncConnection,
    request: RequestContext,
    action: str,
    code_set: CodeSet,
    **more: Any,
) -> None:
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        actor=request.actor,
        script_id=code_set.script_id,
        product_id=code_set.product_id,
        after={"batch": code_set.id, "length": code_set.length, **more},
    )
