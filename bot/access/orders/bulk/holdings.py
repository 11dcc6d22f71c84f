"""What each person has, item by item: whom a filter means."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.access.catalogue.lookup import Item
from bot.access.orders.bulk.facts import OfScript, most_of
from bot.access.rules.duration import plus
from bot.access.rules.entitlements import State, still_gives, want
from bot.store.kinds import BatchKind, StateKind
from bot.store.records import Customer, Entitlement

# What stands still is there too: time may be added to it, and it ends with the rest.
_COUNTS_PAUSED = (BatchKind.EXTEND, BatchKind.REVOKE)
_ADDING = (BatchKind.EXTEND, BatchKind.COMPENSATE)


@dataclass(frozen=True, slots=True)
class Holding:
    """One person with what they have of each script, as one kind of batch counts it."""

    person: Customer | None  # None: only TradingView's lists name them
    username: str
    scripts: dict[int, OfScript]  # by script, those of which there is something
    now: datetime
    kind: BatchKind

    def has(self, item: Item) -> bool:
        """Return whether they have that item: it was bought as such, or there is all of it."""
        mine = [self._has_script(script.id) for script in item.scripts]
        if not any(mine):
            return False
        return all(mine) or self._bought(item)

    def items(self, sold: Collection[Item]) -> Iterator[Item]:
        """Yield what they have, never a script twice where time is added.

        What was bought as a product is that product, as when staff name it by hand; the rest are scripts.
        """
        covered: set[int] = set()
        products = [item for item in sold if item.product is not None and self._bought(item)]
        for item in sorted(products, key=lambda item: (-len(item.scripts), item.slug)):
            ids = {script.id for script in item.scripts}
            if self.kind in _ADDING and ids & covered:
                continue
            covered |= ids
            yield item
        for item in sorted(sold, key=lambda item: item.slug):
            script_id = item.script_id
            if script_id is not None and script_id not in covered and self._has_script(script_id):
                yield item

    def end(self, item: Item) -> State:
        """Return when the item ends, were what stands still to go on now."""
        return self._end(script.id for script in item.scripts)

    def last_end(self) -> State:
        """Return when the last of all that they have ends."""
        return self._end(self.scripts)

    @property
    def has_anything(self) -> bool:
        """Return whether they have anything at all."""
        return any(self._has_script(script_id) for script_id in self.scripts)

    def _end(self, script_ids: Iterable[int]) -> State:
        found = (self.scripts.get(script_id) for script_id in script_ids)
        return most_of(
            want(_going_on(each, self.now, paused=self.kind in _COUNTS_PAUSED))
            for each in found
            if each is not None
        )

    def _has_script(self, script_id: int) -> bool:
        held = self.scripts.get(script_id)
        if held is None:
            return False
        if held.most(self.now).gives_access(self.now):
            return True
        counted = held.counted(self.now)
        return self.kind in _COUNTS_PAUSED and any(still_gives(each, self.now) for each in counted)

    def _bought(self, item: Item) -> bool:
        """Return whether something of that product, bought as such, is there."""
        return any(
            of == item.product_id and still_gives(reason, self.now)
            for script in item.scripts
            if item.product_id is not None and self._has_script(script.id)
            for of, reason in self.scripts[script.id].reasons
        )


def ends_before(state: State, moment: datetime) -> bool:
    """Return whether it ends by a moment, as what ends with that day does; what has no end never does."""
    return state.kind is StateKind.UNTIL and state.ends_at is not None and state.ends_at <= moment


def _going_on(held: OfScript, now: datetime, *, paused: bool) -> Iterator[Entitlement]:
    for reason in held.counted(now):
        if reason.paused_at is None:
            yield reason
        elif paused:
            still = now - reason.paused_at
            end = None if reason.ends_at is None else plus(reason.ends_at, still)
            yield replace(reason, paused_at=None, ends_at=end)
