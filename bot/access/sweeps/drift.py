"""What differs between what should be on TradingView and what was last seen there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.request import RequestContext
from bot.access.rules.entitlements import NOTHING, State, gives_more, last_seen, ours_of, wanted_of
from bot.access.sweeps.errors import NothingDiffers
from bot.access.sweeps.sweep import Swept
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import PermissionState, StateKind
from bot.store.ledger import events
from bot.store.records import Numbers, Permission, Script, Untaken
from bot.store.sweeps import drift, sweeps
from bot.store.sweeps.drift import Marks
from bot.store.sweeps.sightings import Sighting
from bot.store.sweeps.sweeps import Sweep

SHOWN = 8  # of each kind in a report
UNMARKED = Marks(None, None)


class Kind(StrEnum):
    """In which way a person's access differs."""

    MISSING = "missing"  # should have access, and TradingView shows none
    EXTRA = "extra"  # has access there, and nothing says why
    OTHER_END = "other_end"
    STUCK = "stuck"  # an order that only a person can help
    NAMESAKE = "namesake"  # a name and a number of different people: never touched


@dataclass(frozen=True, slots=True)
class Difference:
    """One person's; without a permission Usher knows nothing of them but the sighting."""

    kind: Kind
    username: str
    wanted: State
    shown: State
    permission: Permission | None = None
    sighting: Sighting | None = None
    marks: Marks = UNMARKED

    @property
    def mark(self) -> str:
        """Return what stands for this difference, and for no other of the same permission."""
        parts = [self.kind.value]
        for state in (self.wanted, self.shown):
            parts += [state.kind, state.ends_at.isoformat() if state.ends_at else "-"]
        if self.kind is Kind.STUCK and self.permission is not None:
            parts = [self.kind.value, self.permission.reason or "", str(self.permission.revision)]
        return " ".join(parts)

    @property
    def is_ignored(self) -> bool:
        if self.permission is None:
            return self.sighting is not None and self.sighting.ignored_at is not None
        return self.marks.ignored_difference == self.mark

    def ends(self, now: datetime) -> bool:
        """Return whether making it as it should be takes the access away, as far as is known."""
        takes = self.kind is Kind.EXTRA or self._overrules
        has = self.shown.gives_access(now) or self.shown.kind is StateKind.UNKNOWN
        return takes and has and not self.wanted.gives_access(now)

    def shortens(self, now: datetime) -> bool:
        """Return whether making it as it should be gives less than TradingView shows."""
        differs = self.kind is Kind.OTHER_END or self._overrules
        less = self.wanted.gives_access(now) and gives_more(self.shown, self.wanted, now)
        return differs and less

    def takes(self, now: datetime) -> bool:
        """Return whether the person has less afterwards."""
        return self.ends(now) or self.shortens(now)

    @property
    def _overrules(self) -> bool:
        """Return whether it is a stuck order that overrules what TradingView shows: only such a one takes away."""
        permission = self.permission
        return (
            self.kind is Kind.STUCK and permission is not None and permission.replaces is not None
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What differs for one script: how many of each kind, and the first of them."""

    script: Script
    sweep: Sweep | None  # the last complete one
    numbers: Numbers
    counts: Mapping[Kind, int]
    shown: Mapping[Kind, tuple[Difference, ...]]
    longer: int  # of OTHER_END: how many have more on TradingView than they should
    ignored: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def extra(self) -> int:
        """Return how many whom Usher knows have access without a reason."""
        return self.counts.get(Kind.EXTRA, 0) - self.numbers.strangers

    @property
    def differing(self) -> int:
        """Return how much differs; whom Usher does not know yet differs from nothing."""
        return self.total - self.numbers.strangers


@dataclass(frozen=True, slots=True)
class Overall:
    """How all scripts of a server stand: what differs, and who was not taken over yet."""

    differing: tuple[tuple[Script, int], ...]  # only those where something does
    strangers: tuple[tuple[Script, int], ...]  # only those that have any
    untaken: Untaken

    @property
    def scripts(self) -> tuple[Script, ...]:
        """Return the scripts with either, in their order."""
        about = {script.id: script for script, _ in (*self.differing, *self.strangers)}
        return tuple(sorted(about.values(), key=lambda script: script.slug))


def kind_of(permission: Permission, now: datetime) -> Kind | None:
    """Return how one permission differs from what was last seen of it, if it does."""
    if permission.state is PermissionState.STUCK:
        return Kind.STUCK
    wanted, seen = wanted_of(permission), last_seen(permission)
    if permission.state is not PermissionState.DONE or seen.kind is StateKind.UNKNOWN:
        return None
    should, has = wanted.gives_access(now), seen.gives_access(now)
    if not (should or has) or (should and seen.agrees_with(wanted)):
        return None
    if not should:
        return Kind.EXTRA
    if not has:
        return Kind.MISSING
    # TradingView made another end of what was written; sync has said so.
    return None if permission.differs and seen.agrees_with(ours_of(permission)) else Kind.OTHER_END


def of_stranger(found: Sighting) -> Difference:
    """Return the difference of a person with access of whom Usher knows nothing."""
    shown = State(found.kind, found.ends_at)
    return Difference(Kind.EXTRA, found.username, NOTHING, shown, sighting=found)


async def of_permissions(
    connection: AsyncConnection, script_id: int, now: datetime
) -> list[Difference]:
    """Return every difference of people whom Usher knows, the ignored ones too.

    Of mixed-up names nothing but that is said: to correct one could take from the other.
    """
    return (await of_scripts(connection, [script_id], now))[script_id]


async def of_scripts(
    connection: AsyncConnection, script_ids: Collection[int], now: datetime
) -> dict[int, list[Difference]]:
    """Return the same for several scripts at once, by script."""
    found: dict[int, list[Difference]] = {script_id: [] for script_id in script_ids}
    namesakes = await drift.namesakes(connection, script_ids)
    mixed_up = {
        (held.script_id, name)
        for held, _, other in namesakes
        for name in (held.name_folded, other.username.casefold())
    }
    for permission, marks in await drift.candidates(connection, script_ids, now):
        kind = kind_of(permission, now)
        name = (permission.script_id, permission.name_folded)
        if kind is not Kind.STUCK and name in mixed_up:
            continue
        if kind is not None:
            found[permission.script_id].append(
                Difference(
                    kind,
                    permission.username,
                    wanted_of(permission),
                    last_seen(permission),
                    permission,
                    marks=marks,
                )
            )
    for permission, marks, other in namesakes:
        shown = State(other.kind, other.ends_at)
        wanted = wanted_of(permission)
        if any(state.gives_access(now) for state in (wanted, last_seen(permission), shown)):
            found[permission.script_id].append(
                Difference(
                    Kind.NAMESAKE, permission.username, wanted, shown, permission, other, marks
                )
            )
    return found


async def differences_of_kind(
    connection: AsyncConnection, script_id: int, kind: Kind, now: datetime
) -> list[Difference]:
    """Return all of one kind, without those that staff ignore."""
    known = await of_permissions(connection, script_id, now)
    found = [
        difference for difference in known if difference.kind is kind and not difference.is_ignored
    ]
    if kind is Kind.EXTRA:
        found += map(of_stranger, await drift.strangers(connection, script_id, now))
    return found


class Drift:
    """Reports what differs, and remembers what was told and what staff ignore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, guild_id: int, script_id: int) -> Report:
        """Return what differs for one script. Raises ButtonGone when that server has no such script."""
        now = clock.now()
        async with self._database.read() as connection:
            script = await script_of(connection, guild_id, script_id)
            return await _report(connection, script, now)

    async def overall(self, guild_id: int) -> Overall:
        """Return how many differences and how many strangers each script of a server has."""
        now = clock.now()
        async with self._database.read() as connection:
            listed = await scripts.listed(connection, guild_id)
            ids = [script.id for script in listed]
            known = await of_scripts(connection, ids, now)
            strangers = await drift.count_strangers_of(connection, ids, now)
            nobody = not any(strangers.values())
            untaken = Untaken(0, 0) if nobody else await drift.untaken(connection, ids, now)
        differing = {
            # Stuck orders are counted as such.
            script_id: sum(not each.is_ignored and each.kind is not Kind.STUCK for each in found)
            for script_id, found in known.items()
        }
        return Overall(
            tuple((script, differing[script.id]) for script in listed if differing[script.id]),
            tuple((script, strangers[script.id]) for script in listed if strangers[script.id]),
            untaken,
        )

    async def note(self, swept: Swept, by: int | None) -> int:
        """Remember what differs after a sweep; returns how much of it is news.

        News of a sweep that was not asked for goes into the history, and so into the log channel, in one line.
        """
        now, script = clock.now(), swept.script
        async with self._database.write() as connection:
            known = await of_permissions(connection, script.id, now)
            new = [
                difference
                for difference in known
                if difference.permission is not None
                and not difference.is_ignored
                and difference.kind is not Kind.STUCK  # told when it happened
                and difference.marks.noted_difference != difference.mark
            ]
            marks = [
                (difference.permission.id, difference.mark)
                for difference in new
                if difference.permission is not None
            ]
            strangers = await drift.note(connection, script.id, marks, now)
            counts = {
                kind.value: sum(difference.kind is kind for difference in new) for kind in Kind
            } | {"strangers": strangers}
            if by is None and any(counts.values()):
                await events.record(
                    connection,
                    script.guild_id,
                    now,
                    "drift",
                    script_id=script.id,
                    after={what: number for what, number in counts.items() if number},
                )
        return sum(counts.values())

    async def ignore(self, request: RequestContext, script_id: int, kind: Kind) -> int:
        """Leave these as they are, until they differ in another way; returns how many.

        Raises NothingDiffers, or ButtonGone when that server has no such script.
        """
        now = clock.now()
        async with self._database.write() as connection:
            script = await script_of(connection, request.guild_id, script_id)
            found = await differences_of_kind(connection, script.id, kind, now)
            if not found:
                raise NothingDiffers
            marks = [
                (difference.permission.id, difference.mark)
                for difference in found
                if difference.permission is not None
            ]
            ids = [
                difference.sighting.id
                for difference in found
                if difference.sighting and difference.permission is None
            ]
            await drift.ignore(connection, marks, ids, now)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "drift_ignored",
                actor=request.actor,
                script_id=script.id,
                after={"kind_of": kind.value, "number": len(found)},
            )
        return len(found)


async def script_of(connection: AsyncConnection, guild_id: int, script_id: int) -> Script:
    """Return the script of a button's key. Raises ButtonGone when that server has none such."""
    script = await scripts.by_id(connection, script_id)
    if script is None or script.guild_id != guild_id:
        raise ButtonGone
    return script


async def _report(connection: AsyncConnection, script: Script, now: datetime) -> Report:
    known = await of_permissions(connection, script.id, now)
    numbers = await drift.numbers(connection, script.id, now)
    strangers = await drift.strangers(connection, script.id, now, limit=SHOWN)
    ignored = await drift.count_strangers(connection, script.id, now, ignored=True)
    counts: dict[Kind, int] = {}
    shown: dict[Kind, tuple[Difference, ...]] = {}
    for kind in Kind:
        listed = [
            difference
            for difference in known
            if difference.kind is kind and not difference.is_ignored
        ]
        number = len(listed)
        if kind is Kind.EXTRA:
            number += numbers.strangers
            listed += map(of_stranger, strangers)
        if number:
            counts[kind], shown[kind] = number, tuple(listed[:SHOWN])
    return Report(
        script,
        await sweeps.last(connection, script.id),
        numbers,
        counts,
        shown,
        sum(difference.shortens(now) for difference in _others(known)),
        sum(difference.is_ignored for difference in known) + ignored - numbers.strangers,
    )


def _others(known: Sequence[Difference]) -> list[Difference]:
    return [
        difference
        for difference in known
        if difference.kind is Kind.OTHER_END and not difference.is_ignored
    ]
