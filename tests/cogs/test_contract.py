"""The commands are a contract: their names, options and levels are those that others rely on."""

import asyncio
import re
from pathlib import Path

import discord
import pytest

import cogs
from bot.interactions import levels
from bot.interactions.levels import Level
from tests.support.vendor_fixture import open_shop

CONTRACT = {
    "help": ("anyone", []),
    "validate": ("anyone", ["username"]),
    "link": ("anyone", ["username"]),
    "unlink": ("anyone", []),
    "me": ("anyone", []),
    "redeem": ("anyone", ["code"]),
    "trial": ("anyone", ["product"]),
    "access grant": ("staff", ["item", "duration", "member", "username", "note"]),
    "access set": ("staff", ["item", "until", "member", "username", "note"]),
    "access revoke": ("staff", ["item", "member", "username", "note"]),
    "access check": ("staff", ["member", "username"]),
    "access list": ("staff", ["item", "ends", "role"]),
    "why": ("staff", ["member", "username", "item"]),
    "customer match": ("staff", ["file"]),
    "customer link": ("staff", ["member", "username"]),
    "customer show": ("staff", ["member", "username"]),
    "customer search": ("staff", ["text"]),
    "customer unlink": ("staff", ["member", "username"]),
    "customer move": ("staff", ["from", "to"]),
    "customer merge": ("manager", ["from", "into"]),
    "customer block": ("manager", ["member", "username", "reason"]),
    "customer unblock": ("manager", ["member", "username"]),
    "customer forget": ("manager", ["member", "username"]),
    "script add": ("manager", ["pine_id", "slug", "title"]),
    "script rename": ("manager", ["item", "slug", "title"]),
    "script archive": ("manager", ["item"]),
    "script list": ("manager", []),
    "script discover": ("manager", []),
    "role add": ("manager", ["role", "item", "grace"]),
    "role remove": ("manager", ["role", "item"]),
    "role list": ("manager", []),
    "product create": (
        "manager",
        ["slug", "title", "scripts", "duration", "role", "grace", "trial", "link"],
    ),
    "product edit": (
        "manager",
        ["product", "slug", "title", "duration", "role", "grace", "trial", "link", "without"],
    ),
    "product scripts": ("manager", ["product", "add", "remove"]),
    "product archive": ("manager", ["product"]),
    "product list": ("manager", []),
    "session status": ("manager", []),
    "session update": ("manager", ["file"]),
    "session link": ("manager", []),
    "session forget": ("manager", []),
    "webhook add": ("manager", ["provider"]),
    "webhook list": ("manager", []),
    "webhook edit": (
        "manager",
        [
            *("connection", "price", "item", "name_field", "slack"),
            *("grace", "cancel", "refund", "dispute", "ask"),
        ],
    ),
    "webhook remove": ("manager", ["connection"]),
    "webhook test": ("manager", ["connection"]),
    "webhook replay": ("manager", ["connection", "delivery"]),
    "webhook pending": ("manager", []),
    "code create": ("manager", ["item", "duration", "count", "uses", "expires"]),
    "bulk grant": (
        "manager",
        ["file", "item", "duration", "until", "ends_before", "role", "everyone", "note"],
    ),
    "bulk extend": (
        "manager",
        ["file", "item", "duration", "until", "ends_before", "role", "everyone", "note"],
    ),
    "bulk set": (
        "manager",
        ["file", "item", "until", "ends_before", "role", "everyone", "note"],
    ),
    "bulk revoke": ("manager", ["file", "item", "ends_before", "role", "everyone", "note"]),
    "bulk list": ("manager", []),
    "bulk show": ("manager", ["batch"]),
    "bulk undo": ("manager", ["batch"]),
    "compensate": ("manager", ["item", "duration", "reason"]),
    "outgoing add": ("manager", ["address", "events"]),
    "outgoing list": ("manager", []),
    "outgoing test": ("manager", ["number"]),
    "outgoing replay": ("manager", ["number"]),
    "outgoing remove": ("manager", ["number"]),
    "apikey create": ("manager", ["name", "scopes", "expires"]),
    "apikey list": ("manager", []),
    "apikey revoke": ("manager", ["name"]),
    "code list": ("manager", []),
    "code revoke": ("manager", ["batch", "code"]),
    "panel post": ("manager", ["channel", "text"]),
    "setup show": ("manage_server", []),
    "setup staff": ("manage_server", ["role", "remove"]),
    "setup manager": ("manage_server", ["role", "remove"]),
    "setup log": ("manage_server", ["channel"]),
    "setup approval": ("manage_server", ["people"]),
    "sync status": ("staff", []),
    "sync retry": ("staff", ["item"]),
    "sync sweep": ("staff", ["item"]),
    "audit": ("staff", ["member", "username"]),
    "seats": ("staff", []),
    "export": ("manager", ["item"]),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Every command and menu by its name, as a client has them before it connects."""

    async def loaded():
        async with open_shop(tmp_path_factory.mktemp("commands")) as vendor:
            await cogs.load(vendor.services)
            tree = vendor.client.tree
            return (
                {each.qualified_name: each for each in levels.commands_in(tree)},
                {each.name: each for each in levels.menus_in(tree)},
            )

    return asyncio.run(loaded())


@pytest.fixture
def found(tree):
    return tree[0]


@pytest.fixture
def menus(tree):
    return tree[1]


@pytest.mark.parametrize("name", CONTRACT)
def test_a_command_has_the_name_the_options_and_the_level_of_the_contract(found, name):
    level, options = CONTRACT[name]
    assert sorted(option.display_name for option in found[name].parameters) == sorted(options)
    assert found[name].extras["level"] is Level[level.upper()]


MENUS = {"TradingView access": "staff"}  # in a member's menu


def test_a_menu_has_the_name_and_the_level_of_the_contract(menus):
    assert {name: each.extras["level"].name.lower() for name, each in menus.items()} == MENUS
    assert {each.type for each in menus.values()} == {discord.AppCommandType.user}


README = Path(__file__).parents[2] / "README.md"
MENU_ROW = re.compile(
    r"^\| \*(.*?)\* in a member's menu .*?\| (anyone|staff|manager|Manage Server) \|", re.MULTILINE
)
ROW = re.compile(r"^\| (`/.*?) \| (anyone|staff|manager|Manage Server) \|", re.MULTILINE)


def table():
    """The README's table: each command with the level that it names."""
    found = {}
    for names, level in ROW.findall(README.read_text("utf-8")):
        group = ""
        for name in re.findall(r"`(.*?)`", names):
            if name.startswith("/"):  # `/access grant` `set`: one group, several commands
                group, _, _ = name[1:].partition(" ")
            full = name[1:] if name.startswith("/") else f"{group} {name}"
            found[full] = level.lower().replace(" ", "_")
    return found


def test_the_readme_and_discord_have_the_same_commands_with_the_same_levels(found, menus):
    registered = {name: command.extras["level"].name.lower() for name, command in found.items()}
    assert table() == registered
    listed = dict(MENU_ROW.findall(README.read_text("utf-8")))
    assert listed == {name: menu.extras["level"].name.lower() for name, menu in menus.items()}


GUIDES = ("README.md", ".github/HOSTING.md", ".env.example")
MENTIONED = re.compile(r"(?<![\w./-])/([a-z]+(?:-[a-z]+)?(?: [a-z]+)?)`")


def test_every_command_that_the_guides_tell_to_type_exists(found):
    groups = {name.partition(" ")[0] for name in found}
    for guide in GUIDES:
        text = (README.parent / guide).read_text("utf-8")
        for name in MENTIONED.findall(text):
            if name.partition(" ")[0] in groups:
                assert name in found or name in groups, (guide, name)


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
