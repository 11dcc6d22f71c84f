"""/reminders: whether a member hears that what they paid for ends; when a server says so."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction, Form
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import key, reminders as replies
from bot.services import Services


class Reminders(
    commands.GroupCog,
    group_name="reminders",
    group_description="Messages before your time ends",
):
    """The commands of members, the button under a reminder, and the form of a server."""

    def __init__(self, services: Services) -> None:
        self._reminders = services.reminders
        services.router.add(replies.OFF, Level.ANYONE, self.press_off)
        services.router.add(replies.OPEN_FORM, Level.MANAGE_SERVER, self.open_form)
        services.router.add(replies.FORM, Level.MANAGE_SERVER, self.submitted)

    @levels.anyone
    @app_commands.command(description="Get a direct message before your time ends")
    async def on(self, interaction: Interaction) -> None:
        """Remind the member who asks."""
        await self._switch(interaction, on=True)

    @levels.anyone
    @app_commands.command(description="Get no more messages before your time ends")
    async def off(self, interaction: Interaction) -> None:
        """Remind the member who asks no more."""
        await self._switch(interaction, on=False)

    async def _switch(self, interaction: Interaction, *, on: bool) -> None:
        await responses.defer(interaction)
        settings = await self._reminders.switch(levels.request(interaction), on=on)
        await responses.reply(interaction, replies.switched(settings, on=on))

    async def press_off(self, press: ComponentInteraction) -> None:
        """Remind the person who pressed no more; the reminder stays to be read."""
        await responses.defer(press.interaction)
        settings = await self._reminders.switch(press.request(), on=False)
        await responses.reply(press.interaction, replies.switched(settings, on=False))

    async def open_form(self, press: ComponentInteraction) -> None:
        """Open the form of the server's reminders."""
        settings = await self._reminders.settings(press.guild_id)
        items = replies.form_items(settings)
        form = Form(replies.FORM_TITLE, key(replies.FORM, press.guild_id), items)
        await responses.open_form(press.interaction, form)

    async def submitted(self, press: ComponentInteraction) -> None:
        """Keep what was typed into the form."""
        await responses.defer(press.interaction)
        days, zone = press.fields.get(replies.DAYS, ""), press.fields.get(replies.ZONE, "")
        settings = await self._reminders.set(press.request(), days, zone)
        await responses.reply(press.interaction, replies.changed(settings))
