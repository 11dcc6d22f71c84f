"""Cuts a long list of ids: a statement takes only so many values."""

from collections.abc import Collection, Iterator
from typing import TypeVar

MAX_VALUES = 10_000  # of a statement; SQLite takes 32,766, PostgreSQL's protocol 65,535

T = TypeVar("T", int, str)


def parts(values: Collection[T]) -> Iterator[list[T]]:
    """Yield the values in lists that fit into one statement; nothing when there are none."""
    every = list(values)
    for start in range(0, len(every), MAX_VALUES):
        yield every[start : start + MAX_VALUES]
