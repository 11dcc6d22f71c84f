"""Staff name a member who has left the server, by id: Discord then sends a user without a membership."""

import discord
import pytest
from discord import app_commands

from bot.interactions import levels
from bot.interactions.levels import Level
from tests.support.discord_harness import text_of

NAME = r"**Alice\_T**"


@pytest.fixture
async def left(harness):
    """A buyer who is gone."""
    harness.fake.remove_member(harness.guild, harness.buyer)
    return harness.buyer


async def test_no_command_of_staff_takes_present_members_alone(harness):
    seen = 0
    for command in levels.commands_in(harness.client.tree):
        for option in command.parameters:
            if option.type is not discord.AppCommandOptionType.user:
                continue
            assert command.extras["level"] > Level.ANYONE
            transformer = option._Parameter__parent._annotation
            assert not isinstance(transformer, app_commands.transformers.MemberTransformer), (
                command.qualified_name
            )
            seen += 1
    assert seen >= 6


async def test_one_who_left_is_tied_given_shown_set_and_ended(harness, left):
    run, mod = harness.run, harness.as_mod
    linked = await run(mod, "customer link", member=left, username="Alice_T")
    assert f"<@{left.id}>" in text_of(linked.original)
    ends = await mod.complete(
        "access grant", "duration", "1M", guild=harness.guild, item="trend", member=left
    )
    assert ends == [{"name": "1 month – until 10 April 2026", "value": "1M"}]
    granted = await run(mod, "access grant", item="trend", duration="1M", member=left)
    assert f"✅ **Done:** {NAME} (<@{left.id}>) has **Trend** until" in text_of(granted.original)
    put = await run(mod, "access set", item="trend", until="2026-04-30", member=left)
    assert "until **30 April 2026, end of day UTC**" in text_of(put.original)
    checked = await run(mod, "access check", member=left)
    assert NAME in text_of(checked.original)
    told = await run(mod, "audit", member=left)
    assert "Alice" in text_of(told.original)
    ended = await run(mod, "access revoke", item="trend", member=left)
    assert "has no access to **Trend** any more" in text_of(ended.original)


async def test_one_who_left_and_is_unknown_is_said_plainly(harness, left):
    request = await harness.run(harness.as_mod, "access check", member=left)
    assert f"I do not know <@{left.id}>'s TradingView name" in text_of(request.original)
