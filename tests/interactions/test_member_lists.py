"""The roles of everybody: page by page, else all at once, and never a part of them for the whole."""

import pytest

from bot.access.errors import MembersSilent
from bot.interactions import members
from tests.support.discord_harness import at_work, open_office


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        harness.vip = harness.make_role("VIP")
        harness.give_role(harness.buyer, harness.vip)
        async with at_work(harness, ready=True):
            yield harness


async def listed(harness):
    return [page async for page in harness.client.members.listed(harness.guild.id)]


def holders(harness, pages):
    return {each.member_id for page in pages for each in page if harness.vip.id in each.roles}


async def test_everybody_but_the_bots_comes_in_pages(harness, monkeypatch):
    monkeypatch.setattr(members, "_PAGE", 2)
    pages = await listed(harness)
    assert len(pages) == 3  # five, the bot among them
    ids = [each.member_id for page in pages for each in page]
    assert set(ids) == set(harness.guild.members) - {harness.fake.bot.id}
    assert len(ids) == len(set(ids))
    assert holders(harness, pages) == {harness.buyer.id}


async def test_where_there_are_no_pages_all_come_at_once(harness, monkeypatch):
    async def refused(*_):
        raise MembersSilent

    monkeypatch.setattr(harness.client.members, "_page", refused)
    assert holders(harness, await listed(harness)) == {harness.buyer.id}
    with pytest.raises(MembersSilent):  # no sooner again than Discord says
        await listed(harness)


async def test_a_later_page_that_does_not_come_ends_it(harness, monkeypatch):
    monkeypatch.setattr(members, "_PAGE", 2)
    page = harness.client.members._page

    async def first_only(guild_id, after):
        if after:
            raise MembersSilent
        return await page(guild_id, after)

    monkeypatch.setattr(harness.client.members, "_page", first_only)
    pages = []
    with pytest.raises(MembersSilent):
        async for each in harness.client.members.listed(harness.guild.id):
            pages.append(each)  # noqa: PERF401 - what came before counts too
    assert len(pages) == 1


async def test_a_list_without_the_bot_itself_is_not_everybody(harness, monkeypatch):
    async def nobody(*_):
        return []

    monkeypatch.setattr(harness.client.members, "_page", nobody)
    with pytest.raises(MembersSilent):
        await listed(harness)


async def test_how_many_have_a_role_is_counted(harness):
    count = harness.client.members.number_with
    assert await count(harness.guild.id, harness.vip.id, []) == (1, True)


async def test_without_the_intent_only_the_known_ones_are_counted(harness):
    harness.client.go_without_members()
    count = harness.client.members.number_with
    assert await count(harness.guild.id, harness.vip.id, [harness.stranger.id]) == (0, False)
    known = [harness.stranger.id, harness.buyer.id]
    assert await count(harness.guild.id, harness.vip.id, known) == (1, False)
    assert await count(harness.guild.id, harness.vip.id, range(1, 3_000)) is None
