"""One's own scripts, as TradingView tells of them (wire §11)."""

import pytest

from bot.sandbox.tradingview import FakeTradingView
from bot.sandbox.tradingview.publishing import SOURCE
from bot.tradingview import Cookies, Denied, SessionRefused, UpstreamTrouble, discovery
from tests.tradingview.upstream import client_of


@pytest.fixture
async def site():
    tv = FakeTradingView()
    await tv.start()
    tv.vendor = tv.world.add_vendor("Vendor_One")
    tv.trend = tv.world.add_script(tv.vendor, title="Trend Finder")
    tv.open = tv.world.add_script(tv.vendor, title="Free one", access="open_no_auth")
    tv.world.add_script(tv.world.add_vendor("Vendor_Two"), title="Somebody else's")
    cookies = Cookies(*tv.world.open_session(tv.vendor))
    async with client_of(tv.url, cookies=lambda: cookies) as client:
        tv.client = client
        yield tv
    await tv.close()


async def test_what_was_published_has_its_name_and_whether_it_is_invite_only(site):
    found = await discovery.published(site.client)
    assert [(one.pine_id, one.title, one.invite_only) for one in found] == [
        (site.trend.pine_id, "Trend Finder", True),
        (site.open.pine_id, "Free one", False),
    ]


async def test_the_source_of_a_script_is_seen_by_nobody(site, caplog):
    found = await discovery.published(site.client)
    found += await discovery.named(site.client, [site.trend.pine_id])
    assert SOURCE[:12] not in repr(found) + caplog.text


async def test_without_a_login_the_list_comes_empty(site):
    site.world.end_all_sessions()
    assert await discovery.published(site.client) == []
    site.switches.published_logged_out = "refused"
    with pytest.raises((Denied, SessionRefused)):
        await discovery.published(site.client)


async def test_the_managed_ids_alone(site):
    assert await discovery.managed(site.client) == [site.trend.pine_id]
    site.switches.managed_all = True
    assert len(await discovery.managed(site.client)) == 2
    site.world.end_all_sessions()
    with pytest.raises(Denied):
        await discovery.managed(site.client)


async def test_names_of_ids_also_of_many(site):
    many = [site.world.add_script(site.vendor, title=f"T{index}").pine_id for index in range(150)]
    found = await discovery.named(site.client, [*many, site.open.pine_id, "PUB;" + "0" * 32])
    assert len(found) == 151
    assert (found[0].title, found[0].invite_only, found[-1].invite_only) == ("T0", True, False)
    assert len(site.calls("pubscripts")) == 2


@pytest.mark.parametrize("fault", ["odd_answers", "cut_json", "truncated", "errors_500"])
async def test_an_answer_that_is_not_understood_is_never_no_scripts(site, fault):
    for ask in (
        discovery.published,
        discovery.managed,
        lambda client: discovery.named(client, [site.trend.pine_id]),
    ):
        site.switches.fault(fault)
        with pytest.raises(UpstreamTrouble):
            await ask(site.client)


async def test_private_and_built_in_ones_are_left_out(site):
    site.world.add_script(site.vendor, "USER;" + "a" * 32, "A draft")
    assert len(await discovery.published(site.client)) == 2
