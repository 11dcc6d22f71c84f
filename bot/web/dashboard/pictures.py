"""Small pictures of numbers, drawn into the page: lines and bars within 100 by 100, without any text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.access.ledger.seats import Line
from bot.access.rules.seat_fee import FREE

_ROOM = 1.12  # above the highest number
_GAP = 0.3  # of a bar's room


@dataclass(frozen=True, slots=True)
class Seats:
    """People with access by day: as counted, as expected, and the height from which a fee is due."""

    counted: str  # points
    area: str
    expected: str
    free: float | None  # None: far above all that there is
    today: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, from the ground up."""

    x: float
    y: float
    width: float
    height: float


def seats(line: Line) -> Seats:
    """Return the line by day."""
    past = (*line.counted, line.expected[0])
    first, last = past[0][0], line.expected[-1][0]
    length = max((last - first).days, 1)
    most = max(number for _, number in (*past, *line.expected))
    has_fee = most >= FREE / 2
    top = max(most, FREE if has_fee else 1) * _ROOM

    def x(day: date) -> float:
        return round((day - first).days * 100 / length, 2)

    def y(number: int) -> float:
        return round(100 - number * 100 / top, 2)

    def points(numbers: Iterable[tuple[date, int]]) -> str:
        return " ".join(f"{x(day)},{y(number)}" for day, number in numbers)

    counted, today = points(past), x(past[-1][0])
    return Seats(
        counted,
        f"0,100 {counted} {today},100",
        points(line.expected),
        y(FREE) if has_fee else None,
        today,
    )


def bars(numbers: Sequence[int]) -> list[Bar]:
    """Return a bar for each number."""
    room, top = 100 / len(numbers), max(*numbers, 1)
    return [
        Bar(
            round((index + _GAP / 2) * room, 2),
            round(100 - number * 100 / top, 2),
            round(room * (1 - _GAP), 2),
            round(number * 100 / top, 2),
        )
        for index, number in enumerate(numbers)
    ]
