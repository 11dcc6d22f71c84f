"""The 120 people on the sandbox's TradingView, and what each of them holds when the shop opens."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.sandbox.tradingview import Script, User, World

SIZE = 120

# Those whom the page introduces; "finn" is the beginning of the two that follow him.
KNOWN = ("bea_trades", "carl.fx", "Dana_Dao", "emil77", "finn", "finn_fx", "finnegan", "Gita-Ray")

_FIRST = (
    "amber", "atlas", "basil", "cedar", "cobalt", "coral", "delta", "ember", "falcon", "fjord",
    "harbor", "indigo", "jasper", "juniper", "lumen", "maple", "meridian", "nimbus", "opal", "quartz",
    "raven", "saffron", "sierra", "solstice", "tundra", "umbra", "velvet", "willow",
)  # fmt: skip
_SECOND = ("Charts", "_fx", "77", "-Pips", "_Trades", ".swing", "Bull", "_macd", "21")


def names() -> tuple[str, ...]:
    """120 different names in the shapes that TradingView allows."""
    return (*KNOWN, *map(_name, range(SIZE - len(KNOWN))))


def _name(index: int) -> str:
    first = _FIRST[index % len(_FIRST)]
    second = _SECOND[(index + index // len(_FIRST)) % len(_SECOND)]
    return (first.capitalize() if index % 3 == 0 else first) + second


def fill(world: World, scripts: tuple[Script, Script, Script], now: datetime) -> None:
    """Add the people and their rows: running, lapsed, without a date, or nothing at all."""
    everybody = names()
    for name in everybody:
        world.add_user(name)
    for index, name in enumerate(everybody[len(KNOWN) :]):
        _furnish(world, name, index, scripts, now)
    _known(world, scripts, now)


def add(world: World, scripts: Sequence[Script], now: datetime, count: int) -> list[User]:
    """Add so many more people, with rows like those of the others; returns them."""
    made: list[User] = []
    for number in itertools.count(2):
        for index in range(len(_FIRST) * len(_SECOND)):
            if len(made) == count:
                return made
            name = f"{_name(index)}{number}"
            if world.find_user(name) is None:
                made.append(world.add_user(name))
                _furnish(world, name, index, scripts, now)
    return made


def _furnish(world: World, name: str, index: int, scripts: Sequence[Script], now: datetime) -> None:
    for script, end in _crowd(index, scripts, now):
        created = now - timedelta(days=200 - index % 190, hours=index % 24)
        world.grant(script.pine_id, name, end, created=created)


def _crowd(
    index: int, scripts: Sequence[Script], now: datetime
) -> Iterator[tuple[Script, datetime | None]]:
    """The rows of one of the many; nine tenths have the first script, fewer the others."""
    day = timedelta(days=1)
    if index % 10:
        undated = index % 11 == 5
        yield scripts[0], None if undated else now + (index * 7 % 95 - 28) * day + day / 3
    if index % 3 == 1:
        yield scripts[1], now + (index * 5 % 70 - 14) * day + day / 5
    if index % 7 == 2:
        yield scripts[2], None if index % 2 else now + (index * 3 % 200 - 20) * day + day / 7


def _known(world: World, scripts: tuple[Script, ...], now: datetime) -> None:
    """The customers whom the page introduces."""
    trend, night, volume = (script.pine_id for script in scripts)
    day = timedelta(days=1)
    world.grant(trend, "bea_trades", now - 12 * day, created=now - 43 * day)
    world.grant(trend, "carl.fx", now + 9 * day, created=now - 81 * day)
    world.grant(night, "carl.fx", now - 40 * day, created=now - 70 * day)
    world.grant(night, "emil77", None, created=now - 300 * day)
    world.grant(trend, "finn_fx", now + 33 * day, created=now - 27 * day)
    world.grant(volume, "finn_fx", now + 200 * day, created=now - 165 * day)
    world.grant(trend, "finnegan", now - 2 * day, created=now - 32 * day)
    world.grant(volume, "finn", now + 3 * day, created=now - 27 * day)
