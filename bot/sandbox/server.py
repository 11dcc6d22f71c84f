"""The page and its JSON, on a loopback port: reads of the simulation, orders to it, a stream of events."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from aiohttp import web

from bot.sandbox import dashboard, example_files, old_shop
from bot.sandbox.discord import RefusedError
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.shop import ShopKind
from bot.sandbox.simulation import Simulation

Json = dict[str, Any]
Order = Callable[[Simulation, Json], Awaitable[Json]]

_FOLDERS = (Path(__file__).parent / "page", Path(__file__).parents[1] / "brand")
_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ALIVE_EVERY = 15.0
_MAX_BODY = 15 * 1024 * 1024  # a file as large as Discord takes, in base64
_PNG = b"\x89PNG\r\n\x1a\n"


def application(sandbox: Sandbox, files: dict[str, bytes]) -> web.Application:
    """Return the routes; `files` are the page's own, by name."""
    app = web.Application(middlewares=[_guarded], client_max_size=_MAX_BODY)
    app.on_response_prepare.append(_add_headers)
    closing: set[asyncio.Task[None]] = set()

    async def page(request: web.Request) -> web.Response:
        name = request.match_info.get("name") or "index.html"
        if name not in files:
            raise web.HTTPNotFound
        kind = _KINDS[Path(name).suffix]
        return web.Response(body=files[name], content_type=kind, charset="utf-8")

    async def state(_: web.Request) -> web.Response:
        return web.json_response(sandbox.simulation.snapshot())

    async def commands(request: web.Request) -> web.Response:
        person, channel = request.query.get("as", ""), request.query.get("channel", "")
        return web.json_response({"commands": sandbox.simulation.actions.commands(person, channel)})

    async def examples(request: web.Request) -> web.Response:
        shop, command = sandbox.simulation.shop, request.query.get("command", "")
        found = example_files.of_command(shop, command)
        return web.json_response({"examples": [each.describe() for each in found]})

    async def events(request: web.Request) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler runs in one
        closing.add(task)
        try:
            return await _stream(sandbox.simulation, request)
        finally:
            closing.discard(task)

    async def end_streams(_: web.Application) -> None:
        for task in [*closing]:
            task.cancel()

    app.on_shutdown.append(end_streams)
    app.router.add_get("/", page)
    app.router.add_get("/api/state", state)
    app.router.add_get("/api/commands", commands)
    app.router.add_get("/api/examples", examples)
    app.router.add_get("/api/events", events)
    app.router.add_get("/examples/{name}", _examples(sandbox))
    app.router.add_get(r"/files/{number:\d{1,20}}", _files(sandbox))
    for name, order in _ORDERS.items():
        app.router.add_post(f"/api/{name}", _handler(sandbox, order))
    app.router.add_post("/api/open", _opener(sandbox))
    dashboard.add_to(app, sandbox)
    app.router.add_get("/{name}", page)
    return app


def read_files() -> dict[str, bytes]:
    """The page's own files, by name; reads the disk."""
    found = [each for folder in _FOLDERS for each in folder.iterdir() if each.suffix in _KINDS]
    return {each.name: each.read_bytes() for each in found}


async def listen(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Listen on that port, or on any free one when it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await web.TCPSite(runner, host, 0).start()
    return runner, runner.addresses[0][1]


def _files(sandbox: Sandbox) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def file(request: web.Request) -> web.Response:
        """Answer with a file of a message: a picture to look at, anything else to keep."""
        content = sandbox.simulation.shop.discord.world.files.get(int(request.match_info["number"]))
        if content is None:
            raise web.HTTPNotFound
        if content.startswith(_PNG):
            return web.Response(body=content, content_type="image/png")
        headers = {"Content-Disposition": "attachment"}
        return web.Response(body=content, headers=headers, content_type="application/octet-stream")

    return file


def _examples(sandbox: Sandbox) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def example(request: web.Request) -> web.Response:
        """Answer with a file to keep, for the dashboard or the terminal."""
        shop, name = sandbox.simulation.shop, request.match_info["name"]
        kept = (*example_files.of_command(shop, "bulk grant"), old_shop.members(shop))
        found = next((each for each in kept if each.name == name), None)
        if found is None:
            raise web.HTTPNotFound
        headers = {"Content-Disposition": "attachment"}
        return web.Response(body=found.content, headers=headers, content_type="text/csv")

    return example


# Orders of the page


async def _run(simulation: Simulation, body: Json) -> Json:
    used = await simulation.actions.run(
        body["as"], body["channel"], body["command"], body.get("options") or {}
    )
    return {"interaction": str(used.id)}


async def _use_menu(simulation: Simulation, body: Json) -> Json:
    used = await simulation.actions.use_menu(
        body["as"], body["channel"], body["command"], body["target"]
    )
    return {"interaction": str(used.id)}


async def _complete(simulation: Simulation, body: Json) -> Json:
    choices = await simulation.actions.complete(
        body["as"], body["channel"], body["command"], body["option"], body.get("options") or {}
    )
    return {"choices": choices}


async def _press(simulation: Simulation, body: Json) -> Json:
    used = await simulation.actions.press(body["as"], body["channel"], body["message"], body["key"])
    return {"interaction": str(used.id)}


async def _choose(simulation: Simulation, body: Json) -> Json:
    used = await simulation.actions.choose(
        body["as"], body["channel"], body["message"], body["key"], body["values"]
    )
    return {"interaction": str(used.id)}


async def _submit(simulation: Simulation, body: Json) -> Json:
    used = await simulation.actions.submit(body["as"], body["interaction"], body["values"])
    return {"interaction": str(used.id)}


async def _say(simulation: Simulation, body: Json) -> Json:
    message = await simulation.actions.say(body["as"], body["channel"], body["text"])
    return {"message": str(message.id)}


async def _dismiss(simulation: Simulation, body: Json) -> Json:
    simulation.actions.dismiss(body["as"], body["channel"], body["message"])
    return {}


async def _switch(simulation: Simulation, body: Json) -> Json:
    simulation.turn(body["name"], body["value"])
    return {}


async def _profile(simulation: Simulation, body: Json) -> Json:
    simulation.write_profile(str(body["username"]), str(body["about"]))
    return {}


async def _chart(simulation: Simulation, body: Json) -> Json:
    return simulation.open_chart(str(body["username"]))


async def _crowd(simulation: Simulation, _: Json) -> Json:
    simulation.add_people()
    return {}


async def _later(simulation: Simulation, _: Json) -> Json:
    return {"ended": simulation.shop.discord.end_answers()}


async def _repair(simulation: Simulation, _: Json) -> Json:
    simulation.repair()
    return {}


async def _bot(simulation: Simulation, body: Json) -> Json:
    if not simulation.opening.over:
        raise ValueError("the shop is still being opened")
    if body["do"] == "kill":
        await simulation.child.kill()
    elif body["do"] == "start":
        await simulation.child.start()
    else:
        raise ValueError("the bot can be killed and started")
    return {}


async def _cookies(simulation: Simulation, body: Json) -> Json:
    return simulation.working_cookies() if body.get("do") == "keep" else simulation.new_cookies()


async def _tour(simulation: Simulation, body: Json) -> Json:
    if body["do"] == "restart":
        simulation.tour.restart()
    elif body["do"] == "skip":
        simulation.tour.skip()
    else:
        raise ValueError("the tour can be restarted, and a step skipped")
    return {}


async def _sale(simulation: Simulation, body: Json) -> Json:
    await simulation.sell(body)
    return {}


async def _server(simulation: Simulation, body: Json) -> Json:
    return simulation.happen(body)


_ORDERS: dict[str, Order] = {
    "run": _run,
    "menu": _use_menu,
    "complete": _complete,
    "press": _press,
    "choose": _choose,
    "submit": _submit,
    "say": _say,
    "dismiss": _dismiss,
    "switch": _switch,
    "profile": _profile,
    "chart": _chart,
    "crowd": _crowd,
    "later": _later,
    "repair": _repair,
    "bot": _bot,
    "cookies": _cookies,
    "tour": _tour,
    "server": _server,
    "sale": _sale,
}


def _opener(sandbox: Sandbox) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def another_shop(_: Simulation, body: Json) -> Json:
        kind = body["shop"]
        if kind not in get_args(ShopKind):
            raise ValueError(f"a shop is one of these: {', '.join(get_args(ShopKind))}")
        await sandbox.open(kind)
        return {}

    return _handler(sandbox, another_shop)


def _handler(sandbox: Sandbox, order: Order) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        # Only our own page can send this kind of body: others would have to ask first.
        if request.content_type != "application/json":
            return _refused(415, "send JSON")
        try:
            body = await request.json()
            if not isinstance(body, dict):
                return _refused(400, "send a JSON object")
            return web.json_response(await order(sandbox.simulation, body))
        except KeyError as error:
            return _refused(400, f"{error} is missing")
        except RefusedError as error:
            return _refused(422, str(error))
        except (TypeError, ValueError) as error:
            return _refused(400, str(error))

    return handle


def _refused(status: int, text: str) -> web.Response:
    return web.json_response({"error": text[:1].upper() + text[1:]}, status=status)


@web.middleware
async def _guarded(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer only to loopback names, and to no other page: a name can be made to point here."""
    name = request.host.rpartition(":")[0] if ":" in request.host else request.host
    origin = request.headers.get("Origin")
    if name not in _LOOPBACK or origin not in (None, f"http://{request.host}"):
        return _refused(403, "this page answers on 127.0.0.1 only")
    try:
        return await handler(request)
    except RefusedError as error:
        return _refused(422, str(error))


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


async def _stream(simulation: Simulation, request: web.Request) -> web.StreamResponse:
    """Server-sent events until the page goes away."""
    response = web.StreamResponse()
    response.content_type = "text/event-stream"
    response.charset = "utf-8"
    await response.prepare(request)
    queue = simulation.subscribe()
    try:
        await response.write(b"retry: 1000\n\n")
        while True:
            try:
                async with asyncio.timeout(_ALIVE_EVERY):
                    event = await queue.get()
            except TimeoutError:
                await response.write(b": alive\n\n")
                continue
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
    except ConnectionError:
        return response
    finally:
        simulation.unsubscribe(queue)
        with suppress(ConnectionError):
            await response.write_eof()
