"""The way into the dashboard: links, sessions, levels, and forms that come from elsewhere."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.people.web_session_errors import DashboardLinkOver


async def test_a_link_from_discord_opens_the_first_page_once(dashboard):
    token = await dashboard.token(dashboard.mod)
    first, second = await dashboard.browser(), await dashboard.browser()
    page = await first.post("/dashboard/sign-in", {"token": token})
    assert (page.status, page.url.path) == (200, f"/dashboard/{dashboard.guild.id}/")
    assert "Today" in page.title
    assert "mia" in page.text
    page = await second.post("/dashboard/sign-in", {"token": token})
    assert page.status == 410
    assert "works once" in page.text


async def test_all_of_the_link_may_be_pasted_where_no_script_runs(dashboard):
    browser = await dashboard.browser()
    await browser.get("/dashboard/")
    link = f"https://bot.example/dashboard/#{await dashboard.token(dashboard.mod)}"
    page = await browser.press("Open the dashboard", token=f" {link} ")
    assert "Today" in page.title


async def test_who_is_not_signed_in_is_told_how(dashboard):
    page = await (await dashboard.browser()).get("")
    assert page.status == 401
    assert "/dashboard" in page.text


async def test_a_lost_role_ends_the_rights_at_the_next_click(dashboard):
    browser = await dashboard.signed_in(dashboard.mod)
    dashboard.take_role(dashboard.mod, dashboard.staff)
    page = await browser.get("")
    assert page.status == 403


async def test_a_session_ends_after_twelve_hours_without_a_click_and_after_seven_days(dashboard):
    browser, time = await dashboard.signed_in(), dashboard.time
    for _ in range(14):
        time.set(clock.now() + timedelta(hours=11.9))
        assert (await browser.get("")).status == 200
    time.set(clock.now() + timedelta(hours=2))
    assert (await browser.get("")).status == 401  # seven days
    browser = await dashboard.signed_in()
    time.set(clock.now() + timedelta(hours=12))
    assert (await browser.get("")).status == 401


async def test_a_clock_that_was_set_back_opens_nothing_again(dashboard):
    browser, token = await dashboard.signed_in(), await dashboard.token()
    dashboard.time.set(clock.now() - timedelta(days=30))
    assert (await browser.get("")).status == 401
    with pytest.raises(DashboardLinkOver):
        await dashboard.web_sessions.open(token)


async def test_a_link_ends_after_ten_minutes_and_with_the_next_one(dashboard):
    browser = await dashboard.browser()
    earlier, link = await dashboard.token(dashboard.mod), await dashboard.token(dashboard.mod)
    assert (await browser.post("/dashboard/sign-in", {"token": earlier})).status == 410
    dashboard.time.set(clock.now() + timedelta(minutes=10))
    assert (await browser.post("/dashboard/sign-in", {"token": link})).status == 410


async def test_a_preview_of_the_link_uses_nothing_up(dashboard):
    browser, token = await dashboard.browser(), await dashboard.token()
    for _ in range(3):
        page = await browser.get("/dashboard/")
        async with browser.http.head(f"{browser.origin}/dashboard/") as answer:
            assert answer.status == 200
    assert token not in page.html
    assert not list(browser.http.cookie_jar)
    assert (await browser.post("/dashboard/sign-in", {"token": token})).status == 200


async def test_only_a_page_of_ours_signs_in(dashboard):
    """Else another site could sign somebody in as another person (login CSRF)."""
    browser, token = await dashboard.browser(), await dashboard.token()
    for headers in (
        {"Origin": None},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        # A name of somebody else's that leads to this computer
        {"Origin": "http://evil.example", "Host": "evil.example"},
    ):
        page = await browser.post("/dashboard/sign-in", {"token": token}, **headers)
        assert page.status == 403, headers
    assert not list(browser.http.cookie_jar)
    assert (await browser.post("/dashboard/sign-in", {"token": token})).status == 200


async def test_a_cookie_from_before_the_sign_in_opens_nothing_after_it(dashboard):
    """Else whoever planted it would be signed in too (session fixation)."""
    planted = "A" * 43
    name = f"usher-{dashboard.guild.id}"
    browser = await dashboard.browser()
    browser.http.cookie_jar.update_cookies({name: planted})
    await browser.post("/dashboard/sign-in", {"token": await dashboard.token()})
    assert browser.page.status == 200
    attacker = await dashboard.browser()
    attacker.http.cookie_jar.update_cookies({name: planted})
    assert (await attacker.get("")).status == 401


async def test_the_cookie_is_hidden_from_scripts_and_goes_to_no_other_site(dashboard):
    browser = await dashboard.browser()
    async with browser.http.post(
        f"{browser.origin}/dashboard/sign-in",
        data={"token": await dashboard.token()},
        headers={"Origin": browser.origin},
        allow_redirects=False,
    ) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


async def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(dashboard):
    browser, copy = await dashboard.signed_in(), await dashboard.browser()
    [cookie] = browser.http.cookie_jar
    copy.http.cookie_jar.update_cookies({cookie.key: cookie.value})
    assert (await copy.get("")).status == 200
    await browser.get("")
    page = await browser.press("Sign out")
    assert "one-time" in page.text or "Your link" in page.text
    assert not list(browser.http.cookie_jar)
    assert (await copy.get("")).status == 401


async def test_the_operator_is_a_manager_and_the_history_says_who_it_was(dashboard):
    browser = await dashboard.signed_in()
    page = await browser.get("")
    assert "the operator" in page.text
    audit = await dashboard.run(dashboard.as_owner, "setup show")
    assert audit.original is not None


async def test_guesses_are_slowed_down(dashboard):
    browser = await dashboard.browser()
    seen = [
        (await browser.post("/dashboard/sign-in", {"token": f"{number:043}"})).status
        for number in range(32)
    ]
    assert seen[0] == 410
    assert seen[-1] == 429
    assert int(browser.page.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("nonsense", b"token=x"), ("utf-8", b"token=\xff"), ("utf-7", b"form_token=+2AA-")],
)
async def test_a_form_that_cannot_be_read_is_the_senders_fault(dashboard, encoding, body):
    browser = await dashboard.signed_in(dashboard.mod)
    kind = f"application/x-www-form-urlencoded; charset={encoding}"
    page = await browser.post("sign-out", body, **{"Content-Type": kind})
    assert page.status == 400
    page = await browser.post("/dashboard/sign-in", body, **{"Content-Type": kind})
    assert page.status in (400, 410)
    assert (await browser.get("")).status == 200
