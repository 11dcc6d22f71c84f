"""Finds out which column of a file of orders says what, from what stands above it; pure, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.access.people.import_columns import compact, is_question, who
from bot.access.people.import_errors import TooManyColumns
from bot.store.kinds import BatchKind

_MAX_COLUMNS = 200
_OURS = frozenset({"kind", "line", "what", "mend"})  # of an export, and of a file of mistakes
# Titles in full, the best first, by the column's word.
_TITLES = {
    "item": (
        "item", "itemslug", "itemname", "slug", "shortname", "product", "productslug", "productname",
        "script", "scriptslug", "scriptname", "indicator", "indicatorname",
    ),
    "duration": ("duration", "length", "time", "timespan", "period", "term", "timetoadd", "extendby"),
    "until": (
        "until", "end", "ends", "endsat", "endson", "enddate", "expires", "expiresat", "expireson", "expiry",
        "expirydate", "expiration", "expirationdate", "validuntil", "accessuntil", "accessends", "till",
    ),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks", "memo", "reason"),
    "kind": ("kind",),
}  # fmt: skip
_RANKS = {
    title: (word, rank) for word, titles in _TITLES.items() for rank, title in enumerate(titles)
}
# `discord` is a member's name, or their id: what the cell holds decides.
_WHO = {"username": "username", "id": "discord_id", "member": "discord"}
_PERHAPS = {"perhaps_id": "discord", "perhaps_member": "discord"}  # or the shop's own number
_NAMING = ("username", "discord_id", "discord")
_TIMES = {
    BatchKind.GRANT: ("duration", "until"),
    BatchKind.SET: ("duration", "until"),
    BatchKind.REVOKE: (),
}


@dataclass(frozen=True, slots=True)
class BulkColumns:
    """The places of the columns, from 0, by their words: those of the example, and `discord`."""

    titles: tuple[str, ...]
    places: Mapping[str, int]
    doubt: int

    @property
    def naming(self) -> tuple[int, ...]:
        """Return the places of all but free text."""
        return tuple(place for word, place in self.places.items() if word != "note")


def find(header: Sequence[str], above: int) -> BulkColumns | None:
    """Return the columns that this line names; None unless one of them says who is meant.

    A line of a list without names for its columns may look like them, as the customer `tradingview`
    does: so nothing above is as full, and what only sounds like a title does not stand alone.
    Raises TooManyColumns.
    """
    filled = sum(1 for title in header if title.strip())
    if above >= filled:
        return None
    ranked = _ranked(header[: 5 * _MAX_COLUMNS])
    best = {word: min(found) for word, found in ranked.items()}
    ranks = [best[word][0] for word in _NAMING if word in best]
    if not ranks or (len(best) == 1 and is_question(min(ranks))):
        return None
    if filled > _MAX_COLUMNS:
        raise TooManyColumns(filled)
    places = {word: place for word, (_, place) in best.items()}
    return BulkColumns(tuple(header), places, 100 * min(ranks) - len(best))


def taken(columns: BulkColumns, kind: BatchKind) -> dict[str, int]:
    """Return the places of the columns that count for such a batch; the kind of an export never does."""
    left_out = {"duration", "until", "kind"} - set(_TIMES.get(kind, ("duration",)))
    return {word: place for word, place in columns.places.items() if word not in left_out}


def unread(columns: BulkColumns, kind: BatchKind) -> tuple[str, ...]:
    """Return the titles of the columns that do not count, but for those that only files of ours have."""
    read = {*taken(columns, kind).values()}
    return tuple(
        title.strip()
        for place, title in enumerate(columns.titles)
        if title.strip() and place not in read and compact(title) not in _OURS
    )


def _ranked(header: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """Return by word the ranks and places of the columns that may be meant."""
    ranked: dict[str, list[tuple[int, int]]] = {}
    perhaps: dict[str, list[tuple[int, int]]] = {}
    for place, title in enumerate(header):
        if (letters := compact(title)) in _RANKS:
            word, rank = _RANKS[letters]
            ranked.setdefault(word, []).append((rank, place))
        elif found := who(title):
            name, rank = found
            words, kept = (_WHO, ranked) if name in _WHO else (_PERHAPS, perhaps)
            kept.setdefault(words[name], []).append((rank, place))
    if "discord_id" not in ranked and "discord" not in ranked:
        ranked |= perhaps
    return ranked
