"""Roles and channels that the bot makes, and takes away again."""

import re
from typing import Literal

from aiohttp import web

from bot.sandbox.discord import payloads, permissions
from bot.sandbox.discord.errors import (
    ApiError,
    Form,
    Json,
    missing_access,
    missing_permissions,
)
from bot.sandbox.discord.rest import Created, Endpoint, Office, read_object
from bot.sandbox.discord.rest_guilds import audit_reason
from bot.sandbox.discord.snowflakes import parse_id
from bot.sandbox.discord.world import TEXT, Creation, Guild, Overwrite

_MAX_ROLES = 250  # with @everyone
_MAX_CHANNELS = 500
_MAX_OVERWRITES = 100
_TOPIC = 1024


async def create_role(office: Office, request: web.Request) -> Json:
    guild, held = _held(office, request, permissions.MANAGE_ROLES)
    body = await read_object(request)
    form = Form()
    name = form.text(("name",), body.get("name"), 1, 100) or "new role"
    bits = _bits(form, ("permissions",), body.get("permissions", guild.everyone.permissions))
    form.done()
    reason = audit_reason(request)
    if bits & ~held:
        raise missing_permissions()
    if len(guild.roles) >= _MAX_ROLES:
        raise ApiError(400, 30005, f"Maximum number of server roles reached ({_MAX_ROLES})")
    role = office.changes.create_role(guild, name, bits)
    _keep(office, "role", role.id, role.name, reason)
    return payloads.role(role)


async def delete_role(office: Office, request: web.Request) -> None:
    guild, _ = _held(office, request, permissions.MANAGE_ROLES)
    role = office.world.role(guild, request.match_info["role"])
    if role is guild.everyone or role.managed:
        raise ApiError(400, 50028, "Invalid Role")
    if permissions.top_position(guild, guild.members[office.world.bot.id]) <= role.position:
        raise missing_permissions()
    _keep(office, "role", role.id, role.name, audit_reason(request), deleted=True)
    office.changes.delete_role(guild, role)


async def create_channel(office: Office, request: web.Request) -> Created:
    guild, held = _held(office, request, permissions.MANAGE_CHANNELS)
    body = await read_object(request)
    form = Form()
    name = form.text(("name",), body.get("name"), 1, 100, required=True)
    topic = form.text(("topic",), body.get("topic"), 0, _TOPIC)
    form.choice(("type",), TEXT if body.get("type") is None else body["type"], (TEXT,))
    overwrites = _overwrites(form, guild, body.get("permission_overwrites"))
    form.done()
    reason = audit_reason(request)
    if any((each.allow | each.deny) & ~held for each in overwrites):
        raise missing_permissions()
    manages = any((each.allow | each.deny) & permissions.MANAGE_ROLES for each in overwrites)
    if manages and not held & permissions.ADMINISTRATOR:
        raise missing_permissions()
    if len(guild.channels) >= _MAX_CHANNELS:
        raise ApiError(400, 30013, f"Maximum number of guild channels reached ({_MAX_CHANNELS})")
    called = re.sub(r"\s+", "-", (name or "").strip()).lower()
    channel = office.changes.create_channel(guild, called, topic, overwrites)
    _keep(office, "channel", channel.id, channel.name, reason)
    return Created(payloads.channel(channel))


async def delete_channel(office: Office, request: web.Request) -> Json:
    channel = office.world.channel(request.match_info["channel"])
    if channel.guild is None:
        raise ApiError(403, 50003, "Cannot execute action on a DM channel")
    me = channel.guild.members[office.world.bot.id]
    held = permissions.in_channel(channel, me)
    if not held & permissions.VIEW_CHANNEL:
        raise missing_access()
    if not held & permissions.MANAGE_CHANNELS:
        raise missing_permissions()
    _keep(office, "channel", channel.id, channel.name, audit_reason(request), deleted=True)
    body = payloads.channel(channel)
    office.changes.delete_channel(channel)
    return body


def _held(office: Office, request: web.Request, needed: int) -> tuple[Guild, int]:
    """The server, and what the bot may do in it; refuses a bot that lacks what is needed."""
    guild = office.world.guild(request.match_info["guild"])
    held = permissions.of_member(guild, guild.members[office.world.bot.id])
    if not held & needed:
        raise missing_permissions()
    return guild, held


def _bits(form: Form, path: tuple[str | int, ...], value: object) -> int:
    """Permission bits: a number, or one as text; nothing for what is neither."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | str):
        form.add(path, "BASE_TYPE_CONVERT", "Could not interpret value as permissions.")
        return 0
    text = str(value)
    if not (text.isascii() and text.isdecimal()):
        form.add(path, "BASE_TYPE_CONVERT", "Could not interpret value as permissions.")
        return 0
    return int(text) & permissions.ALL


def _overwrites(form: Form, guild: Guild, given: object) -> list[Overwrite]:
    found = []
    path: tuple[str | int, ...] = ("permission_overwrites",)
    for place, each in enumerate(form.items(path, given, 0, _MAX_OVERWRITES)):
        here = (*path, place)
        if not isinstance(each, dict):
            form.add(here, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            continue
        number = parse_id(each.get("id")) or 0
        is_known = number in (guild.roles if each.get("type") == 0 else guild.members)
        if form.choice((*here, "type"), each.get("type"), (0, 1)) and not is_known:
            form.add(here, "CHANNEL_OVERWRITE_ID_INVALID", "Invalid overwrite id")
        allow = _bits(form, (*here, "allow"), each.get("allow"))
        deny = _bits(form, (*here, "deny"), each.get("deny"))
        found.append(Overwrite(number, 1 if each.get("type") == 1 else 0, allow, deny))
    return found


def _keep(
    office: Office,
    what: Literal["role", "channel"],
    target_id: int,
    name: str,
    reason: str | None,
    *,
    deleted: bool = False,
) -> None:
    entry = Creation(office.world.now(), what, target_id, name, reason, deleted)
    office.world.creations.append(entry)


ENDPOINTS = [
    Endpoint("POST", "/guilds/{guild}/roles", create_role, "creation"),
    Endpoint("DELETE", "/guilds/{guild}/roles/{role}", delete_role, "creation"),
    Endpoint("POST", "/guilds/{guild}/channels", create_channel, "creation"),
    Endpoint("DELETE", "/channels/{channel}", delete_channel, "creation"),
]
