"""The REST side: routes, authorisation, faults, and Discord's form of errors."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from aiohttp import BodyPartReader, web

from bot.sandbox.discord.changes import Changes
from bot.sandbox.discord.commands import Commands
from bot.sandbox.discord.drafts import Draft
from bot.sandbox.discord.errors import ApiError, Json, unauthorized
from bot.sandbox.discord.gateway import Gateway
from bot.sandbox.discord.interaction_service import InteractionService
from bot.sandbox.discord.limits import check_uploads
from bot.sandbox.discord.premium import Premium
from bot.sandbox.discord.switches import BLOCK_PAGE, Fault, Switches, Target
from bot.sandbox.discord.world import World

MAX_BODY = 64 * 1024 * 1024


@dataclass
class Office:
    """Everything that request handlers work with."""

    world: World
    changes: Changes
    gateway: Gateway
    commands: Commands
    interaction_service: InteractionService
    switches: Switches
    calls: list[tuple[str, str, int]]
    premium: Premium


OFFICE = web.AppKey("office", Office)
Handler = Callable[[Office, web.Request], Awaitable[Any]]


@dataclass(frozen=True)
class Created:
    """An answer with status 201."""

    body: Json


@dataclass(frozen=True)
class Endpoint:
    """One route; `target` is the name by which faults find it."""

    method: str
    path: str
    handler: Handler
    target: Target = "other"
    authorised: bool = True


def application(office: Office, prefix: str, endpoints: list[Endpoint]) -> web.Application:
    """The aiohttp application that serves these endpoints under the prefix."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[_as_discord_answers])
    app[OFFICE] = office
    app.on_response_prepare.append(_tell_the_time)
    for endpoint in endpoints:
        app.router.add_route(endpoint.method, prefix + endpoint.path, _serving(endpoint))
    app.router.add_get("/attachments/{channel}/{number}/{name}", _attachment)
    return app


async def _tell_the_time(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Date"] = format_datetime(request.app[OFFICE].world.now(), usegmt=True)


async def read_json(request: web.Request) -> Any:
    """The JSON body; an empty one is an empty object."""
    text = await request.text()
    try:
        return json.loads(text) if text else {}
    except ValueError:
        message = "The request body contains invalid JSON."
        raise ApiError(400, 50109, message) from None


async def read_object(request: web.Request) -> Json:
    body = await read_json(request)
    if not isinstance(body, dict):
        message = "Only dictionaries may be used in a ModelType"
        errors = {"_errors": [{"code": "MODEL_TYPE_CONVERT", "message": message}]}
        raise ApiError(400, 50035, "Invalid Form Body", errors=errors)
    return body


async def read_message(request: web.Request) -> tuple[Json, list[Draft]]:
    """A body that may come with files: plain JSON, or multipart with payload_json."""
    if not request.content_type.startswith("multipart/"):
        return await read_object(request), []
    body: Json = {}
    files: list[Draft] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        name, content = part.name or "", bytes(await part.read())
        if name == "payload_json":
            body = json.loads(content)
        elif part.filename is not None:
            index = int(name[6:-1]) if name.startswith("files[") else len(files)
            kind = part.headers.get("Content-Type", "application/octet-stream")
            files.append(Draft(index, part.filename, content, kind))
    check_uploads([len(each.content) for each in files])
    return body, files


def json_answer(
    body: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """JSON as Discord sends it: a content type without a charset, which discord.py compares."""
    headers = {**(headers or {}), "Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)


def _serving(endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        office = request.app[OFFICE]
        faults = office.switches.take(endpoint.target)
        for fault in faults:
            if fault.kind == "delay":
                await _wait(fault)
        struck = next((each for each in faults if each.kind == "status"), None)
        if struck is not None:
            return broken(struck)
        bucket = office.switches.buckets.get(endpoint.target)
        major = _major(request)
        limits = {} if bucket is None else bucket.take(major)
        if bucket is not None and limits is None:
            return _too_many(bucket.wait(major), headers=bucket.headers(major))
        if endpoint.authorised:
            _authorise(office, request)
        try:
            response = _success(await endpoint.handler(office, request))
        finally:
            lost = any(each.kind == "lose" for each in faults)
            if lost and request.transport is not None:
                request.transport.abort()
        response.headers.update(limits or {})
        return response

    return serve


def _major(request: web.Request) -> str:
    """Return the channel, webhook or guild whose limit a request counts towards, as Discord counts."""
    match = request.match_info
    return next((match[name] for name in ("channel", "guild", "token") if name in match), "")


def _success(answer: Any) -> web.Response:
    if answer is None:
        return web.Response(status=204)
    if isinstance(answer, Created):
        return json_answer(answer.body, status=201)
    return json_answer(answer)


async def _wait(fault: Fault) -> None:
    if fault.seconds is None:
        await fault.released.wait()
        return
    try:
        async with asyncio.timeout(fault.seconds):
            await fault.released.wait()
    except TimeoutError:
        return


def broken(fault: Fault) -> web.Response:
    """The answer that stands in for Discord's."""
    if fault.page:
        headers = {"Retry-After": str(round(fault.retry_after)), "Server": "cloudflare"}
        return web.Response(
            status=fault.status, text=BLOCK_PAGE, content_type="text/html", headers=headers
        )
    if fault.code is not None:
        return json_answer({"message": "Refused", "code": fault.code}, status=fault.status)
    if fault.status != 429:
        return web.Response(status=fault.status, text=f"error code: {fault.status}")
    if not fault.via:
        return web.Response(status=429, text="error code: 1015")
    return _too_many(fault.retry_after, headers={})


def _too_many(seconds: float, *, headers: dict[str, str]) -> web.Response:
    """A 429 of Discord itself; Cloudflare's lack the Via header."""
    body = {
        "message": "You are being rate limited.",
        "code": 0,
        "retry_after": seconds,
        "global": False,
    }
    headers = {**headers, "Retry-After": str(max(1, round(seconds))), "Via": "1.1 google"}
    return json_answer(body, status=429, headers=headers)


def _authorise(office: Office, request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bot {office.gateway.token}":
        raise unauthorized()


@web.middleware
async def _as_discord_answers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    office = request.app[OFFICE]
    response: web.StreamResponse
    try:
        response = await handler(request)
    except ApiError as error:
        response = json_answer(error.body(), status=error.status)
    except web.HTTPException as error:
        body = {"message": f"{error.status}: {error.reason}", "code": 0}
        response = json_answer(body, status=error.status)
    office.calls.append((request.method, request.path, response.status))
    return response


async def _attachment(request: web.Request) -> web.StreamResponse:
    content = request.app[OFFICE].world.files.get(int(request.match_info["number"]))
    if content is None:
        raise web.HTTPNotFound
    return web.Response(body=io.BytesIO(content), content_type="application/octet-stream")
