"""In which way a person's access on TradingView is not as it should be, as was last seen."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.rules.entitlements import NOTHING, State, gives_more, last_seen, ours_of, wanted_of
from bot.store.kinds import PermissionState, StateKind
from bot.store.records import Permission
from bot.store.sweeps import drift
from bot.store.sweeps.drift import Marks
from bot.store.sweeps.sightings import Sighting

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
    def name(self) -> str:
        """Return what stands for the person among those of one script."""
        return self.username.casefold()

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
    connection: AsyncConnection,
    script_id: int,
    kind: Kind,
    now: datetime,
    names: Collection[str] | None = None,
) -> list[Difference]:
    """Return all of one kind without those that staff ignore, or only the ones of these `names`."""
    known = await of_permissions(connection, script_id, now)
    found = [
        difference for difference in known if difference.kind is kind and not difference.is_ignored
    ]
    if kind is Kind.EXTRA:
        found += map(of_stranger, await drift.strangers(connection, script_id, now))
    return found if names is None else [each for each in found if each.name in names]
