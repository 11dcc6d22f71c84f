"""A vendor's list as plain records: what its lines say, and what each comes to.

They stand apart from the reading, which is imported only where a list is read: that is rare, and its
patterns would take memory all the time.
"""

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LARGEST = 2 * 1024 * 1024  # bytes
MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Taken:
    """The columns that a person chose, by place from 0; None: the best."""

    username: int | None = None
    member: int | None = None


BEST = Taken()


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns may name whom, by place from 0, the best first."""

    titles: tuple[str, ...]
    usernames: tuple[int, ...]
    member_ids: tuple[int, ...]
    member_names: tuple[int, ...]
    doubt: int = 0  # how far from what is certain; less is better

    @property
    def members(self) -> tuple[int, ...]:
        """Return every column that may name a member of the server."""
        return (*self.member_ids, *self.member_names)

    def of_username(self, taken: Taken) -> int:
        """Return the column of the TradingView names."""
        return self.usernames[0] if taken.username is None else taken.username

    def of_member(self, taken: Taken) -> tuple[int, ...]:
        """Return the columns that name the member: the first counts, the next where it is empty."""
        if taken.member is not None:
            return (taken.member,)
        return (*self.member_ids[:1], *self.member_names[:1])


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: whom it names on Discord and on TradingView, as written there."""

    number: int  # in the file, from 1
    member: str
    username: str
    also: str = ""  # the member's name, beside a number in `member`


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
    NAME_HAS_LONG_DASH = "name_has_long_dash"
    NAME_HAS_HIDDEN_MARK = "name_has_hidden_mark"
    NAME_IS_OTHER_PAGE = "name_is_other_page"
    ID_SHORTENED = "id_shortened"  # by a spreadsheet, to 1.2E+17 or ...000
    ID_FITS_ONE = "id_fits_one"  # shortened, and one member's begins so
    ID_FITS_SEVERAL = "id_fits_several"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the server, with every name they go by there."""

    id: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a list is about: members' numbers, and names as they were typed."""

    ids: frozenset[int]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """The members that were found: everybody, or those who were asked about by number or name.

    `crowded` are names that more members begin with than Discord shows, so nobody can be meant for certain.
    """

    found: tuple[Person, ...]
    is_everybody: bool = True
    crowded: tuple[str, ...] = ()


LookUp = Callable[[Wanted], Awaitable[People]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A TradingView name and the member whom it is to belong to."""

    customer_id: int
    username: str
    member_id: int


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """What one line comes to; `pair` is there for what fits, and for what is only proposed."""

    line: Line
    outcome: Outcome
    pair: Pair | None = None
    by_name: bool = False  # the member was found by a name, which anybody can take


@dataclass(frozen=True, slots=True)
class Proposals:
    """Names that are equal on both sides; `unclear` counts those that fit to several members."""

    pairs: tuple[Pair, ...]
    unclear: int
