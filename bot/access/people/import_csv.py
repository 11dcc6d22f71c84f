"""Reads a vendor's own list, and says which of its lines fit to whom in the server; pure, no I/O."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.access.people.import_columns import find_columns, fold
from bot.access.people.import_ids import KEPT, Number, read_number
from bot.access.people.import_records import (
    BEST,
    LARGEST,
    MAX_LINES,
    Columns,
    Line,
    MatchedLine,
    Outcome,
    Pair,
    People,
    Person,
    Proposals,
    Taken,
    Wanted,
)
from bot.access.people.import_register import Register
from bot.access.people.import_table import Table, cell_in, open_table, rows
from bot.tradingview import HiddenMark, LongDash, OtherPage, clean_username, visible

__all__ = [
    "LARGEST",
    "MAX_LINES",
    "Line",
    "MatchedLine",
    "Outcome",
    "Pair",
    "People",
    "Person",
    "Proposals",
    "Register",
    "Wanted",
    "columns",
    "match",
    "propose",
    "read",
    "wanted",
]

_OLD_DIGITS = re.compile(r"#\d{1,4}$")  # of an old name
_MAX_ID = 2**63 - 1


def columns(data: bytes) -> Columns:
    """Return the columns of a CSV file. Raises as `read`."""
    return _table(data).columns


def read(data: bytes, taken: Taken = BEST) -> list[Line]:
    """Return the lines of a CSV file, whatever wrote it (slow for a large one; call it in a thread).

    Raises:
        FileTooLarge: more than `LARGEST` bytes or `MAX_LINES` lines.
        FileUnreadable: no text, or no table; EncodingUnclear: text in letters that are uncertain.
        ColumnsMissing: no line near its top names both columns.
        LinesRunTogether: a quotation mark swallows the lines after it.
    """
    table = _table(data)
    username, members = table.columns.of_username(taken), table.columns.of_member(taken)
    lines: list[Line] = []
    for number, row in rows(table, (username, *members)):
        found = [cell for place in members if (cell := cell_in(row, place))]
        member, also = [*found, "", ""][:2]
        lines.append(Line(number, member, cell_in(row, username), also))
    return lines


def _table(data: bytes) -> Table[Columns]:
    return open_table(data, lambda header, _: find_columns(header))


class Roster:
    """The members of a server that were found, by number and by name in any case."""

    def __init__(self, people: People) -> None:
        self.ids: set[int] = set()
        self._named: dict[str, set[int]] = {}
        self._is_everybody = people.is_everybody
        self._crowded = {fold(name) for name in people.crowded}
        for person in people.found:
            self.ids.add(person.id)
            for name in filter(None, map(fold, person.names)):
                self._named.setdefault(name, set()).add(person.id)
        self._begin: dict[int, list[int]] = {}  # made once a damaged number needs it

    def named(self, text: str) -> set[int]:
        """Return the ids of the members who go by that name: one, several or none."""
        name = fold(_called(text))
        known = self._named.get(name)
        if known is None:
            known = self._named.get(_OLD_DIGITS.sub("", name))
        return set(known or ())

    def is_crowded(self, text: str) -> bool:
        """Return whether more members go by names that begin so than could be looked at."""
        return _OLD_DIGITS.sub("", fold(_called(text))) in self._crowded

    def like(self, number: Number) -> set[int]:
        """Return the ids of the members of which a spreadsheet may have made that number.

        Nobody where not everybody was looked at: then one who fits may not be the only one.
        """
        if number.kept < KEPT or not self._is_everybody:
            return set()
        if not self._begin:
            for member_id in self.ids:
                self._begin.setdefault(_beginning(member_id), []).append(member_id)
        begin = _beginning(number.value)
        near = (*self._begin.get(begin, ()), *self._begin.get(begin - 1, ()))  # rounding carries
        return {member_id for member_id in near if number.may_be(member_id)}


def wanted(lines: Iterable[Line]) -> Wanted:
    """Return whom these lines are about."""
    ids: set[int] = set()
    names: dict[str, str] = {}  # by what they are compared as
    for line in lines:
        number = read_number(line.member)
        if number is not None and number.kept >= KEPT and number.value <= _MAX_ID:
            ids.add(number.value)
        named = line.member if number is None else line.also if number.damaged else ""
        name = _OLD_DIGITS.sub("", _called(named))
        if name and line.username:
            names.setdefault(fold(name), name)
    return Wanted(frozenset(ids), tuple(names.values()))


def match(lines: Sequence[Line], people: People, register: Register) -> list[MatchedLine]:
    """Return what every line comes to. Names that Usher does not know are said, not looked up."""
    roster = Roster(people)
    return _without_contradictions([_matched(line, roster, register) for line in lines])


def propose(people: People, register: Register) -> Proposals:
    """Return the members who go by a TradingView name that is untied yet; a name is no proof."""
    roster = Roster(people)
    pairs, unclear = [], 0
    for folded, customer in sorted(register.named.items()):
        if customer.member_id is not None or customer.username is None:
            continue
        free = [
            member_id
            for member_id in roster.named(customer.username)
            if register.judge(member_id, folded) is Outcome.FITS
        ]
        if roster.is_crowded(customer.username):
            unclear += 1
        elif len(free) == 1:
            pairs.append(Pair(customer.id, customer.username, free[0]))
        elif free:
            unclear += 1
    times = Counter(pair.member_id for pair in pairs)
    once = tuple(pair for pair in pairs if times[pair.member_id] == 1)
    return Proposals(once, unclear + len(pairs) - len(once))


def _matched(line: Line, roster: Roster, register: Register) -> MatchedLine:
    if not line.member:
        return MatchedLine(line, Outcome.NO_MEMBER)
    if not line.username:
        return MatchedLine(line, Outcome.NO_NAME)
    name = read_name(line.username)
    if isinstance(name, Outcome):
        return MatchedLine(line, name)
    number = read_number(line.member)
    if number is not None:
        return _by_number(line, number, name, roster, register)
    found = roster.named(line.member)
    if len(found) > 1 or roster.is_crowded(line.member):
        return MatchedLine(line, Outcome.SEVERAL_MEMBERS)
    if not found:
        return MatchedLine(line, Outcome.MEMBER_UNKNOWN)
    return replace(_judged(line, found.pop(), name, register), by_name=True)


def _called(text: str) -> str:
    """Return a member's name without what stands before it."""
    return visible(text).strip().removeprefix("@").strip()


def read_name(text: str) -> str | Outcome:
    """Return the TradingView name in a cell, or why it is none."""
    try:
        return clean_username(text)
    except LongDash:
        return Outcome.NAME_HAS_LONG_DASH
    except HiddenMark:
        return Outcome.NAME_HAS_HIDDEN_MARK
    except OtherPage:
        return Outcome.NAME_IS_OTHER_PAGE
    except ValueError:
        return Outcome.NAME_UNREADABLE


def _by_number(
    line: Line, number: Number, name: str, roster: Roster, register: Register
) -> MatchedLine:
    """Return what the line comes to; digits that a spreadsheet lost are never made up."""
    if number.kept >= KEPT and number.value in roster.ids:
        return _judged(line, number.value, name, register)
    both = {member_id for member_id in roster.named(line.also) if number.may_be(member_id)}
    if len(both) == 1:  # what is left of the number, and the name beside it
        return replace(_judged(line, both.pop(), name, register), by_name=True)
    alike = roster.like(number)
    if not alike:
        return MatchedLine(line, Outcome.ID_SHORTENED if number.damaged else Outcome.MEMBER_UNKNOWN)
    if len(alike) > 1:
        return MatchedLine(line, Outcome.ID_FITS_SEVERAL)
    judged = _judged(line, alike.pop(), name, register)
    if judged.outcome is not Outcome.FITS:
        return judged
    return replace(judged, outcome=Outcome.ID_FITS_ONE)


def _beginning(number: int) -> int:
    """Return the digits that no spreadsheet changes, but for what rounding carries."""
    return int(str(number)[: KEPT - 3])


def _judged(line: Line, member_id: int, name: str, register: Register) -> MatchedLine:
    outcome = register.judge(member_id, name)
    if outcome is not Outcome.FITS:
        return MatchedLine(line, outcome)
    holder = register.named[name.casefold()]
    return MatchedLine(line, outcome, Pair(holder.id, holder.username or name, member_id))


def _without_contradictions(matched_lines: Sequence[MatchedLine]) -> list[MatchedLine]:
    """Return the lines; of those that say different things about a person, none fits.

    What is only proposed makes nothing doubtful that is certain.
    """
    certain = _pairs(matched_lines, Outcome.FITS)
    proposed = _pairs(matched_lines, Outcome.ID_FITS_ONE)
    clear = {Outcome.FITS: _clear(certain), Outcome.ID_FITS_ONE: _clear(certain | proposed)}
    return [
        matched
        if matched.pair is None or matched.pair in clear[matched.outcome]
        else MatchedLine(matched.line, Outcome.CONTRADICTED)
        for matched in matched_lines
    ]


def _pairs(matched_lines: Sequence[MatchedLine], outcome: Outcome) -> set[Pair]:
    return {
        matched.pair
        for matched in matched_lines
        if matched.pair is not None and matched.outcome is outcome
    }


def _clear(pairs: set[Pair]) -> set[Pair]:
    """Return the pairs whose name and member stand in no other pair."""
    names = Counter(pair.customer_id for pair in pairs)
    members = Counter(pair.member_id for pair in pairs)
    return {pair for pair in pairs if names[pair.customer_id] == 1 and members[pair.member_id] == 1}
