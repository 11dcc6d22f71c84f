"""How often a member may do what reaches TradingView."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access.errors import TradingViewSilent
from bot.access.people.errors import LookedUpTooOften, OwnNameUnknown, TooOften
from bot.access.people.limits import LOOK_UP
from bot.store.kinds import AttemptKind
from tests.support.vendor_fixture import AT, MEMBER, STRANGER, open_shop


@pytest.fixture
async def vendor(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor:
        vendor.world.add_user("Ann_Trades")
        yield vendor


def later(vendor, by=MEMBER, **time):
    return replace(vendor.request(by), at=AT + timedelta(**time))


async def test_three_links_a_day_also_of_unknown_names_and_after_a_restart(vendor):
    await vendor.customers.may_link(later(vendor), "Ann_Trades")
    with pytest.raises(OwnNameUnknown):
        await vendor.customers.may_link(later(vendor, hours=1), "nobody_zz")
    vendor.build()
    await vendor.customers.may_link(later(vendor, hours=2), "Ann_Trades")
    with pytest.raises(TooOften) as refused:
        await vendor.customers.may_link(later(vendor, hours=3), "Ann_Trades")
    assert refused.value.attempt is AttemptKind.LINK
    assert refused.value.again_at == AT + timedelta(days=1)
    await vendor.customers.may_link(later(vendor, STRANGER, hours=3), "Ann_Trades")
    await vendor.customers.may_link(later(vendor, days=1), "Ann_Trades")


async def test_an_outage_costs_nobody_a_try(vendor):
    vendor.switches.set("down", True)
    for _ in range(4):
        with pytest.raises(TradingViewSilent):
            await vendor.customers.may_link(later(vendor), "Ann_Trades")


async def test_the_log_channel_hears_once_for_each_member_and_day(vendor):
    async def too_often(**time):
        with pytest.raises(TooOften):
            await vendor.customers.may_link(later(vendor, **time), "Ann_Trades")

    for _ in range(3):
        await vendor.customers.may_link(later(vendor), "Ann_Trades")
    await too_often()
    await too_often(hours=20)
    [told] = await vendor.events("limit_reached")
    assert (told.member_id, told.after) == (MEMBER, {"what": "link"})
    for _ in range(3):
        await vendor.customers.may_link(later(vendor, days=2), "Ann_Trades")
    await too_often(days=2)
    assert len(await vendor.events("limit_reached")) == 2


async def test_looking_up_names_is_limited_as_over_http(vendor, frozen):
    for _ in range(30):
        await vendor.customers.look_up(later(vendor), "Ann_Trades")
    with pytest.raises(LookedUpTooOften) as refused:
        await vendor.customers.look_up(later(vendor), "Ann_Trades")
    assert refused.value.wait == 1
    await vendor.customers.look_up(later(vendor, STRANGER), "Ann_Trades")
    [told] = await vendor.events("limit_reached")
    assert told.after == {"what": LOOK_UP}
    await frozen.advance(1)
    await vendor.customers.look_up(later(vendor), "Ann_Trades")
