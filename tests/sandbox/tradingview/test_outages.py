"""Outages: what goes wrong, for which calls, how often, and what had been changed by then (wire §15)."""

import asyncio
import json
from datetime import timedelta

import aiohttp
import pytest

from tests.support.fake_time import START, eventually

PINE = "PUB;" + "0123456789abcdef" * 2
END = START + timedelta(days=30)
CUT = (aiohttp.ClientError, ConnectionError)


@pytest.fixture
def switches(tv):
    return tv.switches


@pytest.mark.parametrize(("how", "status"), [("500", 500), ("502 page", 502), ("no answer", None)])
async def test_down_answers_nobody_and_changes_nothing(site, tv, how, status):
    tv.switches.down = True
    tv.switches.down_how = how
    if status is None:
        with pytest.raises(CUT):
            await site.add("Ann_Trades", END)
    else:
        assert (await site.add("Ann_Trades", END)).status == status
        assert (await site.get("/username_hint/?s=ann")).status == status
    assert tv.world.rows(PINE) == []
    tv.switches.down = False
    assert (await site.add("Ann_Trades", END)).status == 201


class TestWritesThatAreNotWhatTheySeem:
    @pytest.mark.parametrize("verb", ["add", "modify", "remove"])
    async def test_a_lost_answer_comes_after_the_change(self, site, tv, verb):
        if verb != "add":
            tv.world.grant(PINE, "Ann_Trades", None)
        tv.switches.lost_answers = 1
        with pytest.raises(CUT):
            await getattr(site, verb)("Ann_Trades", END)
        row = tv.world.row(PINE, "Ann_Trades")
        assert row is None if verb == "remove" else row.end == END
        [call] = tv.calls(verb)
        assert (call.applied, call.dropped, call.status) == (True, True, None)
        assert tv.switches.lost_answers == 0

    async def test_reads_are_spared(self, site, tv):
        tv.switches.lost_answers = 1
        assert (await site.list()).status == 200
        assert tv.switches.lost_answers == 1

    @pytest.mark.parametrize("verb", ["add", "modify", "remove"])
    async def test_a_silent_ok_changes_nothing(self, site, tv, verb):
        if verb != "add":
            tv.world.grant(PINE, "Ann_Trades", None)
        tv.switches.silent_ok = 1
        answer = await getattr(site, verb)("Ann_Trades", END)
        assert answer.said == {"status": "ok"}
        assert [row.end for row in tv.world.rows(PINE)] == ([] if verb == "add" else [None])
        assert not tv.calls(verb)[0].applied
        await getattr(site, verb)("Ann_Trades", END)
        assert tv.calls(verb)[1].applied

    async def test_silent_for_ever_is_until_switched_off(self, site, tv):
        tv.switches.silent_ok = -1
        for _ in range(5):
            assert (await site.add("Ann_Trades", END)).status == 201
        tv.switches.silent_ok = 0
        await site.add("Ann_Trades", END)
        assert tv.world.row(PINE, "Ann_Trades").end == END

    async def test_a_late_error_comes_after_the_change(self, site, tv):
        tv.switches.late_errors = 1
        assert (await site.add("Ann_Trades", END)).status == 500
        assert tv.world.row(PINE, "Ann_Trades").end == END

    async def test_a_dropped_request_changed_nothing(self, site, tv):
        tv.switches.dropped_requests = 1
        with pytest.raises(CUT):
            await site.add("Ann_Trades", END)
        assert tv.world.rows(PINE) == []
        assert tv.calls("add")[0].form["username_recip"] == "Ann_Trades"


class TestSpoiltAnswers:
    async def test_truncated_in_the_middle(self, site, tv):
        tv.switches.truncated = 1
        with pytest.raises(aiohttp.ClientPayloadError):
            await site.add("Ann_Trades", END)
        assert tv.world.row(PINE, "Ann_Trades").end == END

    async def test_json_that_ends_too_early(self, site, tv):
        tv.switches.cut_json = 1
        with pytest.raises(json.JSONDecodeError):
            await site.list()

    async def test_an_unknown_shape(self, site, tv):
        tv.switches.odd_answers = 1
        answer = await site.add("Ann_Trades", END)
        assert (answer.status, answer.said) == (200, {"outcome": "fine"})
        assert tv.world.row(PINE, "Ann_Trades").end == END

    async def test_a_dripping_body_arrives_in_the_end(self, site, tv, time):
        tv.switches.slow_bodies = 1
        asking = asyncio.ensure_future(site.list())
        await eventually(lambda: tv.calls("list") and tv.calls("list")[0].status)
        for _ in range(30):
            assert not asking.done()
            await time.advance(1)
        assert (await asking).said["results"] == []

    @pytest.mark.parametrize(
        ("fault", "status", "sign"),
        [
            ("errors_500", 500, "detail"),
            ("pages_502", 502, "Bad Gateway"),
            ("pages_400", 400, "cloudfront"),
            ("challenges", 403, "Just a moment"),
            ("logged_out_pages", 200, "is-not-authenticated"),
            ("redirects", 302, "Moved"),
            ("too_many", 429, "detail"),
        ],
    )
    async def test_answers_in_place_of_the_real_one(self, site, tv, fault, status, sign):
        tv.switches.set(fault, 2)
        for _ in range(2):
            answer = await site.add("Ann_Trades", END)
            assert answer.status == status
            assert sign in str(answer.said)
        assert tv.world.rows(PINE) == []
        assert (await site.add("Ann_Trades", END)).status == 201


class TestTooFast:
    @pytest.mark.parametrize(("seconds", "header"), [(0, None), (7, "7"), (1.5, "1.5")])
    async def test_retry_after_is_named_or_not(self, site, switches, seconds, header):
        switches.too_many = 1
        switches.retry_after = seconds
        assert (await site.list()).headers.get("Retry-After") == header

    async def test_the_wait_may_be_named_as_a_date(self, site, switches):
        switches.too_many = 1
        switches.retry_after = 90
        switches.retry_after_as = "date"
        assert (await site.list()).headers["Retry-After"] == "Tue, 10 Mar 2026 12:01:30 GMT"

    @pytest.mark.parametrize(("body", "text"), [("page", "<!DOCTYPE"), ("empty", "")])
    async def test_the_body_is_anybodys_guess(self, site, switches, body, text):
        switches.too_many = 1
        switches.too_many_body = body
        answer = await site.list()
        assert answer.status == 429
        assert answer.said.startswith(text)

    async def test_a_rate_limit_lets_so_many_through_each_second(self, site, switches, time):
        switches.rate_limit = 3
        assert [(await site.list()).status for _ in range(5)] == [200, 200, 200, 429, 429]
        await time.advance(1)
        assert (await site.list()).status == 200

    async def test_a_rate_limit_may_let_fewer_through_at_once(self, site, switches, time):
        switches.rate_limit = 5
        switches.rate_burst = 2
        assert [(await site.list()).status for _ in range(4)] == [200, 200, 429, 429]
        await time.advance(0.2)  # a fifth of a second is one request; refusals cost none
        assert [(await site.list()).status for _ in range(2)] == [200, 429]
        await time.advance(60)
        assert [(await site.list()).status for _ in range(3)] == [200, 200, 429]

    async def test_a_parallel_limit_refuses_the_next_one(self, site, tv):
        tv.switches.parallel_limit = 2
        tv.switches.hang = True
        asking = [asyncio.ensure_future(site.list()) for _ in range(3)]
        await eventually(lambda: len(tv.calls("list")) == 3)
        tv.switches.hang = False
        statuses = sorted([(await answer).status for answer in asking])
        assert statuses == [200, 200, 429]
        assert (await site.list()).status == 200


class TestSlow:
    async def test_latency_holds_every_answer(self, site, tv, time):
        tv.switches.latency = 5
        asking = asyncio.ensure_future(site.add("Ann_Trades", END))
        await eventually(lambda: tv.calls("add"))
        await time.advance(4.9)
        assert not asking.done()
        assert tv.world.rows(PINE) == []
        await time.advance(0.1)
        assert (await asking).status == 201

    async def test_hanging_requests_go_on_when_released(self, site, tv):
        tv.switches.hang = True
        asking = asyncio.ensure_future(site.add("Ann_Trades", END))
        await eventually(lambda: tv.calls("add"))
        tv.switches.set("latency", 0)
        assert tv.calls("add")[0].status is None
        assert tv.world.rows(PINE) == []
        tv.switches.hang = False
        assert (await asking).status == 201

    @pytest.mark.parametrize("lands", [False, True])
    async def test_what_was_given_up_lands_only_when_so_switched(self, site, tv, lands):
        tv.switches.hang = True
        tv.switches.hang_lands = lands
        asking = asyncio.ensure_future(site.add("Ann_Trades", END))
        await eventually(lambda: tv.calls("add"))
        asking.cancel()
        await asyncio.wait([asking])
        # The server learns of it a little later than the asker.
        connections = tv._runner.server.connections
        await eventually(lambda: all(one.transport is None for one in connections))
        finished = []
        tv.watchers.append(finished.append)
        tv.switches.hang = False
        await eventually(lambda: finished)
        assert bool(tv.world.rows(PINE)) == lands

    async def test_a_slow_change_lands_though_the_asker_gave_up(self, site, tv, time):
        tv.switches.latency = 30
        asking = asyncio.ensure_future(site.add("Ann_Trades", END))
        await eventually(lambda: tv.calls("add"))
        await time.advance(10)
        asking.cancel()
        await asyncio.wait([asking])
        connections = tv._runner.server.connections
        await eventually(lambda: all(one.transport is None for one in connections))
        assert tv.world.rows(PINE) == []
        await time.advance(20)
        await eventually(lambda: tv.world.rows(PINE))

    async def test_only_some_calls_hang(self, site, tv):
        tv.switches.fault("hang", path="add")
        asking = asyncio.ensure_future(site.add("Ann_Trades", END))
        await eventually(lambda: tv.calls("add"))
        assert (await site.list()).said["results"] == []
        tv.switches.lift("hang")
        assert (await asking).status == 201

    @pytest.mark.parametrize(("name", "value"), [("hang", True), ("latency", 600)])
    async def test_closing_lets_go_of_held_requests(self, site, tv, name, value):
        tv.switches.set(name, value)
        asking = asyncio.ensure_future(site.add("Ann_Trades", END))
        await eventually(lambda: tv.calls("add"))
        await tv.close()
        with pytest.raises(CUT):
            await asking
        assert tv.world.rows(PINE) == []


class TestLogin:
    async def test_ending_and_coming_back(self, site, tv):
        tv.switches.logged_out = True
        assert (await site.list()).status == 403
        assert (await site.get("/tvcoins/details/")).status == 403
        assert (await site.get("/username_hint/?s=ann")).status == 200
        tv.switches.logged_out = False
        assert (await site.list()).status == 200

    async def test_the_login_in_use_ends_for_good_and_another_goes_on(self, site, tv, vendor):
        spare = tv.world.open_session(vendor)
        tv.switches.login_ends = 1
        assert (await site.get("/username_hint/?s=ann")).status == 200
        assert (await site.list()).status == 403
        assert tv.switches.login_ends == 0
        assert (await site.list()).status == 403
        assert tv.world.find_session(*spare, sign_required=True) is not None

    async def test_ending_in_the_middle_of_a_listing(self, site, tv):
        tv.switches.logged_out_after = 2
        statuses = [(await site.list()).status for _ in range(4)]
        assert statuses == [200, 200, 403, 403]
        assert tv.switches.logged_out

    async def test_hints_do_not_count(self, site, tv):
        tv.switches.logged_out_after = 1
        await site.get("/username_hint/?s=ann")
        assert (await site.list()).status == 200


class TestRules:
    async def test_a_rule_hits_its_endpoint_so_many_times(self, site, tv):
        tv.switches.fault("errors_500", path="list", times=2)
        assert (await site.get("/username_hint/?s=ann")).status == 200
        assert [(await site.list()).status for _ in range(3)] == [500, 500, 200]

    async def test_a_rule_may_name_part_of_a_path(self, site, tv):
        tv.switches.fault("errors_500", path="/pine_perm/", times=-1)
        assert (await site.add("Ann_Trades", END)).status == 500
        assert (await site.list()).status == 500
        assert (await site.get("/tvcoins/details/")).status == 200

    async def test_a_rule_may_name_a_person(self, site, tv):
        tv.switches.fault("lost_answers", username="ann_trades")
        assert (await site.add("bob-fx", END)).status == 201
        with pytest.raises(CUT):
            await site.add("Ann_Trades", END)

    async def test_a_rule_may_lose_the_answer_of_a_read(self, site, tv):
        tv.switches.fault("lost_answers", path="list")
        with pytest.raises(CUT):
            await site.list()
        assert (await site.list()).status == 200

    async def test_counted_faults_may_be_kept_to_one_endpoint(self, site, tv):
        tv.switches.errors_500 = 1
        tv.switches.only = "add"
        assert (await site.list()).status == 200
        assert (await site.add("Ann_Trades", END)).status == 500

    async def test_lifting_removes_rules_and_counts(self, site, tv):
        tv.switches.fault("errors_500", times=-1)
        tv.switches.errors_500 = 5
        tv.switches.lift("errors_500")
        assert (await site.list()).status == 200

    def test_a_rule_for_no_fault_is_refused(self, switches):
        for name in ("nonsense", "down", "latency"):
            with pytest.raises(ValueError, match=name):
                switches.fault(name)
