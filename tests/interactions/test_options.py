"""Options as types: what people type becomes a value or a sentence, with suggestions for staff."""

import discord
import pytest

from bot.interactions import levels
from bot.interactions.levels import Level
from bot.replies.text import escape
from bot.store.kinds import DeliveryState
from tests.support.discord_harness import at_work, labels, open_office, text_of
from tests.support.shops import gets, made_up_providers

TYPED = {
    "item", "username", "duration", "until", "from", "to", "into",
    "product", "scripts", "add", "remove", "trial", "expires", "batch", "ends_before",
    "provider", "connection", "price", "delivery",
}  # fmt: skip
NAMED = ("apikey revoke", "name")  # of something new, a name is made up: there are none to suggest
# Suggested to managers alone, whatever the level of the command.
FOR_MANAGERS = {NAMED, ("bulk show", "batch"), ("bulk undo", "batch")}
NUMBERS = ("batch", "connection", "delivery")  # picked from a list by what they stand for
OFFERED = "trial"  # the command with suggestions for everybody: what a vendor lets people try
ALL = {"item": "trend", "username": "Alice_T", "duration": "1M"}
NAME = r"**Alice\_T**"


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.vendor.world.add_user("Alice_T")
        await harness.make_rows()
        with made_up_providers():
            async with at_work(harness):
                yield harness


async def connect_shop(harness):
    """A shop that sold something, with a message that is stuck."""
    added = await harness.as_owner.run("webhook add", guild=harness.guild, provider="acme")
    await (await harness.as_owner.submit(added, {})).answered()
    await harness.run(harness.as_owner, "webhook edit", connection=1, price="gold", item="trend")
    await gets(harness.vendor.database, harness.vendor.vault, 1, "e", DeliveryState.STUCK)


def options_of(client):
    return [
        (command, option)
        for command in levels.commands_in(client.tree)
        for option in command.parameters
    ]


async def test_every_typed_option_of_staff_has_suggestions_and_no_other_one(harness):
    seen = set()
    for command, option in options_of(harness.client):
        if command.qualified_name == OFFERED:
            continue
        is_text = option.type is discord.AppCommandOptionType.string or option.name in NUMBERS
        expected = (
            option.display_name in TYPED and is_text and command.extras["level"] > Level.ANYONE
        ) or (command.qualified_name, option.display_name) == NAMED
        assert option.autocomplete is expected, (command.qualified_name, option.display_name)
        seen |= {option.display_name} & TYPED if expected else set()
    assert seen == TYPED


async def test_discord_is_told_which_options_have_suggestions(harness):
    grant = next(
        leaf
        for command in harness.fake.commands()
        if command["name"] == "access"
        for leaf in command["options"]
        if leaf["name"] == "grant"
    )
    assert [
        (option["name"], option["type"], option.get("required", False), option.get("autocomplete"))
        for option in grant["options"]
    ] == [
        ("item", 3, True, True),
        ("duration", 3, True, True),
        ("member", 6, False, None),
        ("username", 3, False, True),
        ("note", 3, False, None),
    ]


async def test_an_option_tells_a_stranger_nothing_on_whichever_command_it_stands(
    harness, monkeypatch
):
    """A command for everybody may take an item or a name; only staff see which ones there are."""
    await harness.run(harness.as_mod, "access grant", **ALL)
    await harness.run(harness.as_owner, "product create", slug="gold", title="Gold")
    await harness.run(harness.as_owner, "code create", item="trend", duration="1M")
    await harness.run(harness.as_owner, "apikey create", name="shop", scopes="read")
    extended = await harness.run(harness.as_owner, "bulk extend", item="trend", duration="1D")
    await (await harness.as_owner.press(extended.original, "Start for 1 person")).answered()
    await connect_shop(harness)
    harness.fake.open_commands(harness.guild)
    asked = 0
    for command, option in options_of(harness.client):
        if not option.autocomplete or command.qualified_name == OFFERED:
            continue
        monkeypatch.setitem(command.extras, "level", Level.ANYONE)
        found = {}
        for who in (harness.as_stranger, harness.as_mod, harness.as_owner):
            found[who] = await who.complete(
                command.qualified_name, option.display_name, "", guild=harness.guild
            )
        assert not found[harness.as_stranger], (command.qualified_name, option.display_name)
        is_for_staff = (command.qualified_name, option.display_name) not in FOR_MANAGERS
        assert bool(found[harness.as_mod]) is is_for_staff, (
            command.qualified_name,
            option.display_name,
        )
        assert found[harness.as_owner], (command.qualified_name, option.display_name)
        asked += 1
    assert asked >= 15


@pytest.mark.parametrize("typed", [r"**Alice\_", "@ali", "“Alice_T”,", "tradingview.com/@Alice_T"])
async def test_suggestions_come_for_what_was_pasted_too(harness, typed):
    await harness.run(harness.as_mod, "access grant", **ALL)
    names = await harness.as_mod.complete("access check", "username", typed, guild=harness.guild)
    assert [one["value"] for one in names] == ["Alice_T"]


@pytest.mark.parametrize(
    "typed",
    [
        r"**Alice\_T**",
        "“alice_t”,",
        "\u2066Alice_T\u2069",
        "https://de.tradingview.com/u/Alice_T/",
        "tradingview.com/@Alice_T",
    ],
)
async def test_a_pasted_name_is_that_of_the_customer(harness, typed):
    granted = await harness.run(harness.as_mod, "access grant", **(ALL | {"username": typed}))
    assert f"✅ **Done:** {NAME} has" in text_of(granted.original)


async def test_what_usher_says_itself_can_be_pasted(harness):
    harness.vendor.world.add_user("__bob__")
    said = await harness.run(harness.as_buyer, "validate", username="__bob__")
    shown = escape("__bob__")
    assert shown in text_of(said.original)
    granted = await harness.run(harness.as_mod, "access grant", **(ALL | {"username": shown}))
    assert f"**{shown}** has" in text_of(granted.original)


NO_DURATION = "**`soon` is not a duration that I understand.**"
NO_DATE = "**`soon` is not a date that I understand.**"
OVER = "is over.** Type a later date"
NO_NAME = "**`two words` cannot be a TradingView name.**"
LONG_DASH = (
    "**`Alice—T` has a long dash in it.** Phones put one in where TradingView has `-` or `_`"
)
HIDDEN = "**There is an invisible character inside that name**"


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("access grant", ALL | {"duration": "soon"}, NO_DURATION),
        ("access grant", ALL | {"duration": "99Y"}, "**`99Y` is too far away.**"),
        ("access set", {"item": "trend", "username": "Alice_T", "until": "soon"}, NO_DATE),
        ("access set", {"item": "trend", "username": "Alice_T", "until": "2020-01-01"}, OVER),
        ("access grant", ALL | {"username": "two words"}, NO_NAME),
        ("access grant", ALL | {"username": "Alice—T"}, LONG_DASH),
        ("access revoke", {"item": "trend", "username": "Alice—T"}, LONG_DASH),
        ("access check", {"username": "Ali\u200dce_T"}, HIDDEN),
        ("audit", {"username": "https://evil.example/u/Alice_T/"}, "cannot be a TradingView name"),
        ("validate", {"username": "Alice—T"}, LONG_DASH),
        ("link", {"username": "Alice—T"}, LONG_DASH),
    ],
)
async def test_what_cannot_be_read_is_said_to_the_asker_alone_and_changes_nothing(
    harness, path, options, expected
):
    harness.vendor.fake.log.clear()
    request = await harness.run(harness.as_mod, path, **options)
    said = text_of(request.original)
    assert expected in said
    assert "Reference" not in said
    assert request.original.ephemeral
    assert len(request.messages) == 1
    assert labels(request.original) == []
    assert not harness.vendor.fake.log


async def test_a_name_of_spaces_counts_as_left_out(harness):
    request = await harness.run(harness.as_mod, "access grant", **(ALL | {"username": "  "}))
    assert "**Who is it for?**" in text_of(request.original)


async def test_an_item_is_found_in_any_case_and_with_spaces_around_it(harness):
    granted = await harness.run(harness.as_mod, "access grant", **(ALL | {"item": " Trend "}))
    assert "✅ **Done:**" in text_of(granted.original)
    refused = await harness.run(harness.as_mod, "access grant", **(ALL | {"item": "Trent"}))
    assert "**There is no script called `Trent` here.**" in text_of(refused.original)
