"""The commands are a contract: their names, options and levels are those that others rely on."""

import pytest

from bot.interactions import levels
from bot.interactions.levels import Level

CONTRACT = {
    "validate": ("anyone", ["username"]),
    "link": ("anyone", ["username"]),
    "unlink": ("anyone", []),
    "me": ("anyone", []),
    "access grant": ("staff", ["item", "duration", "member", "username", "note"]),
    "access set": ("staff", ["item", "until", "member", "username", "note"]),
    "access revoke": ("staff", ["item", "member", "username", "note"]),
    "access check": ("staff", ["member", "username"]),
    "access list": ("staff", ["item"]),
    "customer link": ("staff", ["member", "username"]),
    "script add": ("manager", ["pine_id", "slug", "title"]),
    "script rename": ("manager", ["item", "slug", "title"]),
    "script archive": ("manager", ["item"]),
    "script list": ("manager", []),
    "script discover": ("manager", []),
    "session status": ("manager", []),
    "session update": ("manager", []),
    "session link": ("manager", []),
    "session forget": ("manager", []),
    "setup show": ("manage_server", []),
    "setup staff": ("manage_server", ["role", "remove"]),
    "setup manager": ("manage_server", ["role", "remove"]),
    "setup log": ("manage_server", ["channel"]),
    "sync status": ("staff", []),
    "sync retry": ("staff", ["item"]),
    "sync sweep": ("staff", ["item"]),
    "audit": ("staff", ["member", "username"]),
}


@pytest.mark.parametrize("name", CONTRACT)
async def test_a_command_has_the_name_the_options_and_the_level_of_the_contract(harness, name):
    found = {one.qualified_name: one for one in levels.commands_in(harness.client.tree)}
    level, options = CONTRACT[name]
    assert sorted(option.name for option in found[name].parameters) == sorted(options)
    assert found[name].extras["level"] is Level[level.upper()]


async def test_the_list_shows_nobody_whose_time_is_over(harness):
    short = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1D", username="Alice_T"
    )
    long = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_Two"
    )
    for interaction in (short, long):
        await interaction.until(lambda message: "Done" in message.text)
    await harness.time.advance(3 * 86_400)
    shown = await harness.run(harness.as_mod, "access list", item="trend")
    assert "Two" in shown.original.text
    assert "Alice\\_T**" not in shown.original.text
    assert "Alice\\_T " not in shown.original.text
