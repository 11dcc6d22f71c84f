"""Names of members for pages: asked for together, remembered, and left out where Discord is silent."""

import asyncio

import pytest

from bot.access.errors import MembersSilent
from bot.access.people.import_records import Person
from bot.interactions.member_names import TIMEOUT, MemberNames


class Requests:
    """Discord's side: whom it knows, and what it was asked."""

    def __init__(self, *people):
        self.people, self.asked, self.trouble = people, [], None

    async def by_ids(self, guild_id, member_ids):
        self.asked.append((guild_id, list(member_ids)))
        if self.trouble is not None:
            await self.trouble()
        return [person for person in self.people if person.id in member_ids]


@pytest.fixture
def requests():
    return Requests(Person(5, ("mia", "Mia M.")), Person(6, ("ben",)))


async def test_the_name_that_the_server_shows_is_taken_and_asked_for_once(requests, frozen):
    names = MemberNames(requests)
    assert await names.of(1, {5, 6, 7}) == {5: "Mia M.", 6: "ben"}
    assert await names.of(1, {5, 7}) == {5: "Mia M."}
    assert requests.asked == [(1, [5, 6, 7])]
    await frozen.advance(901)
    await names.of(1, {5})
    assert len(requests.asked) == 2


async def test_a_server_s_names_are_its_own(requests):
    names = MemberNames(requests)
    names.note(2, 5, "Other")
    assert await names.of(1, {5}) == {5: "Mia M."}
    assert await names.of(2, {5}) == {5: "Other"}


async def test_a_hundred_are_asked_for_at_a_time(requests):
    await MemberNames(requests).of(1, range(1, 251))
    assert [len(asked) for _, asked in requests.asked] == [100, 100, 50]


async def test_where_discord_is_silent_the_page_does_not_wait(requests, frozen):
    async def for_ever():
        await asyncio.Event().wait()

    requests.trouble = for_ever
    asking = asyncio.ensure_future(MemberNames(requests).of(1, range(1, 251)))
    await frozen.advance(TIMEOUT)
    assert await asking == {}
    assert len(requests.asked) == 1


async def test_where_discord_lists_nobody_numbers_stay(requests):
    async def refused():
        raise MembersSilent

    requests.trouble = refused
    assert await MemberNames(requests).of(1, {5}) == {}


async def test_a_silent_moment_is_not_taken_for_an_answer(requests):
    async def refused():
        raise MembersSilent

    names, requests.trouble = MemberNames(requests), refused
    assert await names.of(1, {5}) == {}
    requests.trouble = None
    assert await names.of(1, {5}) == {5: "Mia M."}
