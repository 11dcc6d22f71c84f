"""Counts people with access as TradingView may count them for its fee: rather one too many (wire §16)."""

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from bot.access.request import FOUND
from bot.access.rules.duration import parse_length
from bot.store.kinds import EntitlementKind, PermissionState, StateKind
from bot.store.sweeps.seats import Held, Listed, Why

FREE = 100  # seats without a fee
LEVELS = (80, 90, 95, 100)  # the numbers that staff are warned of
FEE_CENTS = 2_995  # US cents for each person and month

_DECIDING = (EntitlementKind.LIFETIME, EntitlementKind.OPEN, EntitlementKind.UNTIL)
_FIRST_MIDNIGHT = timedelta(hours=14)  # the month ends first at UTC+14
_LAST_MIDNIGHT = timedelta(hours=12)  # and last at UTC-12


class Reason(enum.StrEnum):
    """Why a person has access; of several that count alike, the first one."""

    SOLD = "sold"
    LIFETIME = "lifetime"
    OPEN = "open"
    COMP = "comp"
    TRIAL = "trial"
    TAKEN_OVER = "taken_over"
    STRANGER = "stranger"  # only TradingView knows of them: not taken over yet
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """When TradingView may count: from `start` to `stop`, both in UTC."""

    start: datetime
    stop: datetime

    @property
    def month(self) -> str:
        """Return the month that ends, as 2026-03."""
        return f"{self.start:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Access:
    """One person's access to one script; without an end it lasts."""

    script_id: int
    ends_at: datetime | None
    whys: tuple[Why, ...]
    listed: bool  # TradingView shows a row, live or over
    permission_id: int | None = None

    def is_live(self, at: datetime) -> bool:
        """Return whether it is in force at that moment."""
        return self.ends_at is None or self.ends_at > at

    def reason(self, at: datetime) -> Reason:
        """Return why that is so at that moment; time whose end is not fixed yet goes on top, so it counts.

        What has no end decides, as in `entitlements.want`: a month bought on top changes nothing.
        """
        live = [why for why in self.whys if why.ends_at is None or why.ends_at > at]
        for kind in _DECIDING:
            if given := {_reason(why) for why in live if why.kind is kind}:
                return _first(given)
        return Reason.STRANGER if self.permission_id is None else Reason.UNKNOWN


@dataclass(frozen=True, slots=True)
class Fee:
    """What a month costs in US cents, in each way that the terms can be read."""

    once: int  # as written: everybody counts once, and all are billed when they are over 100
    above: int  # only those over 100 are billed
    each_script: int  # a person with three scripts counts three times
    with_over: int  # people whose time is over count while they are listed


@dataclass(frozen=True, slots=True)
class Seated:
    """Who is counted at one moment; of very many people that is little beside a census."""

    _people: frozenset[str]
    _numbers: Mapping[str, int]

    @property
    def count(self) -> int:
        """Return how many different people that are."""
        return len(self._people)

    def has(self, user_id: int | None, name: str) -> bool:
        """Return whether that person is counted."""
        return _key(self._numbers, user_id, name) in self._people


class Census:
    """Everybody who has, or gets, access to anything."""

    def __init__(
        self, held: Iterable[Held], reasons: Iterable[Why], listed: Iterable[Listed]
    ) -> None:
        self._people: dict[str, list[Access]] = {}
        held = list(held)
        strangers = list(listed)
        everybody: list[Held | Listed] = [*strangers, *held]
        # A name stands for the number that it has anywhere.
        self._numbers = {
            row.name_folded: row.tv_user_id for row in everybody if row.tv_user_id is not None
        }
        whys: dict[int, list[Why]] = {}
        for why in reasons:
            whys.setdefault(why.permission_id, []).append(why)
        for permission in held:
            self._add(permission, _access(permission, whys.get(permission.id, [])))
        for row in strangers:
            self._add(row, Access(row.script_id, row.ends_at, (), listed=True))

    def _add(self, whose: Held | Listed, access: Access | None) -> None:
        if access is not None:
            key = _key(self._numbers, whose.tv_user_id, whose.name_folded)
            self._people.setdefault(key, []).append(access)

    def at(self, moment: datetime) -> Seated:
        """Return who is counted at that moment."""
        return Seated(frozenset(self.seated(moment)), self._numbers)

    def seated(self, at: datetime) -> dict[str, int | None]:
        """Return everybody who is counted at that moment, each with one permission by which."""
        return {
            who: next((access.permission_id for access in theirs if access.is_live(at)), None)
            for who, theirs in self._people.items()
            if any(access.is_live(at) for access in theirs)
        }

    def count(self, at: datetime) -> int:
        """Return how many different people have access to anything at that moment."""
        return sum(1 for _ in self._live(at))

    def by_reason(self, at: datetime) -> dict[Reason, int]:
        """Return the same count by reason; each person stands under one."""
        found = Counter(_main_reason(theirs, at) for theirs in self._live(at))
        return {reason: found[reason] for reason in Reason if found[reason]}

    def fee(self, at: datetime) -> Fee:
        """Return the fee if that moment counts."""
        once = self.count(at)
        pairs = sum(len({access.script_id for access in theirs}) for theirs in self._live(at))
        over = sum(
            any(access.listed or access.is_live(at) for access in theirs)
            for theirs in self._people.values()
        )
        return Fee(
            cents(once), max(0, once - FREE) * FEE_CENTS, cents(pairs), cents(max(over, once))
        )

    def _live(self, at: datetime) -> Iterator[list[Access]]:
        for theirs in self._people.values():
            if live := [access for access in theirs if access.is_live(at)]:
                yield live


def _key(numbers: Mapping[str, int], user_id: int | None, name: str) -> str:
    number = user_id or numbers.get(name.casefold())
    return f"#{number}" if number else name.casefold()


def month_end(now: datetime) -> MonthEnd:
    """Return the next end of a month, or the one under way: it lasts until noon UTC of the 1st."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    over = first if now < first + _LAST_MIDNIGHT else first + relativedelta(months=1)
    return MonthEnd(over - _FIRST_MIDNIGHT, over + _LAST_MIDNIGHT)


def cents(people: int) -> int:
    """Return the fee for that many people as it is written, in US cents: all, once they are over 100."""
    return people * FEE_CENTS if people > FREE else 0


def level_of(people: int) -> int:
    """Return the highest number to warn of that was reached; 0 below all of them."""
    return max((level for level in LEVELS if people >= level), default=0)


def _access(held: Held, whys: list[Why]) -> Access | None:
    """Return the longer of what TradingView shows and what is on its way there."""
    ends: list[datetime | None] = []
    if held.seen in (StateKind.UNTIL, StateKind.LIFETIME):
        ends.append(held.seen_ends_at)
    coming = held.state in (PermissionState.WAITING, PermissionState.WORKING)
    # What never was read counts as it should be.
    if (
        held.wanted is not StateKind.NOTHING
        and (coming or held.seen is StateKind.UNKNOWN)
        and held.state is not PermissionState.STUCK
    ):
        ends.append(held.wanted_ends_at)
    if coming:
        ends += [_settled(why) for why in whys if why.ends_at is None]
    if not ends:
        return None
    known = [end for end in ends if end is not None]
    latest = max(known) if len(known) == len(ends) else None
    return Access(
        held.script_id,
        latest,
        tuple(whys),
        listed=held.seen in (StateKind.UNTIL, StateKind.LIFETIME),
        permission_id=held.id,
    )


def _settled(why: Why) -> datetime | None:
    """Return where time that was asked for ends at the earliest; None: it has no end."""
    return None if why.length is None else parse_length(why.length).add_to(why.asked_at)


def _reason(why: Why) -> Reason:
    if why.source == FOUND:
        return Reason.TAKEN_OVER
    if why.source in (Reason.COMP, Reason.TRIAL):
        return Reason(why.source)
    if why.kind is EntitlementKind.LIFETIME:
        return Reason.LIFETIME
    return Reason.OPEN if why.kind is EntitlementKind.OPEN else Reason.SOLD


def _main_reason(theirs: list[Access], at: datetime) -> Reason:
    return _first({access.reason(at) for access in theirs})


def _first(given: set[Reason]) -> Reason:
    return next(reason for reason in Reason if reason in given)
