"""Why somebody has no access, or not the expected: one cause of those there are, checked in a fixed order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.access.catalogue.lookup import Item
from bot.access.ledger.receipts import Receipt, WaitingFor
from bot.access.queries.standing import Checked
from bot.access.rules.entitlements import State
from bot.access.sweeps.drift import kind_of
from bot.store.kinds import PermissionState, Reason
from bot.store.records import (
    Claim,
    Contract,
    Customer,
    Entitlement,
    Order,
    Permission,
    Product,
    RoleRule,
    Script,
)
from bot.store.sweeps.sightings import Sighting


class Cause(StrEnum):
    """What is the matter, in the order in which it is looked for."""

    NO_ITEM = "no_item"
    NOT_HERE = "not_here"  # no member of the server
    NO_NAME = "no_name"  # no TradingView name is known
    NAME_UNKNOWN = "name_unknown"  # TradingView knows nobody of that name
    NEVER = "never"  # no reason: there was none yet
    ENDED = "ended"  # no reason: the last one ended, and may come back by itself
    ROLE_MISSING = "role_missing"  # no reason: a role opens it, which they do not have
    HELD_BACK = "held_back"  # staff ended it, and nothing comes back by itself
    BLOCKED = "blocked"
    PAUSED = "paused"  # staff stopped the clock: it is not there, and no time passes
    WAITING = "waiting"
    STUCK = "stuck"
    DIFFERS = "differs"  # TradingView shows something else
    STANDS = "stands"


# Whatever TradingView shows now changes nothing about these.
CERTAIN = (Cause.BLOCKED, Cause.PAUSED, Cause.WAITING, Cause.STUCK)
# An order that waits until its script's list was compared, or until staff decide, after a restore.
_RESTORING = {Reason.HELD: WaitingFor.FULL_CHECK, Reason.UNDECIDED: WaitingFor.UNDECIDED}


@dataclass(frozen=True, slots=True)
class Who:
    """The person asked about, as far as they are known."""

    member_id: int | None
    username: str | None
    customer: Customer | None
    claim: Claim | None = None  # a name that they claim, while staff have not decided
    roles: frozenset[int] | None = None  # of the member now; None: not known

    @property
    def is_blocked(self) -> bool:
        """Return whether they get nothing by themselves."""
        return self.customer is not None and self.customer.blocked_at is not None


@dataclass(frozen=True, slots=True)
class Part:
    """One script as one person has it, or had; `reasons` are all that there ever were, oldest first."""

    script: Script
    permission: Permission | None = None
    reasons: tuple[Entitlement, ...] = ()
    sighting: Sighting | None = None
    shown: State | None = None  # on TradingView just now; None: not asked, or it did not answer
    rules: tuple[RoleRule, ...] = ()  # of the roles that open it

    @property
    def checked(self) -> Checked:
        """Return it as `/access check` sees it."""
        live = tuple(reason for reason in self.reasons if reason.ended_at is None)
        return Checked(self.script, self.permission, self.shown, live, self.sighting)

    @property
    def is_settled(self) -> bool:
        """Return whether no order is on its way or stuck."""
        return self.permission is None or self.permission.state is PermissionState.DONE

    @property
    def is_stuck(self) -> bool:
        """Return whether only a person can help an order, or it is kept back since a restore."""
        return self.permission is not None and self.permission.state is PermissionState.STUCK

    @property
    def ran_out_waiting(self) -> bool:
        """Return whether the time was over before the order was through: it was never there."""
        held = self.permission
        return self.is_stuck and held is not None and held.reason is Reason.TOO_LATE

    @property
    def restoring(self) -> WaitingFor | None:
        """Return what it waits for since a restore of the database; None: for nothing of that."""
        reason = None if self.permission is None else self.permission.reason
        return _RESTORING.get(reason) if self.is_stuck and reason else None

    @property
    def last(self) -> Entitlement | None:
        """Return the reason that was over last; None where there never was one."""
        return max(self.reasons, key=lambda reason: (_over_at(reason), reason.id), default=None)

    @property
    def over_at(self) -> datetime | None:
        """Return when the last reason was over, grace days included."""
        return None if self.last is None else _over_at(self.last)

    def has_reason(self, now: datetime) -> bool:
        """Return whether anything gives access now, or will once its order is through or its pause over."""
        unsettled = any(
            reason.ended_at is None and reason.settled_at is None for reason in self.reasons
        )
        return (
            unsettled
            or self.checked.wanted.gives_access(now)
            or self.checked.paused_since(now) is not None
        )

    def differs(self, now: datetime) -> bool:
        """Return whether TradingView shows something else than it should, now or when it was last read."""
        if self.shown is not None:
            return self.checked.differs(now)
        if self.permission is not None:
            return kind_of(self.permission, now) is not None
        return self.checked.known.gives_access(now)


def _over_at(reason: Entitlement) -> datetime:
    """Return when a reason that is over was: by hand, or as its time and its grace days had passed."""
    if reason.ended_at is not None:
        return reason.ended_at
    end = reason.ends_at or reason.asked_at
    return end + timedelta(days=reason.grace_days)


def cause_of(part: Part, who: Who, now: datetime) -> Cause:
    """Return the first cause for one script, of a person whom TradingView knows."""
    if not part.has_reason(now) and not part.ran_out_waiting:
        return _without_reason(part, who, now)
    if who.is_blocked:
        return Cause.BLOCKED
    if part.checked.paused_since(now) is not None:
        return Cause.PAUSED
    if not part.is_settled:
        return Cause.STUCK if part.is_stuck and not part.restoring else Cause.WAITING
    return Cause.DIFFERS if part.differs(now) else Cause.STANDS


def _without_reason(part: Part, who: Who, now: datetime) -> Cause:
    if part.is_settled and part.checked.known.gives_access(now):
        return Cause.DIFFERS  # it is there, and nothing here says why
    if part.restoring:
        return Cause.WAITING  # what it gives is not counted before
    if lacks_role(part, who):
        return Cause.ROLE_MISSING
    if part.permission is not None and part.permission.held_back:
        return Cause.HELD_BACK
    return Cause.NEVER if part.last is None else Cause.ENDED


def lacks_role(part: Part, who: Who) -> bool:
    """Return whether it was a role that gave it last, or would be the first to, and they have none such."""
    if who.roles is None or not part.rules or any(opening(part, who)):
        return False
    return part.last is None or part.last.source in {rule.source for rule in part.rules}


def opening(part: Part, who: Who) -> list[RoleRule]:
    """Return the rules by which roles that the member has open the script."""
    return [rule for rule in part.rules if rule.role_id in (who.roles or ())]


def most_telling(parts: Iterable[Part], who: Who, now: datetime) -> list[Part]:
    """Return the parts in the order in which a cause of them tells most, where no item was named.

    What is in the way of access that should be there comes first, then what ended, the latest first. What
    a person never had is no news beside that.
    """

    def rank(part: Part) -> tuple[int, float]:
        cause = cause_of(part, who, now)
        if cause in CERTAIN:
            return 0, 0.0
        if part.has_reason(now) or cause is Cause.DIFFERS:
            return 1, 0.0
        over_at = part.over_at
        return (2, 0.0) if over_at is None else (2, -over_at.timestamp())

    had = [part for part in parts if cause_of(part, who, now) is not Cause.NEVER]
    return sorted(had, key=rank)


def to_read(parts: Sequence[Part], who: Who, now: datetime) -> list[Part]:
    """Return the parts of which TradingView has to be asked: those before the first certain cause."""
    found = []
    for part in parts:
        if cause_of(part, who, now) in CERTAIN:
            break
        found.append(part)
    return found


def first_cause(parts: Sequence[Part], who: Who, now: datetime) -> tuple[Cause, Part | None]:
    """Return the first cause among the parts, with its part; where all stands, the first part."""
    for part in parts:
        cause = cause_of(part, who, now)
        if cause is not Cause.STANDS:
            return cause, part
    return (Cause.STANDS, parts[0]) if parts else (Cause.NEVER, None)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The one cause, with the facts that its sentence and its mend need."""

    guild_id: int
    cause: Cause
    who: Who
    asked: str | None = None  # the item as it was typed
    item: Item | None = None  # the item asked about
    part: Part | None = None  # the script that the cause is about
    near: tuple[str, ...] = ()  # of items or names that look like the one there is none of
    renamed: str | None = None  # the name that the same TradingView user has now
    bought: tuple[Script | Product, ...] = ()  # what waits for a TradingView name
    receipt: Receipt | None = None  # the order that waits, is stuck, or took it away
    ended_by: Order | None = None  # the order that ended the last reason, where one did
    contract: Contract | None = None  # the subscription or order of a shop that gave it last
    standing: tuple[Script, ...] = ()  # beside it, what the person has as it should be
    is_certain: bool = True  # False: TradingView did not answer, and what was known counts

    @property
    def sold(self) -> Script | Product | None:
        """Return what the answer is about: the product as a whole where it has no part that differs."""
        if self.item is not None and self.item.product is not None and self.is_whole:
            return self.item.product
        if self.part is not None:
            return self.part.script
        return None if self.item is None else (self.item.product or self.item.scripts[0])

    @property
    def is_whole(self) -> bool:
        """Return whether the answer is about all of the item."""
        return self.cause in (Cause.NEVER, Cause.STANDS) and not self.standing

    @property
    def waiting_for(self) -> WaitingFor:
        """Return what the order waits for."""
        restoring = None if self.part is None else self.part.restoring
        told = None if self.receipt is None else self.receipt.waiting_for
        return restoring or told or WaitingFor.ASKING
