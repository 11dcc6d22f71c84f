"""Cuts a long list: a statement takes only so many values, and a transaction others wait for only so long."""

from collections.abc import Collection, Iterator
from typing import TypeVar

MAX_VALUES = 10_000  # of a statement; SQLite takes 32,766, PostgreSQL's protocol 65,535

T = TypeVar("T")


def parts(values: Collection[T], most: int = MAX_VALUES) -> Iterator[list[T]]:
    """Yield the values in lists of at most so many, by default as fit into one statement; nothing for none."""
    every = list(values)
    for start in range(0, len(every), most):
        yield every[start : start + most]
