"""Select menus of people, roles and channels, on messages and in forms; options of every type."""

import discord
import pytest
from discord import app_commands

from bot.sandbox.discord import RefusedError
from tests.support.fake_time import eventually


class Menus(discord.ui.View):
    @discord.ui.select(cls=discord.ui.UserSelect, placeholder="Who", max_values=2)
    async def who(self, interaction, select):
        names = [f"{type(each).__name__} {each.name}" for each in select.values]
        await interaction.response.send_message(", ".join(names))

    @discord.ui.select(cls=discord.ui.RoleSelect, placeholder="Role")
    async def role(self, interaction, select):
        await interaction.response.send_message(select.values[0].name)

    @discord.ui.select(cls=discord.ui.ChannelSelect, placeholder="Where")
    async def where(self, interaction, select):
        await interaction.response.send_message(select.values[0].name)

    @discord.ui.button(label="Off", disabled=True)
    async def off(self, interaction, button):
        raise AssertionError


class Form(discord.ui.Modal, title="Whose"):
    def __init__(self):
        super().__init__()
        self.add_item(discord.ui.TextDisplay("Choose well"))
        self.who = discord.ui.UserSelect(custom_id="who", required=True)
        self.size = discord.ui.Select(
            custom_id="size",
            required=False,
            options=[
                discord.SelectOption(label="S"),
                discord.SelectOption(label="L", default=True),
            ],
        )
        self.add_item(discord.ui.Label(text="Who", component=self.who))
        self.add_item(discord.ui.Label(text="Size", component=self.size))

    async def on_submit(self, interaction):
        text = f"{self.who.values[0].name} {self.size.values}"
        await interaction.response.send_message(text)


@app_commands.command(description="Menus")
async def menus(interaction: discord.Interaction):
    await interaction.response.send_message("Choose", view=Menus())


@app_commands.command(description="Form")
async def form(interaction: discord.Interaction):
    await interaction.response.send_modal(Form())


@app_commands.command(description="Everything")
@app_commands.choices(kind=[app_commands.Choice(name="Big", value="b")])
async def every(
    interaction: discord.Interaction,
    kind: str,
    share: app_commands.Range[float, 0, 1],
    target: discord.Member | discord.Role,
    text: app_commands.Range[str, 2, 4] = "none",
):
    await interaction.response.send_message(f"{kind} {share} {target.name} {text}")


@pytest.fixture
async def bot(make_bot, shop, start):
    bot = make_bot()
    for command in (menus, form, every):
        bot.tree.add_command(command)
    await start(bot)
    await eventually(lambda: bot.guilds)
    return bot


async def test_menus_of_people_roles_and_channels_send_what_they_name(bot, shop):
    asked = await (await shop.as_buyer.run("menus", guild=shop.guild)).answered()
    role = shop.fake.add_role(shop.guild, "VIP")
    stranger = shop.fake.add_user("stranger")
    cases = [
        ("Who", [shop.buyer, stranger], "Member ben, User stranger"),
        (1, role, "VIP"),
        ("Where", shop.channel, "general"),
    ]
    for menu, values, said in cases:
        chosen = await shop.as_buyer.choose(asked, menu, values)
        assert (await chosen.answered()).content == said


async def test_what_a_menu_does_not_offer_is_refused(bot, shop):
    asked = await (await shop.as_buyer.run("menus", guild=shop.guild)).answered()
    with pytest.raises(RefusedError, match="does not offer"):
        await shop.as_buyer.choose(asked, "Role", shop.buyer)
    with pytest.raises(RefusedError, match="choose 1 to 2"):
        await shop.as_buyer.choose(asked, "Who", [])
    with pytest.raises(RefusedError, match="switched off"):
        await shop.as_buyer.press(asked, "Off")
    with pytest.raises(RefusedError, match="there is no"):
        await shop.as_buyer.press(asked, "Nothing")


async def test_a_form_can_hold_menus_and_presets(bot, shop):
    opened = await shop.as_buyer.run("form", guild=shop.guild)
    await opened.form()
    with pytest.raises(RefusedError, match="must be chosen"):
        await shop.as_buyer.submit(opened, {})
    with pytest.raises(RefusedError, match="no field Whom"):
        await shop.as_buyer.submit(opened, {"Who": shop.buyer, "Whom": "x"})
    with pytest.raises(RefusedError, match="somebody else"):
        await shop.as_owner.submit(opened, {"Who": shop.buyer})
    sent = await shop.as_buyer.submit(opened, {"Who": shop.buyer})
    assert (await sent.answered()).content == "ben ['L']"
    opened = await shop.as_buyer.run("form", guild=shop.guild)
    sent = await shop.as_buyer.submit(opened, {"who": shop.owner, "Size": []})
    assert (await sent.answered()).content == "olga []"


async def test_options_of_every_kind_are_taken_or_refused(bot, shop):
    async def said(**options):
        return (await (await run(**options)).answered()).content

    async def run(**options):
        return await shop.as_buyer.run("every", guild=shop.guild, **options)

    good = {"kind": "Big", "share": 0.5, "target": shop.buyer}
    assert await said(**good) == "b 0.5 ben none"
    assert await said(**{**good, "target": shop.guild.everyone}) == "b 0.5 @everyone none"
    assert await said(**good, text="abc") == "b 0.5 ben abc"
    for bad in ({"kind": "Small"}, {"share": 2}, {"share": "x"}, {"target": 1}, {"text": "x"}):
        with pytest.raises(RefusedError):
            await run(**{**good, **bad})


async def test_a_deleted_role_and_a_deleted_channel_are_gone_for_the_bot_too(bot, shop):
    role = shop.fake.add_role(shop.guild, "VIP")
    shop.fake.give_role(shop.guild, shop.buyer, role)
    channel = shop.fake.add_channel(shop.guild, "extra")
    await eventually(lambda: bot.guilds[0].get_channel(channel.id))
    shop.fake.delete_role(shop.guild, role)
    shop.fake.delete_channel(channel)
    await eventually(lambda: bot.guilds[0].get_channel(channel.id) is None)
    assert bot.guilds[0].get_role(role.id) is None
    assert shop.guild.members[shop.buyer.id].roles == []


async def test_somebody_outside_the_server_or_the_channel_cannot_run_commands(bot, shop):
    stranger = shop.fake.person(shop.fake.add_user("stranger"))
    with pytest.raises(RefusedError, match="is not in"):
        await stranger.run("menus", guild=shop.guild)
    hidden = shop.fake.add_channel(shop.guild, "staff", public=False)
    with pytest.raises(RefusedError, match="cannot read"):
        await shop.as_buyer.run("menus", guild=shop.guild, channel=hidden)
