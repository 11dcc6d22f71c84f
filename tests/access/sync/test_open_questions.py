"""Wire §17: whatever TradingView turns out to do, the customer gets what was sold. Numbers are the rows'."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.access.errors import UserUnknown
from bot.access.ledger.receipts import WaitingFor
from bot.access.logins.sessions import LoginState
from bot.tradingview import LIFETIME, Cookies
from bot.tradingview.signin import PASSWORD
from tests.support.access_harness import open_counter
from tests.support.fake_time import eventually

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
IN_A_MONTH = datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


def after_call(counter, kind, act, *, skip=0):
    """Do something once, as if by hand on the site, when such a call has been answered."""
    left = [skip, act]

    def watch(call):
        if call.name == kind and left[1] is not None:
            left[0] -= 1
            if left[0] < 0:
                act, left[1] = left[1], None
                act()

    counter.fake.watchers.append(watch)


def by_hand(counter, name, end):
    """A row that the list does not show yet."""
    world = counter.fake.world
    user = world.find_user(name)
    script = world.scripts[counter.pine_id]
    script.put(user.id, world.new_grant(user, end), counter.time.now())


def revoked_by_hand(counter, name):
    return lambda: counter.fake.world.revoke(counter.pine_id, name)


async def does_not_come_true(counter, wish):
    """Neither done nor given up while the queue tries again."""
    for _ in range(10):
        await counter.rest()
        await counter.time.advance(2)
        assert await counter.state(wish) != "done"


@pytest.mark.parametrize("position", ["prefix", "exact", "contains", "everybody"])
async def test_question_1_whatever_the_filter_finds_the_right_row_is_taken(counter, position):
    counter.switches.filter = position
    counter.give("ann_trades2", NOW + timedelta(days=100))
    counter.give("Ann_Trades", NOW + timedelta(days=31))
    await counter.done(await counter.grant("Ann_Trades", "1W"))
    assert counter.end("Ann_Trades") == NOW + timedelta(days=38)
    assert counter.end("ann_trades2") == NOW + timedelta(days=100)


@pytest.mark.parametrize("typed", ["ann_trades", "ANN_TRADES", "@Ann_Trades"])
async def test_question_2_only_the_canonical_spelling_is_sent(counter, typed):
    counter.switches.exact_spelling = True
    await counter.done(await counter.grant(typed, "1M"))
    assert {call.username for call in counter.writes()} == {"Ann_Trades"}


@pytest.mark.parametrize("position", ["exists", "ok, unchanged", "ok, changed"])
async def test_question_3_add_on_a_row_is_never_taken_for_a_renewal(counter, position):
    counter.switches.add_existing = position
    counter.switches.read_delay = 1.0
    by_hand(counter, "Ann_Trades", NOW + timedelta(days=5))  # the first read does not show it
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.done(wish, within=60)
    assert counter.end("Ann_Trades") >= IN_A_MONTH
    assert counter.fake.calls("add")


@pytest.mark.parametrize("position", ["422", "404", "ok"])
async def test_question_4_a_change_that_meets_no_row_becomes_a_new_row(counter, position):
    counter.switches.modify_absent = position
    counter.give("Ann_Trades", NOW + timedelta(days=31))
    after_call(counter, "list", revoked_by_hand(counter, "Ann_Trades"), skip=0)
    wish = await counter.grant("Ann_Trades", "1W")
    await counter.done(wish, within=60)
    assert counter.end("Ann_Trades") == NOW + timedelta(days=38)


@pytest.mark.parametrize("position", ["ignored", "refused"])
async def test_question_5_a_lifetime_that_takes_no_date_is_never_called_done(counter, position):
    counter.switches.lifetime_to_dated = position
    counter.give("Ann_Trades", None)
    wish = await counter.set("Ann_Trades", "2026-05-01")
    await does_not_come_true(counter, wish)
    assert counter.end("Ann_Trades") is None
    assert counter.fake.calls("remove") == []  # nobody loses access to get a date


@pytest.mark.parametrize("position", ["ignored", "refused"])
async def test_question_6_a_lifetime_that_does_not_show_is_never_called_done(counter, position):
    counter.switches.dated_to_lifetime = position
    counter.give("Ann_Trades", NOW + timedelta(days=5))
    wish = await counter.set("Ann_Trades", "lifetime")
    await does_not_come_true(counter, wish)
    assert counter.end("Ann_Trades") == NOW + timedelta(days=5)
    assert counter.fake.calls("remove") == []


@pytest.mark.parametrize("position", ["not_exists", "ok", "404", "422"])
async def test_question_7_removing_somebody_who_is_gone_is_done(counter, position):
    counter.switches.remove_absent = position
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    # /access revoke looks once itself; then the row goes away under the queue's eyes.
    after_call(counter, "list", revoked_by_hand(counter, "Ann_Trades"), skip=1)
    await counter.done(await counter.revoke("Ann_Trades"), within=60)
    assert counter.end("Ann_Trades") == "absent"
    assert len(counter.fake.calls("remove")) == 1


async def test_question_8_only_whole_future_moments_are_sent(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    await counter.done(await counter.set("Ann_Trades", "2026-05-01"))
    sent = [call.form["expiration"] for call in counter.writes()]
    assert sent == ["2026-04-10T12:00:00.000Z", "2026-05-01T23:59:59.999Z"]


@pytest.mark.parametrize("position", ["end of day", "whole seconds"])
async def test_question_9_a_rounded_date_is_done_and_taken_as_it_stands(counter, position):
    counter.switches.rounding = position
    receipt = await counter.done(await counter.set("Ann_Trades", "2026-05-01"))
    assert receipt.permission.seen_ends_at == counter.end("Ann_Trades")
    assert len(counter.writes()) == 1


async def test_question_10_a_page_size_that_is_refused_is_dropped(counter):
    counter.switches.max_limit = 10
    await counter.done(await counter.grant("Ann_Trades", "1M"))


async def test_question_12_an_ended_row_may_be_gone(counter):
    counter.give("Ann_Trades", NOW - timedelta(days=3))
    counter.switches.prunes_expired = True
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == IN_A_MONTH


async def test_question_13_a_refused_script_waits_with_tradingviews_words_and_keeps_orders(counter):
    counter.fake.world.scripts[counter.pine_id].forbidden = True
    wish = await counter.grant("Ann_Trades", "1M")

    async def is_paused():
        return (await counter.answers.receipt(wish)).waiting_for is WaitingFor.SCRIPT_PAUSED

    await eventually(is_paused)
    [event] = await counter.shop.events("script_paused")
    assert event.after["reason"]
    assert await counter.state(wish) == "waiting"


@pytest.mark.parametrize("position", ["403", "401", "page", "redirect"])
async def test_question_14_a_dead_login_is_known_in_every_form(counter, position):
    counter.switches.logged_out_answer = position
    counter.switches.logged_out = True
    wish = await counter.grant("Ann_Trades", "1M")
    session = await counter.shop.sessions.of(100)
    await eventually(lambda: session.state is LoginState.DEAD)
    assert await counter.state(wish) == "waiting"
    assert await counter.shop.events("script_paused") == []


async def test_question_16_a_dead_login_is_never_signed_in_again_by_itself(counter):
    """Trap 26 too: that road ends at a captcha."""
    counter.switches.logged_out = True
    await counter.grant("Ann_Trades", "1M")
    session = await counter.shop.sessions.of(100)
    await eventually(lambda: session.state is LoginState.DEAD)
    for _ in range(4):
        await counter.time.advance(900)
        await counter.shop.sessions.test_all()
    assert not [call for call in counter.fake.log if call.path.startswith(PASSWORD)]


async def test_question_17_a_login_without_sign_works_where_it_may(counter):
    counter.switches.sign_required = False
    updated = await counter.shop.sessions.update(
        counter.asked(), Cookies(counter.shop.cookies().sessionid)
    )
    assert not updated.has_sign  # the answer warns
    await counter.done(await counter.grant("Ann_Trades", "1M"))


async def test_question_18_add_has_the_last_word_on_a_name_that_is_not_suggested(counter):
    counter.switches.hint_hides_exact = True
    with pytest.raises(UserUnknown) as unknown:
        await counter.grant("Ann_Trades", "1M")
    assert "ann_trades2" in unknown.value.near
    await counter.done(await counter.grant("Ann_Trades", "1M", anyway=True))
    stuck = await counter.grant("Nobody_At_All", "1M", anyway=True)
    await counter.becomes(stuck, "stuck", within=5)


async def test_question_21_a_renewal_follows_the_person_to_a_new_name(counter):
    """Trap 33 too: the name changed after the purchase."""
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    world = counter.fake.world
    world.rename_user(world.find_user("Ann_Trades"), "Ann_Renamed")
    counter.switches.filter = "everybody"
    wish = await counter.grant("Ann_Trades", "1M")
    await eventually(lambda: len(counter.writes()) == 2, tries=4000)
    assert counter.writes()[-1].username == "Ann_Renamed"
    await counter.done(wish, within=60)
    assert counter.end("Ann_Renamed") == datetime(2026, 5, 10, 12, tzinfo=UTC)


async def test_question_23_a_list_that_lags_is_looked_at_again(counter):
    counter.switches.read_delay = 3.0
    await counter.done(await counter.grant("Ann_Trades", "1M"), within=10)
    assert len(counter.writes()) == 1


async def test_trap_8_a_date_is_changed_without_ever_removing(counter):
    for until in ("2026-05-01", "lifetime", "2026-06-01"):
        await counter.done(await counter.set("Ann_Trades", until))
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.fake.calls("remove") == []
    assert counter.end("Ann_Trades") == datetime(2026, 7, 1, 23, 59, 59, 999000, tzinfo=UTC)


async def test_trap_2_a_trial_that_becomes_paid_does_not_end_with_the_trial(counter):
    await counter.done(await counter.grant("Ann_Trades", "7D"))
    await counter.done(await counter.grant("Ann_Trades", "lifetime"))
    assert counter.row("Ann_Trades").end is None
    receipt = await counter.done(await counter.grant("bob-fx", "7D"))
    assert receipt.end is not LIFETIME
    await counter.done(await counter.grant("bob-fx", "1M"))
    assert counter.end("bob-fx") == datetime(2026, 4, 17, 12, tzinfo=UTC)


async def test_trap_28_starting_again_uses_the_stored_login_and_signs_in_nowhere(counter):
    for start in range(3):
        sessions = counter.shop.new_sessions()
        await sessions.open()
        held = await sessions.of(100)
        assert await counter.meanwhile(held.tradingview.account()) is not None
        assert len(counter.fake.calls("details")) > start
    assert counter.fake.calls("signin") == counter.fake.calls("totp") == []
