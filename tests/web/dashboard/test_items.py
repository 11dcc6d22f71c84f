"""The scripts' pages: the list, adding, renaming, archiving, roles and codes, by managers alone."""

import re
from datetime import timedelta

from bot.store.catalogue import guilds, scripts
from bot.store.ledger import role_losses
from tests.support.fake_time import eventually

OTHER_SERVER = 991
CODE = re.compile(r"(?:[2-9A-HJ-NP-Z]{4}-){4}[2-9A-HJ-NP-Z]{4}")


async def listed(dashboard):
    return {each.script.slug: each for each in await dashboard.scripts.listed(dashboard.guild.id)}


async def test_managers_see_what_is_sold_and_staff_do_not(dashboard):
    odd = await dashboard.script("odd", title="<script>alert(1)</script> & Söhne")
    staff, manager = await dashboard.signed_in(dashboard.mod), await dashboard.signed_in()
    for path in ("items", f"items/scripts/{odd.id}", "items/products/new", "items/scripts/new"):
        assert (await staff.get(path)).status == 403
        page = await manager.get(path)
        assert page.status == 200
        assert "<script>alert" not in page.html
    page = await manager.get("items")
    assert "<script>alert(1)</script> & Söhne" in page.text
    assert "never" in page.text
    assert page.links["0"].endswith("people?item=trend")
    page = await manager.get(f"items/scripts/{odd.id}")
    assert odd.pine_id in page.text
    assert page.links["What differs"].endswith(f"differences/{odd.id}")


async def test_a_script_is_added_once_tradingview_shows_it_and_its_list_is_read(dashboard):
    world = dashboard.vendor.world
    mine, foreign = world.add_script(dashboard.vendor.vendor), world.add_script(world.add_user("X"))
    world.grant(mine.pine_id, "Alice_T")
    browser = await dashboard.signed_in(dashboard.owner)
    await browser.get("items/scripts/new")
    page = await browser.press(
        "Add the script", pine_id=foreign.pine_id, slug="zones", title="Zones"
    )
    assert page.status == 422
    assert "zones" not in await listed(dashboard)
    await browser.get("items/scripts/new")
    page = await browser.press("Add the script", pine_id=mine.pine_id, slug="zones", title="Zones")
    assert "Zones is added" in page.text

    async def is_read():
        return (await listed(dashboard))["zones"].checked_at is not None

    await eventually(is_read)
    page = await browser.get(page.url.path)
    assert "1 has it 1 not taken over yet" in page.text
    page = await browser.press("Full check now")
    assert "I am reading the whole list of Zones" in page.text


async def test_what_tradingview_lists_is_added_with_one_press_each(dashboard):
    world, vendor = dashboard.vendor.world, dashboard.vendor.vendor
    for title in ("Tail Hunter", "Zones", "Pulse"):
        world.add_script(vendor, title=title)
    browser = await dashboard.signed_in()
    page = await browser.get("items/scripts/discover")
    assert "Here already: Trend" in page.text
    form = next(form for form in page.forms if form.action.endswith("discover"))
    page = await browser.post(form.action, form.fields)
    assert "1 script added" in page.text
    assert len(await listed(dashboard)) == 2
    page = await browser.press("Add all 2")
    assert "2 scripts added" in page.text
    assert set(await listed(dashboard)) == {"trend", "tail-hunter", "zones", "pulse"}


async def test_a_script_is_renamed_and_archived_after_a_yes(dashboard):
    [trend] = (await listed(dashboard)).values()
    path = f"items/scripts/{trend.script.id}"
    browser = await dashboard.signed_in()
    await browser.get(path)
    page = await browser.press("Rename", title="Trend Finder", slug="two words")
    assert page.status == 422
    await browser.get(path)
    page = await browser.press("Rename", title="Trend Finder", slug="finder")
    assert "is now Trend Finder" in page.text
    page = await browser.press("Archive…")
    assert page.status == 409
    assert "Archive Trend Finder? Nobody has it now." in page.text
    assert (await listed(dashboard))["finder"].script.archived_at is None
    page = await browser.press("Yes, archive it")
    assert "Trend Finder is archived" in page.text
    assert (await listed(dashboard))["finder"].script.archived_at is not None
    page = await browser.get(path)
    assert "It is archived since" in page.text
    assert not any(form.action.endswith(("/codes", "/rename", "/archive")) for form in page.forms)


async def test_another_servers_script_is_not_there_and_stays_as_it_is(dashboard):
    async with dashboard.vendor.database.write() as connection:
        await guilds.ensure(connection, OTHER_SERVER, dashboard.time.now())
    foreign = await dashboard.vendor.add_script("foreign", guild_id=OTHER_SERVER)
    browser = await dashboard.signed_in()
    page = await browser.get("items")
    assert "foreign" not in page.text
    known = page.form("sign-out").fields
    role = str(dashboard.staff.id)
    asked = {"slug": "taken", "title": "Taken", "role": role, "duration": "1M"}
    for number in (foreign.id, 999, 2**70, "x"):
        path = f"items/scripts/{number}"
        assert (await browser.get(path)).status == 404
        for form in ("rename", "archive", "check", "roles", "codes", f"roles/{role}/remove"):
            assert (await browser.post(f"{path}/{form}", {**known, **asked})).status == 404, form
    async with dashboard.vendor.database.read() as connection:
        assert await scripts.by_id(connection, foreign.id) == foreign


async def test_a_form_without_its_token_or_of_an_old_session_changes_nothing(dashboard):
    [trend] = (await listed(dashboard)).values()
    path = f"items/scripts/{trend.script.id}"
    browser = await dashboard.signed_in()
    fields = (await browser.get(path)).form("Archive…").fields
    for missing in ("form_token", "once"):
        kept = {name: text for name, text in fields.items() if name != missing}
        assert (await browser.post(f"{path}/archive", kept)).status in (403, 404)
    await dashboard.time.advance(timedelta(minutes=15).total_seconds())
    page = await browser.post(f"{path}/archive", fields)
    assert page.status == 403
    assert "/dashboard" in page.text
    assert (await listed(dashboard))["trend"].script.archived_at is None


async def test_a_role_opens_a_script_after_it_was_said_for_how_many(dashboard):
    [trend] = (await listed(dashboard)).values()
    path = f"items/scripts/{trend.script.id}"
    vip, empty = dashboard.make_role("VIP <b>"), dashboard.make_role("Empty")
    dashboard.give_role(dashboard.buyer, vip)
    browser = await dashboard.signed_in()
    await eventually(lambda: browser_knows(dashboard, vip, empty))
    await browser.get(path)
    page = await browser.press("Go on", role=str(empty.id), grace="0")
    assert "has Trend from now on" in page.text
    page = await browser.press("Go on", role=str(vip.id), grace="91")
    assert page.status == 422
    await browser.get(path)
    page = await browser.press("Go on", role=str(vip.id), grace="3")
    assert page.status == 409
    assert "have that role now" in page.text or "has that role now" in page.text
    assert len(await dashboard.role_rules.listed(dashboard.guild.id)) == 1
    page = await browser.press("Yes, let it open that")
    assert "@VIP <b>" in page.text
    assert "kept for 3 more days" in page.text
    page = await browser.press(f"roles/{vip.id}/remove")
    assert "no longer open Trend?" in page.text
    page = await browser.press("Yes, remove it")
    assert "no longer opens Trend" in page.text
    assert len(await dashboard.role_rules.listed(dashboard.guild.id)) == 1
    page = await browser.press("Put back")
    assert "opens Trend again" in page.text
    assert len(await dashboard.role_rules.listed(dashboard.guild.id)) == 2


def browser_knows(dashboard, *roles):
    guild = dashboard.client.get_guild(dashboard.guild.id)
    return all(guild.get_role(role.id) for role in roles)


async def test_codes_are_shown_once_one_a_line_and_can_be_revoked(dashboard):
    [trend] = (await listed(dashboard)).values()
    path = f"items/scripts/{trend.script.id}"
    browser = await dashboard.signed_in()
    fields = (await browser.get(path)).form("Make them").fields
    asked = {**fields, "duration": "1M", "count": "12", "uses": "2", "expires": "30D"}
    page = await browser.post(f"{path}/codes", asked)
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    codes = page.html.partition("<pre")[2].partition(">")[2].partition("</pre>")[0]
    assert len(codes.removeprefix("<code>").splitlines()) == 12
    first, *others = dict.fromkeys(CODE.findall(codes))
    assert len(others) == 11
    assert "12 codes made" in page.text
    assert f"{first}%0A" in page.links["Keep them as a file"]
    again = await browser.post(f"{path}/codes", asked)  # the browser loads the page anew
    assert "made already" in again.text
    assert not any(code in again.html for code in (first, *others))
    page = await browser.get(path)
    assert "1: 12 codes" in page.text
    assert not any(code in page.html for code in (first, *others))
    page = await browser.press("Revoke this code", code=first.lower())
    assert "That code works no more" in page.text
    page = await browser.press("items/codes/1/revoke")
    assert "All codes of batch 1 work no more" in page.text
    back = [form for form in page.forms if form.action.endswith("items/codes/1/0/put-back")]
    assert len(back) == 2  # under what was just said, and in the list
    page = await browser.post(back[0].action, back[0].fields)
    assert "The codes of batch 1 work again" in page.text


async def test_codes_for_lifetime_are_asked_about_and_too_many_are_refused(dashboard):
    [trend] = (await listed(dashboard)).values()
    path = f"items/scripts/{trend.script.id}"
    browser = await dashboard.signed_in()
    await browser.get(path)
    for wrong in ({"count": "1001"}, {"count": "0"}, {"count": "x"}, {"uses": "-1"}):
        page = await browser.press("Make them", duration="1M", **wrong)
        assert page.status == 422
        assert "1 to 1,000" in page.text
        await browser.get(path)
    page = await browser.press("Make them", duration="L")
    assert page.status == 409
    assert await dashboard.codes.sets(dashboard.guild.id) == []
    page = await browser.press("Yes, make them")
    assert CODE.search(page.html)
    [code_set] = await dashboard.codes.sets(dashboard.guild.id)
    assert code_set.length.lifetime


async def test_a_role_that_many_lost_is_decided_about_here_too(dashboard):
    [trend] = (await listed(dashboard)).values()
    vip = dashboard.make_role("VIP")
    await eventually(lambda: browser_knows(dashboard, vip))
    browser = await dashboard.signed_in()
    await browser.get(f"items/scripts/{trend.script.id}")
    await browser.press("Go on", role=str(vip.id))
    for keep, label in ((True, "It was an accident: keep"), (False, "They really lost it")):
        async with dashboard.vendor.database.write() as connection:
            loss = await role_losses.add(
                connection, dashboard.guild.id, vip.id, dashboard.time.now(), is_deleted=False
            )
        page = await browser.get("items")
        assert "many lost that role at once" in page.text
        [form] = [
            form for form in page.forms if any(each.startswith(label) for each in form.labels)
        ]
        assert (await browser.post(form.action.replace(str(loss.id), "999"), form.fields)).status in (404, 422)  # fmt: skip
        page = await browser.post(form.action, form.fields)
        assert "decided so" in page.text or "said that it was an accident" in page.text
        async with dashboard.vendor.database.read() as connection:
            decided = await role_losses.by_id(connection, dashboard.guild.id, loss.id)
        assert decided.is_kept is keep
        assert "many lost" not in (await browser.get("items")).text


async def test_a_full_check_that_cannot_be_made_says_so_on_a_later_page(dashboard):
    [trend] = (await listed(dashboard)).values()
    path = f"items/scripts/{trend.script.id}"
    dashboard.switches.logged_out = True
    browser = await dashboard.signed_in()
    await browser.get(path)
    page = await browser.press("Full check now")

    async def is_told():
        return "could not be read now" in page.text or (
            "could not be read now" in (await browser.get(path)).text
        )

    await eventually(is_told)
    assert (await listed(dashboard))["trend"].checked_at is None
