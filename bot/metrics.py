"""Counts what happens while the program runs: in a dictionary, with no library, until somebody asks to see it."""

from collections import Counter
from collections.abc import Mapping

Labels = tuple[tuple[str, str], ...]

_counted: Counter[tuple[str, Labels]] = Counter()


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add to a number; its labels hold words of the program's own, and never what somebody sent."""
    _counted[name, tuple(labels.items())] += amount  # type: ignore[assignment] # seconds are no whole numbers


def counted() -> Mapping[tuple[str, Labels], float]:
    """Return a copy of every number, by its name and labels."""
    return dict(_counted)
