import asyncio
from datetime import timedelta

import pytest

from bot.access.errors import (
    ItemUnknown,
    PineIdElsewhere,
    PineIdUnusable,
    ScriptNotYours,
    ScriptThere,
    SlugTaken,
    SlugUnusable,
    TitleUnusable,
    TradingViewSilent,
)
from bot.access.logins.errors import LoginNotWorking, NoLogin
from bot.access.logins.sessions import LoginState
from bot.tradingview.names import PineIdProblem
from tests.support.vendor_fixture import AT, HOME, OTHER, STAFF, open_shop


@pytest.fixture
async def shop(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as shop:
        await shop.log_in()
        shop.pine_id = shop.world.add_script(shop.vendor).pine_id
        yield shop


async def slugs(shop):
    return [entry.script.slug for entry in await shop.scripts.listed(HOME)]


async def test_a_script_is_added_after_one_list_call(shop):
    before = len(shop.fake.calls("list"))
    woken = []
    shop.scripts.on_change.append(woken.append)
    added = await shop.scripts.add(shop.asked(), f" '{shop.pine_id}' ", " Trend ", " Trend \n Pro ")
    assert (added.script.slug, added.script.title) == ("trend", "Trend Pro")
    assert (added.script.pine_id, added.usual_length, added.again) == (shop.pine_id, True, False)
    assert len(shop.fake.calls("list")) == before + 1
    [event] = await shop.events("script_add")
    assert (event.actor_id, event.after["slug"]) == (STAFF, "trend")
    assert woken == [HOME]


async def test_an_id_of_an_odd_length_is_pointed_out(shop):
    odd = shop.world.add_script(shop.vendor, "PUB;abcd1234abcd1234").pine_id
    assert (await shop.scripts.add(shop.asked(), odd, "odd", "Odd")).usual_length is False


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("USER;0123456789abcdef0123456789abcdef", PineIdProblem.USER_SCRIPT),
        ("STD;RSI", PineIdProblem.BUILT_IN),
        ("https://www.tradingview.com/script/AbCdEfGh-Trend/", PineIdProblem.ADDRESS),
        ("trend", PineIdProblem.BAD),
        ("", PineIdProblem.BAD),
        ("😀" * 500, PineIdProblem.BAD),
    ],
)
async def test_what_is_no_pine_id_gets_told_what_is_wrong(shop, text, kind):
    calls = len(shop.fake.calls())
    with pytest.raises(PineIdUnusable) as refused:
        await shop.scripts.add(shop.asked(), text, "trend", "Trend")
    assert refused.value.kind is kind
    assert len(shop.fake.calls()) == calls
    assert await slugs(shop) == []


@pytest.mark.parametrize("slug", ["", "-trend", "_x", "two words", "a" * 33, "käse", "x;y", "😀"])
async def test_what_cannot_be_a_short_name_is_refused(shop, slug):
    with pytest.raises(SlugUnusable):
        await shop.scripts.add(shop.asked(), shop.pine_id, slug, "Trend")
    assert await slugs(shop) == []


@pytest.mark.parametrize("title", ["", "   ", "a" * 101])
async def test_a_title_has_one_to_a_hundred_characters(shop, title):
    with pytest.raises(TitleUnusable):
        await shop.scripts.add(shop.asked(), shop.pine_id, "trend", title)


async def test_somebody_elses_and_unknown_scripts_are_not_added(shop):
    theirs = shop.world.add_script(shop.world.add_vendor("Other_One")).pine_id
    for pine_id in (theirs, "PUB;" + "0" * 32):
        with pytest.raises(ScriptNotYours):
            await shop.scripts.add(shop.asked(), pine_id, "trend", "Trend")
    shop.world.scripts[shop.pine_id].forbidden = True
    with pytest.raises(ScriptNotYours):
        await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")
    assert await slugs(shop) == []


async def test_nothing_is_added_while_tradingview_does_not_answer(shop):
    shop.switches.set("down", True)
    with pytest.raises(TradingViewSilent):
        await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")


async def test_a_dead_login_is_noticed_and_said(shop):
    shop.switches.set("logged_out", True)
    with pytest.raises(LoginNotWorking):
        await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")
    assert (await shop.sessions.of(HOME)).state is LoginState.DEAD


async def test_without_a_login_nothing_can_be_proved(shop):
    with pytest.raises(NoLogin):
        await shop.scripts.add(shop.asked(guild_id=OTHER), shop.pine_id, "trend", "Trend")


async def test_one_script_belongs_to_one_server(shop):
    await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")
    with pytest.raises(PineIdElsewhere):
        await shop.scripts.add(shop.asked(guild_id=OTHER), shop.pine_id, "trend", "Trend")
    with pytest.raises(ScriptThere) as there:
        await shop.scripts.add(shop.asked(), shop.pine_id, "again", "Trend")
    assert there.value.slug == "trend"


async def test_a_short_name_is_there_once_archived_ones_included(shop):
    await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")
    other = shop.world.add_script(shop.vendor).pine_id
    with pytest.raises(SlugTaken):
        await shop.scripts.add(shop.asked(), other, "TREND", "Trend")
    await shop.scripts.archive(shop.asked(), "trend")
    with pytest.raises(SlugTaken) as taken:
        await shop.scripts.add(shop.asked(), other, "trend", "Trend")
    assert taken.value.archived


async def test_an_archived_script_comes_back_with_its_people(shop):
    first = (await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")).script
    await shop.hold(first, await shop.resolve(None, "Ann_Trades"))
    assert (await shop.scripts.archive(shop.asked(), "trend")).holders == 1
    added = await shop.scripts.add(shop.asked(), shop.pine_id, "trend2", "Trend 2")
    assert (added.again, added.script.id, added.script.archived_at) == (True, first.id, None)
    [entry] = await shop.scripts.listed(HOME)
    assert (entry.script.slug, entry.script.title, entry.holders) == ("trend2", "Trend 2", 1)


async def test_archiving_removes_nobody(shop):
    script = (await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")).script
    shop.world.grant(shop.pine_id, "Ann_Trades")
    await shop.hold(script, await shop.resolve(None, "Ann_Trades"))
    calls = len(shop.fake.calls())
    assert (await shop.scripts.entry(HOME, "trend")).holders == 1
    entry = await shop.scripts.archive(shop.asked(), "trend")
    assert entry.holders == 1
    assert len(shop.fake.calls()) == calls
    assert shop.world.has_access(shop.pine_id, "Ann_Trades")
    with pytest.raises(ItemUnknown):
        await shop.scripts.archive(shop.asked(), "trend")
    assert len(await shop.events("script_archive")) == 1
    assert await slugs(shop) == ["trend"]


async def test_a_script_is_renamed(shop):
    await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")
    before, after = await shop.scripts.rename(shop.asked(), "TREND", "Trend-Pro", "Trend Pro")
    assert (before.slug, after.slug, after.title) == ("trend", "trend-pro", "Trend Pro")
    await shop.scripts.rename(shop.asked(), "trend-pro", "trend-pro", "Trend")  # the title alone
    assert len(await shop.events("script_rename")) == 2


async def test_renaming_takes_no_other_scripts_name(shop):
    await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")
    other = shop.world.add_script(shop.vendor).pine_id
    await shop.scripts.add(shop.asked(), other, "tail", "Tail")
    with pytest.raises(SlugTaken):
        await shop.scripts.rename(shop.asked(), "tail", "trend", "Tail")
    with pytest.raises(ItemUnknown) as unknown:
        await shop.scripts.rename(shop.asked(), "tral", "x", "X")
    assert "tail" in unknown.value.near
    assert await slugs(shop) == ["tail", "trend"]


async def test_the_same_script_twice_at_once_is_added_once(shop):
    results = await asyncio.gather(
        *(shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend") for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, ScriptThere) for result in results) == 4
    assert await slugs(shop) == ["trend"]


async def test_access_that_is_over_does_not_count(shop):
    script = (await shop.scripts.add(shop.asked(), shop.pine_id, "trend", "Trend")).script
    over = AT - timedelta(days=1)
    ann = await shop.resolve(None, "Ann_Trades")
    await shop.hold(script, ann, wanted="until", wanted_ends_at=over)
    assert (await shop.scripts.entry(HOME, "trend")).holders == 0
