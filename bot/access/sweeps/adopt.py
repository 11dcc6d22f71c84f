"""Records people found on TradingView as ours. It writes nothing there, and changes no end."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.reasons import add_found, want_anew
from bot.access.ledger.record import facts
from bot.access.request import FOUND, RequestContext
from bot.access.rules.entitlements import last_seen
from bot.access.sweeps.drift import Difference, Kind, of_permissions, script_of
from bot.access.sweeps.errors import NothingDiffers
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.records import Actor, Permission, Script
from bot.store.sweeps import adopt, drift
from bot.store.sweeps.sightings import Sighting

PAGE = 25


@dataclass(frozen=True, slots=True)
class Taken:
    """How many were taken over, and how many were left because of their name."""

    script: Script
    number: int
    left: int


@dataclass(frozen=True, slots=True)
class Strangers:
    """One page of the people of whom Usher knows nothing."""

    script: Script
    people: tuple[Sighting, ...]
    page: int  # from 0
    pages: int
    total: int


class Adoption:
    """Takes people over, all of a script or chosen ones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def strangers(self, guild_id: int, script_id: int, page: int = 0) -> Strangers:
        """Whom one can take over, `PAGE` at a time; a page beyond the last is the last.

        Raises ButtonGone when that server has no such script.
        """
        now = clock.now()
        async with self._database.read() as connection:
            script = await script_of(connection, guild_id, script_id)
            total = await drift.count_strangers(connection, script.id, now)
            pages = max(1, -(-total // PAGE))
            page = min(max(page, 0), pages - 1)
            found = await drift.strangers(connection, script.id, now, skip=page * PAGE, limit=PAGE)
        return Strangers(script, tuple(found), page, pages, total)

    async def take_over(
        self, request: RequestContext, script_id: int, ids: Collection[int] | None = None
    ) -> Taken:
        """Everybody whom TradingView lists with access and Usher does not want, or only these.

        Whoever staff ignored is left; rows whose end has passed are, too. Raises NothingDiffers, or
        ButtonGone when that server has no such script.
        """
        now = clock.now()
        async with self._database.write() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            strangers = await drift.count_strangers(connection, script.id, now)
            wanted = strangers if ids is None else len(ids)
            number = await adopt.adopt(connection, script, now, request.member_id, FOUND, ids)
            left = wanted - number
            if ids is None:
                number += await self._known(connection, request, script, Kind.EXTRA)
            if not number and not left:
                raise NothingDiffers
            await _record(connection, request, script, number)
        return Taken(script, number, left)

    async def longer_ends(self, request: RequestContext, script_id: int) -> Taken:
        """Keep the ends that TradingView shows where they are later than Usher's.

        An earlier one is not taken over: it would take paid time away. Raises as `take_over` does.
        """
        async with self._database.write() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            number = await self._known(connection, request, script, Kind.OTHER_END)
            if not number:
                raise NothingDiffers
            await _record(connection, request, script, number)
        return Taken(script, number, 0)

    async def _known(
        self, connection: AsyncConnection, request: RequestContext, script: Script, kind: Kind
    ) -> int:
        now, number = clock.now(), 0
        for one in await of_permissions(connection, script.id, now):
            if one.kind is kind and not one.is_ignored and one.permission is not None:
                if kind is Kind.OTHER_END and not one.shortens(now):
                    continue
                await take_known(
                    connection, request.member_id, request.idempotency_key, one, one.permission
                )
                number += 1
        return number


async def take_known(
    connection: AsyncConnection,
    by: int | None,
    reference: str,
    it: Difference,
    permission: Permission,
) -> None:
    """What TradingView shows gets a reason of its own; the others stay. By nobody: Usher itself."""
    seen, now = last_seen(permission), clock.now()
    reference = f"taken over {permission.id} {reference}"
    await add_found(connection, permission, seen, reference[:100], now, asked_by=by)
    await want_anew(
        connection,
        permission.id,
        ours=seen.kind,
        ours_ends_at=seen.ends_at,
        held_back=False,
        differs=False,
    )
    await events.record(
        connection,
        permission.guild_id,
        now,
        "found",
        actor=Actor.of(by),
        script_id=permission.script_id,
        customer_id=permission.customer_id,
        permission_id=permission.id,
        before=facts(it.wanted),
        after=facts(seen),
    )


async def _record(
    connection: AsyncConnection, request: RequestContext, script: Script, number: int
) -> None:
    await events.record(
        connection,
        request.guild_id,
        request.at,
        "taken_over",
        actor=request.actor,
        script_id=script.id,
        after={"number": number},
    )
