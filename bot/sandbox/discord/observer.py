"""What somebody watching this Discord is told: a stream of small JSON dicts, and a picture of it all."""

import asyncio

from bot.sandbox.discord import permissions
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.payloads import stamp
from bot.sandbox.discord.world import Channel, Guild, Message, World


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


def message(one: Message) -> Json:
    """A message with everything needed to draw it; ids are strings, moments ISO 8601."""
    return {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "guild_id": str(one.channel.guild.id) if one.channel.guild else None,
        "author": {"id": str(one.author.id), "name": one.author.name, "bot": one.author.bot},
        "content": one.content,
        "embeds": one.embeds,
        "components": one.components,
        "attachments": one.attachments,
        "ephemeral": one.ephemeral,
        "loading": one.loading,
        "deleted": one.deleted,
        "visible_to": audience(one),
        "created_at": stamp(one.created_at),
        "edited_at": stamp(one.edited_at),
        "interaction": one.source.get("interaction"),
        "history": one.history,
    }


def audience(one: Message) -> list[str] | None:
    """The ids of those who can see the message; None is everyone in its channel."""
    if one.visible_to is not None:
        return [str(one.visible_to.id)]
    if one.channel.recipient is not None:
        return [str(one.channel.recipient.id)]
    return None


def channel(one: Channel) -> Json:
    guild = one.guild
    seen_by = [one.recipient.id] if one.recipient else []
    if guild is not None:
        seen_by = [
            each.user.id
            for each in guild.members.values()
            if permissions.in_channel(one, each) & permissions.VIEW_CHANNEL
        ]
    return {
        "id": str(one.id),
        "name": one.name,
        "guild_id": str(guild.id) if guild else None,
        "seen_by": [str(each) for each in seen_by],
        "public": guild is not None
        and not (one.overwrites.get(guild.id) and one.overwrites[guild.id].deny),
        "messages": [message(each) for each in one.messages if not each.deleted],
    }


def guild(one: Guild, world: World) -> Json:
    return {
        "id": str(one.id),
        "name": one.name,
        "owner_id": str(one.owner.id),
        "has_bot": world.bot.id in one.members,
        "roles": [
            {
                "id": str(each.id),
                "name": each.name,
                "permissions": str(each.permissions),
                "position": each.position,
                "managed": each.managed,
            }
            for each in sorted(one.roles.values(), key=lambda role: -role.position)
        ],
        "members": [
            {
                "user_id": str(each.user.id),
                "roles": [str(role.id) for role in each.roles],
                "permissions": str(permissions.of_member(one, each)),
            }
            for each in one.members.values()
        ],
        "channels": [channel(each) for each in one.channels.values()],
    }


def snapshot(world: World, *, online: bool) -> Json:
    """Everything that exists, as JSON."""
    return {
        "bot": {"id": str(world.bot.id), "name": world.bot.name, "online": online},
        "users": [
            {
                "id": str(each.id),
                "name": each.name,
                "display_name": each.display_name,
                "bot": each.bot,
                "dms_open": each.dms_open,
            }
            for each in world.users.values()
        ],
        "guilds": [guild(each, world) for each in world.guilds.values()],
        "dms": [channel(each) for each in world.dms.values()],
    }
