"""How one person stands with each script: what should be, what TradingView shows, and whether they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.access.queries.explained import EndedWhy, Stored, Why
from bot.access.request import FOUND
from bot.access.rules.entitlements import (
    NOTHING,
    UNKNOWN,
    State,
    last_seen,
    ours_of,
    paused_since,
    wanted_of,
)
from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.records import Customer, Entitlement, Permission, Product, Purchase, Script
from bot.store.sweeps.sightings import Sighting


class Standing(StrEnum):
    """How one person stands with one script."""

    HAS = "has"  # access in force
    DUE = "due"  # should have it, or an order is on its way or stuck
    PAUSED = "paused"  # nothing is there, and no time passes
    ENDED = "ended"
    NOTHING = "nothing"
    UNKNOWN = "unknown"  # TradingView did not answer, and nothing was seen before


@dataclass(frozen=True, slots=True)
class Checked:
    """One script as one person has it."""

    script: Script
    permission: Permission | None
    shown: State | None  # on TradingView just now; None: it did not answer
    reasons: tuple[Entitlement, ...]
    sighting: Sighting | None = None  # the row that the last full check found
    ended_at: datetime | None = None  # for the member's own view: access is over since then
    whys: tuple[Why, ...] = ()  # for staff: the reasons with what was got by them
    ended: tuple[EndedWhy, ...] = ()  # for staff: what ended lately, newest first
    lapses: Mapping[str, datetime] = field(
        default_factory=dict
    )  # for the member's own view: by source

    @property
    def lasting(self) -> tuple[str, ...]:
        """Return the sources by which it has no end, as long as they last; empty where it has another end."""
        if self.wanted.kind is not StateKind.OPEN:
            return ()
        sources = (each.source for each in self.reasons if each.kind is EntitlementKind.OPEN)
        return tuple(dict.fromkeys(source for source in sources if source != FOUND))

    @property
    def is_running(self) -> bool:
        """Return whether it is theirs now, or on its way to them; not what is on its way to its end."""
        is_live = self.permission is not None and self.ended_at is None
        return is_live and (bool(self.reasons) or self.wanted.end is not None)

    @property
    def wanted(self) -> State:
        """Return what should be on TradingView."""
        return NOTHING if self.permission is None else wanted_of(self.permission)

    @property
    def known(self) -> State:
        """Return what TradingView shows, as far as it is known: now, or when it was last read."""
        if self.shown is not None:
            return self.shown
        if self.permission is not None and self.permission.seen is not StateKind.UNKNOWN:
            return last_seen(self.permission)
        return (
            UNKNOWN if self.sighting is None else State(self.sighting.kind, self.sighting.ends_at)
        )

    @property
    def known_at(self) -> datetime | None:
        """Return when that was read, unless it was now."""
        if self.permission is not None and self.permission.seen is not StateKind.UNKNOWN:
            return self.permission.seen_at
        return None if self.sighting is None else self.sighting.seen_at

    def paused_since(self, now: datetime) -> datetime | None:
        """Return since when all that there is stands still; None where something runs, or nothing is left."""
        return paused_since(self.reasons, now)

    def standing(self, now: datetime) -> Standing:
        """Return how the person stands with the script; what is over is not what they have."""
        known, wanted = self.known, self.wanted
        if known.gives_access(now):
            return Standing.HAS
        waits = self.permission is not None and self.permission.state is not PermissionState.DONE
        if waits or wanted.gives_access(now):
            return Standing.DUE
        if self.paused_since(now) is not None:
            return Standing.PAUSED
        if known.end is not None or wanted.end is not None or self.reasons or self.ended:
            return Standing.ENDED
        return Standing.UNKNOWN if known.kind is StateKind.UNKNOWN else Standing.NOTHING

    def differs(self, now: datetime) -> bool:
        """Return whether TradingView shows now something else than it should; what is over agrees with none."""
        wanted = self.wanted
        if self.shown is None or self.shown.agrees_with(wanted):
            return False
        if self.permission is not None and self.permission.differs:
            return not self.shown.agrees_with(ours_of(self.permission))  # its own form of our end
        return self.shown.gives_access(now) or wanted.gives_access(now)


@dataclass(frozen=True, slots=True)
class Person:
    """One person's access to every script of a server."""

    username: str
    customer: Customer | None
    scripts: tuple[Checked, ...]
    # TradingView knows no user of that name: the nearest that it knows; None where it was not asked.
    unknown: tuple[str, ...] | None = None
    waiting: tuple[tuple[Purchase, Script | Product], ...] = ()  # for a TradingView name

    def items(self, now: datetime) -> list[Script | Product]:
        """Return what the person has or is to have: products, and scripts that came by themselves."""
        found: dict[str, Script | Product] = {}
        for checked in self.scripts:
            if checked.standing(now) not in (Standing.HAS, Standing.DUE, Standing.PAUSED):
                continue
            for product in [why.product for why in checked.whys] or [None]:
                item = checked.script if product is None else product
                found[item.slug] = item
        return sorted(found.values(), key=lambda item: item.slug)


def checked_of(stored: Stored, shown: Sequence[State | None]) -> tuple[Checked, ...]:
    """Return how a person stands with each script; `shown`: what TradingView shows of it now, in the same order."""
    return tuple(
        Checked(
            script,
            stored.held.get(script.id),
            now,
            tuple(why.reason for why in stored.whys.get(script.id, ())),
            stored.seen.get(script.id),
            whys=stored.whys.get(script.id, ()),
            ended=stored.ended.get(script.id, ()),
        )
        for script, now in zip(stored.scripts, shown, strict=True)
    )
