"""What the tour takes for a tick."""

from datetime import UTC, datetime

import pytest

from bot.sandbox.discord.interactions import Interaction, Kind
from bot.sandbox.discord.world import Message
from bot.sandbox.tradingview import Call

WAITING = "⏳ **Waiting:** 1 month for **finn**.\nYou hear from me when it is done."


@pytest.fixture
def tour(sandbox):
    return sandbox.simulation.tour


@pytest.fixture
def grant(shop):
    """A used /access grant, answered with that text."""

    def used(text):
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
            command="access grant",
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
