"""Interaction callbacks and the follow-up webhooks; the token in the path is the only key."""

from aiohttp import web

from bot.sandbox.discord import payloads
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.rest import Endpoint, Office, read_message


async def callback(office: Office, request: web.Request) -> Json | None:
    body, files = await read_message(request)
    match = request.match_info
    interaction = office.interaction_service.callback(match["number"], match["token"], body, files)
    wanted = request.query.get("with_response", "").lower() in ("1", "true")
    return office.interaction_service.callback_answer(interaction) if wanted else None


async def follow_up(office: Office, request: web.Request) -> Json:
    body, files = await read_message(request)
    match = request.match_info
    interaction = office.interaction_service.by_token(match["application"], match["token"])
    return payloads.message(office.interaction_service.follow_up(interaction, body, files))


async def get(office: Office, request: web.Request) -> Json:
    match = request.match_info
    interaction = office.interaction_service.by_token(match["application"], match["token"])
    return payloads.message(office.interaction_service.message_of(interaction, match["message"]))


async def edit(office: Office, request: web.Request) -> Json:
    body, files = await read_message(request)
    match = request.match_info
    interaction = office.interaction_service.by_token(match["application"], match["token"])
    message = office.interaction_service.message_of(interaction, match["message"])
    return payloads.message(office.interaction_service.edit(interaction, message, body, files))


async def delete(office: Office, request: web.Request) -> None:
    match = request.match_info
    interaction = office.interaction_service.by_token(match["application"], match["token"])
    office.interaction_service.delete(
        office.interaction_service.message_of(interaction, match["message"])
    )


_WEBHOOK = "/webhooks/{application}/{token}"
_ONE = _WEBHOOK + "/messages/{message}"

ENDPOINTS = [
    Endpoint("POST", "/interactions/{number}/{token}/callback", callback, "callback", False),
    Endpoint("POST", _WEBHOOK, follow_up, "followup", False),
    Endpoint("GET", _ONE, get, "original", False),
    Endpoint("PATCH", _ONE, edit, "original", False),
    Endpoint("DELETE", _ONE, delete, "original", False),
]
