"""When TradingView answers in another form, nothing is written there, nothing is lost, and staff hear why."""

from datetime import timedelta

import pytest

from bot.access.ledger.receipts import WaitingFor
from bot.access.request import RequestContext
from bot.access.sweeps.errors import FormChanged
from bot.access.sync import schema_guard as watching
from bot.access.sync.schema_guard import SchemaGuard
from bot.jobs import Jobs
from bot.replies.history import line
from bot.sandbox.tradingview.schema_mutations import FORMS
from bot.store.records import Actor
from bot.tradingview.response_errors import Reply, failure
from bot.tradingview.response_schema import Endpoint, look
from tests.support.access_harness import open_harness, pause
from tests.support.vendor_fixture import AT, HOME

HARMLESS = ("known", "new fields")


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        harness.give("bob-fx", frozen.now() + timedelta(days=3))
        harness.give("ann_trades2", frozen.now() + timedelta(days=5))
        yield harness


async def compare(harness):
    held = await harness.vendor.sessions.of(HOME)
    return await harness.meanwhile(harness.schema_guard.compare(held))


async def differs(harness, form="ends renamed"):
    harness.switches.form = form
    await compare(harness)
    await harness.time.advance(watching.CONFIRM_AFTER)
    return await compare(harness)


async def holdup(harness):
    return (await harness.overview.status(HOME)).holdup


async def let_pass(harness, seconds=10):
    for _ in range(seconds):
        await pause()
        await harness.time.advance(1)


async def events(harness):
    return [one.action for one in await harness.vendor.events() if one.action.startswith("shape")]


@pytest.mark.parametrize("form", [form for form in FORMS if form not in HARMLESS])
async def test_every_changed_form_pauses_writes_and_says_what_differs(harness, form):
    await differs(harness, form)
    assert await holdup(harness) is WaitingFor.CHANGED
    [event] = await harness.vendor.events("shape_changed")
    said = line(event, None, None)
    assert event.after["differences"]
    assert "orders wait" in said
    assert "`/sync retry`" in said
    for hidden in ("bob-fx", "ann_trades2", "1001", harness.pine_id, "expires_at: 2"):
        assert hidden not in said + repr(event.after)


@pytest.mark.parametrize("form", HARMLESS)
async def test_the_known_form_and_fields_that_nothing_needs_pause_nothing(harness, form):
    seen = await differs(harness, form)
    assert not seen.differs
    assert seen.is_complete
    assert await holdup(harness) is None
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert await events(harness) == []


async def test_orders_wait_say_why_and_reach_nobody_while_it_differs(harness):
    await differs(harness)
    before = len(harness.writes())
    order = await harness.grant("Ann_Trades", "1M")
    await let_pass(harness)
    receipt = await harness.outcomes.receipt(order)
    assert receipt.order.state == "waiting"
    assert receipt.waiting_for is WaitingFor.CHANGED
    assert len(harness.writes()) == before
    assert harness.row("Ann_Trades") is None


async def test_a_later_look_that_finds_the_known_form_resumes_by_itself_and_says_so(harness):
    await differs(harness)
    order = await harness.grant("Ann_Trades", "1M")
    harness.switches.form = "known"
    await compare(harness)
    await harness.done(order, within=20)
    assert await holdup(harness) is None
    assert await events(harness) == ["shape_changed", "shape_known"]


async def test_it_is_said_once_and_again_only_when_something_else_differs(harness):
    await differs(harness)
    await compare(harness)
    assert await events(harness) == ["shape_changed"]
    await differs(harness, "names renamed")
    assert await events(harness) == ["shape_changed"] * 2


async def test_staff_resume_with_sync_retry_and_the_same_difference_pauses_no_more(harness):
    await differs(harness, "ids as texts")
    order = await harness.grant("Ann_Trades", "1M")
    await harness.retries.retry(harness.request(), "trend")
    await harness.done(order, within=20)
    await compare(harness)
    assert await holdup(harness) is None
    assert await events(harness) == ["shape_changed", "shape_accepted"]


async def test_what_staff_accepted_does_not_cover_a_later_difference(harness):
    await differs(harness, "ids as texts")
    await harness.retries.retry(harness.request(), "trend")
    await differs(harness, "ends renamed")
    assert await holdup(harness) is WaitingFor.CHANGED


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
async def test_an_outage_is_no_changed_form(harness, name):
    OUTAGES[name](harness.switches)
    await compare(harness)
    assert await events(harness) == []
    harness.switches.reset()
    assert await holdup(harness) is not WaitingFor.CHANGED


@pytest.mark.parametrize("name", ["down", "cut short", "too fast", "logged out"])
async def test_an_outage_resumes_nothing_either(harness, name):
    await differs(harness)
    OUTAGES[name](harness.switches)
    await compare(harness)
    assert await holdup(harness) is WaitingFor.CHANGED
    assert await events(harness) == ["shape_changed"]


async def test_an_empty_list_does_not_vouch_for_the_people_in_it(harness):
    await differs(harness)
    harness.switches.form = "known"
    harness.fake.world.scripts[harness.pine_id].grants.clear()
    await harness.time.advance(60)
    await compare(harness)
    assert await holdup(harness) is WaitingFor.CHANGED


@pytest.mark.parametrize(
    "switch", ["filter", "last_page", "next_form", "lifetime_as", "hint_has_id"]
)
async def test_every_answer_to_an_open_question_is_a_known_form(harness, switch):
    harness.give("Ann_Trades", None)
    dial = harness.switches.DIALS[switch]
    for position in dial.survive:
        harness.switches.set(switch, position)
        assert not (await compare(harness)).differs


async def test_the_second_page_is_looked_at_too(harness):
    harness.switches.short_pages = True
    for n in range(40):
        harness.give(f"member_{n}", None)
    before = len(harness.fake.calls("list"))
    await compare(harness)
    assert len(harness.fake.calls("list")) == before + 2


async def test_it_writes_nothing_and_asks_little(harness):
    before = len(harness.fake.log)
    await compare(harness)
    calls = harness.fake.log[before:]
    assert [call.name for call in calls] == [
        "details",
        "hint",
        "list",
        "published",
        "scripts",
        "pubscripts",
    ]
    assert harness.writes() == []


async def test_the_pause_outlives_a_restart(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        harness.give("bob-fx", frozen.now() + timedelta(days=3))
        await differs(harness)
        harness.switches.form = "known"
        async with Jobs() as jobs:
            from bot.access.sync.queue import Queue

            again = Queue(harness.database, harness.vendor.sessions, jobs, harness.notifier)
            await again.start()
            again.wake(HOME)
            order = await harness.grant("Ann_Trades", "1M")
            await let_pass(harness)
            assert await harness.state(order) == "waiting"
        assert harness.writes() == []


async def test_an_order_that_was_already_begun_is_not_sent_after_the_pause(harness):
    harness.switches.fault("hang", path="list", username="Ann_Trades")
    order = await harness.grant("Ann_Trades", "1M")
    await let_pass(harness, 3)
    await differs(harness)
    harness.switches.lift("hang")
    await let_pass(harness)
    assert await harness.state(order) == "waiting"
    assert harness.writes() == []


async def test_it_happens_daily_and_hourly_while_paused(harness):
    async def turns(hours):
        before = len(harness.fake.calls("hint"))
        for _ in range(hours * 12):
            await harness.meanwhile(harness.schema_guard.turn())
            await harness.time.advance(watching.LOOK_EVERY)
        return len(harness.fake.calls("hint")) - before

    assert await turns(20) == 1
    assert await turns(24) == 1
    harness.switches.form = "next renamed"
    await turns(26)
    assert await holdup(harness) is WaitingFor.CHANGED
    assert await turns(5) >= 4
    harness.switches.form = "known"
    await turns(2)
    assert await holdup(harness) is None


async def test_without_a_living_login_nothing_is_asked(harness):
    await harness.vendor.sessions.forget(
        RequestContext(HOME, Actor.member(1), "x", harness.time.now())
    )
    await harness.time.advance(watching.FIRST_WITHIN + 1)
    await harness.schema_guard.turn()
    await harness.time.advance(watching.FIRST_WITHIN + 1)
    before = len(harness.fake.log)
    await harness.schema_guard.turn()
    assert len(harness.fake.log) == before


class Moved:
    """A door whose list of users gives this answer."""

    def __init__(self, client, status, body):
        self.client, self.base, self.pine_facade = client, client.base, client.pine_facade
        self.reply = Reply(status, {}, body)

    async def ask(self, request, *, urgent=False):
        if "list_users" not in request.target:
            return await self.client.ask(request)
        if error := failure(self.reply, request.purpose, AT):
            raise error
        return self.reply


async def look_at(harness, status, body):
    client = Moved((await harness.vendor.sessions.of(HOME)).tradingview, status, body)
    return await look(client, "x", [harness.pine_id])


async def test_a_question_that_moved_away_counts_as_changed(harness):
    seen = await look_at(harness, 404, b'{"detail": "Not found."}')
    assert seen.differences[Endpoint.LIST] == (
        "the question is not understood any more (HTTP 404)",
    )


@pytest.mark.parametrize("status", [200, 400, 403, 404, 405, 410, 502, 503])
@pytest.mark.parametrize("body", [b"<!doctype html><h1>Back soon</h1>", b""])
async def test_a_web_page_or_nothing_is_an_outage_and_no_changed_form(harness, status, body):
    seen = await look_at(harness, status, body)
    assert not seen.differs
    assert Endpoint.LIST in seen.unclear
    assert not seen.is_complete


async def test_what_is_odd_for_less_than_ten_minutes_is_no_changed_form(harness):
    harness.switches.form = "rows renamed"
    for _ in range(3):  # the third within ten minutes
        await compare(harness)
        await harness.time.advance(watching.CONFIRM_AFTER / 3)
    harness.switches.form = "known"
    await compare(harness)
    harness.switches.form = "rows renamed"  # hours later once more
    await harness.time.advance(7200)
    await compare(harness)
    assert await events(harness) == []
    assert await holdup(harness) is None


async def test_a_changed_form_pauses_writes_though_another_question_is_never_answered(harness):
    harness.switches.set("coins_refuse", True)
    await differs(harness, "ends renamed")
    assert await events(harness) == ["shape_changed"]
    assert await holdup(harness) is WaitingFor.CHANGED


async def test_what_differs_before_an_outage_waits_for_its_end(harness):
    harness.switches.form = "ids as texts"
    await compare(harness)
    await harness.time.advance(watching.CONFIRM_AFTER)
    harness.switches.set("down", True)
    await compare(harness)
    assert await events(harness) == []
    harness.switches.set("down", False)
    await compare(harness)
    assert await events(harness) == ["shape_changed"]


async def test_a_difference_seen_once_is_looked_at_again_without_waiting_for_the_next_day(harness):
    await harness.time.advance(watching.FIRST_WITHIN)
    harness.switches.form = "suggestions in an object"
    for _ in range(10):
        await harness.meanwhile(harness.schema_guard.turn())
        await harness.time.advance(watching.LOOK_EVERY)
    assert await events(harness) == ["shape_changed"]


async def test_an_account_that_is_to_be_left_alone_holds_up_no_other(harness):
    (await harness.vendor.sessions.of(HOME)).limiter.hold(80_000)
    await harness.time.advance(watching.FIRST_WITHIN)
    before = harness.time.monotonic()
    await harness.meanwhile(harness.schema_guard.turn())
    assert harness.time.monotonic() - before < 60


async def test_a_full_check_waits_too_since_its_list_may_show_anything(harness):
    sweeps = harness.sweeps
    await differs(harness)
    with pytest.raises(FormChanged):
        await sweeps.run(HOME, "trend", by=1)
    harness.switches.form = "known"
    await compare(harness)
    swept = await harness.meanwhile(sweeps.run(HOME, "trend", by=1))
    assert swept.sweep.rows == 2


async def test_a_newer_usher_that_knows_the_form_resumes_at_its_start(harness):
    await differs(harness)
    harness.switches.form = "known"
    newer = SchemaGuard(harness.database, harness.vendor.sessions, harness.queue.wake)
    await harness.meanwhile(newer.turn())
    assert await holdup(harness) is None
