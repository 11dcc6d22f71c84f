"""Wire §2, "Cookies": TradingView renews a login by itself, and only whole pairs are believed."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot.tradingview import Cookies, Limiter, SessionRefused, TradingViewError, discovery
from bot.tradingview.rotation import rotated
from tests.support.fake_time import eventually
from tests.tradingview.upstream import COOKIES, PINE_ID, client_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
END = datetime(2026, 4, 10, 12, tzinfo=UTC)
FRESH = Cookies("zyxwvutsrqponmlkjihgfedcba987654", "v3:fresh+/=")
TAIL = "Domain=.tradingview.com; Path=/; Secure; HttpOnly; SameSite=Lax"
ID = f"sessionid={FRESH.sessionid}; Max-Age=12960000; {TAIL}"
SIGN = f"sessionid_sign={FRESH.sessionid_sign}; Max-Age=12960000; {TAIL}"
SIGN_WITHOUT_AGE = f"sessionid_sign={FRESH.sessionid_sign}"
ID_GONE = f'sessionid=""; Max-Age=0; expires=Thu, 01 Jan 1970 00:00:00 GMT; {TAIL}'
SIGN_GONE = f'sessionid_sign=""; Max-Age=0; expires=Thu, 01 Jan 1970 00:00:00 GMT; {TAIL}'


@pytest.mark.parametrize(
    "lines",
    [
        [ID, SIGN],
        [SIGN, ID],
        [ID, "csrftoken=abc; Path=/", SIGN],
        [f"sessionid={FRESH.sessionid}", f"sessionid_sign={FRESH.sessionid_sign}"],
        [f'sessionid="{FRESH.sessionid}"', f'sessionid_sign="{FRESH.sessionid_sign}"; path=/'],
        [ID, SIGN, ID],
        [ID, f"sessionid_sign={FRESH.sessionid_sign}; expires=Tue, 10 Mar 2026 12:00:01 GMT"],
        [ID, f"sessionid_sign={FRESH.sessionid_sign}; expires=soon; Max-Age=many"],
        [ID, SIGN_WITHOUT_AGE + "; expires=Wed, 21 Oct 2026 07:28:00 +99999999999999999"],
        # The age goes before the date.
        [ID, SIGN + "; expires=Thu, 01 Jan 1970 00:00:00 GMT"],
    ],
)
def test_a_whole_pair_is_recognised(lines):
    assert rotated(lines, COOKIES, NOW) == FRESH


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [ID],
        [SIGN],
        [ID_GONE, SIGN_GONE],
        [ID, SIGN_GONE],
        [ID_GONE, SIGN],
        [ID, "sessionid_sign=; Path=/"],
        [ID, "sessionid_sign"],
        [ID, f"sessionid_sign={FRESH.sessionid_sign}; MAX-AGE=0"],
        [ID, f"sessionid_sign={FRESH.sessionid_sign}; Max-Age=-1"],
        [ID, f"sessionid_sign={FRESH.sessionid_sign}; Expires=Tue, 10 Mar 2026 12:00:00 GMT"],
        [ID, f"sessionid_signature={FRESH.sessionid_sign}"],
        [ID, "xsessionid_sign=abc"],
        # Two different values: nobody can tell which one counts.
        [ID, SIGN, "sessionid=another; Path=/"],
        # Set for one host and deleted for another.
        [ID, SIGN, ID_GONE],
        [ID_GONE, ID, SIGN],
        # No value that could be sent back.
        [ID, "sessionid_sign=a b"],
        # The pair that was sent is no news.
        [f"sessionid={COOKIES.sessionid}", f"sessionid_sign={COOKIES.sessionid_sign}"],
    ],
)
def test_a_lone_or_deleting_or_doubtful_one_is_ignored(lines):
    assert rotated(lines, COOKIES, NOW) is None


class Keeper:
    """Keeps the pair in use, and takes as long as it is told to store a new one."""

    def __init__(self):
        self.pair = COOKIES
        self.told = []
        self.may_store = asyncio.Event()
        self.may_store.set()

    async def __call__(self, used, fresh):
        self.told.append((used, fresh))
        await self.may_store.wait()
        if self.pair == used:
            self.pair = fresh


@pytest.fixture
def keeper():
    return Keeper()


@pytest.fixture
async def client(upstream, keeper):
    async with client_of(
        upstream.url, cookies=lambda: keeper.pair, limiter=Limiter(9999, 4)
    ) as made:
        made.rotated = keeper
        yield made


def with_cookies(body, *lines, status=200):
    async def answer(request):
        if isinstance(body, str):
            response = web.Response(status=status, text=body, content_type="text/html")
        else:
            response = web.json_response(body, status=status)
        for line in lines:
            response.headers.add("Set-Cookie", line)
        return response

    return answer


def sent(upstream):
    return [asked.headers.get("cookie", "").split(";")[0][10:] for asked in upstream.asked]


async def test_a_renewed_pair_is_handed_over_and_used_by_the_next_request(upstream, client, keeper):
    upstream.does(with_cookies({"results": []}, ID, SIGN)).says({"status": "ok"})
    assert await client.find_row(PINE_ID, "ann") is None
    assert keeper.told == [(COOKIES, FRESH)]
    await client.remove(PINE_ID, "ann")
    assert sent(upstream) == [COOKIES.sessionid, FRESH.sessionid]
    assert FRESH.sessionid_sign in upstream.asked[1].headers["cookie"]


async def test_nothing_is_answered_before_the_new_pair_is_kept(upstream, client, keeper):
    keeper.may_store.clear()
    upstream.does(with_cookies({}, ID, SIGN)).says({})
    call = asyncio.ensure_future(client.account())
    await eventually(lambda: keeper.told)
    assert not call.done()
    keeper.may_store.set()
    await call


@pytest.mark.parametrize("lines", [[ID], [SIGN], [ID_GONE, SIGN_GONE], [ID, SIGN_GONE]])
async def test_lone_and_deleting_ones_are_not_handed_over(upstream, client, keeper, lines):
    upstream.does(with_cookies({}, *lines)).says({})
    await client.account()
    await client.account()
    assert keeper.told == []
    assert sent(upstream) == [COOKIES.sessionid] * 2


REFUSALS = {
    "unknown user": with_cookies({"code": "username_recip_not_found"}, ID, SIGN, status=422),
    "unknown script": with_cookies({"pine_id": ["Unknown."]}, ID, SIGN, status=422),
    "page size": with_cookies({"code": "bad_pagination_request"}, ID, SIGN, status=400),
    "other": with_cookies({"code": "limit"}, ID, SIGN, status=409),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_that_may_come_before_any_look_at_the_login_brings_none(
    upstream, client, keeper, refusal
):
    upstream.does(REFUSALS[refusal])
    with pytest.raises(TradingViewError):
        await client.remove(PINE_ID, "ann")
    assert keeper.told == []


async def test_a_read_that_answers_anybody_brings_no_login(upstream, client, keeper):
    """Wire §11: without a login there are simply no scripts."""
    upstream.does(with_cookies([], ID, SIGN)).does(with_cookies([], ID, SIGN))
    assert await discovery.published(client) == []
    assert await discovery.managed(client) == []
    assert keeper.told == []


NAMED = '<html><script>var user = {"username": "Vendor_One", "auth_token": "x"};</script></html>'
LOGGED_OUT = '<!DOCTYPE html><html class="is-not-authenticated"><body>Sign in</body></html>'
STRANGERS = {
    "401": with_cookies({"detail": "x"}, ID, SIGN, status=401),
    "403": with_cookies({"detail": "x"}, ID, SIGN, status=403),
    "redirect": with_cookies({}, ID, SIGN, status=302),
    "logged-out page": with_cookies(LOGGED_OUT, ID, SIGN),
    "page": with_cookies("<html>Something</html>", ID, SIGN),
    "error": with_cookies({}, ID, SIGN, status=500),
    "too fast": with_cookies({}, ID, SIGN, status=429),
}


@pytest.mark.parametrize("answer", STRANGERS)
async def test_a_logged_out_answer_brings_no_login(upstream, client, keeper, answer):
    upstream.does(STRANGERS[answer])
    with pytest.raises(TradingViewError):
        await client.account()
    assert keeper.told == []


async def test_a_name_search_brings_no_login(upstream, client, keeper):
    upstream.does(with_cookies([], ID, SIGN))
    assert await client.hints("ann") == []
    assert keeper.told == []


@pytest.mark.parametrize(("body", "told"), [(NAMED, 1), (LOGGED_OUT, 0), ("<html>{}</html>", 0)])
async def test_the_home_page_brings_one_only_to_whoever_is_logged_in(
    upstream, client, keeper, body, told
):
    upstream.does(with_cookies(body, ID, SIGN))
    with contextlib.suppress(TradingViewError):
        await client.home_username()
    assert len(keeper.told) == told


async def test_a_pair_is_kept_though_its_answer_broke_off(upstream, client, keeper):
    async def cut(request):
        response = web.StreamResponse()
        response.content_length = 99
        response.headers.add("Set-Cookie", ID)
        response.headers.add("Set-Cookie", SIGN)
        await response.prepare(request)
        await response.write(b'{"status": "ok"')
        request.transport.close()
        return response

    upstream.does(cut)
    with pytest.raises(TradingViewError):
        await client.remove(PINE_ID, "ann")
    assert keeper.told == [(COOKIES, FRESH)]


async def test_who_gives_up_does_not_stop_the_handing_over(upstream, client, keeper):
    keeper.may_store.clear()
    upstream.does(with_cookies({}, ID, SIGN)).says({})
    call = asyncio.ensure_future(client.account())
    await eventually(lambda: keeper.told)
    call.cancel()
    await asyncio.wait([call])
    keeper.may_store.set()
    await client.account()
    assert keeper.pair == FRESH


async def test_a_refusal_waits_for_the_pair_that_is_on_its_way(upstream, client, keeper):
    """The old pair ended the moment the new one was made; whoever still used it asks again."""
    keeper.may_store.clear()
    go = asyncio.Event()

    async def refuse(request):
        await go.wait()
        return web.json_response({"detail": "x"}, status=403)

    upstream.does(refuse).does(with_cookies({}, ID, SIGN)).says({"status": "ok"})
    slow = asyncio.ensure_future(client.remove(PINE_ID, "ann"))
    await eventually(lambda: len(upstream.asked) == 1)
    quick = asyncio.ensure_future(client.account())
    await eventually(lambda: keeper.told)
    go.set()
    await eventually(lambda: client._limiter._running == 1)  # the refusal has come
    assert not slow.done()
    keeper.may_store.set()
    await quick
    await slow
    assert sent(upstream) == [COOKIES.sessionid, COOKIES.sessionid, FRESH.sessionid]


async def test_a_refusal_of_a_pair_that_is_no_longer_in_use_says_so(upstream):
    count = iter(range(100))
    upstream.says({}, 401)
    async with client_of(upstream.url, cookies=lambda: Cookies(f"session-{next(count)}")) as client:
        with pytest.raises(SessionRefused) as refused:
            await client.account()
    assert refused.value.outdated


async def test_a_refusal_of_the_pair_in_use_is_a_suspicion(upstream, tradingview):
    upstream.says({}, 401)
    with pytest.raises(SessionRefused) as refused:
        await tradingview.account()
    assert not refused.value.outdated


async def test_new_cookies_show_in_no_log_and_no_repr(upstream, client, keeper, caplog):
    caplog.set_level("DEBUG", "bot")
    upstream.does(with_cookies({}, ID, SIGN))
    await client.account()
    assert FRESH.sessionid not in caplog.text + repr(keeper.told)
