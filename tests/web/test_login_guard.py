"""The login page against strangers: what is looked at first, what is noted, what other sites get."""

from bot.store.ledger import events
from bot.store.logins import one_time_pages
from tests.support.vendor_fixture import HOME, STAFF
from tests.web.test_login import RIGHT, desk  # noqa: F401 - the fixture


async def test_the_page_and_refused_presses_leave_a_history_entry(desk):  # noqa: F811
    async def entries():
        async with desk.vendor.database.read() as connection:
            return [entry.action for entry in await events.since(connection, HOME, 0)]

    assert await entries() == ["login_page"]
    await desk.press("paste", "x" * 43)  # nobody's page
    await desk.press("password", **{**RIGHT, "password": "wrong one"})
    desk.managers.clear()
    await desk.press("paste", **desk.pair())
    desk.managers.add((HOME, STAFF))
    assert await entries() == ["login_page", *["login_page_refused"] * 2]
    await desk.press("paste", **desk.pair())
    assert (await entries())[3:] == ["session_set"]


async def test_a_text_that_cannot_be_a_token_is_neither_hashed_nor_looked_up(desk, monkeypatch):  # noqa: F811
    asked = []
    monkeypatch.setattr(one_time_pages, "by_hash", lambda *given: asked.append(given))
    for token in ("x", "x" * 42, "x" * 44, "x" * 42 + "\0", "\u00e9" * 43, "x" * 43 + "\n"):
        assert (await desk.press("paste", token))[0] == 410
    assert asked == []


async def test_half_a_character_is_refused_and_counts_against_the_limit(desk):  # noqa: F811
    statuses = [(await desk.press("paste", "\ud800"))[0] for _ in range(150)]
    assert set(statuses[:100]) == {400}
    assert statuses[-1] == 429
    assert (await desk.press("paste", desk.token, sessionid="\ud800"))[0] == 429


async def test_other_sites_get_no_hold_of_the_page(desk):  # noqa: F811
    async with desk.http.get(f"{desk.url}/login/") as answer:
        page = answer.headers
    _, _, press = await desk.press("paste", "nothing")
    for headers in (page, press):
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
