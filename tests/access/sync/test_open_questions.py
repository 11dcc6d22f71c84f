"""Wire §17: whatever TradingView turns out to do, the customer gets what was sold. Numbers are the rows'."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.access.ledger.receipts import WaitingFor
from bot.access.logins.sessions import LoginState
from bot.access.people.errors import UserUnknown
from bot.tradingview import LIFETIME, Cookies
from bot.tradingview.signin import PASSWORD
from tests.support.access_harness import open_harness
from tests.support.fake_time import eventually

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
IN_A_MONTH = datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


def after_call(harness, kind, act, *, skip=0):
    """Do something once, as if by hand on the site, when such a call has been answered."""
    left = [skip, act]

    def watch(call):
        if call.name == kind and left[1] is not None:
            left[0] -= 1
            if left[0] < 0:
                act, left[1] = left[1], None
                act()

    harness.fake.watchers.append(watch)


def by_hand(harness, name, end):
    """A row that the list does not show yet."""
    world = harness.fake.world
    user = world.find_user(name)
    script = world.scripts[harness.pine_id]
    script.put(user.id, world.new_grant(user, end), harness.time.now())


def revoked_by_hand(harness, name):
    return lambda: harness.fake.world.revoke(harness.pine_id, name)


async def does_not_come_true(harness, order):
    """Neither done nor given up while the queue tries again."""
    for _ in range(10):
        await harness.rest()
        await harness.time.advance(2)
        assert await harness.state(order) != "done"


@pytest.mark.parametrize("position", ["prefix", "exact", "contains", "everybody"])
async def test_question_1_whatever_the_filter_finds_the_right_row_is_taken(harness, position):
    harness.switches.filter = position
    harness.give("ann_trades2", NOW + timedelta(days=100))
    harness.give("Ann_Trades", NOW + timedelta(days=31))
    await harness.done(await harness.grant("Ann_Trades", "1W"))
    assert harness.end("Ann_Trades") == NOW + timedelta(days=38)
    assert harness.end("ann_trades2") == NOW + timedelta(days=100)


@pytest.mark.parametrize("typed", ["ann_trades", "ANN_TRADES", "@Ann_Trades"])
async def test_question_2_only_the_canonical_spelling_is_sent(harness, typed):
    harness.switches.exact_spelling = True
    await harness.done(await harness.grant(typed, "1M"))
    assert {call.username for call in harness.writes()} == {"Ann_Trades"}


@pytest.mark.parametrize("position", ["exists", "ok, unchanged", "ok, changed"])
async def test_question_3_add_on_a_row_is_never_taken_for_a_renewal(harness, position):
    harness.switches.add_existing = position
    harness.switches.read_delay = 1.0
    by_hand(harness, "Ann_Trades", NOW + timedelta(days=5))  # the first read does not show it
    order = await harness.grant("Ann_Trades", "1M")
    await harness.done(order, within=60)
    assert harness.end("Ann_Trades") >= IN_A_MONTH
    assert harness.fake.calls("add")


@pytest.mark.parametrize("position", ["422", "404", "ok"])
async def test_question_4_a_change_that_meets_no_row_becomes_a_new_row(harness, position):
    harness.switches.modify_absent = position
    harness.give("Ann_Trades", NOW + timedelta(days=31))
    after_call(harness, "list", revoked_by_hand(harness, "Ann_Trades"), skip=0)
    order = await harness.grant("Ann_Trades", "1W")
    await harness.done(order, within=60)
    assert harness.end("Ann_Trades") == NOW + timedelta(days=38)


@pytest.mark.parametrize("position", ["ignored", "refused"])
async def test_question_5_a_lifetime_that_takes_no_date_is_never_called_done(harness, position):
    harness.switches.lifetime_to_dated = position
    harness.give("Ann_Trades", None)
    order = await harness.set("Ann_Trades", "2026-05-01")
    await does_not_come_true(harness, order)
    assert harness.end("Ann_Trades") is None
    assert harness.fake.calls("remove") == []  # nobody loses access to get a date


@pytest.mark.parametrize("position", ["ignored", "refused"])
async def test_question_6_a_lifetime_that_does_not_show_is_never_called_done(harness, position):
    harness.switches.dated_to_lifetime = position
    harness.give("Ann_Trades", NOW + timedelta(days=5))
    order = await harness.set("Ann_Trades", "lifetime")
    await does_not_come_true(harness, order)
    assert harness.end("Ann_Trades") == NOW + timedelta(days=5)
    assert harness.fake.calls("remove") == []


@pytest.mark.parametrize("position", ["not_exists", "ok", "404", "422"])
async def test_question_7_removing_somebody_who_is_gone_is_done(harness, position):
    harness.switches.remove_absent = position
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    # /access revoke looks once itself; then the row goes away under the queue's eyes.
    after_call(harness, "list", revoked_by_hand(harness, "Ann_Trades"), skip=1)
    await harness.done(await harness.revoke("Ann_Trades"), within=60)
    assert harness.end("Ann_Trades") == "absent"
    assert len(harness.fake.calls("remove")) == 1


async def test_question_8_only_whole_future_moments_are_sent(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.done(await harness.set("Ann_Trades", "2026-05-01"))
    sent = [call.form["expiration"] for call in harness.writes()]
    assert sent == ["2026-04-10T12:00:00.000Z", "2026-05-01T23:59:59.999Z"]


@pytest.mark.parametrize("position", ["end of day", "whole seconds"])
async def test_question_9_a_rounded_date_is_done_and_taken_as_it_stands(harness, position):
    harness.switches.rounding = position
    receipt = await harness.done(await harness.set("Ann_Trades", "2026-05-01"))
    assert receipt.permission.seen_ends_at == harness.end("Ann_Trades")
    assert len(harness.writes()) == 1


async def test_question_10_a_page_size_that_is_refused_is_dropped(harness):
    harness.switches.max_limit = 10
    await harness.done(await harness.grant("Ann_Trades", "1M"))


async def test_question_12_an_ended_row_may_be_gone(harness):
    harness.give("Ann_Trades", NOW - timedelta(days=3))
    harness.switches.prunes_expired = True
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == IN_A_MONTH


async def test_question_13_a_refused_script_waits_with_tradingviews_words_and_keeps_orders(harness):
    harness.fake.world.scripts[harness.pine_id].forbidden = True
    order = await harness.grant("Ann_Trades", "1M")

    async def is_paused():
        return (await harness.outcomes.receipt(order)).waiting_for is WaitingFor.SCRIPT_PAUSED

    await eventually(is_paused)
    [event] = await harness.vendor.events("script_paused")
    assert event.after["reason"]
    assert await harness.state(order) == "waiting"


@pytest.mark.parametrize("position", ["403", "401", "page", "redirect"])
async def test_question_14_a_dead_login_is_known_in_every_form(harness, position):
    harness.switches.logged_out_answer = position
    harness.switches.logged_out = True
    order = await harness.grant("Ann_Trades", "1M")
    session = await harness.vendor.sessions.of(100)
    await eventually(lambda: session.state is LoginState.DEAD)
    assert await harness.state(order) == "waiting"
    assert await harness.vendor.events("script_paused") == []


async def test_question_16_a_dead_login_is_never_signed_in_again_by_itself(harness):
    """Trap 26 too: that road ends at a captcha."""
    harness.switches.logged_out = True
    await harness.grant("Ann_Trades", "1M")
    session = await harness.vendor.sessions.of(100)
    await eventually(lambda: session.state is LoginState.DEAD)
    for _ in range(4):
        await harness.time.advance(900)
        await harness.vendor.test_logins()
    assert not [call for call in harness.fake.log if call.path.startswith(PASSWORD)]


async def test_question_17_a_login_without_sign_works_where_it_may(harness):
    harness.switches.sign_required = False
    updated = await harness.vendor.sessions.update(
        harness.request(), Cookies(harness.vendor.cookies().sessionid)
    )
    assert not updated.has_sign  # the answer warns
    await harness.done(await harness.grant("Ann_Trades", "1M"))


async def test_question_18_add_has_the_last_word_on_a_name_that_is_not_suggested(harness):
    harness.switches.hint_hides_exact = True
    with pytest.raises(UserUnknown) as unknown:
        await harness.grant("Ann_Trades", "1M")
    assert "ann_trades2" in unknown.value.near
    await harness.done(await harness.grant("Ann_Trades", "1M", unknown_name=True))
    stuck = await harness.grant("Nobody_At_All", "1M", unknown_name=True)
    await harness.becomes(stuck, "stuck", within=5)


async def test_question_21_a_renewal_follows_the_person_to_a_new_name(harness):
    """Trap 33 too: the name changed after the purchase."""
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    world = harness.fake.world
    world.rename_user(world.find_user("Ann_Trades"), "Ann_Renamed")
    harness.switches.filter = "everybody"
    order = await harness.grant("Ann_Trades", "1M")
    await eventually(lambda: len(harness.writes()) == 2)
    assert harness.writes()[-1].username == "Ann_Renamed"
    await harness.done(order, within=60)
    assert harness.end("Ann_Renamed") == datetime(2026, 5, 10, 12, tzinfo=UTC)


async def test_question_23_a_list_that_lags_is_looked_at_again(harness):
    harness.switches.read_delay = 3.0
    await harness.done(await harness.grant("Ann_Trades", "1M"), within=10)
    assert len(harness.writes()) == 1


async def test_trap_8_a_date_is_changed_without_ever_removing(harness):
    for until in ("2026-05-01", "lifetime", "2026-06-01"):
        await harness.done(await harness.set("Ann_Trades", until))
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.fake.calls("remove") == []
    assert harness.end("Ann_Trades") == datetime(2026, 7, 1, 23, 59, 59, 999000, tzinfo=UTC)


async def test_trap_2_a_trial_that_becomes_paid_does_not_end_with_the_trial(harness):
    await harness.done(await harness.grant("Ann_Trades", "7D"))
    await harness.done(await harness.grant("Ann_Trades", "lifetime"))
    assert harness.row("Ann_Trades").end is None
    receipt = await harness.done(await harness.grant("bob-fx", "7D"))
    assert receipt.end is not LIFETIME
    await harness.done(await harness.grant("bob-fx", "1M"))
    assert harness.end("bob-fx") == datetime(2026, 4, 17, 12, tzinfo=UTC)


async def test_trap_28_starting_again_uses_the_stored_login_and_signs_in_nowhere(harness):
    for start in range(3):
        sessions = harness.vendor.new_sessions()
        await sessions.open()
        held = await sessions.of(100)
        assert await harness.meanwhile(held.tradingview.account()) is not None
        assert len(harness.fake.calls("details")) > start
    assert harness.fake.calls("signin") == harness.fake.calls("totp") == []
