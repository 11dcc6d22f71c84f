"""*TradingView access* in a member's menu: what `/access check` shows, and what staff do from there."""

import pytest

from bot.interactions import levels
from bot.interactions.levels import Level
from bot.replies import interrupted
from bot.sandbox.discord import RefusedError
from tests.support.discord_harness import at_work, eventually, labels, text_of

NAME = "TradingView access"
BUTTONS = ["Grant", "Extend", "Revoke"]


@pytest.fixture
async def linked(harness):
    """The buyer, with a TradingView name."""
    await harness.run(harness.as_mod, "customer link", member=harness.buyer, username="Alice_T")
    return harness.buyer


async def use(harness, target, who=None):
    used = await (who or harness.as_mod).use_menu(
        NAME, target, guild=harness.guild, channel=harness.channel
    )
    await used.answered()
    return used.original


async def press(harness, message, label, who=None):
    return await (await (who or harness.as_mod).press(message, label)).answered()


async def submit(harness, chosen, **fields):
    sent = await harness.as_mod.submit(chosen, fields)
    return await sent.until(lambda message: "Done" in message.text)


async def grant(harness, message, item="trend", duration="1M"):
    asked = await press(harness, message, "Grant")
    chosen = await harness.as_mod.choose(asked, 0, [item])
    return await submit(harness, chosen, duration=duration)


async def test_the_menu_has_a_level_and_is_for_servers_and_moderators(harness):
    [menu] = levels.menus_in(harness.client.tree)
    assert (menu.name, menu.extras["level"]) == (NAME, Level.STAFF)
    [registered] = [each for each in harness.fake.commands() if each["type"] == 2]
    assert registered["name"] == NAME
    assert registered["contexts"] == registered["integration_types"] == [0]
    assert registered["default_member_permissions"] == str(1 << 40)


async def test_a_stranger_has_no_such_menu_and_is_refused_where_the_server_opened_it(harness):
    with pytest.raises(RefusedError):
        await use(harness, harness.buyer, harness.as_stranger)
    harness.fake.open_commands(harness.guild)
    message = await use(harness, harness.buyer, harness.as_stranger)
    assert text_of(message) == "**Only staff of this server can do that.** Nothing was changed."
    assert message.ephemeral
    assert labels(message) == []


async def test_staff_grant_extend_and_revoke_and_put_back(harness, linked):
    shown = await use(harness, linked)
    assert shown.ephemeral
    assert "has no access now" in text_of(shown)
    assert labels(shown) == ["Grant"]
    done = await grant(harness, shown)
    assert "has **Trend** until" in text_of(done)

    shown = await use(harness, linked)
    assert labels(shown) == BUTTONS
    checked = await harness.run(harness.as_mod, "access check", member=linked)
    assert text_of(shown) == text_of(checked.original)

    asked = await press(harness, shown, "Extend")
    chosen = await harness.as_mod.choose(asked, 0, ["trend"])
    assert (await chosen.form())["title"] == "Extend Trend"
    await submit(harness, chosen, duration="1M", note="order 7")
    told = await harness.run(harness.as_mod, "audit", member=linked)
    assert "order 7" in text_of(told.original)

    asked = await press(harness, shown, "Revoke")
    assert f"<@{linked.id}>" in text_of(asked)
    chosen = await harness.as_mod.choose(asked, 0, ["trend"])
    question = await chosen.until(labels)
    assert "Yes, end it" in labels(question)  # two reasons end: the same question as the command's
    ended = await harness.as_mod.press(question, "Yes, end it")
    gone = await ended.until(lambda message: "any more" in text_of(message))
    assert "Put back" in labels(gone)
    back = await harness.as_mod.press(gone, "Put back")
    await back.until(lambda message: "✅" in text_of(message) and "until" in text_of(message))


async def test_what_came_with_a_product_is_extended_as_that_product(harness, linked):
    await harness.run(
        harness.as_owner,
        "product create",
        slug="gold", title="Gold", scripts="trend", duration="3M",
    )  # fmt: skip
    await grant(harness, await use(harness, linked), "gold")
    asked = await press(harness, await use(harness, linked), "Extend")
    [select] = [part for row in asked.components for part in row["components"] if "options" in part]
    assert [option["value"] for option in select["options"]] == ["gold"]
    chosen = await harness.as_mod.choose(asked, 0, ["gold"])
    [field] = [
        part["component"]
        for part in (await chosen.form())["components"]
        if part["component"]["custom_id"] == "duration"
    ]
    assert field["value"] == "3M"


async def test_its_buttons_list_and_form_work_after_a_restart(harness, linked):
    shown = await use(harness, linked)
    asked = await press(harness, shown, "Grant")
    await harness.client.close()
    async with at_work(harness):
        again = await press(harness, shown, "Grant")
        assert text_of(again) == text_of(asked)
        chosen = await harness.as_mod.choose(asked, 0, ["trend"])
        await chosen.form()
    async with at_work(harness):
        await submit(harness, chosen, duration="1M")


async def test_a_member_without_a_name_is_linked_from_there(harness):
    shown = await use(harness, harness.buyer)
    assert "has no TradingView name here yet" in text_of(shown)
    assert "`/link`" in text_of(shown)
    assert labels(shown) == ["Link a TradingView name"]
    opened = await harness.as_mod.press(shown, "Link a TradingView name")
    await opened.form()
    sent = await harness.as_mod.submit(opened, {"username": "Alice_T"})
    await sent.answered()
    assert labels(await use(harness, harness.buyer)) == ["Grant"]


async def test_one_who_left_is_served_like_the_others(harness, linked):
    harness.fake.remove_member(harness.guild, linked)
    done = await grant(harness, await use(harness, linked))
    assert f"<@{linked.id}>" in text_of(done)


async def test_a_bad_length_changes_nothing_and_is_explained(harness, linked):
    asked = await press(harness, await use(harness, linked), "Grant")
    chosen = await harness.as_mod.choose(asked, 0, ["trend"])
    await chosen.form()
    sent = await harness.as_mod.submit(chosen, {"duration": "soon"})
    assert "soon" in text_of(await sent.answered())
    assert labels(await use(harness, linked)) == ["Grant"]


async def test_more_items_than_a_list_holds_are_turned_page_by_page(harness, linked):
    for number in range(26):
        await harness.script(f"more{number:02}")
    asked = await press(harness, await use(harness, linked), "Grant")
    assert "Page 1 of 2" in text_of(asked)
    turned = await harness.as_mod.press(asked, "Next ▶")
    await turned.until(lambda message: "Page 2 of 2" in text_of(message))
    await (await harness.as_mod.choose(asked, 0, ["trend"])).form()


async def test_its_buttons_do_nothing_in_another_server(harness, linked):
    shown = await use(harness, linked)
    other = harness.fake.add_guild("Another shop", harness.mod)
    await eventually(lambda: harness.client.get_guild(other.id))
    [channel] = other.channels.values()
    moved = harness.client.get_channel(channel.id)
    await moved.send("x")
    message = harness.as_mod.sees(channel)[-1]
    message.components = shown.components
    assert "too old" in text_of(await press(harness, message, "Grant"))


async def test_a_menu_that_lost_its_level_refuses_everybody(harness):
    [menu] = levels.menus_in(harness.client.tree)
    del menu.extras["level"]
    message = await use(harness, harness.buyer, harness.as_owner)
    assert "Only" in text_of(message)


async def test_help_names_it_for_staff_alone(harness):
    assert NAME in text_of((await harness.run(harness.as_mod, "help")).original)
    assert NAME not in text_of((await harness.run(harness.as_buyer, "help")).original)


def test_a_request_that_was_cut_off_is_called_by_its_menu_and_member():
    assert interrupted.menu(NAME, "7") == "*TradingView access* <@7>"
