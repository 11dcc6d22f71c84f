"""From a request body to a message: building a new one and applying an edit."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.discord import limits
from bot.sandbox.discord.changes import Changes
from bot.sandbox.discord.components import numbered
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.world import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Channel,
    Message,
    User,
    World,
)

_SETTABLE = COMPONENTS_V2 | EPHEMERAL | SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS


@dataclass(frozen=True)
class Draft:
    """An uploaded file, `index` being the number in its part's name."""

    index: int
    filename: str
    content: bytes
    content_type: str = "application/octet-stream"


def build(world: World, channel: Channel, body: Json, files: list[Draft]) -> Message:
    """A message from the bot, not yet posted."""
    message = Message(world.ids.next(), channel, world.bot, world.now())
    message.content = (body.get("content") or "").strip()
    message.embeds = _embeds(body.get("embeds"))
    message.components = numbered(body.get("components") or [])
    message.attachments = _attachments(world, channel, body.get("attachments"), [], files)
    message.flags = int(body.get("flags") or 0) & _SETTABLE
    message.mentions = _mentions(world, message.content, body)
    return message


def apply_edit(changes: Changes, message: Message, body: Json, files: list[Draft]) -> None:
    """Change what the body names; what it leaves out stays. Raises 50006 when nothing remains."""
    added = int(body.get("flags") or 0) & COMPONENTS_V2
    new: dict[str, Any] = {"flags": message.flags & ~LOADING | added}
    if "content" in body:
        new["content"] = (body["content"] or "").strip()
        new["mentions"] = _mentions(changes.world, new["content"], body)
    if "embeds" in body:
        new["embeds"] = _embeds(body["embeds"])
    if "components" in body:
        new["components"] = numbered(body["components"] or [])
    if "attachments" in body or files:
        kept = message.attachments
        listed = body.get("attachments")
        new["attachments"] = _attachments(changes.world, message.channel, listed, kept, files)
    limits.check_edit_leaves_something(
        new.get("content", message.content),
        new.get("embeds", message.embeds),
        new.get("components", message.components),
        new.get("attachments", message.attachments),
    )
    changes.edit(message, **new)


def _mentions(world: World, content: str, body: Json) -> list[User]:
    found = world.mentioned(content)
    allowed = body.get("allowed_mentions")
    if allowed is None or "users" in (allowed.get("parse") or []):
        return found
    return [each for each in found if str(each.id) in map(str, allowed.get("users") or [])]


def _embeds(embeds: Any) -> list[Json]:
    shaped: list[Json] = []
    for embed in embeds or []:
        shape = {
            "type": "rich",
            **{key: value for key, value in embed.items() if value is not None},
        }
        if shape.get("fields"):
            shape["fields"] = [{"inline": False, **field} for field in shape["fields"]]
        shaped.append(shape)
    return shaped


def _attachments(
    world: World, channel: Channel, listed: Any, kept: list[Json], files: list[Draft]
) -> list[Json]:
    notes = {str(each.get("id")): each for each in listed or []}
    stay = [each for each in kept if listed is None or each["id"] in notes]
    return [*stay, *(store(world, channel, file, notes) for file in files)]


def store(world: World, channel: Channel, file: Draft, notes: dict[str, Json]) -> Json:
    """Keep a file and say where it is; `notes` are the body's remarks by index."""
    number = world.ids.next()
    world.files[number] = file.content
    url = f"{world.files_url}/attachments/{channel.id}/{number}/{file.filename}"
    attachment: Json = {
        "id": str(number),
        "filename": file.filename,
        "size": len(file.content),
        "url": url,
        "proxy_url": url,
        "content_type": file.content_type,
    }
    description = notes.get(str(file.index), {}).get("description")
    return attachment if description is None else {**attachment, "description": description}
