"""Channels and their messages, as the bot may see and change them."""

from aiohttp import web

from bot.sandbox.discord import limits, payloads, permissions
from bot.sandbox.discord.drafts import apply_edit, build
from bot.sandbox.discord.errors import (
    ApiError,
    Json,
    missing_access,
    missing_permissions,
    unknown,
)
from bot.sandbox.discord.rest import Endpoint, Office, read_message, read_object
from bot.sandbox.discord.snowflakes import parse_id
from bot.sandbox.discord.world import EPHEMERAL, Channel, Message


async def get_channel(office: Office, request: web.Request) -> Json:
    return payloads.channel(_visible(office, request))


async def list_messages(office: Office, request: web.Request) -> list[Json]:
    channel = _visible(office, request)
    _need(office, channel, permissions.READ_MESSAGE_HISTORY)
    limit = min(100, int(request.query.get("limit", 50)))
    before = parse_id(request.query.get("before", "")) or 1 << 63
    after = parse_id(request.query.get("after", "")) or 0
    found = [
        each
        for each in channel.messages
        if after < each.id < before and not each.deleted and each.visible_to is None
    ]
    chosen = found[:limit] if "after" in request.query else found[-limit:]
    return [payloads.message(each) for each in reversed(chosen)]


async def get_message(office: Office, request: web.Request) -> Json:
    channel = _visible(office, request)
    return payloads.message(_public_message(office, channel, request))


async def create_message(office: Office, request: web.Request) -> Json:
    body, files = await read_message(request)
    channel = _visible(office, request)
    _need(office, channel, permissions.SEND_MESSAGES)
    if body.get("embeds"):
        _need(office, channel, permissions.EMBED_LINKS)
    if files:
        _need(office, channel, permissions.ATTACH_FILES)
    limits.check_message(body, files=len(files))
    _check_dms(office, channel)
    nonce = body.get("nonce")
    if nonce is not None and body.get("enforce_nonce"):
        for earlier in reversed(channel.messages):
            if earlier.nonce == str(nonce) and earlier.author is office.world.bot:
                return payloads.message(earlier)
    message = build(office.world, channel, body, files)
    message.flags &= ~EPHEMERAL  # only answers to interactions can be for one person
    message.nonce = None if nonce is None else str(nonce)
    reference = body.get("message_reference")
    if reference is not None:
        message.reference = _reference(office, channel, reference)
    return payloads.message(office.changes.post(message))


async def edit_message(office: Office, request: web.Request) -> Json:
    body, files = await read_message(request)
    channel = _visible(office, request)
    message = _public_message(office, channel, request)
    if message.author is not office.world.bot:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    limits.check_message(body, editing=True, files=len(files), flags=message.flags)
    apply_edit(office.changes, message, body, files)
    return payloads.message(message)


async def delete_message(office: Office, request: web.Request) -> None:
    channel = _visible(office, request)
    message = _public_message(office, channel, request)
    if message.author is not office.world.bot:
        _need(office, channel, permissions.MANAGE_MESSAGES)
    office.changes.delete(message)


async def typing(office: Office, request: web.Request) -> None:
    _need(office, _visible(office, request), permissions.SEND_MESSAGES)


async def open_dm(office: Office, request: web.Request) -> Json:
    body = await read_object(request)
    user = office.world.user(body.get("recipient_id"))
    if user is office.world.bot:
        raise ApiError(400, 50007, "Cannot send messages to this user")
    return payloads.channel(office.world.dm(user))


def _visible(office: Office, request: web.Request) -> Channel:
    channel = office.world.channel(request.match_info["channel"])
    _need(office, channel, permissions.VIEW_CHANNEL)
    return channel


def _need(office: Office, channel: Channel, bits: int) -> None:
    if channel.guild is None:
        return
    member = channel.guild.members.get(office.world.bot.id)
    held = 0 if member is None else permissions.in_channel(channel, member)
    if not held & permissions.VIEW_CHANNEL:
        raise missing_access()
    if held & bits != bits:
        raise missing_permissions()


def _check_dms(office: Office, channel: Channel) -> None:
    person = channel.recipient
    if person is None:
        return
    shared = any(person.id in guild.members for guild in office.world.bot_guilds())
    if not person.dms_open or person.bot or not shared:
        raise ApiError(403, 50007, "Cannot send messages to this user")


def _public_message(office: Office, channel: Channel, request: web.Request) -> Message:
    message = office.world.message(channel, request.match_info["message"])
    if message.visible_to is not None:
        raise unknown("message")  # ephemeral ones are reached only through their webhook
    return message


def _reference(office: Office, channel: Channel, asked: Json) -> Json:
    number = asked.get("message_id")
    if asked.get("fail_if_not_exists", True):
        office.world.message(channel, number)
    reference: Json = {"type": 0, "message_id": str(number), "channel_id": str(channel.id)}
    if channel.guild is not None:
        reference["guild_id"] = str(channel.guild.id)
    return reference


_MESSAGES = "/channels/{channel}/messages"

ENDPOINTS = [
    Endpoint("POST", "/users/@me/channels", open_dm, "dm"),
    Endpoint("GET", "/channels/{channel}", get_channel),
    Endpoint("GET", _MESSAGES, list_messages),
    Endpoint("POST", _MESSAGES, create_message, "message"),
    Endpoint("GET", _MESSAGES + "/{message}", get_message),
    Endpoint("PATCH", _MESSAGES + "/{message}", edit_message, "edit"),
    Endpoint("DELETE", _MESSAGES + "/{message}", delete_message, "edit"),
    Endpoint("POST", "/channels/{channel}/typing", typing),
]
