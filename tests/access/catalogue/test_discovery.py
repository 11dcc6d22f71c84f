"""The vendor's scripts: found where they can be, and none at all believed only of a living login."""

import pytest

from bot.access.catalogue.discovery import Discovery, free_slug
from bot.access.catalogue.errors import ScriptNotYours
from bot.access.errors import TradingViewSilent
from bot.access.logins.errors import LoginNotWorking, NoLogin
from tests.support.vendor_fixture import HOME, OTHER, open_shop


@pytest.fixture
async def vendor(tmp_path, frozen):
    async with open_shop(tmp_path) as it:
        await it.log_in()
        for title in ("Trend Finder", "tail"):
            it.world.add_script(it.vendor, title=title)
        it.world.add_script(it.vendor, title="Free", access="open_no_auth")
        yield it


async def titles(vendor):
    return [one.title for one in await vendor.discovery.find(HOME)]


async def test_only_invite_only_scripts_are_offered_by_title(vendor):
    assert await titles(vendor) == ["tail", "Trend Finder"]
    assert len(vendor.fake.calls("published")) == len(vendor.fake.calls("scripts")) == 1
    assert vendor.fake.calls("pubscripts") == []


@pytest.mark.parametrize("value", [True, False])
async def test_managed_scripts_are_crossed_with_the_published_ones(vendor, value):
    vendor.switches.managed_all = value
    assert await titles(vendor) == ["tail", "Trend Finder"]
    vendor.switches.published_empty = True
    assert await titles(vendor) == ["tail", "Trend Finder"]


async def test_without_pine_facade_the_managed_ones_are_named(vendor):
    vendor.switches.managed_all = True
    vendor.switches.fault("errors_500", path="pine-facade", times=-1)
    assert await titles(vendor) == ["tail", "Trend Finder"]
    vendor.switches.fault("errors_500", path="pubscripts", times=-1)
    assert await titles(vendor) == ["Untitled script"] * 3


async def test_without_the_managed_list_the_published_ones_do(vendor):
    vendor.switches.fault("errors_500", path="list_scripts", times=-1)
    assert await titles(vendor) == ["tail", "Trend Finder"]


async def test_no_scripts_is_believed_only_of_a_login_just_shown_alive(vendor):
    vendor.world.scripts.clear()
    assert await titles(vendor) == []
    assert vendor.fake.calls()[-1].name == "details"
    vendor.switches.fault("errors_500", path="details", times=-1)
    with pytest.raises(TradingViewSilent):
        await titles(vendor)


async def test_a_dead_login_is_not_no_scripts(vendor):
    vendor.world.end_all_sessions()
    with pytest.raises(LoginNotWorking):
        await titles(vendor)


async def test_a_dead_login_whose_managed_list_fails_is_not_no_scripts(vendor):
    vendor.world.end_all_sessions()
    vendor.switches.fault("errors_500", path="list_scripts", times=-1)
    with pytest.raises(LoginNotWorking):
        await titles(vendor)


async def test_without_a_login_or_an_answer_it_says_so(vendor, tmp_path):
    vendor.switches.down = True
    with pytest.raises(TradingViewSilent):
        await titles(vendor)
    with pytest.raises(NoLogin):
        await vendor.discovery.find(OTHER)


async def test_what_is_here_already_or_elsewhere_is_marked(vendor):
    await vendor.add_script("mine", title="Mine")
    await vendor.add_script("theirs", title="Theirs", guild_id=OTHER)
    found = {one.title: (one.slug, one.elsewhere) for one in await vendor.discovery.find(HOME)}
    assert found["Mine"] == ("mine", False)
    assert found["Theirs"] == (None, True)
    assert [one.is_new for one in await vendor.discovery.find(HOME)].count(True) == 2


async def test_several_are_added_under_short_names_of_their_titles(vendor):
    vendor.world.add_script(vendor.vendor, title="Trend Finder")
    offers = await vendor.discovery.find(HOME)
    done = await vendor.discovery.add(vendor.request(), [one.pine_id for one in offers])
    assert sorted(one.script.slug for one in done.added) == [
        "tail",
        "trend-finder",
        "trend-finder-2",
    ]
    assert done.refused == ()
    again = await vendor.discovery.add(vendor.request(), [offers[0].pine_id])
    assert again.added == ()
    assert again.refused[0][0] == "tail"


async def test_after_a_restart_the_titles_are_asked_again_and_a_refusal_holds_up_no_other(vendor):
    ids = [one.pine_id for one in await vendor.discovery.find(HOME)]
    vendor.world.scripts[ids[0]].forbidden = True
    fresh = Discovery(vendor.database, vendor.sessions, vendor.scripts)
    done = await fresh.add(vendor.request(), ids)
    assert [one.script.title for one in done.added] == ["Trend Finder"]
    assert [(title, type(error)) for title, error in done.refused] == [("tail", ScriptNotYours)]


@pytest.mark.parametrize(
    ("title", "taken", "slug"),
    [
        ("Trend Finder", set(), "trend-finder"),
        ("  Größe & Ziel! ", set(), "groe-ziel"),
        ("🚀", set(), "script"),
        ("Trend", {"trend", "trend-2"}, "trend-3"),
        ("x" * 60, {"x" * 32}, "x" * 30 + "-2"),
    ],
)
def test_a_short_name_is_made_of_the_title(title, taken, slug):
    assert free_slug(title, taken) == slug
