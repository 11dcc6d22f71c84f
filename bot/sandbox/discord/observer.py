"""What somebody watching this Discord is told: a stream of small JSON dicts, and a picture of it all."""

import asyncio

from bot.sandbox.discord import permissions
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.payloads import stamp
from bot.sandbox.discord.world import Channel, Guild, Message, User, World


class Observers:
    """Hands every event to all subscribers; slow ones lose nothing."""

    def __init__(self) -> None:
        self._queues: list[asyncio.Queue[Json]] = []

    def subscribe(self) -> "asyncio.Queue[Json]":
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._queues.append(queue)
        return queue

    def unsubscribe(self, queue: "asyncio.Queue[Json]") -> None:
        if queue in self._queues:
            self._queues.remove(queue)

    def tell(self, kind: str, **facts: object) -> None:
        for queue in self._queues:
            queue.put_nowait({"type": kind, **facts})


def message(message: Message) -> Json:
    """A message with everything needed to draw it; ids are strings, moments ISO 8601."""
    return {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "guild_id": str(message.channel.guild.id) if message.channel.guild else None,
        "author": {
            "id": str(message.author.id),
            "name": message.author.name,
            "bot": message.author.bot,
        },
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": message.attachments,
        "ephemeral": message.ephemeral,
        "loading": message.loading,
        "deleted": message.deleted,
        "visible_to": audience(message),
        "created_at": stamp(message.created_at),
        "edited_at": stamp(message.edited_at),
        "interaction": message.source.get("interaction"),
        "history": message.history,
    }


def audience(message: Message) -> list[str] | None:
    """The ids of those who can see the message; None is everyone in its channel."""
    if message.visible_to is not None:
        return [str(message.visible_to.id)]
    if message.channel.recipient is not None:
        return [str(message.channel.recipient.id)]
    return None


def channel(channel: Channel) -> Json:
    guild = channel.guild
    seen_by = [channel.recipient.id] if channel.recipient else []
    if guild is not None:
        seen_by = [
            each.user.id
            for each in guild.members.values()
            if permissions.in_channel(channel, each) & permissions.VIEW_CHANNEL
        ]
    return {
        "id": str(channel.id),
        "name": channel.name,
        "guild_id": str(guild.id) if guild else None,
        "seen_by": [str(each) for each in seen_by],
        "public": guild is not None
        and not (channel.overwrites.get(guild.id) and channel.overwrites[guild.id].deny),
        "messages": [message(each) for each in channel.messages if not each.deleted],
    }


def guild(guild: Guild, world: World) -> Json:
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner.id),
        "has_bot": world.bot.id in guild.members,
        "roles": [
            {
                "id": str(each.id),
                "name": each.name,
                "permissions": str(each.permissions),
                "position": each.position,
                "managed": each.managed,
                "of_bot": each.bot is world.bot,
            }
            for each in sorted(guild.roles.values(), key=lambda role: -role.position)
        ],
        "members": [
            {
                "user_id": str(each.user.id),
                "roles": [str(role.id) for role in each.roles],
                "permissions": str(permissions.of_member(guild, each)),
                "boosts": each.premium_since is not None,
            }
            for each in guild.members.values()
        ],
        "banned": [str(each) for each in guild.bans],
        "channels": [channel(each) for each in guild.channels.values()],
    }


def user(user: User) -> Json:
    return {
        "id": str(user.id),
        "name": user.name,
        "display_name": user.display_name,
        "bot": user.bot,
        "dms_open": user.dms_open,
    }


def snapshot(world: World, *, online: bool) -> Json:
    """Everything that exists, as JSON."""
    return {
        "bot": {"id": str(world.bot.id), "name": world.bot.name, "online": online},
        "users": [user(each) for each in world.users.values()],
        "guilds": [guild(each, world) for each in world.guilds.values()],
        "dms": [channel(each) for each in world.dms.values()],
    }
