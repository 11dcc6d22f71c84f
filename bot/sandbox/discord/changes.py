"""Everything that can happen to the world: it changes, the bot's gateway and the observers hear of it."""

from typing import Any

from bot.sandbox.discord import observer, payloads, permissions
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.gateway import Gateway
from bot.sandbox.discord.intents import EVERYWHERE, Scope
from bot.sandbox.discord.observer import Observers
from bot.sandbox.discord.options import RefusedError
from bot.sandbox.discord.world import (
    Channel,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    User,
    World,
)

_VIEW = permissions.VIEW_CHANNEL
_BANS = permissions.BAN_MEMBERS | permissions.VIEW_AUDIT_LOG


class Changes:
    """The only place that changes the world."""

    def __init__(self, world: World, gateway: Gateway, observers: Observers) -> None:
        self.world = world
        self.gateway = gateway
        self.observers = observers

    # Guilds, roles and members

    def add_guild(self, name: str, owner: User) -> Guild:
        number = self.world.ids.next()
        everyone = Role(number, "@everyone", permissions.EVERYONE, 0)
        guild = Guild(number, name, owner, everyone, {number: everyone})
        guild.members[owner.id] = Member(owner, self.world.now())
        self.world.guilds[number] = guild
        return guild

    def invite_bot(self, guild: Guild, bits: int) -> None:
        """What an invite link does: a managed role at the bottom, the member, GUILD_CREATE."""
        bot = self.world.bot
        if bot.id in guild.members:
            return
        for role in guild.roles.values():
            role.position += 1 if role.position > 0 else 0
        role = Role(self.world.ids.next(), bot.name, bits, 1, bot)
        guild.roles[role.id] = role
        guild.members[bot.id] = Member(bot, self.world.now(), [role])
        self.gateway.show_guild(guild)
        self._guild_changed(guild)

    def remove_bot(self, guild: Guild) -> None:
        member = guild.members.pop(self.world.bot.id, None)
        if member is None:
            return
        for role in [each for each in guild.roles.values() if each.bot is self.world.bot]:
            del guild.roles[role.id]
        self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, EVERYWHERE)
        self._guild_changed(guild)

    def add_role(
        self, guild: Guild, name: str, bits: int, position: int | None, *, booster: bool = False
    ) -> Role:
        top = max(role.position for role in guild.roles.values())
        place = top + 1 if position is None else position
        role = Role(self.world.ids.next(), name, bits, place, booster=booster)
        guild.roles[role.id] = role
        self._guild_event(guild, "GUILD_ROLE_CREATE", {"role": payloads.role(role)})
        self._guild_changed(guild)
        return role

    def create_role(self, guild: Guild, name: str, bits: int) -> Role:
        """What POST does: the role comes to the bottom, and the others make room."""
        others = [each for each in guild.roles.values() if each is not guild.everyone]
        role = self.add_role(guild, name, bits, 1)
        for each in others:
            self.change_role(guild, each, position=each.position + 1, bits=None)
        return role

    def sell_role(self, guild: Guild, role: Role) -> None:
        """Have a role come with a server subscription: from now on Discord alone gives and takes it."""
        role.listing = self.world.ids.next()
        self._guild_event(guild, "GUILD_ROLE_UPDATE", {"role": payloads.role(role)})
        self._guild_changed(guild)

    def change_role(
        self, guild: Guild, role: Role, *, position: int | None, bits: int | None
    ) -> None:
        role.position = role.position if position is None else position
        role.permissions = role.permissions if bits is None else bits
        self._guild_event(guild, "GUILD_ROLE_UPDATE", {"role": payloads.role(role)})
        self._guild_changed(guild)

    def drag_role(self, guild: Guild, role: Role, *, to_top: bool) -> None:
        """Put a role to the top or the bottom of the server's list; the others make room."""
        others = sorted(
            (each for each in guild.roles.values() if each not in (role, guild.everyone)),
            key=lambda each: each.position,
        )
        order = [*others, role] if to_top else [role, *others]
        for position, each in enumerate(order, start=1):
            if each.position != position:
                each.position = position
                self._guild_event(guild, "GUILD_ROLE_UPDATE", {"role": payloads.role(each)})
        self._guild_changed(guild)

    def delete_role(self, guild: Guild, role: Role) -> None:
        """Take the role from everybody who has it, each with an event of their own, and away."""
        del guild.roles[role.id]
        quiet = self.gateway.switches.quiet_role_deletion
        for member in [each for each in guild.members.values() if role in each.roles]:
            member.roles.remove(role)
            if not quiet:
                self._member_event(guild, member)
        self._guild_event(guild, "GUILD_ROLE_DELETE", {"role_id": str(role.id)})
        self._guild_changed(guild)

    def add_member(self, guild: Guild, user: User, roles: list[Role]) -> Member:
        """Let somebody in; RefusedError while they are banned."""
        if user.id in guild.bans:
            raise RefusedError(f"{user.display_name or user.name} is banned from {guild.name}")
        member = Member(user, self.world.now(), list(roles))
        guild.members[user.id] = member
        self._guild_event(guild, "GUILD_MEMBER_ADD", payloads.member(member))
        self._guild_changed(guild)
        return member

    def add_crowd(self, guild: Guild, count: int, name: str) -> None:
        """Many members at once, called name0 upwards; no bot that is connected hears of them."""
        moment = self.world.now()
        for number in range(count):
            user = self.world.new_user(f"{name}{number}")
            guild.members[user.id] = Member(user, moment)
        self._guild_changed(guild)

    def remove_member(self, guild: Guild, user: User) -> None:
        member = guild.members.pop(user.id, None)
        if member is None:
            return
        self._guild_event(guild, "GUILD_MEMBER_REMOVE", {"user": payloads.user(user)})
        if member.premium_since is not None:
            self._guild_event(guild, "GUILD_UPDATE", payloads.guild(guild))
        self._guild_changed(guild)

    def ban(self, guild: Guild, user: User) -> None:
        """Shut somebody out, in the server or not; who is in it leaves."""
        guild.bans[user.id] = user
        self._ban_event(guild, "GUILD_BAN_ADD", user)
        self.remove_member(guild, user)

    def unban(self, guild: Guild, user: User) -> None:
        if guild.bans.pop(user.id, None) is not None:
            self._ban_event(guild, "GUILD_BAN_REMOVE", user)
            self._guild_changed(guild)

    def set_boost(self, guild: Guild, member: Member, *, boosts: bool) -> None:
        """Begin or end a boost, with Discord's own role for those who boost."""
        if boosts is (member.premium_since is not None):
            return
        role = guild.booster_role
        if role is None:
            role = self.add_role(guild, "Server Booster", 0, 1, booster=True)
        member.premium_since = self.world.now() if boosts else None
        member.roles = [each for each in member.roles if each is not role]
        if boosts:
            member.roles.append(role)
        self._member_event(guild, member)
        self._guild_event(guild, "GUILD_UPDATE", payloads.guild(guild))
        self._guild_changed(guild)

    def set_nick(self, guild: Guild, member: Member, nick: str | None) -> None:
        member.nick = nick
        self._member_event(guild, member)
        self._guild_changed(guild)

    def give_role(self, guild: Guild, member: Member, role: Role) -> None:
        if role not in member.roles:
            member.roles.append(role)
            self._member_event(guild, member)
            self._guild_changed(guild)

    def take_role(self, guild: Guild, member: Member, role: Role) -> None:
        if role in member.roles:
            member.roles.remove(role)
            self._member_event(guild, member)
            self._guild_changed(guild)

    def add_channel(self, guild: Guild, name: str, *, public: bool) -> Channel:
        channel = Channel(self.world.ids.next(), name, guild, position=len(guild.channels))
        if not public:
            hidden = permissions.VIEW_CHANNEL
            channel.overwrites[guild.id] = Overwrite(guild.id, 0, deny=hidden)
            for role in guild.roles.values():
                if role.bot is self.world.bot:
                    channel.overwrites[role.id] = Overwrite(role.id, 0, allow=hidden)
        return self._open(guild, channel)

    def create_channel(
        self, guild: Guild, name: str, topic: str | None, overwrites: list[Overwrite]
    ) -> Channel:
        """What POST does: a text channel that changes these permissions from the first moment on."""
        channel = Channel(self.world.ids.next(), name, guild, position=len(guild.channels))
        channel.topic = topic
        channel.overwrites = {each.id: each for each in overwrites}
        return self._open(guild, channel)

    def _open(self, guild: Guild, channel: Channel) -> Channel:
        guild.channels[channel.id] = self.world.channels[channel.id] = channel
        self.gateway_channel("CHANNEL_CREATE", channel)
        return channel

    def delete_channel(self, channel: Channel) -> None:
        assert channel.guild is not None  # noqa: S101 - direct messages are never deleted
        del channel.guild.channels[channel.id], self.world.channels[channel.id]
        self.gateway_channel("CHANNEL_DELETE", channel)

    def set_overwrite(self, channel: Channel, overwrite: Overwrite) -> None:
        channel.overwrites[overwrite.id] = overwrite
        self.gateway_channel("CHANNEL_UPDATE", channel)

    def set_dms(self, user: User, *, are_open: bool) -> None:
        user.dms_open = are_open
        self.observers.tell("user_changed", user_id=str(user.id), dms_open=are_open)

    # Messages

    def post(self, message: Message) -> Message:
        message.channel.messages.append(message)
        if not message.loading:
            message.keep(message.created_at)
        self._message_event("MESSAGE_CREATE", message)
        self.observers.tell("message_created", message=observer.message(message))
        return message

    def edit(self, message: Message, **new: Any) -> Message:
        for name, value in new.items():
            setattr(message, name, value)
        moment = self.world.now()
        if message.versions:
            message.edited_at = moment
        message.keep(moment)
        self._message_event("MESSAGE_UPDATE", message)
        self.observers.tell("message_edited", message=observer.message(message))
        return message

    def delete(self, message: Message) -> None:
        message.deleted = True
        if message.visible_to is None:
            where = message.channel.guild
            facts: Json = {"id": str(message.id), "channel_id": str(message.channel.id)}
            if where is not None:
                facts["guild_id"] = str(where.id)
            self.gateway.dispatch("MESSAGE_DELETE", facts, Scope(dm=where is None))
        self.observers.tell("message_deleted", message=observer.message(message))

    # How it is told

    def gateway_channel(self, event: str, channel: Channel) -> None:
        if channel.guild is not None:
            self._guild_event(channel.guild, event, payloads.channel(channel))
            self._guild_changed(channel.guild)

    def _message_event(self, event: str, message: Message) -> None:
        if message.visible_to is not None:
            return  # ephemeral messages are not sent over the gateway
        guild = message.channel.guild
        if guild is not None:
            me = guild.members.get(self.world.bot.id)
            if me is None or not permissions.in_channel(message.channel, me) & _VIEW:
                return
        body = payloads.message_event(message)
        self.gateway.dispatch(event, body, Scope(dm=guild is None))

    def _member_event(self, guild: Guild, member: Member) -> None:
        scope = Scope(about_bot=member.user is self.world.bot)
        body = {"guild_id": str(guild.id), **payloads.member(member)}
        if self.world.bot.id in guild.members:
            self.gateway.dispatch("GUILD_MEMBER_UPDATE", body, scope)

    def _ban_event(self, guild: Guild, event: str, user: User) -> None:
        """Bans are told only to a bot that may ban, or read of it in the audit log."""
        me = guild.members.get(self.world.bot.id)
        if me is not None and permissions.of_member(guild, me) & _BANS:
            self._guild_event(guild, event, {"user": payloads.user(user)})

    def _guild_event(self, guild: Guild, event: str, body: Json) -> None:
        if self.world.bot.id in guild.members:
            self.gateway.dispatch(event, {"guild_id": str(guild.id), **body}, EVERYWHERE)

    def _guild_changed(self, guild: Guild) -> None:
        self.observers.tell("guild_changed", guild_id=str(guild.id))
