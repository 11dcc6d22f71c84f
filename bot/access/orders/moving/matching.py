"""Matches who pays in a shop to who has access on TradingView; pure, no I/O."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.access.catalogue.lookup import Item
from bot.access.orders.moving.records import Listing, Payer
from bot.access.rules.duration import parse_length
from bot.store.sales.moving import Access, KnownPerson

EXACT = timedelta(minutes=1)  # shops write ends to the minute


class Outcome(StrEnum):
    """What a shop's list and TradingView say of somebody together."""

    AGREES = "agrees"  # paid until the end that TradingView shows
    LONGER = "longer"  # TradingView shows a later end: it stays
    SHORTER = "shorter"  # paid for longer than TradingView shows
    UNDATED = "undated"  # TradingView shows no end
    NO_ACCESS = "no_access"  # pays, and TradingView shows nothing
    NO_NAME = "no_name"  # pays, and nobody knows by which name
    NO_ITEM = "no_item"  # for something that is no item here
    CLASH = "clash"  # the name is another member's


TAKEN = frozenset({Outcome.AGREES, Outcome.LONGER, Outcome.SHORTER, Outcome.UNDATED})


@dataclass(frozen=True, slots=True)
class Match:
    """One payer, what they pay for, and what TradingView shows of it."""

    payer: Payer
    outcome: Outcome
    item: Item | None = None
    username: str | None = None
    held: tuple[Access, ...] = ()
    missing: tuple[str, ...] = ()  # titles of scripts of the item that they have no access to
    paid_until: datetime | None = None

    @property
    def has_until(self) -> datetime | None:
        """Return the earliest end that TradingView shows; None: no end, or nothing."""
        return min((each.ends_at for each in self.held if each.ends_at), default=None)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a list comes to: its payers, and who has access without paying there."""

    listing: Listing
    matches: tuple[Match, ...]
    strangers: tuple[Access, ...]
    titles: Mapping[int, str]  # of the scripts

    def number(self, *outcomes: Outcome) -> int:
        """Count the payers of whom that is so."""
        return sum(self.counts[each] for each in outcomes)

    @property
    def counts(self) -> Counter[Outcome]:
        """Return how many payers there are of each outcome."""
        return Counter(each.outcome for each in self.matches)


class Directory:
    """A server's customers, found by what a list says of somebody."""

    def __init__(self, people: Sequence[KnownPerson]) -> None:
        self._by_member = {each.member_id: each for each in people if each.member_id is not None}
        self._by_name = {each.name_folded: each for each in people if each.name_folded}

    def name_of(self, payer: Payer) -> str | None:
        """Return the TradingView name: as the shop was told, else that of the Discord member."""
        if payer.username is not None:
            return payer.username
        person = self._by_member.get(payer.discord_id) if payer.discord_id else None
        return None if person is None else person.username

    def clashes(self, payer: Payer, name: str) -> bool:
        """Return whether the list says another member of that name, or another name of that member."""
        if payer.discord_id is None:
            return False
        holder = self._by_name.get(name.casefold())
        member = self._by_member.get(payer.discord_id)
        is_others = holder is not None and holder.member_id not in (None, payer.discord_id)
        has_other = member is not None and member.name_folded not in (None, name.casefold())
        return is_others or has_other


def products_of(listing: Listing) -> Counter[str]:
    """Return what the payers of a list pay for, as the shop calls it, and how many do."""
    return Counter(payer.product for payer in listing.payers)


def matched(
    listing: Listing,
    items: Mapping[str, Item | None],
    people: Sequence[KnownPerson],
    accesses: Sequence[Access],
    titles: Mapping[int, str],
) -> Plan:
    """Return what a list comes to; `items` says what each product is, None: nothing to do with Usher."""
    directory = Directory(people)
    rows = {(each.script_id, each.name_folded): each for each in accesses}
    matches = [_match(payer, items.get(payer.product), directory, rows) for payer in listing.payers]
    paying = {each.id for match in matches for each in match.held}
    strangers = [each for each in accesses if each.id not in paying]
    return Plan(listing, tuple(matches), tuple(strangers), titles)


def _match(
    payer: Payer,
    item: Item | None,
    directory: Directory,
    rows: Mapping[tuple[int, str], Access],
) -> Match:
    if item is None:
        return Match(payer, Outcome.NO_ITEM, paid_until=payer.until)
    paid_until = _paid_until(payer, item)
    name = directory.name_of(payer)
    if name is None:
        return Match(payer, Outcome.NO_NAME, item, paid_until=paid_until)
    if directory.clashes(payer, name):
        return Match(payer, Outcome.CLASH, item, name, paid_until=paid_until)
    found = [(script, rows.get((script.id, name.casefold()))) for script in item.scripts]
    held = tuple(access for _, access in found if access is not None)
    missing = tuple(script.title for script, access in found if access is None)
    outcome = _outcome(held, paid_until)
    return Match(payer, outcome, item, name, held, missing, paid_until)


def _outcome(held: Collection[Access], paid_until: datetime | None) -> Outcome:
    if not held:
        return Outcome.NO_ACCESS
    ends = [each.ends_at for each in held if each.ends_at is not None]
    if not ends:
        return Outcome.UNDATED
    if paid_until is None:
        return Outcome.AGREES
    if paid_until - min(ends) > EXACT:
        return Outcome.SHORTER
    return Outcome.LONGER if min(ends) - paid_until > EXACT else Outcome.AGREES


def _paid_until(payer: Payer, item: Item) -> datetime | None:
    """Return where what was paid for ends; a sale lasts as long as its product is sold for."""
    length = None if item.product is None else item.product.length
    if payer.until is not None or payer.paid_at is None or length is None:
        return payer.until
    sold = parse_length(length)
    return None if sold.lifetime else sold.add_to(payer.paid_at)
