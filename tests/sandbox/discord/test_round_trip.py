"""Unmodified discord.py against the stand-in: commands, answers, buttons, forms, messages."""

import io
import json

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.sandbox.discord import NotAnsweredError, RefusedError, Upload
from tests.support.fake_time import eventually


class Buttons(discord.ui.View):
    @discord.ui.button(label="Yes", custom_id="yes")
    async def yes(self, interaction, button):
        await interaction.response.edit_message(content="pressed", view=None)

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction, button):
        await interaction.response.defer()
        await interaction.edit_original_response(content="later it is")

    @discord.ui.select(
        placeholder="Colour",
        options=[discord.SelectOption(label="Red"), discord.SelectOption(label="Blue")],
    )
    async def colour(self, interaction, select):
        await interaction.response.send_message(select.values[0], ephemeral=True)


class OldForm(discord.ui.Modal, title="Cookies"):
    first = discord.ui.TextInput(label="First", max_length=10)

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"got {self.first.value}", ephemeral=True)


class NewForm(discord.ui.Modal, title="Order"):
    name = discord.ui.Label(
        text="Name", component=discord.ui.TextInput(custom_id="name", required=False)
    )
    size = discord.ui.Label(
        text="Size",
        component=discord.ui.Select(
            custom_id="size",
            options=[discord.SelectOption(label="S"), discord.SelectOption(label="L")],
        ),
    )

    async def on_submit(self, interaction):
        text = f"{self.name.component.value} {self.size.component.values[0]}"
        await interaction.response.send_message(text)


@app_commands.command(description="Says hello")
async def hello(interaction: discord.Interaction, name: str = "you"):
    await interaction.response.send_message(f"Hello {name}", ephemeral=True)


@app_commands.command(description="Works a while")
async def work(interaction: discord.Interaction, in_public: bool = False):
    await interaction.response.defer(ephemeral=not in_public, thinking=True)
    await interaction.edit_original_response(content="half")
    await interaction.edit_original_response(
        content=None, embed=discord.Embed(title="Done", description="all of it")
    )
    await interaction.followup.send("more", ephemeral=True)


@app_commands.command(description="Asks")
async def ask(interaction: discord.Interaction):
    await interaction.response.send_message("Sure?", view=Buttons())


@app_commands.command(description="Opens a form")
async def form(interaction: discord.Interaction, new: bool):
    await interaction.response.send_modal(NewForm() if new else OldForm())


@app_commands.command(description="Writes to you")
async def write(interaction: discord.Interaction):
    await interaction.response.defer(ephemeral=True)
    try:
        await interaction.user.send("psst")
    except discord.Forbidden as error:
        await interaction.followup.send(f"no {error.code}")
    else:
        await interaction.followup.send("sent")


@app_commands.command(description="Sends a file")
async def export(interaction: discord.Interaction, template: discord.Attachment):
    head = (await template.read()).decode()
    file = discord.File(io.BytesIO(f"{head},1".encode()), "list.csv")
    await interaction.response.send_message(file=file, ephemeral=True)


@app_commands.command(description="Says it at length")
async def layout(interaction: discord.Interaction):
    view = discord.ui.LayoutView()
    view.add_item(discord.ui.Container(discord.ui.TextDisplay("# Set up")))
    await interaction.response.send_message(view=view, ephemeral=True)


@app_commands.context_menu(name="Look up")
async def look_up(interaction: discord.Interaction, user: discord.User):
    kind = type(user).__name__
    await interaction.response.send_message(f"{kind} {user.name}", ephemeral=True)


class Access(app_commands.Group):
    def __init__(self):
        permissions = discord.Permissions(manage_messages=True)
        super().__init__(name="access", description="Access", default_permissions=permissions)

    @app_commands.command(description="Grant")
    async def grant(
        self,
        interaction: discord.Interaction,
        item: str,
        member: discord.Member,
        role: discord.Role | None = None,
        channel: discord.TextChannel | None = None,
        days: app_commands.Range[int, 1, 10] = 1,
    ):
        assert isinstance(member, discord.Member)
        assert interaction.permissions.manage_guild
        assert interaction.app_permissions.send_messages
        assert interaction.guild.id == interaction.guild_id
        assert interaction.is_guild_integration()
        await interaction.response.send_message(f"{item} {member.name} {role} {channel} {days}")

    @grant.autocomplete("item")
    async def items(self, interaction, current):
        names = [each for each in ("alpha", "beta") if current in each]
        return [app_commands.Choice(name=each, value=each) for each in names]


@pytest.fixture
async def bot(make_bot, shop, start):
    bot = make_bot()
    for command in (hello, work, ask, form, write, export, layout, look_up, Access()):
        bot.tree.add_command(command)
    return await start(bot)


async def test_a_command_is_answered_and_its_answer_is_seen_by_one_person_only(bot, shop):
    used = await shop.as_buyer.run("hello", guild=shop.guild, name="Ben")
    answer = await used.answered()
    assert answer.content == "Hello Ben"
    assert answer.ephemeral
    assert used.acknowledged
    assert not used.deferred
    assert shop.as_buyer.sees(shop.channel) == [answer]
    assert shop.as_owner.sees(shop.channel) == []


async def test_a_menu_names_a_member_or_who_left(bot, shop):
    used = await shop.as_owner.use_menu("Look up", shop.buyer, guild=shop.guild)
    assert used.data["target_id"] == str(shop.buyer.id)
    assert set(used.data["resolved"]) == {"users", "members"}
    assert (await used.answered()).content == "Member ben"
    shop.fake.remove_member(shop.guild, shop.buyer)
    used = await shop.as_owner.use_menu("Look up", shop.buyer, guild=shop.guild)
    assert set(used.data["resolved"]) == {"users"}
    answer = await used.answered()
    assert answer.content == "User ben"
    metadata = answer.source["interaction_metadata"]
    assert metadata["target_user"]["id"] == str(shop.buyer.id)
    with pytest.raises(RefusedError, match="Look up"):
        await shop.as_owner.use_menu("hello", shop.buyer, guild=shop.guild)
    with pytest.raises(RefusedError):
        await shop.as_owner.run("Look up", guild=shop.guild)


async def test_a_deferral_is_filled_in_and_keeps_the_history_of_its_edits(bot, shop):
    used = await shop.as_buyer.run("work", guild=shop.guild)
    await used.until(lambda message: message.content == "more")
    first, second = used.messages
    assert used.deferred
    assert first.history == ["half", "Done\nall of it"]
    assert first.embeds[0]["title"] == "Done"
    assert second.ephemeral


async def test_a_button_changes_its_message(bot, shop):
    asked = await (await shop.as_buyer.run("ask", guild=shop.guild)).answered()
    pressed = await shop.as_owner.press(asked, "Later")
    assert (await pressed.answered()).content == "later it is"
    pressed = await shop.as_owner.press(asked, "yes")
    assert await pressed.answered() is asked
    assert asked.content == "pressed"
    assert asked.components == []
    with pytest.raises(RefusedError):
        await shop.as_owner.press(asked, "yes")


async def test_a_select_menu_sends_what_was_chosen(bot, shop):
    asked = await (await shop.as_buyer.run("ask", guild=shop.guild)).answered()
    chosen = await shop.as_buyer.choose(asked, "Colour", "Blue")
    assert (await chosen.answered()).content == "Blue"
    with pytest.raises(RefusedError):
        await shop.as_buyer.choose(asked, 0, "Green")


async def test_a_form_of_text_inputs_and_one_of_labels_reach_the_bot(bot, shop):
    opened = await shop.as_buyer.run("form", guild=shop.guild, new=False)
    await opened.form()
    with pytest.raises(RefusedError):
        await shop.as_buyer.submit(opened, {"First": "far too long a text"})
    sent = await shop.as_buyer.submit(opened, {"First": "abc"})
    assert (await sent.answered()).content == "got abc"
    opened = await shop.as_buyer.run("form", guild=shop.guild, new=True)
    sent = await shop.as_buyer.submit(opened, {"Name": "Ben", "size": "L"})
    assert (await sent.answered()).content == "Ben L"


async def test_options_arrive_resolved(bot, shop):
    role = shop.fake.add_role(shop.guild, "VIP")
    used = await shop.as_owner.run(
        "access grant",
        guild=shop.guild,
        item="alpha",
        member=shop.buyer,
        role=role,
        channel=shop.channel,
        days=3,
    )
    assert (await used.answered()).content == "alpha ben VIP general 3"


async def test_the_client_refuses_what_discords_client_refuses(bot, shop):
    with pytest.raises(RefusedError, match="required: member"):
        await shop.as_owner.run("access grant", guild=shop.guild, item="alpha")
    with pytest.raises(RefusedError, match="1 to 10"):
        await shop.as_owner.run(
            "access grant", guild=shop.guild, item="a", member=shop.buyer, days=99
        )
    with pytest.raises(RefusedError, match="does not take"):
        await shop.as_owner.run("access grant", guild=shop.guild, item="a", member="ben")
    with pytest.raises(RefusedError, match="no option"):
        await shop.as_owner.run("hello", guild=shop.guild, nome="x")


async def test_commands_are_shown_by_their_default_permissions(bot, shop):
    def names(person):
        return {each["name"] for each in person.commands(shop.guild)}

    assert "access" in names(shop.as_owner)
    assert "access" not in names(shop.as_buyer)
    with pytest.raises(RefusedError):
        await shop.as_buyer.run("access grant", guild=shop.guild, item="a", member=shop.buyer)
    shop.fake.open_commands(shop.guild, "access", to=shop.buyer)
    assert "access" in names(shop.as_buyer)


async def test_autocomplete_answers_with_choices(bot, shop):
    found = await shop.as_owner.complete(
        "access grant", "item", "alp", guild=shop.guild, member=shop.buyer
    )
    assert [(each["name"], each["value"]) for each in found] == [("alpha", "alpha")]


async def test_direct_messages_arrive_unless_they_are_closed(bot, shop):
    used = await shop.as_buyer.run("write", guild=shop.guild)
    assert (await used.answered()).content == "sent"
    assert [each.content for each in shop.as_buyer.dms()] == ["psst"]
    shop.fake.close_dms(shop.buyer)
    used = await shop.as_buyer.run("write", guild=shop.guild)
    assert (await used.answered()).content == "no 50007"
    assert len(shop.as_buyer.dms()) == 1


async def test_a_command_without_an_acknowledgement_fails_after_three_seconds(shop, clock):
    shop.fake._office.commands.add(None, {"name": "hello", "description": "x"})
    used = await shop.as_buyer.run("hello", guild=shop.guild)
    assert used.failed == "The application did not respond"
    with pytest.raises(NotAnsweredError):
        await used.answered()


async def test_a_bot_hears_what_people_write_to_it(bot, shop):
    await shop.as_buyer.say("hello bot")
    await eventually(lambda: "message" in bot.names())
    assert bot.heard[-1][1].content == "hello bot"
    assert bot.heard[-1][1].guild is None


async def test_files_travel_both_ways(bot, shop):
    used = await shop.as_buyer.run("export", guild=shop.guild, template=Upload("t.csv", b"name"))
    (attachment,) = (await used.answered()).attachments
    assert attachment["filename"] == "list.csv"
    assert shop.fake.world.files[int(attachment["id"])] == b"name,1"
    large = Upload("t.csv", b"x" * (10 * 1024 * 1024 + 1))
    with pytest.raises(RefusedError, match="up to 10 MB"):
        await shop.as_buyer.run("export", guild=shop.guild, template=large)


async def test_a_layout_of_components_is_readable(bot, shop):
    used = await shop.as_buyer.run("layout", guild=shop.guild)
    assert (await used.answered()).text == "# Set up"


async def test_a_button_in_a_direct_message_reaches_the_bot(bot, shop):
    user = await bot.fetch_user(shop.buyer.id)
    await user.send("Sure?", view=Buttons())
    (asked,) = shop.as_buyer.dms()
    assert asked.buttons == ["Yes", "Later"]
    pressed = await shop.as_buyer.press(asked, "Yes")
    assert (await pressed.answered()).content == "pressed"
    with pytest.raises(RefusedError):
        await shop.as_owner.press(asked, "Yes")


def named(message):
    return [each["filename"] for each in message.attachments]


async def test_a_file_comes_with_the_edit_of_a_direct_message(bot, shop, fake):
    message = await (await bot.fetch_user(shop.buyer.id)).send("half done")
    file = discord.File(io.BytesIO(b"a,b"), "rows.csv")
    message = await message.edit(content="done", attachments=[file])
    (there,) = fake.world.dm(shop.buyer).messages
    assert (there.content, named(there)) == ("done", ["rows.csv"])
    assert await message.attachments[0].read() == b"a,b"
    too_large = discord.File(io.BytesIO(b"x" * (10 * 1024 * 1024 + 1)), "large.csv")
    with pytest.raises(discord.HTTPException) as refused:
        await message.edit(attachments=[*message.attachments, too_large])
    assert (refused.value.status, refused.value.code) == (413, 40005)
    assert named(there) == ["rows.csv"]
    await message.edit(content="put away", attachments=[])
    assert (there.content, named(there)) == ("put away", [])


async def test_a_file_comes_with_the_edit_of_an_answer(api, shop, fake):
    used, path = shop.opened()
    await api("POST", path, {"type": 5})
    hook = f"{fake.api_url}/webhooks/{fake.bot.id}/{used.token}/messages/@original"

    async def edited(name, file, **body):
        form = aiohttp.FormData()
        form.add_field("payload_json", json.dumps(body), content_type="application/json")
        form.add_field("files[0]", io.BytesIO(file), filename=name)
        async with api.http.patch(hook, data=form) as answer:
            return answer.status, await answer.json()

    listed = {"attachments": [{"id": 0, "filename": "rows.csv"}]}
    status, answer = await edited("rows.csv", b"a,b", content="done", **listed)
    assert status == 200
    kept = {"attachments": [{"id": answer["attachments"][0]["id"]}, {"id": 0}]}
    await edited("more.csv", b"c", **kept)
    assert named(used.original) == ["rows.csv", "more.csv"]
    status, answer = await edited("large.csv", b"x" * (10 * 1024 * 1024 + 1), content="no")
    assert (status, answer["code"]) == (413, 40005)
    assert (used.original.content, named(used.original)) == (
        "done",
        ["rows.csv", "more.csv"],
    )
