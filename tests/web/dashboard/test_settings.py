"""The server's settings: what /setup does needs Manage Server here too; the panel a manager."""

import pytest

from bot.store.catalogue import guilds
from bot.store.kinds import RoleLevel
from tests.support.fake_time import eventually


def names_of(dashboard):
    return dashboard.client.get_guild(dashboard.guild.id)


@pytest.fixture
async def staffed(dashboard):
    """A manager role held by Mia, and Discord's roles and channels known to the bot."""
    role = dashboard.make_role("Managers")
    async with dashboard.vendor.database.write() as connection:
        await guilds.add_role(connection, dashboard.guild.id, role.id, RoleLevel.MANAGER)
    await dashboard.guild_settings.open()
    dashboard.give_role(dashboard.mod, role)
    await eventually(lambda: names_of(dashboard).get_role(role.id))
    dashboard.managers = role
    return dashboard


async def test_managers_read_what_only_manage_server_may_set(staffed):
    for browser in (await staffed.signed_in(), await staffed.signed_in(staffed.mod)):
        page = await browser.get("settings")
        assert page.status == 200
        assert "Manage Server" in page.text
        assert "@Staff" in page.text
        actions = {form.action.rpartition("/settings/")[2] for form in page.forms}
        assert "panel" in actions
        assert not actions & {
            "staff/add", "staff/remove", "manager/add", "log", "reminders", "approval",
        }  # fmt: skip
        fields = page.form("sign-out").fields
        for path, more in (
            ("staff/add", {"role": str(staffed.managers.id)}),
            ("staff/remove", {"role": str(staffed.staff.id)}),
            ("log", {"channel": str(staffed.channel.id)}),
            ("reminders", {"days": "5", "time_zone": "UTC"}),
            ("approval", {"above": "off"}),
        ):
            assert (await browser.post(f"settings/{path}", {**fields, **more})).status == 403, path
    roles = staffed.guild_settings.level_roles(staffed.guild.id)
    assert roles[RoleLevel.STAFF] == {staffed.staff.id}
    assert (await staffed.reminders.settings(staffed.guild.id)).days == (7, 3, 1)


async def test_the_owner_sets_when_ending_access_takes_a_second_manager(staffed):
    browser = await staffed.signed_in(staffed.owner)
    page = await browser.get("settings")
    assert "more than 25 people at once takes a second manager" in page.text
    page = await browser.press("settings/approval", above="3")
    assert "Until now: Ending access for more than 25 people" in page.text
    assert await staffed.bulk.approval.above(staffed.guild.id) == 3
    page = await browser.press("settings/approval", above="many")
    assert page.status == 422
    await browser.get("settings")
    page = await browser.press("settings/approval", above="off")
    assert "One manager alone may end access" in page.text
    assert await staffed.bulk.approval.above(staffed.guild.id) is None
    await staffed.time.advance(16 * 60)
    await browser.get("settings")
    page = await browser.press("settings/approval", above="5")
    assert page.status == 403  # who finds an open browser cannot do without the second one


async def test_staff_see_no_settings(dashboard):
    browser = await dashboard.signed_in(dashboard.mod)
    for path in ("", "/keys", "/webhooks", "/webhooks/new", "/outgoing", "/sessions"):
        assert (await browser.get(f"settings{path}")).status == 403, path


async def test_the_owner_sets_roles_log_channel_and_reminders(staffed):
    helpers = staffed.make_role("Helpers <i>")
    await eventually(lambda: names_of(staffed).get_role(helpers.id))
    browser = await staffed.signed_in(staffed.owner)
    await browser.get("settings")
    page = await browser.press("settings/staff/add", role=str(helpers.id))
    assert "@Helpers <i> counts as staff" in page.text
    levels = staffed.guild_settings.level_roles(staffed.guild.id)
    assert levels[RoleLevel.STAFF] == {staffed.staff.id, helpers.id}
    form = next(
        form for form in page.forms
        if form.action.endswith("staff/remove") and form.fields["role"] == str(helpers.id)
    )  # fmt: skip
    page = await browser.post(form.action, form.fields)
    assert "no longer counts as staff" in page.text
    page = await browser.press("settings/log", channel=str(staffed.channel.id))
    assert "The history and warnings appear in" in page.text
    assert "Everybody in this server can read that channel" in page.text
    page = await browser.press("settings/reminders", days="5, 1", time_zone="Europe/Berlin")
    assert "5 and 1 days before the paid end" in page.text
    assert "Europe/Berlin" in page.text
    await browser.get("settings")
    page = await browser.press("settings/reminders", days="5", time_zone="Atlantis")
    assert page.status == 422
    fields = (await browser.get("settings")).form("settings/staff/add").fields
    for role in (staffed.guild.id, 999, "x"):  # everybody, another server's, none
        page = await browser.post("settings/staff/add", {**fields, "role": str(role)})
        assert page.status in (404, 422), role
    assert staffed.guild_settings.level_roles(staffed.guild.id)[RoleLevel.STAFF] == {
        staffed.staff.id
    }


async def test_the_panel_is_posted_where_it_was_chosen(dashboard):
    browser = await dashboard.signed_in()
    page = await browser.get("settings")
    assert "It was not posted yet" in page.text
    fields = page.form("settings/panel").fields
    for channel in ("999", "x", ""):
        page = await browser.post("settings/panel", {**fields, "channel": channel})
        assert page.status == 404
    await browser.get("settings")
    page = await browser.press(
        "settings/panel", channel=str(dashboard.channel.id), text="Welcome, **traders**!"
    )
    assert "The panel stands in" in page.text
    assert "It stands in #" in page.text
    [message] = dashboard.channel.messages
    assert message.content == "Welcome, **traders**!"


async def test_keys_are_shown_on_one_page_alone(dashboard):
    browser = await dashboard.signed_in()
    await browser.get("settings/keys")
    page = await browser.press("Make the key", name="shop <b>")
    assert page.status == 422  # nothing that it may do
    fields = (await browser.get("settings/keys")).form("Make the key").fields
    asked = {**fields, "name": "shop <b>", "scope_read": "1", "scope_write": "1", "expires": "90D"}
    page = await browser.post("settings/keys", asked)
    assert page.headers["Cache-Control"] == "no-store"
    [key] = {word for word in page.text.split() if word.startswith("usher_")}
    opened = await dashboard.api_keys.opened_by(key)
    assert opened.allows == {"read", "write"}
    page = await browser.post("settings/keys", asked)
    assert "made already" in page.text
    for path in ("settings/keys", "", "settings"):
        assert key not in (await browser.get(path)).html
    page = await browser.get("settings/keys")
    assert "shop <b>" in page.text
    assert "shop <b>" not in page.html
    page = await browser.press("settings/keys/revoke")
    assert "works no more" in page.text
    assert await dashboard.api_keys.opened_by(key) is None
    page = await browser.post("settings/keys/revoke", {**fields, "name": "nobody's"})
    assert page.status == 422


async def test_sessions_are_listed_and_ended(dashboard):
    mine, mias = await dashboard.signed_in(), await dashboard.signed_in(dashboard.mod)
    page = await mine.get("settings/sessions")
    assert "the operator this browser" in page.text
    assert "mia" in page.text
    page = await mine.press(f"settings/sessions/{dashboard.mod.id}/end")
    assert "1 browser was signed out" in page.text
    assert (await mias.get("")).status == 401
    page = await mine.press("Sign everybody out")
    assert page.status == 401
    assert (await mine.get("")).status == 401


async def test_removals_and_keys_ends_ask_for_a_fresh_link(staffed):
    browser = await staffed.signed_in(staffed.owner)
    fields = (await browser.get("settings/keys")).form("sign-out").fields
    await staffed.time.advance(15 * 60)
    for path, more in (
        ("settings/staff/remove", {"role": str(staffed.staff.id)}),
        ("settings/keys/revoke", {"name": "shop"}),
        ("settings/sessions/end", {}),
        ("settings/outgoing/1/remove", {}),
        ("settings/webhooks/1/remove", {}),
        ("settings/webhooks/1/drop-old", {}),
        ("settings/discord-shop/remove", {}),
    ):
        page = await browser.post(path, {**fields, **more})
        assert page.status == 403, path
        assert "/dashboard" in page.text
    assert staffed.guild_settings.level_roles(staffed.guild.id)[RoleLevel.STAFF] == {
        staffed.staff.id
    }
