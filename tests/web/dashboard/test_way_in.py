"""The way into the dashboard: links, sessions, levels, and forms that come from elsewhere."""

from datetime import timedelta


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
    browser = await dashboard.signed_in()
    for _ in range(14):
        await dashboard.time.advance(timedelta(hours=11.9).total_seconds())
        assert (await browser.get("")).status == 200
    await dashboard.time.advance(timedelta(hours=2).total_seconds())
    assert (await browser.get("")).status == 401  # seven days
    browser = await dashboard.signed_in()
    await dashboard.time.advance(timedelta(hours=12).total_seconds())
    assert (await browser.get("")).status == 401
