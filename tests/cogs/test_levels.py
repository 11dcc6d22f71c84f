"""Only the right people: every command, suggestion, button and form refuses a stranger."""

import discord
import pytest
from discord import app_commands

from bot.interactions import levels as checks
from bot.interactions.components import ComponentInteraction
from bot.interactions.levels import Level
from bot.replies import Button, Message, key
from bot.sandbox.discord import Upload
from tests.support.discord_harness import at_work, eventually, text_of

NOTHING_TOLD = (
    "**Only staff of this server can do that.** Nothing was changed.",
    "**Only those who manage this server's scripts can do that.** Nothing was changed.",
    "**Only members with Discord's right *Manage Server* can do that.** Nothing was changed.",
)


def privileged(client):
    return [
        command
        for command in checks.commands_in(client.tree)
        if command.extras["level"] > Level.ANYONE
    ]


def filled(command, harness):
    """Something for every option."""
    values = {}
    for option in command.parameters:
        match option.type:
            case discord.AppCommandOptionType.user:
                values[option.display_name] = harness.buyer
            case discord.AppCommandOptionType.role:
                values[option.display_name] = harness.staff
            case discord.AppCommandOptionType.channel:
                values[option.display_name] = harness.channel
            case discord.AppCommandOptionType.integer:
                values[option.display_name] = 1
            case discord.AppCommandOptionType.boolean:
                values[option.display_name] = True
            case discord.AppCommandOptionType.attachment:
                values[option.display_name] = Upload("list.csv", b"discord_id,username")
            case _ if option.choices:
                values[option.display_name] = option.choices[0].value
            case _:
                values[option.display_name] = "trend"
    return values


async def test_a_stranger_is_refused_by_every_privileged_command_and_told_nothing(harness):
    harness.fake.open_commands(harness.guild)
    harness.vendor.fake.log.clear()
    commands = privileged(harness.client)
    assert len(commands) >= 7
    for command in commands:
        options = filled(command, harness)
        options.pop("channel", None)
        request = await harness.as_stranger.run(
            command.qualified_name,
            guild=harness.guild,
            channel=harness.channel,
            at=harness.channel,
            **options,
        )
        message = await request.answered()
        assert text_of(message) in NOTHING_TOLD, command.qualified_name
        assert message.ephemeral
        assert not message.components
    assert not harness.vendor.fake.log


async def test_a_stranger_is_refused_by_every_menu_and_told_nothing(harness):
    harness.fake.open_commands(harness.guild)
    harness.vendor.fake.log.clear()
    menus = list(checks.menus_in(harness.client.tree))
    assert menus
    for menu in menus:
        assert menu.extras["level"] > Level.ANYONE
        request = await harness.as_stranger.use_menu(
            menu.name, harness.buyer, guild=harness.guild, channel=harness.channel
        )
        message = await request.answered()
        assert text_of(message) in NOTHING_TOLD, menu.name
        assert message.ephemeral
        assert not message.components
    assert not harness.vendor.fake.log


async def test_a_stranger_is_suggested_nothing(harness):
    harness.fake.open_commands(harness.guild)
    asked = 0
    for command in privileged(harness.client):
        for option in command.parameters:
            if option.autocomplete:
                asked += 1
                found = await harness.as_stranger.complete(
                    command.qualified_name, option.display_name, "", guild=harness.guild
                )
                assert found == [], (command.qualified_name, option.display_name)
    assert asked >= 15


async def test_a_stranger_is_refused_by_every_button_and_form(harness):
    levels = harness.router.levels
    assert {name for name, level in levels.items() if level is Level.ANYONE} <= {
        "once",
        *harness.public_presses,
    }
    for name, level in levels.items():
        if level is Level.ANYONE:
            continue
        answer = Message(
            "x", buttons=(Button("ComponentInteraction", key(name, harness.guild.id, 1, 1)),)
        )
        channel = harness.client.get_channel(harness.channel.id)
        await channel.send(answer.content, view=answer.board())
        message = harness.as_stranger.sees(harness.channel)[-1]
        pressed = await harness.as_stranger.press(message, "ComponentInteraction")
        said = text_of(await pressed.until(lambda one: "Only" in text_of(one)))
        assert said.partition("\n-#")[0] in NOTHING_TOLD, name
        assert text_of(message) == "x"


async def test_only_the_asker_answers_a_question(harness):
    seen = []

    async def run(press):
        seen.append(press)

    from bot.interactions.components import Choice

    buttons = harness.router.question(
        harness.guild.id, harness.mod.id, Level.STAFF, (Choice("Yes", run),)
    )
    answer = Message("Sure?", buttons=buttons)
    channel = harness.client.get_channel(harness.channel.id)
    await channel.send(answer.content, view=answer.board())
    message = harness.as_owner.sees(harness.channel)[-1]
    pressed = await harness.as_owner.press(message, "Yes")
    assert "Somebody else was asked" in text_of(await pressed.answered())
    assert not seen
    await (await harness.as_mod.press(message, "Yes")).acknowledged_()
    await eventually(lambda: len(seen) == 1)
    pressed = await harness.as_mod.press(message, "Yes")
    await pressed.until(lambda one: "answered already" in text_of(one))


async def test_a_question_asked_of_staff_is_not_answered_by_somebody_who_lost_the_role(harness):
    request = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_"
    )
    harness.fake.take_role(harness.guild, harness.mod, harness.staff)
    pressed = await harness.as_mod.press(request.original, "Alice_T")
    said = await pressed.until(lambda one: "Only staff" in text_of(one))
    assert said is not request.original


async def test_a_button_of_another_server_does_nothing_here(harness):
    answer = Message("x", buttons=(Button("ComponentInteraction", key("put_back", 12345, 1)),))
    channel = harness.client.get_channel(harness.channel.id)
    await channel.send(answer.content, view=answer.board())
    message = harness.as_mod.sees(harness.channel)[-1]
    pressed = await harness.as_mod.press(message, "ComponentInteraction")
    assert "too old" in text_of(await pressed.answered())


async def test_staff_and_owner_may_and_the_buyer_may_look_at_their_own(harness):
    for who in (harness.as_mod, harness.as_owner):
        request = await harness.run(who, "sync status")
        assert "Nothing waits" in text_of(request.original)
    request = await harness.run(harness.as_buyer, "me")
    assert "/link" in text_of(request.original)


async def test_discord_hides_from_buyers_what_they_cannot_run(harness):
    shown = {command["name"] for command in harness.as_buyer.commands(harness.guild)}
    assert "me" in shown
    assert not shown & {"access", "sync", "audit", "script", "session", "setup", "customer"}
    assert {"access", "sync", "audit"} <= {
        command["name"] for command in harness.as_mod.commands(harness.guild)
    }


async def test_every_command_has_a_level_and_works_only_in_servers(harness):
    for command in checks.commands_in(harness.client.tree):
        assert isinstance(command.extras["level"], Level), command.qualified_name
    for menu in checks.menus_in(harness.client.tree):
        assert isinstance(menu.extras["level"], Level), menu.name
    for registered in harness.fake.commands():
        assert registered["contexts"] == [0]
        assert registered["integration_types"] == [0]


async def test_no_two_commands_share_a_name(harness):
    names = [one.qualified_name for one in checks.commands_in(harness.client.tree)]
    assert len(names) == len(set(names))


async def test_a_command_without_a_level_stops_the_start(closed_office):
    @app_commands.command(description="Forgotten")
    async def forgotten(interaction: discord.Interaction):
        raise AssertionError

    client = closed_office.build()
    client.tree.add_command(forgotten)
    with pytest.raises(TypeError, match="/forgotten has no level"):
        async with at_work(closed_office, client):
            pass
    assert closed_office.fake.commands() == []


async def test_a_menu_without_a_level_stops_the_start(closed_office):
    @app_commands.context_menu(name="Forgotten one")
    async def forgotten(interaction: discord.Interaction, user: discord.User):
        raise AssertionError

    client = closed_office.build()
    client.tree.add_command(forgotten)
    with pytest.raises(TypeError, match=r"^Forgotten one has no level"):
        async with at_work(closed_office, client):
            pass
    assert closed_office.fake.commands() == []


async def test_a_command_that_lost_its_level_while_running_refuses_everybody(harness):
    command = harness.client.tree.get_command("me")
    level = command.extras.pop("level")
    try:
        request = await harness.run(harness.as_owner, "me")
        assert "Only" in text_of(request.original)
    finally:
        command.extras["level"] = level


def test_a_level_stands_above_the_command_not_below():
    async def function():
        pass

    with pytest.raises(TypeError):
        checks.staff(function)


async def test_a_form_hands_over_what_was_typed_and_survives_a_restart(harness):
    typed = []

    async def submitted(press: ComponentInteraction):
        typed.append(dict(press.fields))
        await press.interaction.response.send_message("thanks", ephemeral=True)

    async def opened(press: ComponentInteraction):
        from bot.interactions.components import Form

        field = discord.ui.Label(text="Value", component=discord.ui.TextInput(custom_id="value"))
        await press.interaction.response.send_modal(
            Form("Cookies", key("test_form", press.guild_id), [field])
        )

    harness.router.add("test_open", Level.STAFF, opened)
    harness.router.add("test_form", Level.STAFF, submitted)
    answer = Message("x", buttons=(Button("Open", key("test_open", harness.guild.id)),))
    await harness.client.get_channel(harness.channel.id).send("x", view=answer.board())
    pressed = await harness.as_mod.press(harness.as_mod.sees(harness.channel)[-1], "Open")
    await pressed.form()
    await harness.client.close()
    async with at_work(harness):
        harness.router.add("test_form", Level.STAFF, submitted)
        sent = await harness.as_mod.submit(pressed, {"value": "secret"})
        assert "thanks" in text_of(await sent.answered())
    assert typed == [{"value": "secret"}]
    assert "secret" not in repr(ComponentInteraction(None, 1, (), (), {"value": "secret"}))
