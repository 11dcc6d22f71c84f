"""The rules of roles that open items, without any I/O: what a member gained and lost, and what is too many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.records import HeldRole, RoleGain, RoleRule

WAIT = timedelta(seconds=20)  # after a loss: so that a mass loss is seen before anything is removed
WINDOW = timedelta(minutes=10)
MANY = 20  # more members than these are too many
SHARE = 10  # so are more than one in ten
OF_AT_LEAST = 50  # holders


@dataclass(frozen=True, slots=True)
class Difference:
    """What a member's roles are, against what the member has by them."""

    member_id: int
    gained: tuple[RoleRule, ...]
    again: tuple[tuple[RoleRule, RoleGain], ...]  # ended, or for a former name, and due once more
    back: tuple[RoleGain, ...]  # lost, and there again before anything ended
    lost: tuple[HeldRole, ...]

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return bool(self.gained or self.again or self.back or self.lost)


def compare(
    member_id: int, roles: Collection[int], held: Sequence[HeldRole], rules: Sequence[RoleRule]
) -> Difference:
    """Return what differs between a member's roles and what they have by the rules that count."""
    by_rule = {each.gain.rule_id: each for each in held}
    gained: list[RoleRule] = []
    again: list[tuple[RoleRule, RoleGain]] = []
    back: list[RoleGain] = []
    lost: list[HeldRole] = []
    for rule in rules:
        known, has_role = by_rule.get(rule.id), rule.role_id in roles
        if known is None:
            if has_role:
                gained.append(rule)
        elif not has_role:
            if known.gain.lost_at is None:
                lost.append(known)
        elif known.gain.lost_at is not None:
            back.append(known.gain)
        elif known.is_due_again:
            again.append((rule, known.gain))
    return Difference(member_id, tuple(gained), tuple(again), tuple(back), tuple(lost))


def lapses_at(held: HeldRole, rule: RoleRule, lost_at: datetime) -> datetime:
    """Return when what a lost role gave ends; grace days keep only what was not ended before."""
    grace = timedelta() if held.is_stopped else timedelta(days=rule.grace_days)
    return lost_at + WAIT + grace


def is_mass_loss(lost: int, holding: int) -> bool:
    """Return whether so many who lost a role within ten minutes are too many; `holding` have it still."""
    holders = lost + holding
    return lost > MANY or (holders >= OF_AT_LEAST and lost * SHARE > holders)
