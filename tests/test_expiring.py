"""What is remembered ends at its moment, and there is never too much of it."""

import pytest

from bot import clock
from bot.expiring import Expiring


@pytest.fixture
def memory(frozen):
    return Expiring[str](most=3)


async def test_a_value_lasts_until_its_moment(memory, frozen):
    memory.put("a", "seen", clock.monotonic() + 10)
    await frozen.advance(9)
    assert memory.get("a", "unknown") == "seen"
    await frozen.advance(1)
    assert memory.get("a", "unknown") == "unknown"


async def test_beyond_the_most_the_first_goes_and_a_later_word_makes_later(memory):
    for key in ("a", "b", "c", "a", "d"):
        memory.put(key, "seen", clock.monotonic() + 10)
    assert [memory.get(key, "unknown") for key in "abcd"] == ["seen", "unknown", "seen", "seen"]


async def test_what_is_over_makes_room(memory, frozen):
    for key in ("a", "b"):
        memory.put(key, "seen", clock.monotonic() + 1)
    await frozen.advance(1)
    memory.put("c", "seen", clock.monotonic() + 1)
    assert len(memory) == 1


async def test_what_is_over_at_once_is_not_kept(memory):
    memory.put("a", "seen", clock.monotonic())
    assert len(memory) == 0
