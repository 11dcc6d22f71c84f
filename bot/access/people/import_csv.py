"""Reads a vendor's own list of customers, and says which lines fit to whom; pure, no I/O."""

import csv
import enum
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.access.errors import ColumnsMissing, FileTooLarge, FileUnreadable, LinesRunTogether
from bot.store.records import Claim, Customer
from bot.tradingview import clean_username

LARGEST = 2 * 1024 * 1024  # bytes
MAX_LINES = 20_000

_DELIMITERS = (",", ";", "\t")
# What says Discord, the best first; only where nothing does, titles that may be the shop's own.
_DISCORD = {
    "id": ("discordid", "discorduserid"),
    "member": ("discord", "discordname", "discordusername", "discorduser", "discordtag"),
}
_PERHAPS = {"id": ("memberid", "userid"), "member": ("member",)}
_NAMES = (
    "username",
    "tradingview",
    "tradingviewname",
    "tradingviewusername",
    "tvusername",
    "tvname",
)
_ID = re.compile(r"(?:<@!?)?(\d{15,20})>?")
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)


class Outcome(enum.StrEnum):
    """What a line comes to."""

    FITS = "fits"
    TIED_ALREADY = "tied_already"
    MEMBER_UNKNOWN = "member_unknown"
    SEVERAL_MEMBERS = "several_members"
    NAME_UNKNOWN = "name_unknown"
    NAME_TAKEN = "name_taken"
    OTHER_NAME = "other_name"
    CLAIMED = "claimed"
    CONTRADICTED = "contradicted"  # another line says otherwise
    NO_MEMBER = "no_member"
    NO_NAME = "no_name"
    NAME_UNREADABLE = "name_unreadable"
    ID_SHORTENED = "id_shortened"  # by a spreadsheet, to 1.2E+17


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: whom it names on Discord and on TradingView, as written there."""

    number: int  # in the file, from 1
    member: str
    username: str


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the server, with every name they go by there."""

    id: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A TradingView name and the member whom it is to belong to."""

    customer_id: int
    username: str
    member_id: int


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """What one line comes to; `pair` is there for what fits."""

    line: Line
    outcome: Outcome
    pair: Pair | None = None


@dataclass(frozen=True, slots=True)
class Proposals:
    """Names that are equal on both sides; `unclear` counts those that fit to several members."""

    pairs: tuple[Pair, ...]
    unclear: int


class Roster:
    """The members of a server, by number and by name in any case."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._ids: set[int] = set()
        self._named: dict[str, set[int]] = {}
        for person in people:
            self._ids.add(person.id)
            for name in person.names:
                self._named.setdefault(fold(name), set()).add(person.id)

    def find(self, text: str) -> set[int]:
        """Return the ids of the members that may be meant: one, several or none."""
        if found := _ID.fullmatch(text):
            return {int(found[1])} & self._ids
        name = fold(text.removeprefix("@"))
        known = self._named.get(name)
        if known is None:  # an old name with its four digits
            known = self._named.get(re.sub(r"#\d{1,4}$", "", name))
        return set(known or ())


class Register:
    """The people that Usher knows in a server, and the requests that wait for staff."""

    def __init__(self, people: Iterable[Customer], claims: Iterable[Claim]) -> None:
        self.named: dict[str, Customer] = {}
        self.members: dict[int, Customer] = {}
        for customer in people:
            if customer.name_folded is not None:
                self.named[customer.name_folded] = customer
            if customer.member_id is not None:
                self.members[customer.member_id] = customer
        self._claims = {(claim.member_id, claim.username.casefold()) for claim in claims}
        self._claimers = {member_id for member_id, _ in self._claims}
        self._claimed = {name for _, name in self._claims}

    def is_still(self, pair: Pair) -> bool:
        """Return whether the name belongs to the same person as when the pair was shown."""
        holder = self.named.get(pair.username.casefold())
        return holder is not None and holder.id == pair.customer_id

    def judge(self, member_id: int, name: str) -> Outcome:
        """Return whether that name may be tied to that member."""
        holder = self.named.get(name.casefold())
        if holder is None:
            return Outcome.NAME_UNKNOWN
        if holder.member_id == member_id:
            return Outcome.TIED_ALREADY
        if holder.member_id is not None:
            return Outcome.NAME_TAKEN
        mine = self.members.get(member_id)
        if mine is not None and mine.username is not None:
            return Outcome.OTHER_NAME
        request = (member_id, name.casefold())
        if request not in self._claims and (
            request[0] in self._claimers or request[1] in self._claimed
        ):
            return Outcome.CLAIMED
        return Outcome.FITS


def read(data: bytes) -> list[Line]:
    """Return the lines of a CSV file, whatever wrote it (slow for a large one; call it in a thread).

    Raises:
        FileTooLarge: more than `LARGEST` bytes or `MAX_LINES` lines.
        FileUnreadable: no text, or no table.
        ColumnsMissing: its first line does not name both columns.
        LinesRunTogether: a quotation mark swallows the lines after it.
    """
    if len(data) > LARGEST:
        raise FileTooLarge
    text = _text(data)
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().casefold().startswith("sep="):  # for spreadsheets only
        text, skipped = rest, 1
    try:
        return _lines(text, skipped)
    except csv.Error as error:
        raise FileUnreadable from error


def match(lines: Sequence[Line], people: Iterable[Person], register: Register) -> list[MatchedLine]:
    """Return what every line comes to. Names that Usher does not know are said, not looked up."""
    roster = Roster(people)
    matched_lines = [_matched(line, roster, register) for line in lines]
    fitting = {matched.pair for matched in matched_lines if matched.pair is not None}
    names = Counter(pair.customer_id for pair in fitting)
    members = Counter(pair.member_id for pair in fitting)

    def checked(matched: MatchedLine) -> MatchedLine:
        pair = matched.pair
        if pair is None or (names[pair.customer_id] == 1 and members[pair.member_id] == 1):
            return matched
        return MatchedLine(matched.line, Outcome.CONTRADICTED)

    return [checked(matched) for matched in matched_lines]


def propose(people: Sequence[Person], register: Register) -> Proposals:
    """Return the members who go by a TradingView name that is untied yet; a name is no proof."""
    roster = Roster(people)
    pairs, unclear = [], 0
    for folded, customer in sorted(register.named.items()):
        if customer.member_id is not None or customer.username is None:
            continue
        free = [
            member_id
            for member_id in roster.find(customer.username)
            if register.judge(member_id, folded) is Outcome.FITS
        ]
        if len(free) == 1:
            pairs.append(Pair(customer.id, customer.username, free[0]))
        elif free:
            unclear += 1
    times = Counter(pair.member_id for pair in pairs)
    once = tuple(pair for pair in pairs if times[pair.member_id] == 1)
    return Proposals(once, unclear + len(pairs) - len(once))


def fold(name: str) -> str:
    """Return a name as it is compared: any case, any width, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _matched(line: Line, roster: Roster, register: Register) -> MatchedLine:
    if problem := _problem(line):
        return MatchedLine(line, problem)
    try:
        name = clean_username(line.username)
    except ValueError:
        return MatchedLine(line, Outcome.NAME_UNREADABLE)
    found = roster.find(line.member)
    if len(found) != 1:
        return MatchedLine(line, Outcome.SEVERAL_MEMBERS if found else Outcome.MEMBER_UNKNOWN)
    [member_id] = found
    outcome = register.judge(member_id, name)
    if outcome is not Outcome.FITS:
        return MatchedLine(line, outcome)
    holder = register.named[name.casefold()]
    return MatchedLine(line, outcome, Pair(holder.id, holder.username or name, member_id))


def _problem(line: Line) -> Outcome | None:
    if not line.member:
        return Outcome.NO_MEMBER
    if not line.username:
        return Outcome.NO_NAME
    return Outcome.ID_SHORTENED if _SHORTENED.fullmatch(line.member) else None


def _text(data: bytes) -> str:
    """Return the text in any of the encodings that spreadsheets write."""
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        if b"\0" in data or data.startswith(b"PK\x03\x04"):  # a workbook, a picture
            raise FileUnreadable
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("windows-1252", errors="replace")


def _lines(text: str, skipped: int) -> list[Line]:
    header = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]
    if not header.strip():
        raise FileUnreadable
    for delimiter in _DELIMITERS:
        columns = _columns(next(csv.reader([header], delimiter=delimiter)))
        if "username" in columns and columns.keys() & {"id", "member"}:
            return _rows(text, delimiter, columns, skipped)
    raise ColumnsMissing


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Return where each column that counts stands."""
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        places.setdefault(re.sub(r"[^a-z0-9]", "", fold(title)), place)

    def of(kinds: Mapping[str, Sequence[str]]) -> dict[str, int]:
        named = {
            kind: [title for title in titles if title in places] for kind, titles in kinds.items()
        }
        return {kind: places[titles[0]] for kind, titles in named.items() if titles}

    return (of(_DISCORD) or of(_PERHAPS)) | of({"username": _NAMES})


def _rows(text: str, delimiter: str, columns: Mapping[str, int], skipped: int) -> list[Line]:
    lines: list[Line] = []
    titles = True
    for start, row in _records(text, delimiter, skipped):
        if not any(cell.strip() for cell in row):
            continue
        if titles:
            titles = False
            continue
        if len(lines) == MAX_LINES:
            raise FileTooLarge
        cells = {
            kind: _cell(row[place]) if place < len(row) else "" for kind, place in columns.items()
        }
        member = cells.get("id") or cells.get("member") or ""
        lines.append(Line(start, member, cells["username"]))
    return lines


def _records(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each line with its number; a quotation mark that is never closed would swallow the rest."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        start = reader.line_num + 1 + skipped
        try:
            row = next(reader, None)
        except csv.Error as error:  # the cell grows beyond what the reader takes
            raise LinesRunTogether(start) from error
        if row is None:
            return
        if any("\n" in cell or "\r" in cell for cell in row):
            raise LinesRunTogether(start)
        yield start, row


def _cell(text: str) -> str:
    """Return a cell without what keeps a spreadsheet from calculating with it: ="1", '1."""
    cell = text.strip()
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    return cell.removeprefix("'").strip()
