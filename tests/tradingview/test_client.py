"""What the client does around the pure parts: sending, following, repeating, failing."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from bot.tradingview import (
    LIFETIME,
    BadPagination,
    Cookies,
    Denied,
    Limiter,
    Refused,
    SessionRefused,
    SlowDown,
    Trouble,
    Uncertain,
    UpstreamTrouble,
    WriteResult,
    client as client_module,
)
from tests.support.fake_time import eventually, settle
from tests.tradingview.upstream import COOKIES, PINE_ID, client_of

END = datetime(2026, 4, 10, 12, tzinfo=UTC)
NEXT = "/pine_perm/list_users/?c=a%2Fb%3D%2b;~"
OTHER = Cookies("zyxwvutsrqponmlkjihgfedcba987654", "v3:other")


def row(username, user_id, expiration=None):
    return {"id": user_id, "username": username, "expiration": expiration, "userpic": ""}


def page(*rows, next_=None):
    return {"results": list(rows), "next": next_}


async def all_pages(client, **more):
    return [part async for part in client.pages(PINE_ID, **more)]


def reads(client):
    return [client.account(), client.find_row(PINE_ID, "ann"), client.hints("ann")]


def writes(client):
    return [
        client.add(PINE_ID, "ann", END),
        client.modify(PINE_ID, "ann", LIFETIME),
        client.remove(PINE_ID, "ann"),
    ]


async def failures(calls):
    return [await outcome(call) for call in calls]


async def outcome(call):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the tests look at what it is
        await call
    return caught.value


# --- sending --------------------------------------------------------------------------------


async def test_a_write_arrives_with_form_cookies_and_the_browser_set(upstream, tradingview):
    upstream.says({"status": "ok"}, 201)
    assert await tradingview.add(PINE_ID, "Ann_Trades", END) is WriteResult.OK
    (asked,) = upstream.asked
    assert (asked.method, asked.target) == ("POST", "/pine_perm/add/")
    assert parse_qs(asked.body) == {
        "pine_id": [PINE_ID],
        "username_recip": ["Ann_Trades"],
        "expiration": ["2026-04-10T12:00:00.000Z"],
    }
    assert asked.headers["cookie"] == (
        f"sessionid={COOKIES.sessionid}; sessionid_sign={COOKIES.sessionid_sign}"
    )
    assert asked.headers["origin"] == upstream.url
    assert asked.headers["referer"] == upstream.url + "/"
    assert asked.headers["x-requested-with"] == "XMLHttpRequest"
    assert asked.headers["user-agent"].startswith("Mozilla/")
    assert asked.headers["content-type"].startswith("application/x-www-form-urlencoded")


async def test_the_three_writes_have_their_paths(upstream, tradingview):
    upstream.says({"status": "ok"})
    for write in writes(tradingview):
        await write
    assert upstream.targets() == [
        "/pine_perm/add/",
        "/pine_perm/modify_user_expiration/",
        "/pine_perm/remove/",
    ]


async def test_a_bad_end_is_refused_before_anything_is_sent(upstream, tradingview):
    for end, error in ((None, TypeError), (END.replace(tzinfo=None), ValueError)):
        assert type(await outcome(tradingview.add(PINE_ID, "ann", end))) is error
        assert type(await outcome(tradingview.modify(PINE_ID, "ann", end))) is error
    assert upstream.asked == []


async def test_a_name_search_never_sends_cookies(upstream, tradingview):
    upstream.says([{"id": 1, "username": "Ann_Trades", "inactive": False}])
    (hint,) = await tradingview.hints("ann b&ü")
    assert hint.username == "Ann_Trades"
    assert upstream.targets() == ["/username_hint/?s=ann%20b%26%C3%BC"]
    assert "cookie" not in upstream.asked[0].headers


async def test_a_name_search_needs_no_login(upstream):
    upstream.says([])
    async with client_of(upstream.url, cookies=lambda: None) as client:
        assert await client.hints("ann") == []


async def test_without_a_login_nothing_is_sent_and_no_turn_is_taken(upstream):
    limiter = Limiter(1, 1)
    limiter.hold(600)
    async with client_of(upstream.url, cookies=lambda: None, limiter=limiter) as client:
        for call in [client.account(), client.find_row(PINE_ID, "ann"), *writes(client)]:
            assert type(await outcome(call)) is SessionRefused
    assert upstream.asked == []


async def test_cookies_are_asked_for_when_the_turn_has_come(upstream, frozen):
    pair = COOKIES
    limiter = Limiter(1, 1)
    limiter.hold(10)
    upstream.says({})
    async with client_of(upstream.url, cookies=lambda: pair, limiter=limiter) as client:
        call = asyncio.ensure_future(client.account())
        await settle()
        pair = OTHER
        await frozen.advance(10)
        await call
    assert OTHER.sessionid in upstream.asked[0].headers["cookie"]


# --- answers that never came, or not whole (wire §13.1) -------------------------------------


async def test_rule_1_a_read_without_an_answer_in_time_is_trouble(upstream):
    async def hang(request):
        await upstream.released.wait()
        return web.Response()

    upstream.does(hang)
    async with client_of(upstream.url, timeout=0.05) as client:
        for error in await failures(reads(client)):
            assert (type(error), error.kind) == (UpstreamTrouble, Trouble.TIMEOUT)
        for error in await failures(writes(client)):
            assert (type(error), error.kind) == (Uncertain, Trouble.TIMEOUT)


async def test_rule_1_an_answer_that_drips_is_a_time_out_too(upstream):
    async def drip(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"results": [')
        await upstream.released.wait()
        return response

    upstream.does(drip)
    async with client_of(upstream.url, timeout=0.05) as client:
        assert (await outcome(all_pages(client))).kind is Trouble.TIMEOUT
        assert type(await outcome(client.remove(PINE_ID, "ann"))) is Uncertain


async def test_rule_1_a_lost_connection_is_trouble_for_reads_and_uncertain_for_writes(
    upstream, tradingview
):
    async def drop(request):
        request.transport.abort()
        return web.Response()

    upstream.does(drop)
    for error in await failures(reads(tradingview)):
        assert (type(error), error.kind) == (UpstreamTrouble, Trouble.NETWORK)
    for error in await failures(writes(tradingview)):
        assert (type(error), error.kind) == (Uncertain, Trouble.NETWORK)


async def test_a_write_that_never_left_is_not_uncertain(unused_url):
    async with client_of(unused_url) as client:
        for error in await failures([*reads(client), *writes(client)]):
            assert (type(error), error.kind) == (UpstreamTrouble, Trouble.NETWORK)


@pytest.fixture
async def unused_url():
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"http://127.0.0.1:{port}"


async def test_a_lost_write_is_sent_once(upstream, tradingview):
    async def drop(request):
        request.transport.abort()
        return web.Response()

    upstream.does(drop)
    await failures(writes(tradingview))
    assert len(upstream.asked) == 3


@pytest.mark.parametrize("body", [b'{"status":"ok"}', json.dumps(page(row("ann", 1))).encode()])
async def test_a_truncated_body_is_a_case_of_its_own(upstream, tradingview, body):
    async def cut(request):
        response = web.StreamResponse()
        response.content_length = len(body) + 9
        await response.prepare(request)
        await response.write(body)  # whole JSON, yet not what was announced
        request.transport.close()
        return response

    upstream.does(cut)
    error = await outcome(all_pages(tradingview))
    assert (type(error), error.kind, error.status) == (UpstreamTrouble, Trouble.TRUNCATED, 200)
    error = await outcome(tradingview.remove(PINE_ID, "ann"))
    assert (type(error), error.kind) == (Uncertain, Trouble.TRUNCATED)


async def test_a_body_above_the_limit_is_not_read_on(upstream, tradingview, monkeypatch):
    monkeypatch.setattr(client_module, "MAX_BODY", 1000)
    upstream.says(page(row("ann" * 400, 1)))
    error = await outcome(all_pages(tradingview))
    assert (type(error), error.kind) == (UpstreamTrouble, Trouble.TOO_LARGE)
    error = await outcome(tradingview.remove(PINE_ID, "ann"))
    assert (type(error), error.kind) == (Uncertain, Trouble.TOO_LARGE)


async def test_a_page_full_of_large_pictures_fits(upstream, tradingview):
    rows = [row(f"user_{n}", n + 1) | {"userpic": "A" * 60_000} for n in range(30)]
    upstream.says(page(*rows))
    (part,) = await all_pages(tradingview)
    assert len(part.rows) == 30


async def test_a_redirect_is_not_followed(upstream, tradingview):
    upstream.says(b"", 302, Location=upstream.url + "/elsewhere/")
    for call in [tradingview.account(), *writes(tradingview)]:
        assert type(await outcome(call)) is SessionRefused
    assert type(await outcome(tradingview.hints("ann"))) is UpstreamTrouble
    assert "/elsewhere/" not in upstream.targets()


# --- listings -------------------------------------------------------------------------------


async def test_a_listing_follows_next_byte_for_byte_with_the_same_form(upstream, tradingview):
    upstream.says(page(row("ann", 1), next_=NEXT)).says(page(row("bob", 2)))
    parts = await all_pages(tradingview, username="a")
    assert [r.username for part in parts for r in part.rows] == ["ann", "bob"]
    assert upstream.targets() == ["/pine_perm/list_users/?order_by=-created&limit=30", NEXT]
    assert upstream.asked[0].body == upstream.asked[1].body


async def test_an_absolute_next_on_our_host_is_followed(upstream, tradingview):
    upstream.says(page(next_=upstream.url + NEXT)).says(page())
    await all_pages(tradingview)
    assert upstream.targets()[1] == NEXT


async def test_a_next_to_another_host_ends_the_listing_with_an_error(upstream, tradingview):
    upstream.says(page(row("ann", 1), next_="https://evil.invalid" + NEXT))
    assert type(await outcome(all_pages(tradingview))) is UpstreamTrouble
    assert len(upstream.asked) == 1


async def test_an_empty_or_short_page_is_not_the_end(upstream, tradingview):
    upstream.says(page(next_=NEXT)).says(page(row("bob", 2)))
    assert [len(part.rows) for part in await all_pages(tradingview)] == [0, 1]


async def test_a_cursor_that_comes_again_ends_the_listing_with_an_error(upstream, tradingview):
    upstream.says(page(row("ann", 1), next_=NEXT))
    error = await outcome(all_pages(tradingview))
    assert (type(error), error.kind) == (UpstreamTrouble, Trouble.SHAPE)
    assert len(upstream.asked) == 2


async def test_a_listing_without_an_end_ends_with_an_error(upstream, tradingview, monkeypatch):
    monkeypatch.setattr(client_module, "MAX_PAGES", 3)
    for n in range(9):
        upstream.says(page(next_=f"/pine_perm/list_users/?c={n}"))
    assert type(await outcome(all_pages(tradingview))) is UpstreamTrouble
    assert len(upstream.asked) == 4


async def test_an_error_in_mid_listing_is_never_a_complete_list(upstream, tradingview):
    upstream.says(page(row("ann", 1), next_=NEXT)).says({"detail": "x"}, 500)
    assert type(await outcome(all_pages(tradingview))) is UpstreamTrouble
    upstream.script = []
    upstream.says(page(row("ann", 1), next_=NEXT)).says({"detail": "x"}, 401)
    assert type(await outcome(tradingview.find_row(PINE_ID, "bob"))) is SessionRefused


BAD_PAGINATION = {"code": "bad_pagination_request", "detail": "no"}


async def test_rule_8_a_refused_page_size_starts_again_without_one(upstream, tradingview):
    upstream.says(BAD_PAGINATION, 400).says(page(row("ann", 1)))
    (part,) = await all_pages(tradingview)
    assert part.rows[0].username == "ann"
    assert upstream.targets()[1] == "/pine_perm/list_users/?order_by=-created"


async def test_rule_8_it_starts_from_page_one_even_in_the_middle(upstream, tradingview):
    upstream.says(page(row("ann", 1), next_=NEXT)).says(BAD_PAGINATION, 400)
    upstream.says(page(row("ann", 1), next_=NEXT)).says(page(row("bob", 2)))
    parts = await all_pages(tradingview)
    assert [r.username for part in parts for r in part.rows] == ["ann", "ann", "bob"]


async def test_rule_8_it_starts_again_only_once(upstream, tradingview):
    upstream.says(BAD_PAGINATION, 400)
    assert type(await outcome(all_pages(tradingview))) is BadPagination
    assert len(upstream.asked) == 2


# --- one person's row -----------------------------------------------------------------------


async def test_a_row_is_found_by_exact_name_whatever_the_case(upstream, tradingview):
    upstream.says(page(row("annabel", 2), row("Ann", 1)))
    assert (await tradingview.find_row(PINE_ID, "aNN")).user_id == 1


async def test_a_row_is_sought_to_the_last_page_and_no_further(upstream, tradingview):
    third = "/pine_perm/list_users/?c=3"
    upstream.says(page(row("annabel", 2), next_=NEXT)).says(page(row("ann", 1), next_=third))
    assert (await tradingview.find_row(PINE_ID, "ann")).user_id == 1
    assert len(upstream.asked) == 2


async def test_no_row_is_said_only_after_the_last_page(upstream, tradingview):
    upstream.says(page(row("annabel", 2), next_=NEXT)).says(page(row("annie", 3)))
    assert await tradingview.find_row(PINE_ID, "ann") is None
    assert len(upstream.asked) == 2


async def test_the_same_id_is_the_same_person_under_another_name(upstream, tradingview):
    upstream.says(page(row("ann", 9), row("ann_new", 1)))
    assert (await tradingview.find_row(PINE_ID, "ann", user_id=1)).username == "ann_new"


async def test_a_row_without_an_id_is_found_by_name(upstream, tradingview):
    upstream.says(page(row("ann", None)))
    assert (await tradingview.find_row(PINE_ID, "ann", user_id=1)).username == "ann"


async def test_a_namesake_is_returned_only_when_nobody_has_the_id(upstream, tradingview):
    upstream.says(page(row("ann", 9), next_=NEXT)).says(page(row("annabel", 2)))
    assert (await tradingview.find_row(PINE_ID, "ann", user_id=1)).user_id == 9
    assert len(upstream.asked) == 2


# --- refused logins -------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_of_an_older_login_is_repeated_once_with_the_present_one(upstream, status):
    pairs = [COOKIES, COOKIES]
    upstream.says({"detail": "x"}, status).says({"status": "ok"})
    async with client_of(upstream.url, cookies=lambda: pairs.pop(0) if pairs else OTHER) as client:
        assert await client.remove(PINE_ID, "ann") is WriteResult.OK
    sent = [asked.headers["cookie"] for asked in upstream.asked]
    assert COOKIES.sessionid in sent[0]
    assert OTHER.sessionid in sent[1]


@pytest.mark.parametrize(("status", "error"), [(401, SessionRefused), (403, Denied)])
async def test_a_refusal_of_the_present_login_is_not_repeated(upstream, tradingview, status, error):
    upstream.says({"detail": "x"}, status)
    assert type(await outcome(tradingview.remove(PINE_ID, "ann"))) is error
    assert len(upstream.asked) == 1


async def test_logins_that_keep_changing_are_tried_twice_at_most(upstream):
    count = iter(range(100))
    upstream.says({}, 401)
    async with client_of(upstream.url, cookies=lambda: Cookies(f"session-{next(count)}")) as client:
        assert type(await outcome(client.account())) is SessionRefused
    assert len(upstream.asked) == 2


async def test_a_login_that_was_deleted_meanwhile_is_refused(upstream):
    pairs = [COOKIES, COOKIES]
    upstream.says({}, 403)
    async with client_of(upstream.url, cookies=lambda: pairs.pop() if pairs else None) as client:
        assert type(await outcome(client.account())) is SessionRefused
    assert len(upstream.asked) == 1


# --- limiter --------------------------------------------------------------------------------


async def test_rule_2_a_429_holds_every_turn_for_as_long_as_was_asked(upstream, frozen):
    limiter = Limiter(10_000, 50)
    upstream.says({}, 429, Retry_After="30").says({})
    async with client_of(upstream.url, limiter=limiter) as client:
        error = await outcome(client.account())
        assert (type(error), error.retry_after) == (SlowDown, 30)
        later = asyncio.ensure_future(client.account(urgent=True))
        await frozen.advance(29)
        assert len(upstream.asked) == 1
        await frozen.advance(1)
        await later


async def test_rule_2_who_waited_meanwhile_is_held_too(upstream, frozen):
    limiter = Limiter(10_000, 1)
    upstream.says({}, 429, Retry_After="30").says({})
    async with client_of(upstream.url, limiter=limiter) as client:
        first, second = (asyncio.ensure_future(client.account()) for _ in range(2))
        await asyncio.wait([first])
        await settle(50)
        assert type(first.exception()) is SlowDown
        assert len(upstream.asked) == 1
        await frozen.advance(30)
        await second


async def test_rule_2_a_date_is_counted_from_now(upstream, frozen):
    upstream.says({}, 429, Retry_After="Tue, 10 Mar 2026 12:00:45 GMT")
    async with client_of(upstream.url) as client:
        assert (await outcome(client.account())).retry_after == 45


async def test_rule_2_after_a_short_named_pause_the_request_is_sent_again(upstream, frozen):
    upstream.says({}, 429, Retry_After="1").says({}, 429, Retry_After="1").says({"status": "ok"})
    async with client_of(upstream.url) as client:
        call = asyncio.ensure_future(client.add(PINE_ID, "ann", END))
        for count in (1, 2, 3):
            await eventually(lambda count=count: len(upstream.asked) == count)
            await until_held(client, call)
            await frozen.advance(1)
        assert await call is WriteResult.OK


async def until_held(client, call):
    """Until the answer has come: a pause, or the end of the call."""
    await eventually(lambda: client._limiter.held_for() or call.done())


async def test_rule_2_it_is_sent_three_times_at_most(upstream, frozen):
    upstream.says({}, 429, Retry_After="1")
    async with client_of(upstream.url) as client:
        call = asyncio.ensure_future(outcome(client.remove(PINE_ID, "ann")))
        while not call.done():
            await until_held(client, call)
            await frozen.advance(1)
        assert type(call.result()) is SlowDown
    assert len(upstream.asked) == 3


async def test_rule_2_who_is_sent_again_goes_before_those_who_came_later(upstream, frozen):
    upstream.says({}, 429, Retry_After="1").says({"status": "ok"})
    async with client_of(upstream.url, limiter=Limiter(1000, 1)) as client:
        first = asyncio.ensure_future(client.remove(PINE_ID, "ann"))
        await frozen.advance(0.5)
        later = asyncio.ensure_future(client.remove(PINE_ID, "bob"))
        await until_held(client, first)
        await frozen.advance(1)
        await first
        await frozen.advance(5)
        await later
    assert ["bob" in asked.body for asked in upstream.asked] == [False, False, True]


async def test_rule_2_a_pause_of_unknown_length_is_for_the_caller_to_wait(upstream, frozen):
    upstream.says({}, 429)
    async with client_of(upstream.url) as client:
        assert (await outcome(client.remove(PINE_ID, "ann"))).retry_after is None
    assert len(upstream.asked) == 1


async def test_the_time_out_does_not_count_the_wait_for_a_turn(upstream, frozen):
    limiter = Limiter(1, 1)
    limiter.hold(600)
    upstream.says({})
    async with client_of(upstream.url, limiter=limiter, timeout=5) as client:
        call = asyncio.ensure_future(client.account())
        await frozen.advance(600)
        await call


async def test_a_cancelled_call_leaves_its_turn_to_others(upstream):
    async def hang(request):
        await upstream.released.wait()
        return web.Response()

    upstream.does(hang).says({})
    async with client_of(upstream.url, limiter=Limiter(10_000, 1)) as client:
        call = asyncio.ensure_future(client.account())
        await eventually(lambda: upstream.asked)
        call.cancel()
        await client.account()


# --- secrets --------------------------------------------------------------------------------


async def test_the_log_holds_method_path_status_and_time_only(upstream, tradingview, caplog):
    caplog.set_level(logging.DEBUG)
    upstream.says([]).says({"status": "ok"}).says({"detail": "x"}, 400)
    await tradingview.hints("ann")
    await tradingview.add(PINE_ID, "ann", END)
    await failures([tradingview.remove(PINE_ID, "ann")])
    lines = [r.getMessage() for r in caplog.records if r.name == "bot.tradingview.client"]
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        "GET /username_hint/ 200",
        "POST /pine_perm/add/ 200",
        "POST /pine_perm/remove/ 400",
    ]
    for secret in (COOKIES.sessionid, COOKIES.sessionid_sign):
        assert secret not in caplog.text


async def test_no_error_carries_the_login(upstream, tradingview):
    async def drop(request):
        request.transport.abort()
        return web.Response()

    repeated = {"detail": f"bad {COOKIES.sessionid} {COOKIES.sessionid_sign}"}
    upstream.does(drop).says(repeated, 400).says(repeated, 403).says(b"", 302, Location="/")
    for error in await failures([tradingview.remove(PINE_ID, "ann") for _ in range(4)]):
        shown = f"{error} {error!r} {vars(error)} {error.__context__!r} {error.__cause__!r}"
        assert COOKIES.sessionid not in shown
        assert COOKIES.sessionid_sign not in shown
        assert error.__context__ is None


async def test_cookies_that_tradingview_sets_are_not_sent_by_themselves(upstream, tradingview):
    upstream.says({}, Set_Cookie="sessionid=another; Path=/")
    await tradingview.account()
    await tradingview.account()
    assert "another" not in upstream.asked[1].headers["cookie"]


async def test_the_rest_of_a_refusal_is_kept_for_staff(upstream, tradingview):
    upstream.says({"code": "limit", "detail": "five users at most"}, 422)
    error = await outcome(tradingview.add(PINE_ID, "ann", END))
    assert type(error) is Refused
    assert str(error) == ("TradingView refused the request (HTTP 422; limit; five users at most)")
