"""What the application sells through Discord: its SKUs, entitlements and subscriptions."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from aiohttp import web

from bot.sandbox.discord.errors import ApiError, Json
from bot.sandbox.discord.premium import Entitlement
from bot.sandbox.discord.rest import Endpoint, Office, read_object
from bot.sandbox.discord.rest_application import place_of
from bot.sandbox.discord.snowflakes import parse_id

_MAX_PAGE = 100


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=_Numbered)


async def skus(office: Office, request: web.Request) -> list[Json]:
    place_of(office, request)
    return [office.premium.described_sku(each) for each in office.premium.skus.values()]


async def entitlements(office: Office, request: web.Request) -> list[Json]:
    """List what was bought; by default also what has ended, and nothing that was taken back."""
    place_of(office, request)
    now, query = office.world.now(), request.query
    user, guild = parse_id(query.get("user_id")), parse_id(query.get("guild_id"))
    wanted = {parse_id(each) for each in query.get("sku_ids", "").split(",") if each}
    active = _flag(request, "only_active", default=False)
    without_ended = active or _flag(request, "exclude_ended", default=False)
    without_deleted = active or _flag(request, "exclude_deleted", default=True)
    found = [
        each
        for each in office.premium.entitlements.values()
        if (user is None or each.user.id == user)
        and (guild is None or (each.guild is not None and each.guild.id == guild))
        and (not wanted or each.sku.id in wanted)
        and not (without_ended and each.has_ended(now))
        and not (without_deleted and each.is_deleted)
    ]
    return [office.premium.described(each) for each in _page(request, found)]


async def entitlement(office: Office, request: web.Request) -> Json:
    return office.premium.described(_one(office, request))


async def create_test(office: Office, request: web.Request) -> Json:
    """Give a developer's test entitlement to a user (owner type 2)."""
    place_of(office, request)
    body = await read_object(request)
    owner = office.world.user(body.get("owner_id"))
    made = office.premium.test(owner, office.premium.sku(body.get("sku_id")))
    return office.premium.described(made)


async def delete_test(office: Office, request: web.Request) -> None:
    office.premium.take_back(_one(office, request))


async def consume(office: Office, request: web.Request) -> None:
    office.premium.consume(_one(office, request))


async def subscriptions(office: Office, request: web.Request) -> list[Json]:
    sku = office.premium.sku(request.match_info["sku"])
    user = parse_id(request.query.get("user_id"))
    if user is None:
        errors = {"user_id": {"_errors": [{"code": "BASE_TYPE_REQUIRED", "message": "required"}]}}
        raise ApiError(400, 50035, "Invalid Form Body", errors=errors)
    found = [
        each
        for each in office.premium.subscriptions.values()
        if each.entitlement.sku is sku and each.user.id == user
    ]
    return [office.premium.described_subscription(each) for each in _page(request, found)]


async def subscription(office: Office, request: web.Request) -> Json:
    sku = office.premium.sku(request.match_info["sku"])
    found = office.premium.subscriptions.get(parse_id(request.match_info["subscription"]) or 0)
    if found is None or found.entitlement.sku is not sku:
        raise ApiError(404, 0, "404: Not Found")
    return office.premium.described_subscription(found)


def _one(office: Office, request: web.Request) -> Entitlement:
    place_of(office, request)
    return office.premium.entitlement(request.match_info["entitlement"])


def _page(request: web.Request, found: Iterable[T]) -> list[T]:
    """Return one page in the order of ids: the first after a mark, else the last before one."""
    limit = parse_id(request.query.get("limit", "100")) or 0
    if not 1 <= limit <= _MAX_PAGE:
        message = f"int value should be between 1 and {_MAX_PAGE}."
        errors = {"limit": {"_errors": [{"code": "NUMBER_TYPE_MAX", "message": message}]}}
        raise ApiError(400, 50035, "Invalid Form Body", errors=errors)
    after = parse_id(request.query.get("after"))
    before = parse_id(request.query.get("before"))
    rest = sorted(
        (
            each
            for each in found
            if (after is None or each.id > after) and (before is None or each.id < before)
        ),
        key=lambda each: each.id,
    )
    return rest[:limit] if after is not None else rest[-limit:]


def _flag(request: web.Request, name: str, *, default: bool) -> bool:
    text = request.query.get(name)
    return default if text is None else text.casefold() in ("1", "true")


_APPLICATION = "/applications/{application}"
_ENTITLEMENT = _APPLICATION + "/entitlements/{entitlement}"

ENDPOINTS = [
    Endpoint("GET", _APPLICATION + "/skus", skus, "premium"),
    Endpoint("GET", _APPLICATION + "/entitlements", entitlements, "premium"),
    Endpoint("POST", _APPLICATION + "/entitlements", create_test, "premium"),
    Endpoint("GET", _ENTITLEMENT, entitlement, "premium"),
    Endpoint("DELETE", _ENTITLEMENT, delete_test, "premium"),
    Endpoint("POST", _ENTITLEMENT + "/consume", consume, "consume"),
    Endpoint("GET", "/skus/{sku}/subscriptions", subscriptions, "premium"),
    Endpoint("GET", "/skus/{sku}/subscriptions/{subscription}", subscription, "premium"),
]
