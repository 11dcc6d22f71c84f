"""When TradingView answers in another form, nothing is written there, nothing is lost, and staff hear why."""

from datetime import timedelta

import pytest

from bot.access.ledger.receipts import WaitingFor
from bot.access.request import Asked
from bot.access.sweeps.errors import FormChanged
from bot.access.sweeps.sweep import Sweeps
from bot.access.sync import schema_guard as watching
from bot.access.sync.schema_guard import Shapes
from bot.jobs import Jobs
from bot.replies.history import line
from bot.sandbox.tradingview.schema_mutations import FORMS
from bot.tradingview.response_errors import Reply, failure
from bot.tradingview.response_schema import Subject, look
from tests.support.access_harness import open_counter, pause
from tests.support.vendor_fixture import AT, HOME

HARMLESS = ("known", "new fields")


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as counter:
        counter.give("bob-fx", frozen.now() + timedelta(days=3))
        counter.give("ann_trades2", frozen.now() + timedelta(days=5))
        counter.shapes = Shapes(counter.database, counter.shop.sessions, counter.queue.wake)
        yield counter


async def compare(counter):
    held = await counter.shop.sessions.of(HOME)
    return await counter.meanwhile(counter.shapes.compare(held))


async def differs(counter, form="ends renamed"):
    counter.switches.form = form
    await compare(counter)
    await counter.time.advance(watching.CONFIRM_AFTER)
    return await compare(counter)


async def holdup(counter):
    return (await counter.views.status(HOME)).holdup


async def let_pass(counter, seconds=10):
    for _ in range(seconds):
        await pause()
        await counter.time.advance(1)


async def events(counter):
    return [one.action for one in await counter.shop.events() if one.action.startswith("shape")]


@pytest.mark.parametrize("form", [form for form in FORMS if form not in HARMLESS])
async def test_every_changed_form_pauses_writes_and_says_what_differs(counter, form):
    await differs(counter, form)
    assert await holdup(counter) is WaitingFor.CHANGED
    [event] = await counter.shop.events("shape_changed")
    said = line(event, None, None)
    assert event.after["differences"]
    assert "orders wait" in said
    assert "`/sync retry`" in said
    for hidden in ("bob-fx", "ann_trades2", "1001", counter.pine_id, "expires_at: 2"):
        assert hidden not in said + repr(event.after)


@pytest.mark.parametrize("form", HARMLESS)
async def test_the_known_form_and_fields_that_nothing_needs_pause_nothing(counter, form):
    seen = await differs(counter, form)
    assert not seen.differs
    assert seen.is_complete
    assert await holdup(counter) is None
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert await events(counter) == []


async def test_orders_wait_say_why_and_reach_nobody_while_it_differs(counter):
    await differs(counter)
    before = len(counter.writes())
    wish = await counter.grant("Ann_Trades", "1M")
    await let_pass(counter)
    receipt = await counter.answers.receipt(wish)
    assert receipt.wish.state == "waiting"
    assert receipt.waiting_for is WaitingFor.CHANGED
    assert len(counter.writes()) == before
    assert counter.row("Ann_Trades") is None


async def test_a_later_look_that_finds_the_known_form_resumes_by_itself_and_says_so(counter):
    await differs(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    counter.switches.form = "known"
    await compare(counter)
    await counter.done(wish, within=20)
    assert await holdup(counter) is None
    assert await events(counter) == ["shape_changed", "shape_known"]


async def test_it_is_said_once_and_again_only_when_something_else_differs(counter):
    await differs(counter)
    await compare(counter)
    assert await events(counter) == ["shape_changed"]
    await differs(counter, "names renamed")
    assert await events(counter) == ["shape_changed"] * 2


async def test_staff_resume_with_sync_retry_and_the_same_difference_pauses_no_more(counter):
    await differs(counter, "ids as texts")
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.queue.retry(counter.asked(), "trend")
    await counter.done(wish, within=20)
    await compare(counter)
    assert await holdup(counter) is None
    assert await events(counter) == ["shape_changed", "shape_accepted"]


async def test_what_staff_accepted_does_not_cover_a_later_difference(counter):
    await differs(counter, "ids as texts")
    await counter.queue.retry(counter.asked(), "trend")
    await differs(counter, "ends renamed")
    assert await holdup(counter) is WaitingFor.CHANGED


OUTAGES = {
    "down": lambda it: it.set("down", True),
    "no answer": lambda it: (it.set("down_how", "no answer"), it.set("down", True)),
    "a gateway page": lambda it: it.set("pages_502", -1),
    "a page of the delivery network": lambda it: it.set("pages_400", -1),
    "too fast": lambda it: it.set("too_many", -1),
    "a robot check": lambda it: it.set("challenges", -1),
    "redirects": lambda it: it.set("redirects", -1),
    "a logged-out page": lambda it: it.set("logged_out_pages", -1),
    "logged out": lambda it: it.set("logged_out", True),
    "a lapsed plan": lambda it: it.set("forbidden", True),
    "broken off": lambda it: it.set("truncated", -1),
    "cut short": lambda it: it.set("cut_json", -1),
    "one odd answer": lambda it: it.set("odd_answers", 1),
}


@pytest.mark.parametrize("name", OUTAGES)
async def test_an_outage_is_no_changed_form(counter, name):
    OUTAGES[name](counter.switches)
    await compare(counter)
    assert await events(counter) == []
    counter.switches.reset()
    assert await holdup(counter) is not WaitingFor.CHANGED


@pytest.mark.parametrize("name", ["down", "cut short", "too fast", "logged out"])
async def test_an_outage_resumes_nothing_either(counter, name):
    await differs(counter)
    OUTAGES[name](counter.switches)
    await compare(counter)
    assert await holdup(counter) is WaitingFor.CHANGED
    assert await events(counter) == ["shape_changed"]


async def test_an_empty_list_does_not_vouch_for_the_people_in_it(counter):
    await differs(counter)
    counter.switches.form = "known"
    counter.fake.world.scripts[counter.pine_id].grants.clear()
    await counter.time.advance(60)
    await compare(counter)
    assert await holdup(counter) is WaitingFor.CHANGED


@pytest.mark.parametrize(
    "switch", ["filter", "last_page", "next_form", "lifetime_as", "hint_has_id"]
)
async def test_every_answer_to_an_open_question_is_a_known_form(counter, switch):
    counter.give("Ann_Trades", None)
    dial = counter.switches.DIALS[switch]
    for position in dial.survive:
        counter.switches.set(switch, position)
        assert not (await compare(counter)).differs


async def test_the_second_page_is_looked_at_too(counter):
    counter.switches.short_pages = True
    for n in range(40):
        counter.give(f"member_{n}", None)
    before = len(counter.fake.calls("list"))
    await compare(counter)
    assert len(counter.fake.calls("list")) == before + 2


async def test_it_writes_nothing_and_asks_little(counter):
    before = len(counter.fake.log)
    await compare(counter)
    calls = counter.fake.log[before:]
    assert [call.name for call in calls] == [
        "details",
        "hint",
        "list",
        "published",
        "scripts",
        "pubscripts",
    ]
    assert counter.writes() == []


async def test_the_pause_outlives_a_restart(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as counter:
        counter.give("bob-fx", frozen.now() + timedelta(days=3))
        counter.shapes = Shapes(counter.database, counter.shop.sessions, counter.queue.wake)
        await differs(counter)
        counter.switches.form = "known"
        async with Jobs() as jobs:
            from bot.access.sync.queue import Queue

            again = Queue(counter.database, counter.shop.sessions, jobs, counter.news)
            await again.start()
            again.wake(HOME)
            wish = await counter.grant("Ann_Trades", "1M")
            await let_pass(counter)
            assert await counter.state(wish) == "waiting"
        assert counter.writes() == []


async def test_an_order_that_was_already_begun_is_not_sent_after_the_pause(counter):
    counter.switches.fault("hang", path="list", username="Ann_Trades")
    wish = await counter.grant("Ann_Trades", "1M")
    await let_pass(counter, 3)
    await differs(counter)
    counter.switches.lift("hang")
    await let_pass(counter)
    assert await counter.state(wish) == "waiting"
    assert counter.writes() == []


async def test_it_happens_daily_and_hourly_while_paused(counter):
    async def turns(hours):
        before = len(counter.fake.calls("hint"))
        for _ in range(hours * 12):
            await counter.meanwhile(counter.shapes.turn())
            await counter.time.advance(watching.LOOK_EVERY)
        return len(counter.fake.calls("hint")) - before

    assert await turns(20) == 1
    assert await turns(24) == 1
    counter.switches.form = "next renamed"
    await turns(26)
    assert await holdup(counter) is WaitingFor.CHANGED
    assert await turns(5) >= 4
    counter.switches.form = "known"
    await turns(2)
    assert await holdup(counter) is None


async def test_without_a_living_login_nothing_is_asked(counter):
    await counter.shop.sessions.forget(Asked(HOME, 1, "x", counter.time.now()))
    await counter.time.advance(watching.FIRST_WITHIN + 1)
    await counter.shapes.turn()
    await counter.time.advance(watching.FIRST_WITHIN + 1)
    before = len(counter.fake.log)
    await counter.shapes.turn()
    assert len(counter.fake.log) == before


class Moved:
    """A door whose list of users gives this answer."""

    def __init__(self, door, status, body):
        self.door, self.base, self.pine_facade = door, door.base, door.pine_facade
        self.reply = Reply(status, {}, body)

    async def ask(self, request, *, urgent=False):
        if "list_users" not in request.target:
            return await self.door.ask(request)
        if error := failure(self.reply, request.purpose, AT):
            raise error
        return self.reply


async def look_at(counter, status, body):
    door = Moved((await counter.shop.sessions.of(HOME)).tradingview, status, body)
    return await look(door, "x", [counter.pine_id])


async def test_a_question_that_moved_away_counts_as_changed(counter):
    seen = await look_at(counter, 404, b'{"detail": "Not found."}')
    assert seen.differences[Subject.LIST] == ("the question is not understood any more (HTTP 404)",)


@pytest.mark.parametrize("status", [200, 400, 403, 404, 405, 410, 502, 503])
@pytest.mark.parametrize("body", [b"<!doctype html><h1>Back soon</h1>", b""])
async def test_a_web_page_or_nothing_is_an_outage_and_no_changed_form(counter, status, body):
    seen = await look_at(counter, status, body)
    assert not seen.differs
    assert Subject.LIST in seen.unclear
    assert not seen.is_complete


async def test_what_is_odd_for_less_than_ten_minutes_is_no_changed_form(counter):
    counter.switches.form = "rows renamed"
    for _ in range(3):  # the third within ten minutes
        await compare(counter)
        await counter.time.advance(watching.CONFIRM_AFTER / 3)
    counter.switches.form = "known"
    await compare(counter)
    counter.switches.form = "rows renamed"  # hours later once more
    await counter.time.advance(7200)
    await compare(counter)
    assert await events(counter) == []
    assert await holdup(counter) is None


async def test_a_changed_form_pauses_writes_though_another_question_is_never_answered(counter):
    counter.switches.set("coins_refuse", True)
    await differs(counter, "ends renamed")
    assert await events(counter) == ["shape_changed"]
    assert await holdup(counter) is WaitingFor.CHANGED


async def test_what_differs_before_an_outage_waits_for_its_end(counter):
    counter.switches.form = "ids as texts"
    await compare(counter)
    await counter.time.advance(watching.CONFIRM_AFTER)
    counter.switches.set("down", True)
    await compare(counter)
    assert await events(counter) == []
    counter.switches.set("down", False)
    await compare(counter)
    assert await events(counter) == ["shape_changed"]


async def test_a_difference_seen_once_is_looked_at_again_without_waiting_for_the_next_day(counter):
    await counter.time.advance(watching.FIRST_WITHIN)
    counter.switches.form = "suggestions in an object"
    for _ in range(10):
        await counter.meanwhile(counter.shapes.turn())
        await counter.time.advance(watching.LOOK_EVERY)
    assert await events(counter) == ["shape_changed"]


async def test_an_account_that_is_to_be_left_alone_holds_up_no_other(counter):
    (await counter.shop.sessions.of(HOME)).pace.hold(80_000)
    await counter.time.advance(watching.FIRST_WITHIN)
    before = counter.time.monotonic()
    await counter.meanwhile(counter.shapes.turn())
    assert counter.time.monotonic() - before < 60


async def test_a_full_check_waits_too_since_its_list_may_show_anything(counter):
    sweeps = Sweeps(counter.database, counter.shop.sessions)
    await differs(counter)
    with pytest.raises(FormChanged):
        await sweeps.run(HOME, "trend", by=1)
    counter.switches.form = "known"
    await compare(counter)
    swept = await counter.meanwhile(sweeps.run(HOME, "trend", by=1))
    assert swept.sweep.rows == 2


async def test_a_newer_usher_that_knows_the_form_resumes_at_its_start(counter):
    await differs(counter)
    counter.switches.form = "known"
    newer = Shapes(counter.database, counter.shop.sessions, counter.queue.wake)
    await counter.meanwhile(newer.turn())
    assert await holdup(counter) is None
