"""What the tour takes for a tick."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox import opened
from bot.sandbox.discord.interactions import Interaction, Kind
from bot.sandbox.discord.world import Message
from bot.sandbox.tradingview import Call

WAITING = "⏳ **Waiting:** 1 month for **finn**.\nYou hear from me when it is done."


@pytest.fixture
def tour(sandbox):
    return sandbox.simulation.tour


@pytest.fixture
def grant(shop, used):
    """A used /access grant, answered with that text."""
    return lambda text: used(text, "access grant", shop)


@pytest.fixture
def used():
    """A command that a moderator used, answered with that text."""

    def used(text, command, shop):
        world = shop.discord.world
        person = shop.person("moderator").user
        one = Interaction(
            world.ids.next(),
            Kind.COMMAND,
            person=person,
            channel=shop.general,
            data={},
            created_at=world.now(),
            respond_by=world.now(),
            now=world.now,
            command=command,
        )
        one.original = Message(world.ids.next(), shop.general, world.bot, world.now(), text)
        one.original.keep(world.now())
        return one

    return used


def write(username, **more):
    call = Call("POST", "/pine_perm/add/", "add", datetime.now(UTC))
    call.form = {"pine_id": "PUB;1", "username_recip": username}
    call.status, call.applied = 201, True
    for name, value in more.items():
        setattr(call, name, value)
    return call


def read(username):
    call = Call("POST", "/pine_perm/list_users/", "list", datetime.now(UTC))
    call.form = {"pine_id": "PUB;1", "username": username}
    call.status = 200
    return call


def goals(tour, step):
    return [goal["reached"] for goal in tour.describe()["steps"][step]["goals"]]


def go_to(tour, step):
    while tour.current < step:
        tour.skip()


def test_an_answer_that_waits_is_not_done(tour, grant):
    tour.used(grant(WAITING))
    assert goals(tour, 0) == [0, 0]
    tour.called(write("bea_trades"))
    assert tour.current == 0
    tour.used(grant("✅ **Done:** …"))
    assert tour.current == 1


def test_a_lost_answer_counts_once_it_was_looked_up_and_not_written_twice(tour):
    go_to(tour, 2)
    tour.turned("lost_answers")
    tour.called(write("carl.fx", dropped=True, status=None))
    assert goals(tour, 2) == [1, 1, 0]
    tour.called(read("carl.fx"))
    assert tour.current == 3


def test_a_lost_answer_that_was_written_twice_does_not_count(tour):
    go_to(tour, 2)
    tour.turned("lost_answers")
    tour.called(write("carl.fx", dropped=True, status=None))
    tour.called(write("carl.fx"))
    tour.called(read("carl.fx"))
    assert tour.current == 2


def test_sales_are_remembered_until_each_turned_to_done_once(tour, shop, grant):
    go_to(tour, 3)
    shop.tradingview.switches.logged_out = True
    sales = [grant(WAITING) for _ in range(3)]
    for sale in sales:
        tour.used(sale)
    assert tour.current == 4
    go_to(tour, 5)
    tour.cookies_made()
    for number, sale in enumerate(sales):
        tour.called(read(f"buyer{number}"))
        tour.called(write(f"buyer{number}"))
        sale.original.content = "✅ **Done:** …"
        sale.original.keep(datetime.now(UTC))
        assert goals(tour, 5)[2] == number
        tour.look()
    assert tour.describe()["done"]


def test_a_sale_that_was_written_twice_leaves_the_tour_open(tour, shop, grant):
    go_to(tour, 3)
    shop.tradingview.switches.logged_out = True
    sales = [grant(WAITING) for _ in range(3)]
    for sale in sales:
        tour.used(sale)
    go_to(tour, 5)
    tour.cookies_made()
    tour.called(read("buyer"))
    for name in ("buyer", "buyer", "other", "third"):
        tour.called(write(name))
    for sale in sales:
        sale.original.content = "✅ **Done:** …"
        sale.original.keep(datetime.now(UTC))
    tour.look()
    assert goals(tour, 5) == [1, 1, 3, 0]


def test_it_can_be_taken_again(tour, sandbox):
    go_to(tour, 6)
    assert tour.describe()["done"]
    tour.restart()
    assert tour.current == 0
    assert not any(step["skipped"] for step in tour.describe()["steps"])


@pytest.fixture
async def role_shop():
    """A shop where a payment bot gives a role, without its bot."""
    async with opened(0, with_bot=False, kind="role") as sandbox:
        yield sandbox.simulation


async def test_a_chart_counts_what_tradingview_lists_for_that_person_now(role_shop):
    tour, shop = role_shop.tour, role_shop.shop
    go_to(tour, 4)
    world, name, now = shop.tradingview.world, shop.unlinked.name, datetime.now(UTC)
    trend, scalper, volume = (each.script.pine_id for each in shop.publications)
    world.grant(trend, name, None)
    world.grant(scalper, name, now - timedelta(days=1))
    world.grant(volume, name, now + timedelta(days=1))
    assert goals(tour, 4) == [0]
    role_shop.open_chart("finn_fx")
    assert goals(tour, 4) == [0]
    found = role_shop.open_chart("gita-RAY")
    assert found == {
        "scripts": [
            {"title": "Trend Finder Pro", "author": "Harbor_Charts"},
            {"title": "Volume Map", "author": "Harbor_Charts"},
        ]
    }
    assert tour.current == 5
    with pytest.raises(ValueError, match="nobody on TradingView"):
        role_shop.open_chart("nobody.here")


async def test_a_role_is_lost_and_given_back_and_the_bot_asked_each_time(role_shop, used):
    tour, shop = role_shop.tour, role_shop.shop
    member = {"member": str(shop.unlinked.user.id), "role": str(shop.paid_role.id)}
    role_shop.happen({"do": "give", **member})
    go_to(tour, 5)
    still, ending = "Gold: a role: as long as its source lasts", "it ends, unless that comes back"
    tour.used(used(still, "access check", shop))
    assert goals(tour, 5) == [0, 0]
    role_shop.happen({"do": "take", **member})
    tour.used(used(f"{still}; {ending}", "access check", shop))
    assert tour.current == 6
    role_shop.happen({"do": "give", **member})
    tour.used(used(f"{still}; {ending}", "access check", shop))
    assert goals(tour, 6) == [1, 0, 0]
    tour.used(used(still, "access check", shop))
    assert goals(tour, 6) == [1, 1, 0]


async def test_a_step_says_more_while_the_bot_hears_of_no_member(role_shop, monkeypatch):
    step, discord = role_shop.tour.describe()["steps"][2], role_shop.shop.discord
    assert step["aside"] is None
    assert [action["kind"] for action in step["actions"]] == ["server"]
    monkeypatch.setattr(type(discord), "online", True)
    step = role_shop.tour.describe()["steps"][2]
    assert "Discord does not tell the bot" in step["aside"]
    assert [action["kind"] for action in step["actions"]] == ["server", "command"]
    monkeypatch.setattr(type(discord), "hears_members", True)
    assert role_shop.tour.describe()["steps"][2]["aside"] is None
