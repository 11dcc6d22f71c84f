"""The page of what differs on TradingView: the same actions and gates as in Discord."""

from datetime import timedelta

import pytest

from bot import clock
from bot.jobs import Jobs
from bot.store.catalogue import guilds, scripts
from bot.store.ledger import permissions
from bot.store.maintenance import restore
from tests.support.discord_harness import eventually
from tests.support.fake_time import START

SOON, LATER = START + timedelta(days=20), START + timedelta(days=90)


def pine_id(dashboard):
    return next(iter(dashboard.vendor.world.scripts))


def give(dashboard, *names, end=SOON):
    for name in names:
        dashboard.vendor.world.grant(pine_id(dashboard), name, end)


def has(dashboard, name):
    return dashboard.vendor.world.has_access(pine_id(dashboard), name)


def writes(dashboard):
    return [call for call in dashboard.tradingview.log if call.writes]


async def checked(browser):
    """The page of the only script, just read in full."""
    await browser.get("differences")
    page = await browser.press("Check now")
    assert page.status == 200, page.text
    return page


async def settled(browser):
    """The page of a repair, once all its orders have ended."""

    async def ended():
        page = await browser.get(browser.page.url.path)
        return page if "hx-trigger" not in page.html else None

    return await eventually(ended)


async def test_the_page_shows_each_script_and_reads_its_list(dashboard):
    give(dashboard, "open", end=None)
    give(dashboard, "dated")
    give(dashboard, "lapsed", end=START - timedelta(days=1))
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("differences")
    assert "Nothing waits" in page.text
    assert "never" in page.text
    page = await checked(browser)
    assert "3 people: 1 without an end, 1 dated, 1 lapsed" in page.text
    assert "Not taken over yet (2)" in page.text
    page = await browser.get("differences")
    assert "2 people are not taken over yet" in page.text
    page = await browser.press("Take over 2 people")
    assert "2 people taken over" in page.text
    assert writes(dashboard) == []
    page = await browser.get(browser.page.links["Trend"])
    assert "Everybody on this list has what they should" in page.text


async def test_a_long_check_goes_on_and_the_page_shows_how_far(dashboard):
    give(dashboard, *(f"user{index:02}" for index in range(70)))
    browser = await dashboard.signed_in(dashboard.mod)
    await browser.get("differences")
    dashboard.switches.hang = True
    pressed = dashboard.jobs.spawn(browser.press("Check now"), "a press")
    await dashboard.passes(pressed.done)
    assert "Checking Trend" in browser.page.text
    assert "refresh" in browser.page.html
    assert "reading it now" in (await browser.get("differences")).text
    again = await browser.post(
        f"{(await browser.get('differences')).links['Trend']}/check",
        browser.page.form("sign-out").fields,
    )
    assert "already" in again.text
    dashboard.switches.hang = False

    async def read():
        page = await browser.get("differences")
        return "reading it now" not in page.text

    await eventually(read)
    assert "70 people" in browser.page.text


@pytest.mark.parametrize(
    ("path", "read", "wanted"),
    [
        ("differences", ("difference_pages", "scripts"), "reading it now"),
        ("differences/1", ("difference_pages", "people"), "Checking Trend"),
        ("items/scripts/1", ("scripts", "entry_of"), "Checking Trend"),
    ],
)
async def test_a_check_that_ends_while_a_page_is_made_is_not_shown_as_never_made(
    dashboard, monkeypatch, path, read, wanted
):
    services = dashboard.vendor.services
    holder, name = getattr(services, read[0]), read[1]
    before_the_end = getattr(holder, name)

    async def then_it_ends(*asked):
        found = await before_the_end(*asked)
        dashboard.switches.hang = False
        await eventually(lambda: services.full_checks.progress(1) is None)
        return found

    browser = await dashboard.signed_in(dashboard.owner)
    await browser.get("differences")
    dashboard.switches.hang = True
    pressed = dashboard.jobs.spawn(browser.press("Check now"), "a press")
    await dashboard.passes(pressed.done)
    monkeypatch.setattr(type(holder), name, lambda _, *asked: then_it_ends(*asked))
    page = await browser.get(path)
    assert wanted in page.text
    if path.startswith("differences"):
        assert "hx-trigger" in page.html  # so that what was read is shown next


async def test_a_check_that_fails_is_told_at_once_or_on_the_page(dashboard):
    browser = await dashboard.signed_in(dashboard.mod)
    await browser.get("differences")
    dashboard.switches.logged_out = True
    page = await browser.press("Check now")
    assert "does not accept the stored login" in page.text


async def test_who_may_see_what(dashboard):
    assert (await (await dashboard.browser()).get("differences")).status == 401
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("differences")
    assert "No script is sold" not in page.text
    form = page.form("Check now")
    refused = await browser.post(form.action, {**form.fields, "form_token": "made up"})
    assert refused.status == 403
    dashboard.take_role(dashboard.mod, dashboard.staff)
    assert (await browser.get("differences")).status == 403
    assert (await browser.post(form.action, form.fields)).status == 403
    assert not any(call.name == "list_users" for call in dashboard.tradingview.log)


async def test_titles_and_names_are_shown_letter_for_letter(dashboard):
    async with dashboard.vendor.database.write() as connection:
        [script] = await scripts.listed(connection, dashboard.guild.id)
        await scripts.rename(connection, script.id, "trend", "<script>alert(1)</script>")
    give(dashboard, "__odd__name__")
    browser = await dashboard.signed_in(dashboard.mod)
    for page in (await browser.get("differences"), await checked(browser)):
        assert "<script>alert(1)</script>" in page.text
        assert "<script>alert" not in page.html
    assert "__odd__name__" in page.text


async def test_some_are_taken_over_by_ticks_and_the_rest_stays(dashboard):
    give(dashboard, *(f"user{index:02}" for index in range(60)))
    browser = await dashboard.signed_in(dashboard.mod)
    page = await checked(browser)
    assert "Page 1 of 2" in page.text
    assert "user49" in page.text
    assert "user50" not in page.text
    page = await browser.press("Take over", **{"tick-user03": "1", "tick-user04": "1"})
    assert "2 people taken over" in page.text
    assert "Not taken over yet (58)" in page.text
    page = await browser.press("Ignore", **{"tick-user05": "1"})
    assert "1 difference on Trend left alone" in page.text
    assert "Not taken over yet (57)" in page.text
    page = await browser.press("Undo")
    assert "1 difference counts again" in page.text
    assert "Not taken over yet (58)" in page.text
    assert writes(dashboard) == []


async def test_nobody_ticked_does_nothing(dashboard):
    give(dashboard, "stranger")
    browser = await dashboard.signed_in(dashboard.mod)
    await checked(browser)
    for label in ("Take over", "End access", "Ignore"):
        page = await browser.press(label)
        assert "Nobody was ticked" in page.text
    assert has(dashboard, "stranger")


async def test_the_access_of_those_ticked_is_ended_and_put_back(dashboard):
    give(dashboard, "stranger", "other", *(f"user{index:02}" for index in range(38)))
    browser = await dashboard.signed_in(dashboard.mod)
    await checked(browser)
    await browser.press("End access", **{"tick-stranger": "1", "tick-other": "1"})
    page = await settled(browser)
    assert "2 orders on Trend carried out" in page.text
    assert not has(dashboard, "stranger")
    assert has(dashboard, "user00")
    page = await browser.press("Put back")
    assert "Putting back what 2 people had" in page.text
    await eventually(lambda: has(dashboard, "stranger") and has(dashboard, "other"))


async def test_ending_access_for_many_asks_first_and_above_25_a_manager_must_say_yes(dashboard):
    give(dashboard, *(f"user{index:02}" for index in range(26)))
    browser = await dashboard.signed_in(dashboard.mod)
    await checked(browser)
    page = await browser.press("End access of 26 people")
    assert page.status == 409
    assert "This ends access for 26 people" in page.text
    assert "takes a manager" in page.text
    assert "Yes, do it" not in page.text
    manager = await dashboard.signed_in(dashboard.owner)
    await manager.get(page.links["No, leave it"])
    page = await manager.press("End access of 26 people")
    assert "This ends access for 26 people" in page.text
    assert writes(dashboard) == []
    page = await manager.press("Yes, do it")
    assert "26 orders on Trend carried out" in (await settled(manager)).text


async def test_missing_access_is_given_back_from_an_old_session_but_nothing_is_taken(dashboard):
    await dashboard.run(
        dashboard.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    await dashboard.time.advance(60)
    end = dashboard.vendor.world.row(pine_id(dashboard), "Alice_T").end
    dashboard.vendor.world.revoke(pine_id(dashboard), "Alice_T")
    give(dashboard, "stranger")
    browser = await dashboard.signed_in(dashboard.mod)
    await checked(browser)
    await dashboard.time.advance(16 * 60)
    page = await browser.get(
        browser.page.links["Missing: they should have access, and TradingView shows none (1)"]
    )
    assert page.links["their page"].startswith(f"/dashboard/{dashboard.guild.id}/people/")
    await browser.press("Give 1 missing back")
    assert "1 order on Trend carried out" in (await settled(browser)).text
    assert dashboard.vendor.world.row(pine_id(dashboard), "Alice_T").end == end
    await browser.get(browser.page.links["What differs on Trend"])
    page = await browser.press("End access of 1 person")
    assert page.status == 403
    assert has(dashboard, "stranger")


async def test_later_ends_are_kept_or_corrected(dashboard):
    give(dashboard, "one", "two")
    browser = await dashboard.signed_in(dashboard.mod)
    await checked(browser)
    await browser.press("Take over 2 people")
    give(dashboard, "one", "two", end=LATER)
    await dashboard.time.advance(60)
    page = await checked(browser)
    assert "Another end than it should be (2)" in page.text
    page = await browser.press("Keep later ends", **{"tick-one": "1"})
    assert "1 later end on Trend kept" in page.text
    page = await browser.press("Correct ends", **{"tick-two": "1"})
    assert page.status == 409  # one of two people is more than 5 %
    await browser.press("Yes, do it")
    assert "1 order on Trend carried out" in (await settled(browser)).text
    world = dashboard.vendor.world
    assert world.row(pine_id(dashboard), "two").end == SOON
    assert world.row(pine_id(dashboard), "one").end == LATER


async def test_a_stuck_order_is_tried_again(dashboard):
    give(dashboard, "late")
    browser = await dashboard.signed_in(dashboard.mod)
    await checked(browser)
    await browser.press("Take over 1 person")
    async with dashboard.vendor.database.write() as connection:
        [script] = await scripts.listed(connection, dashboard.guild.id)
        held = await permissions.by_name(connection, script.id, "late")
        await permissions.change(connection, held.id, state="stuck", reason="refused")
    page = await browser.get("differences")
    assert "1 stuck" in page.text
    page = await browser.press("Try again")
    assert "Trying 1 order for" in page.text
    page = await browser.get("differences")
    assert "1 stuck" not in page.text
    await dashboard.time.advance(16 * 60)
    form = page.form("sign-out").fields
    assert (await browser.post(f"differences/{script.id}/retry", form)).status == 403


async def test_orders_from_a_backup_are_decided_by_ticks(dashboard):
    names = ("Alice_T", "Alice_Two", "__bob__")
    async with dashboard.vendor.database.write() as connection:
        [script] = await scripts.listed(connection, dashboard.guild.id)
        await scripts.pause(connection, script.id, clock.now(), "so that orders wait")
    for name in names:
        await dashboard.run(
            dashboard.as_mod, "access grant", item="trend", duration="7D", username=name
        )
    async with dashboard.vendor.database.write() as connection:
        await scripts.unpause(connection, script.id)
        await restore.mark(connection, clock.now(), clock.now())
    await dashboard.time.advance(3_600)
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("differences")
    assert "After the restore" in page.text
    async with Jobs() as jobs:
        await dashboard.recovery.start(jobs)
        # Ended earlier, it would hold the server back.
        await eventually(lambda: lifted(dashboard, browser))
    browser = await dashboard.signed_in(dashboard.mod)
    assert (await browser.get("")).links["Decide"].endswith("/differences/undecided")
    await browser.get("differences")
    page = await browser.get(browser.page.links["Decide"])
    assert "7 days, asked on 10 March 2026" in page.text
    assert "Nobody was ticked" in (await browser.press("Drop")).text
    boxes = dict(zip(names, ticks(page), strict=True))
    page = await browser.press("Carry out", **{boxes["Alice_T"]: "1"})
    assert "1 order goes on" in page.text
    await eventually(lambda: has(dashboard, "Alice_T"))
    await browser.get(browser.page.links["Decide"])
    page = await browser.press("Drop", **{boxes["Alice_Two"]: "1", boxes["__bob__"]: "1"})
    assert "2 orders dropped" in page.text
    assert "Decide" not in page.links
    assert not has(dashboard, "__bob__")
    assert "Nothing is left to decide" in (await browser.get("differences/undecided")).text


async def lifted(dashboard, browser):
    await dashboard.time.advance(20)  # a list that is read by the clock just now is tried again
    page = await browser.get("differences")
    return "Decide" in page.links and "After the restore" not in page.text


def ticks(page):
    """The boxes that can be ticked on a page, by the names of whom they stand for."""
    form = page.form("Drop")
    return sorted((name for name in form.choices if name.startswith("tick-")), key=len)


async def test_a_form_sent_twice_repairs_once(dashboard):
    give(dashboard, *(f"user{index:02}" for index in range(40)))
    browser = await dashboard.signed_in(dashboard.mod)
    page = await checked(browser)
    form = page.form("End access")
    fields = {**form.fields, "tick-user01": "1"}
    first = await browser.post(form.action, fields)
    second = await browser.post(form.action, fields)
    assert first.url == second.url
    assert "1 order on Trend carried out" in (await settled(browser)).text


@pytest.mark.parametrize(
    "path",
    [
        "check",
        "retry",
        "repair/extra",
        "repair/missing",
        "take/extra",
        "ignore/extra",
        "count-again/all",
    ],
)
async def test_another_servers_script_is_nobodys(dashboard, path):
    other = dashboard.fake.add_guild("Another shop", dashboard.owner)
    async with dashboard.vendor.database.write() as connection:
        await guilds.ensure(connection, other.id, START)
    script = await dashboard.vendor.add_script("theirs", guild_id=other.id)
    browser = await dashboard.signed_in(dashboard.mod)
    assert (await browser.get(f"differences/{script.id}")).status == 404
    page = await browser.get("differences")
    assert "theirs" not in page.text
    page = await browser.post(f"differences/{script.id}/{path}", page.form("sign-out").fields)
    assert page.status == 404
    assert dashboard.tradingview.log == [] or writes(dashboard) == []
