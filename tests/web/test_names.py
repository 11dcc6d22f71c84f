"""Many askers, few questions; and silence is never "no such user"."""

import asyncio

import pytest

from bot.jobs import Jobs
from bot.tradingview import Hint, Trouble, UpstreamTrouble
from bot.web.names import Names, Unanswered
from tests.support.fake_time import settle


class Upstream:
    """Answers as told and counts."""

    def __init__(self, *names):
        self.names = list(names)
        self.asked = []
        self.error = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, text):
        self.asked.append(text)
        await self.gate.wait()
        if self.error:
            raise self.error
        return [Hint(name, None, False) for name in self.names]


@pytest.fixture
async def jobs(frozen):
    async with Jobs() as jobs:
        yield jobs


@pytest.fixture
def upstream():
    return Upstream("Exact_Name", "Exact_Name_2")


@pytest.fixture
def names(upstream, jobs):
    return Names(upstream, jobs)


async def test_only_the_whole_name_counts_in_any_case(names):
    assert await names.find("eXACT_nAME") == "Exact_Name"
    assert await names.find("exact") is None


async def test_a_found_name_is_remembered_for_a_minute(names, upstream, frozen):
    await names.find("exact_name")
    await frozen.advance(59)
    assert await names.find("EXACT_NAME") == "Exact_Name"
    assert len(upstream.asked) == 1
    await frozen.advance(1)
    await names.find("exact_name")
    assert len(upstream.asked) == 2


async def test_a_name_not_found_is_remembered_for_twenty_seconds(names, upstream, frozen):
    assert await names.find("nobody") is None
    await frozen.advance(19)
    assert await names.find("nobody") is None
    assert len(upstream.asked) == 1
    upstream.names.append("nobody")
    await frozen.advance(1)
    assert await names.find("nobody") == "nobody"


async def test_only_so_many_names_are_remembered(upstream, jobs):
    names = Names(upstream, jobs, most=2)
    for name in ("a", "b", "c"):
        await names.find(name)
    await names.find("c")
    assert len(upstream.asked) == 3
    await names.find("a")
    assert len(upstream.asked) == 4


async def test_many_askers_cause_one_question(names, upstream, jobs):
    upstream.gate.clear()
    askers = [jobs.spawn(names.find(n), "asker") for n in ("exact_name", "Exact_Name") * 25]
    await settle()
    upstream.gate.set()
    assert set(await asyncio.gather(*askers)) == {"Exact_Name"}
    assert len(upstream.asked) == 1


async def test_the_first_asker_may_leave(names, upstream, jobs):
    upstream.gate.clear()
    first, second = (jobs.spawn(names.find("exact_name"), "asker") for _ in range(2))
    await settle()
    first.cancel()
    await settle()
    upstream.gate.set()
    assert await second == "Exact_Name"
    assert len(upstream.asked) == 1


async def test_when_all_askers_leave_the_answer_is_still_kept(names, upstream, jobs):
    upstream.gate.clear()
    asker = jobs.spawn(names.find("exact_name"), "asker")
    await settle()
    asker.cancel()
    await settle()
    upstream.gate.set()
    await settle()
    assert await names.find("exact_name") == "Exact_Name"
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("error", [UpstreamTrouble(Trouble.NETWORK), RuntimeError("of ours")])
async def test_an_error_is_no_answer_and_not_remembered(names, upstream, error):
    upstream.error = error
    with pytest.raises(Unanswered):
        await names.find("exact_name")
    upstream.error = None
    assert await names.find("exact_name") == "Exact_Name"


async def test_silence_ends_after_five_seconds_and_is_not_remembered(names, upstream, jobs, frozen):
    upstream.gate.clear()
    asker = jobs.spawn(wanted(names, "exact_name"), "asker")
    await frozen.advance(4.9)
    assert not asker.done()
    await frozen.advance(0.1)
    assert await asker == "unanswered"
    upstream.gate.set()
    assert await names.find("exact_name") == "Exact_Name"


async def test_only_so_many_are_asked_about_at_once(upstream, jobs):
    names = Names(upstream, jobs, most_at_once=2)
    upstream.gate.clear()
    askers = [jobs.spawn(wanted(names, name), "asker") for name in ("a", "b", "c", "a")]
    await settle()
    assert upstream.asked == ["a", "b"]
    upstream.gate.set()
    assert await asyncio.gather(*askers) == [None, None, "unanswered", None]


async def wanted(names, name):
    try:
        return await names.find(name)
    except Unanswered:
        return "unanswered"
