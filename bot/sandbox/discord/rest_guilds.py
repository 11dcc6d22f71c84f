"""Guilds, members and roles."""

from urllib.parse import unquote

from aiohttp import web

from bot.sandbox.discord import payloads, permissions
from bot.sandbox.discord.errors import ApiError, Form, Json, missing_permissions
from bot.sandbox.discord.intents import MEMBERS
from bot.sandbox.discord.members import named
from bot.sandbox.discord.rest import Endpoint, Office
from bot.sandbox.discord.snowflakes import parse_id
from bot.sandbox.discord.world import Guild, Member, Role, RoleChange

_REASON = 512


async def get_guild(office: Office, request: web.Request) -> Json:
    guild = _guild(office, request)
    body = payloads.guild(guild)
    if request.query.get("with_counts", "").lower() in ("1", "true"):
        body["approximate_member_count"] = len(guild.members)
        body["approximate_presence_count"] = len(guild.members)
    return body


async def list_channels(office: Office, request: web.Request) -> list[Json]:
    return [payloads.channel(each) for each in _guild(office, request).channels.values()]


async def list_roles(office: Office, request: web.Request) -> list[Json]:
    return [payloads.role(each) for each in _guild(office, request).roles.values()]


async def get_role(office: Office, request: web.Request) -> Json:
    guild = _guild(office, request)
    return payloads.role(office.world.role(guild, request.match_info["role"]))


async def get_member(office: Office, request: web.Request) -> Json:
    guild = _guild(office, request)
    return payloads.member(_member(office, request, guild))


async def list_members(office: Office, request: web.Request) -> list[Json]:
    guild = _guild(office, request)
    if not office.gateway.privileged & MEMBERS:
        raise ApiError(403, 50001, "Missing Access")
    after = parse_id(request.query.get("after", "0")) or 0
    form = Form()
    limit = _limit(form, request)
    form.done()
    found = sorted((each for each in guild.members.values() if each.user.id > after), key=_number)
    return [payloads.member(each) for each in found[:limit]]


async def search_members(office: Office, request: web.Request) -> list[Json]:
    guild = _guild(office, request)
    form = Form()
    query = form.text(("query",), request.query.get("query"), 1, 100, required=True)
    limit = _limit(form, request)
    form.done()
    return [payloads.member(each) for each in named(guild, query or "", limit)]


async def put_role(office: Office, request: web.Request) -> None:
    guild, member, role = _role_change(office, request)
    _keep_reason(office, request, member, role, given=True)
    office.changes.give_role(guild, member, role)


async def delete_role(office: Office, request: web.Request) -> None:
    guild, member, role = _role_change(office, request)
    _keep_reason(office, request, member, role, given=False)
    office.changes.take_role(guild, member, role)


def _limit(form: Form, request: web.Request) -> int:
    """How many members are asked for, 1 to 1000; Discord gives one to those who do not say."""
    text = request.query.get("limit", "1")
    number = int(text) if text.isascii() and text.removeprefix("-").isdigit() else text
    return form.number(("limit",), number, 1, 1000) or 1


def _keep_reason(
    office: Office, request: web.Request, member: Member, role: Role, *, given: bool
) -> None:
    """Write the change and the bot's reason for it into the audit log, when it is one."""
    reason = audit_reason(request)
    if given is not (role in member.roles):
        entry = RoleChange(office.world.now(), member.user.id, role.id, given, reason)
        office.world.role_changes.append(entry)


def audit_reason(request: web.Request) -> str | None:
    """The bot's reason for the audit log; Discord refuses one that is too long."""
    reason = unquote(request.headers.get("X-Audit-Log-Reason", "")) or None
    if reason is not None and len(reason) > _REASON:
        form = Form()
        form.text(("reason",), reason, 0, _REASON)
        form.done()
    return reason


def _number(member: Member) -> int:
    return member.user.id


def _guild(office: Office, request: web.Request) -> Guild:
    return office.world.guild(request.match_info["guild"])


def _member(office: Office, request: web.Request, guild: Guild) -> Member:
    office.world.user(request.match_info["user"])
    return office.world.member(guild, request.match_info["user"])


def _role_change(office: Office, request: web.Request) -> tuple[Guild, Member, Role]:
    guild = _guild(office, request)
    member = _member(office, request, guild)
    role = office.world.role(guild, request.match_info["role"])
    if role is guild.everyone:
        raise ApiError(400, 50028, "Invalid Role")
    me = guild.members[office.world.bot.id]
    may = permissions.of_member(guild, me) & permissions.MANAGE_ROLES
    if not may or role.managed or permissions.top_position(guild, me) <= role.position:
        raise missing_permissions()
    return guild, member, role


_GUILD = "/guilds/{guild}"
_ROLE = _GUILD + "/members/{user}/roles/{role}"

ENDPOINTS = [
    Endpoint("GET", _GUILD, get_guild),
    Endpoint("GET", _GUILD + "/channels", list_channels),
    Endpoint("GET", _GUILD + "/roles", list_roles),
    Endpoint("GET", _GUILD + "/roles/{role}", get_role),
    Endpoint("GET", _GUILD + "/members", list_members),
    Endpoint("GET", _GUILD + "/members/search", search_members, "search"),
    Endpoint("GET", _GUILD + "/members/{user}", get_member, "member"),
    Endpoint("PUT", _ROLE, put_role, "roles"),
    Endpoint("DELETE", _ROLE, delete_role, "roles"),
]
