"""The bot's own account, its application, its commands, and where the gateway is."""

from typing import Any

from aiohttp import web

from bot.sandbox.discord import payloads, permissions
from bot.sandbox.discord.errors import ApiError, Form, Json, missing_access, unknown
from bot.sandbox.discord.rest import Created, Endpoint, Office, read_json, read_object
from bot.sandbox.discord.snowflakes import parse_id
from bot.sandbox.discord.world import User

_MAX_GUILDS = 200
_MAX_ID = 2**63 - 1


async def gateway(office: Office, request: web.Request) -> Json:  # noqa: ARG001 - one signature
    return {"url": office.gateway.url}


async def gateway_bot(office: Office, request: web.Request) -> Json:  # noqa: ARG001 - one signature
    limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
    return {"url": office.gateway.url, "shards": 1, "session_start_limit": limit}


async def me(office: Office, request: web.Request) -> Json:  # noqa: ARG001 - one signature
    return payloads.self_user(office.world.bot)


async def my_guilds(office: Office, request: web.Request) -> list[Json]:
    form = Form()
    limit = _number(form, request, "limit", 1, _MAX_GUILDS) or _MAX_GUILDS
    before, after = (_number(form, request, name, 0, _MAX_ID) for name in ("before", "after"))
    form.done()
    guilds = sorted(office.world.bot_guilds(), key=lambda each: each.id)
    if before:  # the page that ends there
        guilds = [each for each in guilds if each.id < before][-limit:]
    return [
        {
            "id": str(each.id),
            "name": each.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(_own_permissions(office, each.id)),
            "features": [],
        }
        for each in [each for each in guilds if each.id > (after or 0)][:limit]
    ]


def _number(form: Form, request: web.Request, name: str, least: int, most: int) -> int | None:
    """A number of the query, or None where it is not there."""
    text = request.query.get(name)
    if text is None:
        return None
    number = int(text) if text.isascii() and text.removeprefix("-").isdigit() else text
    return form.number((name,), number, least, most)


async def leave_guild(office: Office, request: web.Request) -> None:
    office.changes.remove_bot(office.world.guild(request.match_info["guild"]))


async def my_application(office: Office, request: web.Request) -> Json:  # noqa: ARG001
    world = office.world
    people = [each for each in world.users.values() if not each.bot]
    owner = people[0] if people else User(1, "nobody")
    return payloads.application(
        world.bot, owner, flags=office.gateway.flags, guilds=len(world.bot_guilds())
    )


async def user(office: Office, request: web.Request) -> Json:
    return payloads.user(office.world.user(request.match_info["user"]))


async def list_commands(office: Office, request: web.Request) -> list[Json]:
    return office.commands.listed(place_of(office, request))


async def set_commands(office: Office, request: web.Request) -> Any:
    place = place_of(office, request)
    return office.commands.overwrite(place, await read_json(request))


async def add_command(office: Office, request: web.Request) -> Json | Created:
    place = place_of(office, request)
    before = {each["id"] for each in office.commands.listed(place)}
    stored = office.commands.add(place, await read_object(request))
    return stored if stored["id"] in before else Created(stored)


async def get_command(office: Office, request: web.Request) -> Json:
    return office.commands.get(place_of(office, request), request.match_info["command"])


async def change_command(office: Office, request: web.Request) -> Json:
    place = place_of(office, request)
    body = await read_object(request)
    return office.commands.change(place, request.match_info["command"], body)


async def delete_command(office: Office, request: web.Request) -> None:
    office.commands.delete(place_of(office, request), request.match_info["command"])


def _own_permissions(office: Office, guild_id: int) -> int:
    guild = office.world.guilds[guild_id]
    return permissions.of_member(guild, guild.members[office.world.bot.id])


def place_of(office: Office, request: web.Request) -> int | None:
    """The guild of a command route, None for global ones; only the bot's own application."""
    match = request.match_info
    if parse_id(match["application"]) != office.world.bot.id:
        raise ApiError(
            403, 20012, "You are not authorized to perform this action on this application"
        )
    if "guild" not in match:
        return None
    number = parse_id(match["guild"])
    guild = office.world.guilds.get(number or 0)
    if number is None or guild is None:
        raise unknown("guild")
    if office.world.bot.id not in guild.members:
        raise missing_access()
    return number


_APPLICATION = "/applications/{application}"
_GLOBAL = _APPLICATION + "/commands"
_LOCAL = _APPLICATION + "/guilds/{guild}/commands"

ENDPOINTS = [
    Endpoint("GET", "/gateway", gateway, authorised=False),
    Endpoint("GET", "/gateway/bot", gateway_bot),
    Endpoint("GET", "/users/@me", me),
    Endpoint("GET", "/users/@me/guilds", my_guilds),
    Endpoint("DELETE", "/users/@me/guilds/{guild}", leave_guild),
    Endpoint("GET", "/users/{user}", user),
    Endpoint("GET", "/applications/@me", my_application),
    Endpoint("GET", "/oauth2/applications/@me", my_application),
]
for _path in (_GLOBAL, _LOCAL):
    ENDPOINTS += [
        Endpoint("GET", _path, list_commands, "commands"),
        Endpoint("PUT", _path, set_commands, "commands"),
        Endpoint("POST", _path, add_command, "commands"),
        Endpoint("GET", _path + "/{command}", get_command, "commands"),
        Endpoint("PATCH", _path + "/{command}", change_command, "commands"),
        Endpoint("DELETE", _path + "/{command}", delete_command, "commands"),
    ]
