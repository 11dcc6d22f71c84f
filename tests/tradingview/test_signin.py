"""Signing in: one attempt for each call, each refusal an error of its own, only real logins."""

import json

import aiohttp
import pytest

from bot.sandbox.tradingview import FakeTradingView
from bot.tradingview import Cookies, UpstreamTrouble
from bot.tradingview.signin import (
    CaptchaAsked,
    Halfway,
    Reply,
    SecondFactorNeeded,
    SecondFactorOther,
    SignIn,
    SignInFailed,
    TooManySignIns,
    WrongCode,
    WrongPassword,
    clean_code,
    read_login,
)
from tests.tradingview.upstream import running

NAME, PASSWORD, CODE = "Vendor_One", "open sesame", "042137"


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield http


@pytest.fixture
async def tv():
    fake = FakeTradingView()
    await fake.start()
    fake.world.add_vendor(NAME)
    yield fake
    await fake.close()


@pytest.fixture
def desk(tv, http):
    return SignIn(http, base=tv.url)


def lives(tv, cookies):
    session = tv.world.find_session(cookies.sessionid, cookies.sessionid_sign, sign_required=True)
    return session is not None


async def test_a_right_password_gives_a_login_that_lives(tv, desk):
    assert lives(tv, await desk.password(NAME, PASSWORD))
    [call] = tv.calls("signin")
    assert call.headers["User-Agent"].startswith("Mozilla/")
    assert call.headers["Origin"] == tv.url
    assert call.form["remember"] == "on"


@pytest.mark.parametrize(
    ("switch", "value", "error"),
    [
        ("signin", "wrong password", WrongPassword),
        ("signin", "captcha", CaptchaAsked),
        ("signin", "rate limit", TooManySignIns),
        ("signin", "two-factor", SecondFactorNeeded),
        ("signin", "two-factor by sms", SecondFactorOther),
        ("too_many", -1, TooManySignIns),
        ("down", True, UpstreamTrouble),
        ("pages_502", -1, UpstreamTrouble),
        ("challenges", -1, UpstreamTrouble),
        ("redirects", -1, UpstreamTrouble),
        ("truncated", -1, UpstreamTrouble),
        ("odd_answers", -1, UpstreamTrouble),
        ("dropped_requests", -1, UpstreamTrouble),
    ],
)
async def test_each_refusal_is_an_error_of_its_own_after_one_attempt(
    tv, desk, switch, value, error
):
    tv.switches.set(switch, value)
    with pytest.raises(error) as refused:
        await desk.password(NAME, PASSWORD)
    assert type(refused.value) is error
    assert len(tv.calls("signin")) == 1


@pytest.mark.parametrize("status", ["200", "401"])
async def test_a_wrong_password_says_so_and_repeats_no_secret(tv, desk, status):
    tv.switches.set("wrong_password_status", status)
    with pytest.raises(WrongPassword) as refused:
        await desk.password(NAME, "my secret")
    assert "my secret" not in repr([refused.value, vars(refused.value)])


async def test_the_second_factor_makes_a_login_of_its_own(tv, desk):
    tv.switches.set("signin", "two-factor")
    with pytest.raises(SecondFactorNeeded) as needed:
        await desk.password(NAME, PASSWORD)
    halfway = needed.value.halfway
    assert not lives(tv, halfway.cookies)
    login = await desk.second_factor(halfway, " 042 137 ")
    assert lives(tv, login)
    assert login.sessionid != halfway.cookies.sessionid
    [call] = tv.calls("totp")
    assert {"sessionid", "sessionid_sign", "device_t"} <= call.cookies


@pytest.mark.parametrize(
    ("position", "error"),
    [("wrong code", WrongCode), ("captcha", CaptchaAsked), ("too many", TooManySignIns)],
)
async def test_a_refused_code_is_an_error_of_its_own(tv, desk, position, error):
    tv.switches.set("signin", "two-factor")
    tv.switches.set("second_factor", position)
    with pytest.raises(SecondFactorNeeded) as needed:
        await desk.password(NAME, PASSWORD)
    with pytest.raises(error):
        await desk.second_factor(needed.value.halfway, CODE)
    assert len(tv.calls("totp")) == 1


@pytest.mark.parametrize("code", ["", "12", "abcdef", "12345678901", "１２３４５６"])
async def test_what_is_no_code_is_not_sent(tv, desk, code):
    with pytest.raises(ValueError, match="no code"):
        await desk.second_factor(Halfway(Cookies("a" * 32)), code)
    assert tv.calls() == []


def test_a_code_keeps_its_leading_zeros():
    assert clean_code(" 000 123") == "000123"


async def test_provisional_cookies_are_never_returned_as_a_login(http):
    """Not even when the second step hands the same ones out again."""
    async with running() as upstream:
        upstream.says(
            {"error": "", "user": {"username": NAME}}, Set_Cookie="sessionid=provisional; Path=/"
        )
        with pytest.raises(UpstreamTrouble):
            await SignIn(http, base=upstream.url).second_factor(
                Halfway(Cookies("provisional")), CODE
            )
        assert upstream.asked[0].body == f"code={CODE}"


def reply(body, status=200, **cookies):
    return Reply(status, json.dumps(body).encode(), cookies)


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": "", "user": {}}),  # no cookies
        reply({"error": "", "user": {}}, sessionid="a;b"),
        reply({"error": ""}, sessionid="abc"),
        reply({}, sessionid="abc"),
        reply([], sessionid="abc"),
        reply({"error": "", "user": {}}, 302, sessionid="abc"),
    ],
)
def test_a_success_is_believed_only_in_its_known_shape(answer):
    with pytest.raises(UpstreamTrouble):
        read_login(answer)


def test_an_unknown_error_counts_as_a_wrong_password_even_with_cookies():
    with pytest.raises(WrongPassword):
        read_login(reply({"error": "?", "code": "new_code", "user": {}}, sessionid="abc"))


def test_nothing_of_a_failure_shows_cookies_or_the_secret():
    for body in ({"error": "bad pass-word", "code": "rate_limit"}, {"code": "2FA_required"}):
        with pytest.raises(SignInFailed) as failed:
            read_login(reply(body, sessionid="provisional"), secret="pass-word")
        shown = repr([failed.value, vars(failed.value), str(failed.value)])
        assert "provisional" not in shown
        assert "pass-word" not in shown
