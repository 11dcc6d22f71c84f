"""Checks: what is wrong with its mend, what is fine, and a file about it that tells on nobody."""

import asyncio
import json
import logging
from dataclasses import fields

import pytest

from bot.doctor.diagnostics import HARMLESS, settings_shown
from bot.log_excerpt import EXCERPT
from bot.settings import Secret, Settings
from bot.store.catalogue import guilds, products, scripts
from bot.store.kinds import RoleTrouble
from bot.store.ledger import shapes
from bot.store.ledger.shapes import ShapeCheck
from bot.store.maintenance import backup
from tests.support.vendor_fixture import AT, OTHER, STAFF


@pytest.fixture(autouse=True)
def no_env_file(monkeypatch, tmp_path):
    """No `.env`, and none of our variables, as the bot of the harness reads neither."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.__dataclass_fields__:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def excerpt():
    """The log as the running program keeps it."""
    EXCERPT._lines.clear()
    root = logging.getLogger()
    root.addHandler(EXCERPT)
    yield EXCERPT
    root.removeHandler(EXCERPT)


async def checked(browser):
    await browser.get("checks")
    return await browser.press("Check now")


async def test_all_is_fine_and_managers_alone_see_it(dashboard):
    dashboard.fake.allow_intents(members=True, presences=False, message_content=False)
    await dashboard.choose_log_channel(dashboard.channel)
    browser = await dashboard.signed_in(dashboard.owner)
    page = await browser.get("checks")
    assert (page.status, "Nothing is wrong" in page.text) == (200, True)
    page = await checked(browser)
    for text in (
        "Discord knows the bot as",
        "Server Members Intent is on",
        "Works (",
        "Is up to date",
    ):
        assert text in page.text
    assert "Nothing is wrong" in page.text
    browser = await dashboard.signed_in(dashboard.mod)
    assert (await browser.get("checks")).status == 403
    assert (await browser.get("checks/diagnostics")).status == 403


async def test_problems_come_first_each_with_its_mend(dashboard, tmp_path):
    async with dashboard.vendor.database.write() as connection:
        gold = await products.add(
            connection, dashboard.guild.id, by=1, at=AT, slug="gold", title="<script>Gold",
            role_id=5,
        )  # fmt: skip
        await products.change(connection, gold.id, role_trouble=RoleTrouble.DELETED)
        [script] = await scripts.listed(connection, dashboard.guild.id)
        await scripts.pause(connection, script.id, AT, "no")
        await guilds.set_log_channel(connection, dashboard.guild.id, 5)
        await guilds.set_log_closed(connection, dashboard.guild.id, AT)
    browser = await dashboard.signed_in(dashboard.owner)
    page = await browser.get("checks")
    assert "To mend: 3" in page.text
    assert "<script>Gold" in page.text
    assert "<script>Gold" not in page.html
    home = f"/dashboard/{dashboard.guild.id}/"
    assert page.links["To scripts and products"] == f"{home}items"
    assert page.links["To the settings"] == f"{home}settings"
    page = await browser.press("Try again")
    assert "for trend again" in page.text or "There was nothing to do" in page.text
    assert "To mend: 2" in page.text


async def test_a_login_that_ended_is_found_by_the_check(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    assert "Nothing is wrong" in (await browser.get("checks")).text
    dashboard.vendor.world.end_all_sessions()
    page = await checked(browser)
    assert "does not accept it any more" in page.text
    assert page.links["To the login"].endswith("/login")


async def test_an_unknown_form_is_a_problem_and_trying_again_goes_on(dashboard):
    async with dashboard.vendor.database.write() as connection:
        check = ShapeCheck(dashboard.guild.id, AT, AT, {"the list": ["a field is gone"]}, {})
        await shapes.keep(connection, check)
    browser = await dashboard.signed_in(dashboard.owner)
    assert "another form than Usher knows" in (await browser.get("checks")).text
    page = await browser.press("Try again")
    assert "another form than Usher knows" not in page.text


async def test_what_discord_does_not_answer_is_said_and_the_rest_shown(dashboard, monkeypatch):
    browser = await dashboard.signed_in(dashboard.owner)
    await browser.get("checks")

    request = dashboard.client.http.request

    async def refused(route, **more):
        if route.path == "/applications/@me":
            raise TimeoutError
        return await request(route, **more)

    monkeypatch.setattr(dashboard.client.http, "request", refused)
    page = await browser.press("Check now")
    assert "Could not be asked (TimeoutError)" in page.text
    assert "Works (Vendor_One)" in page.text


async def test_what_takes_long_is_not_waited_for(dashboard, monkeypatch):
    browser = await dashboard.signed_in(dashboard.owner)
    await browser.get("checks")
    asked = asyncio.Event()

    async def never(_):
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(dashboard.sessions, "test", never)
    pressing = asyncio.create_task(browser.press("Check now"))
    await asked.wait()
    await dashboard.passes(pressing.done, 30)
    assert "It takes longer than usual" in (await pressing).text


async def test_settings_that_the_next_start_refuses_are_found(dashboard, tmp_path):
    (tmp_path / ".env").write_text("TV_PACE=much\n")
    page = await checked(await dashboard.signed_in(dashboard.owner))
    assert "the next start will not understand them" in page.text


async def test_a_manager_of_one_server_sees_nothing_of_the_others(dashboard, tmp_path):
    await backup.keep_daily(f"sqlite+aiosqlite:///{tmp_path / 'usher.db'}")
    async with dashboard.vendor.database.write() as connection:
        await scripts.add(
            connection, OTHER, pine_id="PUB;other", slug="other", title="Other", by=STAFF, at=AT
        )
        gold = await products.add(
            connection, OTHER, by=1, at=AT, slug="gold", title="Their gold", role_id=5
        )
        await products.change(connection, gold.id, role_trouble=RoleTrouble.DELETED)
    manager, operator = await dashboard.signed_in(dashboard.owner), await dashboard.signed_in()
    page = await checked(manager)
    for hidden in ("Their gold", str(tmp_path), "Backups: ", "are free where", "fits."):
        assert hidden not in page.text
    page = await checked(operator)
    assert "are free where" in page.text
    assert str(tmp_path) in page.text
    assert "Their gold" not in page.text
    assert "are free where" not in (await manager.get("checks")).text
    content = await diagnostics(manager)
    assert not {"settings", "log", "servers"} & content.keys()
    assert {"settings", "log", "servers"} <= (await diagnostics(operator)).keys()


async def diagnostics(browser):
    page = await browser.get("checks/diagnostics")
    assert page.status == 200
    disposition = page.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="usher-diagnostics-')
    assert page.headers["Content-Type"].startswith("application/json")
    return json.loads(page.html)


async def test_the_file_holds_no_secret_name_or_id(dashboard, excerpt):
    harness = dashboard.harness
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    log = logging.getLogger("bot.access")
    log.warning("server %s: %s may not (%s)", dashboard.guild.id, "Alice_T", "bot.example")
    log.warning("7 of %s, %.1f s, %d", 12, 1.5, dashboard.guild.id)
    logging.getLogger("aiohttp").warning("alice@example.org %s", "Alice_T")
    try:
        int("Alice_T")
    except ValueError:
        log.exception("failed for %s", "Alice_T")
    browser = await dashboard.signed_in()
    await checked(browser)
    found = json.dumps(await diagnostics(browser))
    for planted in secrets_of(dashboard):
        assert planted.lower() not in found.lower(), planted
    content = json.loads(found)
    assert content["orders"]["by_state"]
    assert content["server"]["people"] == 1
    assert content["versions"]["discord.py"]
    assert any("server …: … may not (…)" in line for line in content["log"])
    assert any("failed for … [ValueError" in line for line in content["log"])
    assert any("7 of %s, %.1f s, %d" in line for line in content["log"])


def secrets_of(dashboard):
    """Everything of this harness that is somebody's business."""
    vendor = dashboard.vendor
    users = (dashboard.owner, dashboard.mod, dashboard.buyer, dashboard.stranger)
    session = next(each for each in dashboard.sessions.every() if each.cookies)
    named = ["Alice_T", "alice@example.org", "bot.example", "Trend", "The shop", "Vendor_One"]
    return [
        *named,
        *(user.name for user in users if len(user.name) > 3),
        *(str(each.id) for each in (*users, dashboard.guild, dashboard.staff, dashboard.channel)),
        dashboard.fake.bot_token,
        session.cookies.sessionid,
        session.cookies.sessionid_sign,
        vendor.settings.tradingview_url,
        vendor.settings.database_url,
    ]


def test_of_settings_only_harmless_ones_come_with_their_values():
    every = {
        field.name: Secret("tell-nobody") if "Secret" in str(field.type) else "tell-nobody"
        for field in fields(Settings)
        if field.name not in HARMLESS
    }
    shown = settings_shown(Settings(**every | {"public_url": "https://tell-nobody.example"}))
    assert "nobody" not in json.dumps(shown)
    assert shown["PUBLIC_URL"] == "set, https"
    assert shown["DISCORD_TOKEN"] == "set"
    assert shown.keys() == {field.name.upper() for field in fields(Settings)}
    shown = settings_shown(Settings())
    assert (shown["DISCORD_TOKEN"], shown["DATABASE_URL"]) == ("unset", "default")
