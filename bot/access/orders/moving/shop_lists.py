"""Shops' lists that were sent to the running bot: kept for a while, looked at, and taken over in the background.

They name people by their addresses, so they stand in memory alone: an hour after the last look, or when the
program ends, they are gone. Whoever sends one again doubles nothing, as taking over goes by the shop's own ids.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot import clock
from bot.access.orders.moving.errors import ListGone, NothingSold, OtherListFirst
from bot.access.orders.moving.matching import Plan, products_of
from bot.access.orders.moving.readers import read_sent
from bot.access.orders.moving.records import Listing
from bot.access.request import RequestContext
from bot.errors import UserError
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.records import Connection, Script
from bot.store.vault import Vault

if TYPE_CHECKING:  # much, and rarely needed: see `_moving`
    from bot.access.orders.moving.taking_over import ChangeOfShop, Done, Ground

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=1)
DOWNLOADED = "shop_list_exported"
_PER_SERVER = 2
_MOST_ROWS = 60_000  # of all lists together; the one that was sent last is kept whatever it holds

Read = Callable[[Script, int], Awaitable[None]]  # reads who has access, for that member


class Stage(StrEnum):
    """How far a list is."""

    ASKING = "asking"  # it is not said yet what each plan is, or which connection is meant
    READING = "reading"  # who has access is read from TradingView
    READY = "ready"  # all that it comes to is known
    TAKING = "taking"
    DONE = "done"


WORKING = frozenset({Stage.READING, Stage.TAKING})


@dataclass(slots=True)
class ShopList:
    """One list, with all that is known of it; `answers` say by short name which item a product is, "" for none."""

    id: int
    guild_id: int
    shop: str
    listing: Listing = field(repr=False)
    seen_at: datetime
    stage: Stage = Stage.ASKING
    answers: dict[str, str] = field(default_factory=dict, repr=False)
    connections: tuple[int, ...] = ()  # among which it must be said which is meant
    connection_id: int | None = None
    source: Connection | None = None
    reading: Script | None = None
    done_of: tuple[int, int] = (0, 0)  # people who are taken over, of so many
    plan: Plan | None = field(default=None, repr=False)
    done: "Done | None" = field(default=None, repr=False)
    gives: frozenset[str] = frozenset()  # what was asked for beside taking over
    failure: Exception | None = None  # why the last step ended early

    @property
    def open_products(self) -> list[str]:
        """Return the products of which nobody said yet what they are, those with most payers first."""
        return [
            each for each, _ in products_of(self.listing).most_common() if each not in self.answers
        ]

    @property
    def rows(self) -> int:
        """Return how many rows it has."""
        return len(self.listing.payers) + len(self.listing.over)


class ShopLists:
    """The lists of all servers, each found by its number in its own server alone."""

    def __init__(self, database: Database, vault: Vault, jobs: Jobs, read: Read) -> None:
        self._database = database
        self._vault = vault
        self._jobs = jobs
        self._read = read
        self._kept: dict[tuple[int, int], ShopList] = {}
        self.on_taken: list[Callable[[int], None]] = []  # with the server, once orders may wait

    async def keep(self, request: RequestContext, shop: str, files: Sequence[bytes]) -> ShopList:
        """Read a list that was sent and keep it; the same request finds what it made before.

        Raises ListUnreadable, or NothingSold.
        """
        number = _number(request)
        if (known := self._kept.get((request.guild_id, number))) is not None:
            return known
        moving = self._moving()
        ground = await moving.ground(request.guild_id)
        if not ground.items:
            raise NothingSold
        listing = await asyncio.to_thread(read_sent, shop, files, clock.now())
        kept = ShopList(number, request.guild_id, shop, listing, clock.now())
        await self._settle(moving, kept, ground)
        self._make_room(kept)
        self._kept[kept.guild_id, kept.id] = kept
        _ = self._jobs.spawn(self._forget(kept.guild_id, kept.id), "a shop's list")
        self._go_on(kept, request)
        return kept

    def find(self, guild_id: int, number: int) -> ShopList:
        """Return a list of this server, which stays for another hour. Raises ListGone."""
        kept = self._kept.get((guild_id, number))
        if kept is None or self._is_over(kept):
            raise ListGone
        kept.seen_at = clock.now()
        return kept

    def of(self, guild_id: int) -> list[ShopList]:
        """Return the lists of a server, the newest first."""
        found = [each for each in self._kept.values() if each.guild_id == guild_id]
        return [each for each in reversed(found) if not self._is_over(each)]

    async def say(
        self,
        request: RequestContext,
        number: int,
        answers: Mapping[str, str | None],
        connection_id: int | None = None,
    ) -> ShopList:
        """Note which item each of these products is, None for none; once all is said, TradingView is read.

        Raises ListGone. What is no product of the list, or no item of the server, is not noted.
        """
        kept, moving = self.find(request.guild_id, number), self._moving()
        if kept.stage in WORKING:
            return kept
        ground = await moving.ground(request.guild_id)
        products = products_of(kept.listing)
        for product, slug in answers.items():
            if product in products and (slug is None or slug.casefold() in ground.items):
                kept.answers[product] = "" if slug is None else slug.casefold()
        if connection_id in kept.connections:
            kept.connection_id = connection_id
        await self._settle(moving, kept, ground)
        self._go_on(kept, request)
        return kept

    def take(
        self, request: RequestContext, number: int, *, grant_missing: bool, extend_to_paid: bool
    ) -> ShopList:
        """Begin to take over what the list comes to, by a fresh look at TradingView.

        Pressed once more while that goes on, it is the same. Raises ListGone, or OtherListFirst.
        """
        kept = self.find(request.guild_id, number)
        if kept.stage not in (Stage.READY, Stage.DONE):
            return kept
        if any(each.stage is Stage.TAKING for each in self.of(request.guild_id)):
            raise OtherListFirst
        kept.stage, kept.failure, kept.done_of = Stage.TAKING, None, (0, 0)
        gives = {"grant_missing": grant_missing, "extend_to_paid": extend_to_paid}
        kept.gives = frozenset(name for name, is_wanted in gives.items() if is_wanted)
        self._begin(kept, self._take(kept, request, gives), Stage.READY)
        return kept

    def look_again(self, request: RequestContext, number: int) -> ShopList:
        """Read who has access anew. Raises ListGone."""
        kept = self.find(request.guild_id, number)
        if kept.stage not in WORKING:
            self._go_on(kept, request)
        return kept

    def drop(self, guild_id: int, number: int) -> None:
        """Forget a list; one that is being taken over stays until that is done. Raises ListGone."""
        kept = self.find(guild_id, number)
        if kept.stage is not Stage.TAKING:
            del self._kept[guild_id, number]

    async def note_download(self, request: RequestContext, kept: ShopList) -> None:
        """Note in the history who had everybody in the list as a file."""
        async with self._database.write() as connection:
            await events.record(
                connection,
                request.guild_id,
                request.at,
                DOWNLOADED,
                actor=request.actor,
                after={"number": kept.rows, "shop": kept.shop},
            )

    # The steps in the background

    async def _settle(self, moving: "ChangeOfShop", kept: ShopList, ground: "Ground") -> None:
        """Find the connection that is meant, and fill in what the shop's prices and names tell."""
        from bot.access.orders.moving.looking import known_items  # noqa: PLC0415
        from bot.access.orders.moving.taking_over import ConnectionUnclear  # noqa: PLC0415

        kept.source, kept.connections = None, ()
        provider = kept.listing.provider
        if provider is not None:
            try:
                kept.source = await moving.connection(kept.guild_id, provider, kept.connection_id)
            except ConnectionUnclear as unclear:
                kept.connection_id, kept.connections = None, tuple(unclear.numbers)
        sold_as = await moving.sold_as(kept.guild_id, provider, kept.source)
        known = await asyncio.to_thread(known_items, kept.listing, ground, sold_as)
        for product, item in known.items():
            if item is not None:
                _ = kept.answers.setdefault(product, item.slug)

    def _go_on(self, kept: ShopList, request: RequestContext) -> None:
        """Read TradingView once all is said; until then, ask."""
        kept.plan = kept.done = kept.failure = None
        kept.stage = Stage.ASKING
        if not kept.open_products and not kept.connections:
            kept.stage = Stage.READING
            self._begin(kept, self._look(kept, request), Stage.READING)

    def _begin(self, kept: ShopList, work: Coroutine[None, None, None], back: Stage) -> None:
        """Do a step in the background; one that fails leaves the list as it was before, and says why."""

        async def step() -> None:
            try:
                await work
            except Exception as error:
                if not isinstance(error, UserError):
                    log.exception("a list of %s was not worked on", kept.shop)
                kept.failure = error
                kept.stage = Stage.READY if back is Stage.READY else Stage.ASKING
            finally:
                kept.reading, kept.seen_at = None, clock.now()

        _ = self._jobs.spawn(step(), f"a list of {kept.shop}")

    async def _look(self, kept: ShopList, request: RequestContext) -> None:
        kept.plan = await self._plan(kept, request)
        kept.stage = Stage.READY

    async def _take(
        self, kept: ShopList, request: RequestContext, gives: Mapping[str, bool]
    ) -> None:
        """Look anew, as an hour may have passed, and take over what there is now."""
        plan = await self._plan(kept, request)
        moving = self._moving()
        await self._settle(moving, kept, await moving.ground(kept.guild_id))

        def tell(number: int, total: int) -> None:
            kept.done_of = (number, total)

        try:
            kept.done = await moving.apply(request, plan, kept.source, **gives, tell=tell)
        finally:
            for wake in self.on_taken:  # also for what was ordered before it failed
                wake(kept.guild_id)
        kept.plan, kept.stage = plan, Stage.DONE

    async def _plan(self, kept: ShopList, request: RequestContext) -> Plan:
        from bot.access.orders.moving.looking import look  # noqa: PLC0415

        async def read(script: Script) -> None:
            kept.reading = script
            await self._read(script, request.member_id)

        moving = self._moving()
        ground = await moving.ground(kept.guild_id)
        items = {product: ground.items.get(slug) for product, slug in kept.answers.items()}
        try:
            return await look(moving, kept.guild_id, kept.listing, items, read)
        finally:
            kept.reading = None

    def _moving(self) -> "ChangeOfShop":
        from bot.access.orders.moving.taking_over import ChangeOfShop  # noqa: PLC0415

        return ChangeOfShop(self._database, self._vault)

    # What is kept, and for how long

    def _is_over(self, kept: ShopList) -> bool:
        return kept.stage not in WORKING and clock.now() - kept.seen_at >= KEPT_FOR

    async def _forget(self, guild_id: int, number: int) -> None:
        key = (guild_id, number)
        while (kept := self._kept.get(key)) is not None:
            if self._is_over(kept):
                del self._kept[key]
                return
            kept = None  # nothing else holds it while this waits
            await clock.sleep(KEPT_FOR.total_seconds() / 4)

    def _make_room(self, new: ShopList) -> None:
        """Forget the oldest lists where there are too many, of this server or altogether."""
        for key, kept in list(self._kept.items()):
            of_server = sum(each.guild_id == new.guild_id for each in self._kept.values())
            rows = new.rows + sum(each.rows for each in self._kept.values())
            is_too_much = rows > _MOST_ROWS or (
                kept.guild_id == new.guild_id and of_server >= _PER_SERVER
            )
            if is_too_much and kept.stage not in WORKING:
                del self._kept[key]


def _number(request: RequestContext) -> int:
    """Return the number of the list that a request makes; nobody can guess that of another's."""
    key = f"{request.guild_id} {request.idempotency_key}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big") >> 1
