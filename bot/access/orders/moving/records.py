"""Rows about a change of shop: who pays there, as its list says, and what is wrong with a list."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

LARGEST = 10 * 1024 * 1024  # bytes of a list
LARGEST_DATABASE = 256 * 1024 * 1024  # bytes of the older panel's file, which is read row by row
MAX_ROWS = 50_000


class Paying(StrEnum):
    """How somebody stands with a shop."""

    PAYS = "pays"
    TRIAL = "trial"
    LATE = "late"  # a payment failed, and is tried again
    CANCELLED = "cancelled"  # paid for until its end
    OVER = "over"


class Fault(StrEnum):
    """What is wrong with a row of a list, for the person who exported it."""

    NO_PERSON = "no_person"  # nothing in it tells who that is
    NO_STATUS = "no_status"
    STATUS_UNKNOWN = "status_unknown"
    DATE_UNREADABLE = "date_unreadable"
    ID_DAMAGED = "id_damaged"  # a spreadsheet rounded the Discord id
    NAME_UNREADABLE = "name_unreadable"  # it cannot be a TradingView name
    TWICE = "twice"  # the same contract stands in an earlier line


class Wrong(StrEnum):
    """Why a whole list cannot be read."""

    NO_FILE = "no_file"  # a pipe, a device or a folder
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NO_TEXT = "no_text"
    ENCODING = "encoding"
    CUT = "cut"  # a quotation mark swallows the lines after it
    COLUMNS = "columns"  # it is another list than the shop's
    NO_DATABASE = "no_database"
    TABLES = "tables"  # a database, but not the older panel's


class ListUnreadable(Exception):  # noqa: N818 - named for what it says
    """A list that cannot be read; nothing of what stands in it is told."""

    def __init__(self, wrong: Wrong, line: int | None = None) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.line = line


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not understood, or not wholly; `is_left`: nothing of it is taken."""

    line: int
    fault: Fault
    column: str = ""
    is_left: bool = True


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody in a shop's list, with what they pay for.

    `contract`, `payment` and `customer` are the shop's ids as its messages name them; without a contract the
    next message is known by the person's id, the licence key or the e-mail address. `keys` are the ids of
    what was bought, the most exact one first, and `product` is what the shop calls it.
    """

    line: int
    paying: Paying
    until: datetime | None = None  # None: for good, or nobody says
    for_good: bool = False  # bought once, and not for a time
    product: str = ""
    keys: tuple[str, ...] = ()
    contract: str | None = None
    payment: str | None = None
    customer: str | None = None
    licence: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    username: str | None = None  # of TradingView
    discord_id: int | None = None
    discord_name: str | None = None
    paid_at: datetime | None = None

    @property
    def id(self) -> str | None:
        """Return the shop's id by which staff find them there."""
        return self.contract or self.payment or self.customer


@dataclass(frozen=True, slots=True)
class Listing:
    """A shop's list as it was read; `over` no longer pay."""

    provider: str | None  # whose messages tell of these contracts; None: nobody's
    payers: tuple[Payer, ...]
    bad: tuple[BadRow, ...] = ()
    over: tuple[Payer, ...] = ()
