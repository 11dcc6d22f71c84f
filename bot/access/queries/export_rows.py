"""What stands in the rows of an export; pure, no I/O.

A row of the customers is written so that `/bulk set`, which ends all that it replaces, would leave every
end as it is. What a product gives is one row as long as all its scripts end alike; where they do not, as
where one of them was bought alone too, each script has its own. An end that is yet to be worked out, or
moves with a pause, stands in no row: nothing is set from there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.access.rules.entitlements import NOTHING, State, gives_more, is_ours, wanted_of
from bot.store.kinds import EntitlementKind, StateKind
from bot.store.records import Product, Script
from bot.store.sweeps.exports import Beside, OfContract, Sale, Stranger, Who, Why


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that a server sells or sold, by number; `parts`: which scripts a product gives now."""

    scripts: Mapping[int, Script]
    products: Mapping[int, Product]
    parts: Mapping[int, Sequence[int]]

    def slug(self, product_id: int | None, script_id: int | None) -> str:
        """Return the short name of a product, else that of the script."""
        if product_id is not None:
            return self.products[product_id].slug
        return "" if script_id is None else self.scripts[script_id].slug


@dataclass(frozen=True, slots=True)
class Paid:
    """How long something was paid or given for; an `until` without an end: it is not fixed just now."""

    kind: EntitlementKind
    ends_at: datetime | None = None
    is_fixed: bool = True


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A person and an item, and how long it was paid or given for; grace days are not in it."""

    who: Who
    item: str  # its short name
    paid: Paid
    note: str | None  # the newest


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """What somebody got of one item from one source, once; of those who were forgotten nobody is named."""

    who: Who
    item: str
    sale: Sale
    contract: OfContract | None

    @property
    def ended_at(self) -> datetime | None:
        """Return when it was ended before its end: with its source, or the last reason that it gave."""
        is_over = self.sale.reasons and not self.sale.left
        return self.sale.ended_at or (self.sale.last_ended_at if is_over else None)


@dataclass(frozen=True, slots=True)
class AccessRow:
    """What TradingView should hold for one person and script, beside what was seen there."""

    script: str
    username: str
    member_id: int | None
    wanted: State
    seen: State
    seen_at: datetime | None
    agrees: bool | None  # None: it was never read


@dataclass(slots=True)
class _Rows:
    """The rows of one person so far, and which reasons stand in one already."""

    who: Who
    shelf: Shelf
    by_script: Mapping[int, Sequence[Why]]
    now: datetime
    rows: list[CustomerRow] = field(default_factory=list)
    covered: set[tuple[int, int | None]] = field(default_factory=set)  # script, product or None

    def add(self, item: str, reasons: Sequence[Why]) -> None:
        notes = [why.note for why in sorted(reasons, key=lambda why: why.asked_at) if why.note]
        self.rows.append(CustomerRow(self.who, item, paid(reasons), notes[-1] if notes else None))

    def add_product(self, product_id: int) -> None:
        """Add the row of a product whose scripts all end alike."""
        parts = [
            script_id
            for script_id in self.shelf.parts[product_id]
            if self.shelf.scripts[script_id].archived_at is None
        ]
        own = [
            [why for why in self.by_script.get(each, ()) if why.product_id in (None, product_id)]
            for each in parts
        ]
        if not parts or not all(own) or len({paid(reasons) for reasons in own}) > 1:
            return
        self.add(self.shelf.slug(product_id, None), [why for reasons in own for why in reasons])
        self.covered.update((each, None) for each in parts)
        self.covered.update((each, product_id) for each in self.by_script)

    def add_script(self, script_id: int, product_id: int | None) -> None:
        """Add the row of a script, unless all that gives it now stands in another one; `product_id`: that alone."""
        reasons = self.by_script[script_id]
        left = [why for why in reasons if (script_id, why.product_id) not in self.covered]
        if product_id is not None:
            left = [why for why in left if why.product_id == product_id]
        if gives(left, self.now):  # all of it: whoever sets a script ends all of it
            self.add(self.shelf.slug(None, script_id), reasons)


def paid(reasons: Sequence[Why]) -> Paid:
    """Return how long these reasons were paid or given for together."""
    for_ever = EntitlementKind.LIFETIME
    if any(why.kind is for_ever and why.paused_at is None for why in reasons):
        return Paid(for_ever)
    kinds = {why.kind for why in reasons}
    longest = (for_ever, EntitlementKind.OPEN, EntitlementKind.UNTIL)
    kind = next(each for each in longest if each in kinds)
    if any(why.paused_at is not None or why.settled_at is None for why in reasons):
        return Paid(kind, is_fixed=False)
    if kind is EntitlementKind.OPEN:
        return Paid(kind)
    return Paid(kind, max(why.ends_at for why in reasons if why.ends_at is not None))


def gives(reasons: Iterable[Why], now: datetime) -> bool:
    """Return whether one of these gives something, grace days too, or will."""
    return any(
        why.ends_at is None
        or why.paused_at is not None
        or why.ends_at + timedelta(days=why.grace_days) > now
        for why in reasons
    )


def customer_rows(
    people: Mapping[int, Who],
    reasons: Iterable[Why],
    sales: Iterable[Sale],
    held: Iterable[Beside],
    shelf: Shelf,
    item: Script | Product | None,
    now: datetime,
) -> list[CustomerRow]:
    """Return who has what now: of a product what that gives, of a script whatever gives it.

    What somebody gave on TradingView itself, beyond what Usher knows, counts as it does for every order.
    """
    found: dict[int, dict[int, list[Why]]] = {each: {} for each in people}
    for why in reasons:
        if why.customer_id in found:
            found[why.customer_id].setdefault(why.script_id, []).append(why)
    for each in held:
        known = found.get(each.customer_id, {}).get(each.script_id, [])
        if known and (more := _beyond(each, now)) is not None:
            known.append(more)
    empty = _of_empty_products(people, sales, shelf, now)
    rows = []
    for customer_id, who in people.items():
        person = _Rows(who, shelf, found[customer_id], now, empty.get(customer_id, []))
        _add_all(person, item)
        rows += _once(sorted(person.rows, key=lambda row: row.item))
    return rows


def _once(rows: Iterable[CustomerRow]) -> list[CustomerRow]:
    """Return these with one row for each item: the one that was paid for longest."""
    longest: dict[str, CustomerRow] = {}
    for row in rows:
        known = longest.get(row.item)
        if known is None or _rank(row.paid) > _rank(known.paid):
            longest[row.item] = row
    return list(longest.values())


def _rank(paid_for: Paid) -> tuple[int, float]:
    kinds = (EntitlementKind.UNTIL, EntitlementKind.OPEN, EntitlementKind.LIFETIME)
    end = paid_for.ends_at
    return kinds.index(paid_for.kind), end.timestamp() if end is not None else 0.0


def _beyond(held: Beside, now: datetime) -> Why | None:
    """Return the reason that lies in what TradingView shows, where it is more than Usher wrote or wants."""
    seen = State(held.seen, held.seen_ends_at)
    if is_ours(held, seen) or held.replaces is not None:
        return None
    if not gives_more(seen, wanted_of(held), now):
        return None
    kind = EntitlementKind.OPEN if seen.ends_at is None else EntitlementKind.UNTIL
    return Why(held.customer_id, held.script_id, None, kind, seen.ends_at, 0, now, None, now, None)


def _add_all(person: _Rows, item: Script | Product | None) -> None:
    if isinstance(item, Script):
        if item.id in person.by_script:
            person.add_script(item.id, None)
        return
    by_product: dict[int, list[Why]] = {}
    for reasons in person.by_script.values():
        for why in reasons:
            if why.product_id is not None and (item is None or why.product_id == item.id):
                by_product.setdefault(why.product_id, []).append(why)
    for product_id, reasons in sorted(by_product.items()):
        if gives(reasons, person.now):
            person.add_product(product_id)
    for script_id in sorted(person.by_script):
        person.add_script(script_id, None if item is None else item.id)


def _of_empty_products(
    people: Mapping[int, Who], sales: Iterable[Sale], shelf: Shelf, now: datetime
) -> dict[int, list[CustomerRow]]:
    """Return, by customer, the products that had no script to give when they were got."""
    found: dict[int, list[CustomerRow]] = {}
    for sale in sales:
        is_over = sale.ended_at is not None or (sale.ends_at is not None and sale.ends_at <= now)
        if sale.product_id is None or sale.reasons or is_over or sale.customer_id not in people:
            continue
        fixed = sale.paused_at is None and sale.length is None
        paid_for = Paid(sale.kind, sale.ends_at if fixed else None, is_fixed=fixed)
        slug = shelf.slug(sale.product_id, None)
        row = CustomerRow(people[sale.customer_id], slug, paid_for, sale.note)
        found.setdefault(sale.customer_id, []).append(row)
    return found


def purchase_rows(
    people: Mapping[int, Who],
    sales: Iterable[Sale],
    contracts: Mapping[int, OfContract],
    shelf: Shelf,
) -> list[PurchaseRow]:
    """Return everything that was ever bought or given, oldest first."""
    return [
        PurchaseRow(
            people.get(sale.customer_id, Who(sale.customer_id, None, None)),
            shelf.slug(sale.product_id, sale.script_id),
            sale,
            contracts.get(sale.id),
        )
        for sale in sales
    ]


def access_rows(
    people: Mapping[int, Who], held: Iterable[Beside], shelf: Shelf, now: datetime
) -> list[AccessRow]:
    """Return what these people should have, beside what was seen."""
    rows = []
    for each in held:
        if (who := people.get(each.customer_id)) is None:
            continue
        wanted, seen = wanted_of(each), State(each.seen, each.seen_ends_at)
        script, agrees = shelf.slug(None, each.script_id), _agrees(wanted, seen, now)
        rows.append(
            AccessRow(script, each.username, who.member_id, wanted, seen, each.seen_at, agrees)
        )
    return rows


def stranger_rows(found: Iterable[Stranger], shelf: Shelf, now: datetime) -> list[AccessRow]:
    """Return what was seen of people whom only TradingView knows: nothing says why they have it."""
    rows = []
    for each in found:
        script, seen = shelf.slug(None, each.script_id), State(each.kind, each.ends_at)
        agrees = _agrees(NOTHING, seen, now)
        rows.append(AccessRow(script, each.username, None, NOTHING, seen, each.seen_at, agrees))
    return rows


def _agrees(wanted: State, seen: State, now: datetime) -> bool | None:
    """Return whether nothing is to be done: an end that passed is kept by no row and by one that is over."""
    if seen.kind is StateKind.UNKNOWN:
        return None
    if not wanted.gives_access(now):
        return not seen.gives_access(now)
    return seen.agrees_with(wanted)
