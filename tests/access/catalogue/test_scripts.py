import asyncio
from datetime import timedelta

import pytest

from bot.access.catalogue.errors import (
    ItemUnknown,
    PineIdElsewhere,
    PineIdUnusable,
    ScriptNotYours,
    ScriptThere,
    SlugTaken,
    SlugUnusable,
    TitleUnusable,
)
from bot.access.errors import TradingViewSilent
from bot.access.logins.errors import LoginNotWorking, NoLogin
from bot.access.logins.sessions import LoginState
from bot.tradingview.names import PineIdProblem
from tests.support.vendor_fixture import AT, HOME, OTHER, STAFF, open_shop


@pytest.fixture
async def vendor(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor:
        await vendor.log_in()
        vendor.pine_id = vendor.world.add_script(vendor.vendor).pine_id
        yield vendor


async def slugs(vendor):
    return [entry.script.slug for entry in await vendor.scripts.listed(HOME)]


async def test_a_script_is_added_after_one_list_call(vendor):
    before = len(vendor.fake.calls("list"))
    woken = []
    vendor.scripts.on_change.append(woken.append)
    added = await vendor.scripts.add(
        vendor.request(), f" '{vendor.pine_id}' ", " Trend ", " Trend \n Pro "
    )
    assert (added.script.slug, added.script.title) == ("trend", "Trend Pro")
    assert (added.script.pine_id, added.usual_length, added.again) == (vendor.pine_id, True, False)
    assert len(vendor.fake.calls("list")) == before + 1
    [event] = await vendor.events("script_add")
    assert (event.actor.member_id, event.after["slug"]) == (STAFF, "trend")
    assert woken == [HOME]


async def test_an_id_of_an_odd_length_is_pointed_out(vendor):
    odd = vendor.world.add_script(vendor.vendor, "PUB;abcd1234abcd1234").pine_id
    assert (await vendor.scripts.add(vendor.request(), odd, "odd", "Odd")).usual_length is False


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
async def test_what_is_no_pine_id_gets_told_what_is_wrong(vendor, text, kind):
    calls = len(vendor.fake.calls())
    with pytest.raises(PineIdUnusable) as refused:
        await vendor.scripts.add(vendor.request(), text, "trend", "Trend")
    assert refused.value.kind is kind
    assert len(vendor.fake.calls()) == calls
    assert await slugs(vendor) == []


@pytest.mark.parametrize("slug", ["", "-trend", "_x", "two words", "a" * 33, "käse", "x;y", "😀"])
async def test_what_cannot_be_a_short_name_is_refused(vendor, slug):
    with pytest.raises(SlugUnusable):
        await vendor.scripts.add(vendor.request(), vendor.pine_id, slug, "Trend")
    assert await slugs(vendor) == []


@pytest.mark.parametrize("title", ["", "   ", "a" * 101])
async def test_a_title_has_one_to_a_hundred_characters(vendor, title):
    with pytest.raises(TitleUnusable):
        await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", title)


async def test_somebody_elses_and_unknown_scripts_are_not_added(vendor):
    theirs = vendor.world.add_script(vendor.world.add_vendor("Other_One")).pine_id
    for pine_id in (theirs, "PUB;" + "0" * 32):
        with pytest.raises(ScriptNotYours):
            await vendor.scripts.add(vendor.request(), pine_id, "trend", "Trend")
    vendor.world.scripts[vendor.pine_id].forbidden = True
    with pytest.raises(ScriptNotYours):
        await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")
    assert await slugs(vendor) == []


async def test_nothing_is_added_while_tradingview_does_not_answer(vendor):
    vendor.switches.set("down", True)
    with pytest.raises(TradingViewSilent):
        await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")


async def test_a_dead_login_is_noticed_and_said(vendor):
    vendor.switches.set("logged_out", True)
    with pytest.raises(LoginNotWorking):
        await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")
    assert (await vendor.sessions.of(HOME)).state is LoginState.DEAD


async def test_without_a_login_nothing_can_be_proved(vendor):
    with pytest.raises(NoLogin):
        await vendor.scripts.add(vendor.request(guild_id=OTHER), vendor.pine_id, "trend", "Trend")


async def test_one_script_belongs_to_one_server(vendor):
    await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")
    with pytest.raises(PineIdElsewhere):
        await vendor.scripts.add(vendor.request(guild_id=OTHER), vendor.pine_id, "trend", "Trend")
    with pytest.raises(ScriptThere) as there:
        await vendor.scripts.add(vendor.request(), vendor.pine_id, "again", "Trend")
    assert there.value.slug == "trend"


async def test_a_short_name_is_there_once_archived_ones_included(vendor):
    await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")
    other = vendor.world.add_script(vendor.vendor).pine_id
    with pytest.raises(SlugTaken):
        await vendor.scripts.add(vendor.request(), other, "TREND", "Trend")
    await vendor.scripts.archive(vendor.request(), "trend")
    with pytest.raises(SlugTaken) as taken:
        await vendor.scripts.add(vendor.request(), other, "trend", "Trend")
    assert taken.value.archived


async def test_an_archived_script_comes_back_with_its_people(vendor):
    first = (await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")).script
    await vendor.hold(first, await vendor.resolve(None, "Ann_Trades"))
    assert (await vendor.scripts.archive(vendor.request(), "trend")).holders == 1
    added = await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend2", "Trend 2")
    assert (added.again, added.script.id, added.script.archived_at) == (True, first.id, None)
    [entry] = await vendor.scripts.listed(HOME)
    assert (entry.script.slug, entry.script.title, entry.holders) == ("trend2", "Trend 2", 1)


async def test_archiving_removes_nobody(vendor):
    script = (await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")).script
    vendor.world.grant(vendor.pine_id, "Ann_Trades")
    await vendor.hold(script, await vendor.resolve(None, "Ann_Trades"))
    calls = len(vendor.fake.calls())
    assert (await vendor.scripts.entry(HOME, "trend")).holders == 1
    entry = await vendor.scripts.archive(vendor.request(), "trend")
    assert entry.holders == 1
    assert len(vendor.fake.calls()) == calls
    assert vendor.world.has_access(vendor.pine_id, "Ann_Trades")
    with pytest.raises(ItemUnknown):
        await vendor.scripts.archive(vendor.request(), "trend")
    assert len(await vendor.events("script_archive")) == 1
    assert await slugs(vendor) == ["trend"]


async def test_a_script_is_renamed(vendor):
    await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")
    before, after = await vendor.scripts.rename(vendor.request(), "TREND", "Trend-Pro", "Trend Pro")
    assert (before.slug, after.slug, after.title) == ("trend", "trend-pro", "Trend Pro")
    await vendor.scripts.rename(
        vendor.request(), "trend-pro", "trend-pro", "Trend"
    )  # the title alone
    assert len(await vendor.events("script_rename")) == 2


async def test_renaming_takes_no_other_scripts_name(vendor):
    await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")
    other = vendor.world.add_script(vendor.vendor).pine_id
    await vendor.scripts.add(vendor.request(), other, "tail", "Tail")
    with pytest.raises(SlugTaken):
        await vendor.scripts.rename(vendor.request(), "tail", "trend", "Tail")
    with pytest.raises(ItemUnknown) as unknown:
        await vendor.scripts.rename(vendor.request(), "tral", "x", "X")
    assert "tail" in unknown.value.near
    assert await slugs(vendor) == ["tail", "trend"]


async def test_the_same_script_twice_at_once_is_added_once(vendor):
    results = await asyncio.gather(
        *(vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend") for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, ScriptThere) for result in results) == 4
    assert await slugs(vendor) == ["trend"]


async def test_access_that_is_over_does_not_count(vendor):
    script = (await vendor.scripts.add(vendor.request(), vendor.pine_id, "trend", "Trend")).script
    over = AT - timedelta(days=1)
    ann = await vendor.resolve(None, "Ann_Trades")
    await vendor.hold(script, ann, wanted="until", wanted_ends_at=over)
    assert (await vendor.scripts.entry(HOME, "trend")).holders == 0
