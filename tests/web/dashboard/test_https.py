"""The way in from outside, through https: cookies that only travel encrypted, and forms of the public address alone."""

import pytest

from tests.support.dashboard_harness import DashboardHarness

PUBLIC = "https://bot.example"


@pytest.fixture
async def dashboard(harness):
    await harness.make_rows()
    async with DashboardHarness(harness, public_url=PUBLIC).running() as dashboard:
        yield dashboard


async def send(browser, token, **headers):
    given = {"Origin": PUBLIC, "Host": "bot.example", **headers}
    async with browser.http.post(
        f"{browser.origin}/dashboard/sign-in",
        data={"token": token},
        headers=given,
        allow_redirects=False,
    ) as answer:
        return answer.status, answer.headers.get("Set-Cookie", "")


async def test_the_cookie_of_the_public_address_travels_encrypted_alone(dashboard):
    browser = await dashboard.browser()
    status, cookie = await send(browser, await dashboard.token())
    assert status == 303
    assert cookie.startswith(f"__Host-usher-{dashboard.guild.id}=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "origin",
    ["http://bot.example", "https://bot.example.evil.example", "https://evil.example", "null"],
)
async def test_another_origin_signs_nobody_in(dashboard, origin):
    browser = await dashboard.browser()
    status, cookie = await send(browser, await dashboard.token(), Origin=origin)
    assert (status, cookie) == (403, "")


async def test_a_plain_cookie_counts_at_the_public_address_for_nothing(dashboard):
    browser = await dashboard.browser()
    _, cookie = await send(browser, await dashboard.token())
    secret = cookie.partition("=")[2].partition(";")[0]
    path = f"{browser.origin}/dashboard/{dashboard.guild.id}/"
    for name, host, status in (
        (f"usher-{dashboard.guild.id}", "bot.example", 401),
        (f"__Host-usher-{dashboard.guild.id}", "bot.example", 200),
    ):
        headers = {"Host": host, "Cookie": f"{name}={secret}"}
        async with browser.http.get(path, headers=headers) as answer:
            assert answer.status == status, name


async def test_the_operator_on_this_computer_needs_no_https(dashboard):
    browser = await dashboard.signed_in()
    [cookie] = browser.http.cookie_jar
    assert cookie.key == f"usher-{dashboard.guild.id}"
    assert (await browser.get("")).status == 200
