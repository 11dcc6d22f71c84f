"""The stand-in's sign-in answers as wire §9 says."""

import pytest

SIGNIN, TOTP = "/accounts/signin/", "/accounts/two-factor/signin/totp/"
BROWSER = {"User-Agent": "Mozilla/5.0 (test)"}
RIGHT = {"username": "vendor_one", "password": "open sesame", "remember": "on"}


async def sign_in(site, cookies=None, **changed):
    return await site.post(SIGNIN, {**RIGHT, **changed}, cookies=cookies or {}, headers=BROWSER)


async def code(site, typed, pair):
    return await site.post(TOTP, {"code": typed}, cookies=pair, headers=BROWSER)


def pair(answer):
    """What a browser would keep of the answer's cookies."""
    lines = answer.headers.getall("Set-Cookie", ())
    kept = dict(line.split(";")[0].split("=", 1) for line in lines)
    return {name: kept[name] for name in ("sessionid", "sessionid_sign") if name in kept}


async def test_the_right_password_opens_a_login(site):
    answer = await sign_in(site)
    assert answer.status == 200
    assert (answer.said["error"], answer.said["user"]["username"]) == ("", "Vendor_One")
    assert (await site.list(cookies=pair(answer))).status == 200


@pytest.mark.parametrize("changed", [{"password": "open"}, {"username": "nobody"}])
@pytest.mark.parametrize("status", ["200", "401"])
async def test_a_wrong_password_is_an_error_without_cookies(site, tv, changed, status):
    tv.switches.set("wrong_password_status", status)
    answer = await sign_in(site, **changed)
    assert answer.status == int(status)
    assert answer.said["error"]
    assert pair(answer) == {}


@pytest.mark.parametrize(
    ("mode", "code"), [("captcha", "recaptcha_required"), ("rate limit", "rate_limit")]
)
async def test_captcha_and_rate_limit_come_with_status_200(site, tv, mode, code):
    tv.switches.set("signin", mode)
    answer = await sign_in(site)
    assert (answer.status, answer.said["code"]) == (200, code)
    assert pair(answer) == {}


async def test_without_a_browsers_name_there_is_a_captcha(site):
    answer = await site.post(SIGNIN, RIGHT, cookies={}, headers={"User-Agent": "python"})
    assert answer.said["code"] == "recaptcha_required"


@pytest.mark.parametrize(("mode", "kind"), [("two-factor", "totp"), ("two-factor by sms", "sms")])
async def test_provisional_cookies_open_nothing(site, tv, mode, kind):
    tv.switches.set("signin", mode)
    answer = await sign_in(site)
    assert (answer.status, answer.said["code"]) == (200, "2FA_required")
    assert [one["name"] for one in answer.said["two_factor_types"]] == [kind]
    assert (await site.list(cookies=pair(answer))).status == 403
    assert (await site.get("/tvcoins/details/", cookies=pair(answer))).status == 403


async def test_the_second_factor_is_text_with_its_leading_zero(site, tv):
    tv.switches.set("signin", "two-factor")
    provisional = pair(await sign_in(site))
    wrong = await code(site, "42137", provisional)
    assert (wrong.status, wrong.said["code"]) == (200, "2FA_invalid_credential")
    right = await code(site, "042137", provisional)
    assert right.said["error"] == ""
    assert (await site.list(cookies=pair(right))).status == 200
    assert (await code(site, "042137", provisional)).said["code"] == "2FA_invalid_credential"


async def test_too_many_codes(site, tv):
    tv.switches.set("signin", "two-factor")
    tv.switches.set("second_factor", "too many")
    answer = await code(site, "042137", pair(await sign_in(site)))
    assert (answer.status, answer.said["code"]) == (429, "2FA_too_many_requests")


async def test_neither_password_nor_code_is_noted(site, tv):
    tv.switches.set("signin", "two-factor")
    await code(site, "042137", pair(await sign_in(site)))
    noted = repr([(call.form, call) for call in tv.log])
    assert "open sesame" not in noted
    assert "042137" not in noted


async def test_the_home_page_names_whoever_is_signed_in(site, tv):
    assert '"username":"Vendor_One"' in (await site.get("/")).said
    assert "is-not-authenticated" in (await site.get("/", cookies={"sessionid": "x"})).said
    tv.switches.set("home", "language site")
    answer = await site.get("/")
    assert (answer.status, answer.headers["Location"][:10]) == (302, "https://fr")
    tv.switches.set("home", "without the name")
    assert "username" not in (await site.get("/")).said
