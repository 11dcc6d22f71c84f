"""What a person can do in Discord: read, type commands, press, choose, fill in forms, write."""

from typing import Any

from bot.sandbox.discord import payloads, permissions
from bot.sandbox.discord.components import BUTTON, LINK, SELECTS, STRING_SELECT, walk
from bot.sandbox.discord.drafts import Draft, store
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.forms import chosen, submitted
from bot.sandbox.discord.interactions import Interaction, Kind
from bot.sandbox.discord.options import (
    RefusedError,
    Resolved,
    Upload,
    filled,
    find,
    menu_of,
    nested,
    while_typing,
)
from bot.sandbox.discord.rest import Office
from bot.sandbox.discord.world import Channel, Guild, Member, Message, User


class Person:
    """One human at one client; what their client would refuse raises RefusedError."""

    def __init__(self, office: Office, user: User) -> None:
        self.user = user
        self._office = office

    def __repr__(self) -> str:
        return f"<Person {self.user.name}>"

    # Reading

    def commands(self, guild: Guild | None) -> list[Json]:
        """The commands listed after a slash, in a guild or (None) in the bot's direct messages."""
        if guild is None:
            return self._office.commands.seen_in_dms()
        if self._office.world.bot.id not in guild.members:
            return []
        return self._office.commands.seen_by(guild, self._member(guild))

    def dms(self) -> list[Message]:
        """The direct messages with the bot, oldest first."""
        channel = self._office.world.dms.get(self.user.id)
        return [] if channel is None else self.sees(channel)

    def sees(self, channel: Channel) -> list[Message]:
        """What stands in a channel for this person, oldest first; other people's ephemerals do not."""
        return [each for each in channel.messages if each.seen_by(self.user)]

    # Doing

    async def run(
        self,
        path: str,
        *,
        guild: Guild | None,
        channel: Channel | None = None,
        at: Channel | None = None,
        deliver: int = 1,
        **options: Any,
    ) -> Interaction:
        """Send a slash command, "access grant"; `deliver` hands the same event over several times.

        The command is typed in `at` (or `channel`); where a command has an option named "channel",
        `channel` is that option.
        """
        command, way, part = find(self.commands(guild), path)
        if any(each["name"] == "channel" for each in part.get("options") or []):
            options["channel"] = channel
        place = self._place(guild, at or (None if "channel" in options else channel))
        resolved = self._resolved(guild, place)
        data = self._command_data(command, nested(way, filled(part, options, resolved)))
        if resolved.parts:
            data["resolved"] = resolved.parts
        return self._send(Kind.COMMAND, place, data, command=path, deliver=deliver)

    async def use_menu(
        self,
        name: str,
        target: User,
        *,
        guild: Guild,
        channel: Channel | None = None,
        deliver: int = 1,
    ) -> Interaction:
        """Pick a command from the menu of a person, also of one who left but wrote there."""
        command = menu_of(self.commands(guild), name)
        place = self._place(guild, channel)
        resolved = self._resolved(guild, place)
        data = self._command_data(command, [])
        data["target_id"] = resolved.user(target)
        data["resolved"] = resolved.parts
        return self._send(Kind.COMMAND, place, data, command=name, deliver=deliver, target=target)

    async def complete(
        self,
        path: str,
        option: str,
        typed: Any,
        *,
        guild: Guild | None,
        channel: Channel | None = None,
        **others: Any,
    ) -> list[Json]:
        """The suggestions for an option while typing; NotAnsweredError when the bot gives none."""
        place = self._place(guild, channel)
        command, way, part = find(self.commands(guild), path)
        options = while_typing(part, others, option, typed)
        data = self._command_data(command, nested(way, options))
        interaction = self._send(Kind.AUTOCOMPLETE, place, data, command=path)
        await interaction.acknowledged_()
        return interaction.choices or []

    async def press(
        self, message: Message, label_or_custom_id: str, *, deliver: int = 1
    ) -> Interaction:
        """Press a button."""
        button = self._part(message, (BUTTON,), label_or_custom_id)
        if button["style"] == LINK or "custom_id" not in button:
            raise RefusedError("a link opens a page; it does not reach the bot")
        data = {"component_type": BUTTON, "custom_id": button["custom_id"], "id": button["id"]}
        return self._send(Kind.COMPONENT, message.channel, data, message=message, deliver=deliver)

    async def choose(
        self, message: Message, label_or_custom_id_or_index: str | int, values: Any
    ) -> Interaction:
        """Choose in a select menu; options by label or value, people, roles and channels as objects."""
        select = self._part(message, SELECTS, label_or_custom_id_or_index)
        resolved = self._resolved(message.channel.guild, message.channel)
        data: Json = {
            "component_type": select["type"],
            "custom_id": select["custom_id"],
            "id": select["id"],
            "values": chosen(select, values, resolved),
        }
        if select["type"] != STRING_SELECT:
            data["resolved"] = resolved.parts
        return self._send(Kind.COMPONENT, message.channel, data, message=message)

    async def submit(
        self, interaction: Interaction, values: dict[str, Any], *, deliver: int = 1
    ) -> Interaction:
        """Send the form that the interaction opened; fields by label or custom id."""
        modal = await interaction.form()
        if interaction.person is not self.user:
            raise RefusedError("that form was opened for somebody else")
        resolved = self._resolved(interaction.guild, interaction.channel)
        data: Json = {
            "custom_id": modal["custom_id"],
            "components": submitted(modal, values, resolved),
        }
        if resolved.parts:
            data["resolved"] = resolved.parts
        return self._send(
            Kind.MODAL,
            interaction.channel,
            data,
            message=interaction.message,
            deliver=deliver,
        )

    async def say(self, text: str, *, channel: Channel | None = None) -> Message:
        """Write a message, by default to the bot directly."""
        world = self._office.world
        place = channel or world.dm(self.user)
        if place.guild is not None:
            self._place(place.guild, place)
        message = Message(world.ids.next(), place, self.user, world.now(), text)
        message.mentions = world.mentioned(text)
        return self._office.changes.post(message)

    def delete(self, message: Message) -> None:
        """Delete a message of one's own, or dismiss an ephemeral one."""
        self._office.changes.delete(message)

    # How it is put together

    def _member(self, guild: Guild) -> Member:
        member = guild.members.get(self.user.id)
        if member is None:
            raise RefusedError(f"{self.user.name} is not in {guild.name}")
        return member

    def _place(self, guild: Guild | None, channel: Channel | None) -> Channel:
        if guild is None:
            return self._office.world.dm(self.user)
        member = self._member(guild)
        readable = [
            each
            for each in guild.channels.values()
            if permissions.in_channel(each, member) & permissions.VIEW_CHANNEL
        ]
        if channel is None and readable:
            return readable[0]
        if channel is None or channel not in readable:
            raise RefusedError(f"{self.user.name} cannot read that channel")
        return channel

    def _part(self, message: Message, kinds: tuple[int, ...], wanted: str | int) -> Json:
        if not message.seen_by(self.user):
            raise RefusedError(f"{self.user.name} does not see that message")
        parts = [each for each in walk(message.components) if each["type"] in kinds]
        for index, part in enumerate(parts):
            names = (part.get("label"), part.get("custom_id"), part.get("placeholder"), index)
            if wanted in names:
                if part.get("disabled"):
                    raise RefusedError(f"{wanted!r} is switched off")
                return part
        shown = [each.get("label") or each.get("custom_id") for each in parts]
        raise RefusedError(f"there is no {wanted!r}; there are: {shown}")

    def _resolved(self, guild: Guild | None, place: Channel) -> Resolved:
        asker = None if guild is None else self._member(guild)
        world = self._office.world

        def keep(upload: Upload) -> Json:
            return store(world, place, Draft(0, upload.filename, upload.content), {})

        return Resolved(guild, asker, keep)

    def _command_data(self, command: Json, options: list[Json]) -> Json:
        data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if options:
            data["options"] = options
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        return data

    def _send(
        self,
        kind: Kind,
        place: Channel,
        data: Json,
        *,
        message: Message | None = None,
        command: str | None = None,
        deliver: int = 1,
        target: User | None = None,
    ) -> Interaction:
        if message is not None and place.guild is not None:
            self._place(place.guild, place)
        interaction_service = self._office.interaction_service
        interaction = interaction_service.open(
            kind, self.user, place, data, message=message, command=command, target=target
        )
        body = self._envelope(interaction)
        interaction_service.deliver(interaction, body)
        for _ in range(deliver - 1):
            interaction_service.deliver_again(body)
        return interaction

    def _envelope(self, interaction: Interaction) -> Json:
        """The INTERACTION_CREATE around the data."""
        world, premium = self._office.world, self._office.premium
        held = premium.held(self.user, interaction.guild)
        body: Json = {
            "id": str(interaction.id),
            "application_id": str(world.bot.id),
            "type": int(interaction.kind),
            "data": interaction.data,
            "channel_id": str(interaction.channel.id),
            "token": interaction.token,
            "version": 1,
            "locale": "en-US",
            "entitlements": [premium.described(each) for each in held],
            "entitlement_sku_ids": [str(each.sku.id) for each in held],
            "attachment_size_limit": payloads.UPLOAD_LIMIT,
        }
        guild = interaction.guild
        member = None if guild is None else self._member(guild)
        body["channel"] = payloads.resolved_channel(interaction.channel, member)
        if guild is None or member is None:
            body["user"] = payloads.user(self.user)
            body["context"] = 1
            body["app_permissions"] = str(permissions.ALL)
            body["authorizing_integration_owners"] = {"0": "0"}
        else:
            bits = permissions.in_channel(interaction.channel, member)
            me = guild.members[world.bot.id]
            body["guild_id"] = str(guild.id)
            body["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
            body["guild_locale"] = "en-US"
            body["member"] = {**payloads.member(member), "permissions": str(bits)}
            body["app_permissions"] = str(permissions.in_channel(interaction.channel, me))
            body["context"] = 0
            body["authorizing_integration_owners"] = {"0": str(guild.id)}
        if interaction.message is not None:
            body["message"] = payloads.message(interaction.message)
        return body
