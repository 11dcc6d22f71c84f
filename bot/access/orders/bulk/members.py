"""Says which member a row's Discord id means, whatever a spreadsheet did to it; pure, no I/O.

Nothing is guessed where access is at stake: digits that were lost are only taken for somebody whose name
stands beside them.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from bot.access.orders.bulk.records import Entry, faulty
from bot.access.people.import_csv import Roster, wanted as wanted_of
from bot.access.people.import_ids import KEPT, Number, read_number
from bot.access.people.import_records import Line, People, Person, Wanted
from bot.store.kinds import RowProblem
from bot.store.records import BatchRow, Customer

MAX_ID = 2**63 - 1


def number_of(entry: Entry) -> Number | None:
    """Return the number in the row's cells that is, or was, a Discord id; None where there is none."""
    written = entry.written.get("discord_id") or entry.written.get("discord")
    return None if written is None else read_number(written)


def wanted(entries: Iterable[Entry], known: Container[int]) -> Wanted:
    """Return whom Discord is to be asked about; the `known` are customers, here or gone, and need not be."""
    entries = list(entries)
    damaged = (
        Line(
            entry.line,
            entry.written.get("discord_id") or entry.written.get("discord", ""),
            "-",  # what is on TradingView is nothing to Discord
            entry.written.get("discord", ""),
        )
        for entry in entries
        if entry.member_id is None and number_of(entry) is not None
    )
    asked = wanted_of(damaged)
    ids = asked.ids | {entry.member_id for entry in entries if entry.member_id is not None}
    return Wanted(frozenset(each for each in ids if each not in known), asked.names)


def resolve(
    entries: Sequence[Entry],
    people: People,
    by_name: Mapping[str, Customer],
    by_member: Mapping[int, Customer],
) -> tuple[list[Entry], list[BatchRow]]:
    """Return the rows with the members that they mean, and those whose Discord id is nobody's here.

    `by_name` are the server's customers by their names in lower case (`name_folded`), `by_member` by their
    ids: who left the server counts as long as they are customers.
    """
    found = {person.id for person in people.found}
    gone = [Person(member_id, ()) for member_id in by_member if member_id not in found]
    roster = Roster(replace(people, found=(*people.found, *gone)))
    understood: list[Entry] = []
    unclear: list[BatchRow] = []
    for entry in entries:
        if entry.member_id is not None:
            if entry.member_id in roster.ids:
                understood.append(entry)
            else:
                unclear.append(faulty(entry, RowProblem.MEMBER_UNKNOWN))
            continue
        number = number_of(entry)
        outcome = None if number is None else _meant(entry, number, roster, by_name, by_member)
        if isinstance(outcome, tuple):
            unclear.append(faulty(entry, *outcome))
        else:
            understood.append(entry if outcome is None else replace(entry, member_id=outcome))
    return understood, unclear


_Unclear = tuple[RowProblem, str | None]


def _meant(
    entry: Entry,
    number: Number,
    roster: Roster,
    by_name: Mapping[str, Customer],
    by_member: Mapping[int, Customer],
) -> int | _Unclear:
    """Return the member of whom that damaged number is left, or why that is not certain."""
    alike = roster.like(number)
    is_one = number.kept >= KEPT and number.value in roster.ids
    if is_one and alike <= {number.value}:  # it really ends in zeros
        return number.value
    name = (entry.username or "").casefold()
    holder = by_name.get(name)
    if holder is not None and holder.member_id is not None:
        if number.may_be(holder.member_id):
            return holder.member_id
        return RowProblem.ID_SHORTENED, None
    called = roster.named(entry.written.get("discord", ""))
    both = {member_id for member_id in called if number.may_be(member_id)}
    candidates = both if len(both) == 1 else alike
    if len(candidates) > 1:
        return RowProblem.ID_FITS_SEVERAL, None
    if not candidates:
        return RowProblem.ID_SHORTENED, None
    [member_id] = candidates
    theirs = by_member.get(member_id)
    may_be_tied = bool(name) and (theirs is None or theirs.name_folded is None)
    if both or may_be_tied:
        return member_id
    return RowProblem.ID_SHORTENED, str(member_id)
