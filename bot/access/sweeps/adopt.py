"""Records people found on TradingView as ours. It writes nothing there, and changes no end."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import script_of
from bot.access.errors import TradingViewSilent
from bot.access.ledger.reasons import add_found, facts, want_anew
from bot.access.ledger.record import touch
from bot.access.logins.sessions import Sessions
from bot.access.people.identity import resolve
from bot.access.people.username_lookup import Spelling
from bot.access.request import FOUND, RequestContext, Subject
from bot.access.rules.entitlements import gives_more, last_seen, seen_in, wanted_of
from bot.access.sweeps.drift import Difference, Kind, of_permissions
from bot.access.sweeps.errors import NothingDiffers
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import PermissionState
from bot.store.ledger import events, permissions
from bot.store.records import Actor, Permission, Script
from bot.store.sweeps import adopt, drift
from bot.store.sweeps.sightings import Sighting
from bot.tradingview import Row
from bot.tradingview.deadline import in_time

PAGE = 25
READ_TIMEOUT = 8.0  # seconds for one person's row


@dataclass(frozen=True, slots=True)
class Taken:
    """How many were taken over, and how many were left because of their name."""

    script: Script
    number: int
    left: int


@dataclass(frozen=True, slots=True)
class TakenEverywhere:
    """What was taken over on all scripts at once, and how many people that are."""

    people: int
    scripts: tuple[Taken, ...]


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

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    async def strangers(self, guild_id: int, script_id: int, page: int = 0) -> Strangers:
        """Return the people who can be taken over, `PAGE` at a time; a page beyond the last is the last.

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
        """Take over everybody whom TradingView lists with access and Usher does not want, or only these.

        People whom staff ignored are left, and so are rows whose end has passed. Raises NothingDiffers, or
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

    async def take_named(
        self, request: RequestContext, script_id: int, names: Collection[str]
    ) -> Taken:
        """Take over those of these people who have access without a reason. Raises as `take_over` does."""
        now = clock.now()
        async with self._database.write() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            strangers = await drift.strangers(connection, script.id, now)
            ids = [person.id for person in strangers if person.name_folded in names]
            number = await adopt.adopt(connection, script, now, request.member_id, FOUND, ids)
            left = len(ids) - number
            number += await self._known(connection, request, script, Kind.EXTRA, names)
            if not number and not left:
                raise NothingDiffers
            await _record(connection, request, script, number)
        return Taken(script, number, left)

    async def take_over_strangers(self, request: RequestContext) -> TakenEverywhere:
        """Take over, on every script of the server, everybody of whom Usher knows nothing.

        People whom staff ignored are left. Raises NothingDiffers when there is nobody.
        """
        now, taken = clock.now(), []
        async with self._database.read() as connection:
            listed = await scripts.listed(connection, request.guild_id)
            waiting = await drift.count_strangers_of(
                connection, [script.id for script in listed], now
            )
        for script in listed:  # each in a transaction of its own, so that others get their turn
            if not waiting[script.id]:
                continue
            async with self._database.write() as connection:
                strangers = await drift.count_strangers(connection, script.id, now)
                number = await adopt.adopt(connection, script, now, request.member_id, FOUND)
                if number:
                    await _record(connection, request, script, number)
            if strangers:
                taken.append(Taken(script, number, strangers - number))
        if not taken:
            raise NothingDiffers
        async with self._database.read() as connection:
            people = await adopt.people_taken(connection, request.guild_id, now, request.member_id)
        return TakenEverywhere(people, tuple(taken))

    async def take_person(self, request: RequestContext, script_id: int, name: str) -> Taken:
        """Take over what TradingView shows now for one person and script, known here or not.

        An earlier end is not taken over: it would take paid time away.

        Raises:
            TradingViewSilent: it did not answer.
            NothingDiffers: there is no access, or none that lasts longer than it should.
            ButtonGone: that server has no such script.
        """
        async with self._database.read() as connection:
            script = await script_of(connection, request.guild_id, script_id)
        row = await self._row(script, name)
        seen, now = seen_in(row), clock.now()
        if row is None or not seen.gives_access(now):
            raise NothingDiffers
        async with self._database.write() as connection:
            subject = Subject(username=row.username)
            person = await resolve(connection, request, subject, user_id=row.user_id)
            if row.user_id is not None and person.tv_user_id not in (None, row.user_id):
                return Taken(script, 0, 1)  # another person of that name: never touched
            spelled = Spelling(row.username, checked=True, user_id=row.user_id)
            permission = await touch(connection, request, script, person, spelled)
            wanted = wanted_of(permission)
            on_its_way = permission.state is not PermissionState.DONE
            if on_its_way or seen.agrees_with(wanted) or gives_more(wanted, seen, now):
                raise NothingDiffers
            permission = await permissions.change(
                connection, permission.id, seen=seen.kind, seen_ends_at=seen.ends_at, seen_at=now
            )
            kind = Kind.OTHER_END if wanted.gives_access(now) else Kind.EXTRA
            found = Difference(kind, permission.username, wanted, seen, permission)
            by, reference = request.member_id, request.idempotency_key
            await take_known(connection, by, reference, found, permission)
            await _record(connection, request, script, 1)
        return Taken(script, 1, 0)

    async def _row(self, script: Script, name: str) -> Row | None:
        """Return one person's row as it is now. Raises TradingViewSilent."""
        client = (await self._sessions.of(script.guild_id)).tradingview

        async def read() -> tuple[Row | None]:
            return (await client.find_row(script.pine_id, name, urgent=True),)

        answer = await in_time(read(), READ_TIMEOUT)
        if answer is None:
            raise TradingViewSilent
        return answer[0]

    async def longer_ends(
        self, request: RequestContext, script_id: int, names: Collection[str] | None = None
    ) -> Taken:
        """Keep the ends that TradingView shows where they are later than Usher's; of all, or of these people.

        An earlier one is not taken over: it would take paid time away. Raises as `take_over` does.
        """
        async with self._database.write() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            number = await self._known(connection, request, script, Kind.OTHER_END, names)
            if not number:
                raise NothingDiffers
            await _record(connection, request, script, number)
        return Taken(script, number, 0)

    async def _known(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        script: Script,
        kind: Kind,
        names: Collection[str] | None = None,
    ) -> int:
        now, number = clock.now(), 0
        for difference in await of_permissions(connection, script.id, now):
            if (
                difference.kind is kind
                and not difference.is_ignored
                and difference.permission is not None
                and (names is None or difference.name in names)
            ):
                if kind is Kind.OTHER_END and not difference.shortens(now):
                    continue
                await take_known(
                    connection,
                    request.member_id,
                    request.idempotency_key,
                    difference,
                    difference.permission,
                )
                number += 1
        return number


async def take_known(
    connection: AsyncConnection,
    by: int | None,
    reference: str,
    difference: Difference,
    permission: Permission,
) -> None:
    """Add what TradingView shows as an entitlement of its own; the others stay. `by` None: Usher itself."""
    seen, now = last_seen(permission), clock.now()
    reference = f"taken over {permission.id} {reference}"
    _ = await add_found(connection, permission, seen, now, reference=reference[:100], asked_by=by)
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
        before=facts(difference.wanted),
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
