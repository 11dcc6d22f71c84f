"""TradingView on a loopback socket: takes requests in, lets the switches have their way, answers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web

from bot.sandbox.tradingview import answers
from bot.sandbox.tradingview.answers import Answer, Outcome
from bot.sandbox.tradingview.bodies import UnsupportedBodyError, read_form, without_secrets
from bot.sandbox.tradingview.calls import PUBLIC, READS, SIGN_IN, Call, name_of
from bot.sandbox.tradingview.endpoints import Asked, Endpoints
from bot.sandbox.tradingview.fault_injection import FaultInjection
from bot.sandbox.tradingview.switch_types import Value
from bot.sandbox.tradingview.switches import Switches
from bot.sandbox.tradingview.world import Session, World, utc_now

# A sandbox may run for weeks; the oldest notes go first.
KEEP_CALLS = 20_000
DRIPS = 20


class FakeTradingView:
    """A TradingView of one's own: a world, its switches, and the server in front of them.

    `now` gives aware UTC moments; `sleep` is what slow answers wait with.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.world = World(now)
        self.switches = Switches()
        self.switches.watchers.append(self._turned)
        self.log: list[Call] = []
        self.watchers: list[Callable[[Call], None]] = []
        self.url = ""
        self._now = now
        self._sleep = sleep
        self._gate = FaultInjection(self.switches, now)
        self._endpoints = Endpoints(self.world, self.switches)
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one, `url` says which. OSError when the port is taken."""
        self._closing.clear()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._runner = runner
        site = web.TCPSite(runner, host, port)
        await site.start()
        self.url = f"http://{host}:{runner.addresses[0][1]}"

    async def close(self) -> None:
        """Let go of every held request and stop; may be called twice."""
        self._closing.set()
        self.switches.wake()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def calls(self, name: str | None = None) -> list[Call]:
        """The requests so far, or those to one endpoint: details, hint, list, add, modify, remove."""
        return [call for call in self.log if name is None or call.name == name]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        call = self._note(request)
        try:
            with self._gate.inside(call):
                return await self._handle(request, call)
        finally:
            for watcher in self.watchers:
                watcher(call)

    def _note(self, request: web.Request) -> Call:
        call = Call(
            method=request.method,
            path=request.raw_path,
            name=name_of(request.path),
            at=self._now(),
            query=dict(request.query),
            headers={
                name: value for name, value in request.headers.items() if name.lower() != "cookie"
            },
            cookies=frozenset(request.cookies),
        )
        self.log.append(call)
        del self.log[:-KEEP_CALLS]
        return call

    async def _handle(self, request: web.Request, call: Call) -> web.StreamResponse:
        try:
            form = await read_form(request)
            call.form = without_secrets(form)
            unsupported = False
        except UnsupportedBodyError:
            form, unsupported = {}, True
        if not await self._hold(request, call) or self._gate.cuts(call):
            return self._cut(request, call)
        refusal = self._gate.refusal(call) or _routed(call, unsupported=unsupported)
        if refusal is not None:
            return await self._send(request, call, refusal)
        session = self._session(request, call)
        outcome = self._endpoints.answer(
            Asked(
                call,
                session,
                f"{request.scheme}://{request.host}",
                self._now(),
                form,
                request.cookies.get("sessionid", ""),
            )
        )
        self._make(outcome, call)
        if self.switches.take("lost_answers", call):
            return self._cut(request, call)
        answer = self._gate.spoilt(outcome.answer, call)
        self._rotate(answer, session, call)
        return await self._send(request, call, answer)

    async def _hold(self, request: web.Request, call: Call) -> bool:
        """Wait as long as the switches say; False when the request goes nowhere.

        A slow TradingView does not notice that the asker gave up: the change still lands.
        """
        while self.switches.holds(call) and not self._closing.is_set():
            await self.switches.changed()
        gone = request.transport is None or request.transport.is_closing()
        if gone and not self.switches.hang_lands:
            return False
        if self.switches.latency:
            await self._pause(self.switches.latency)
        return not self._closing.is_set()

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the closing of the server."""
        waits = [
            asyncio.ensure_future(self._sleep(seconds)),
            asyncio.ensure_future(self._closing.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _session(self, request: web.Request, call: Call) -> Session | None:
        """The login behind the cookies, if it still lives; what is public and signing in ask for none."""
        if call.name in PUBLIC or call.name in SIGN_IN:
            return None
        session = self.world.find_session(
            request.cookies.get("sessionid", ""),
            request.cookies.get("sessionid_sign"),
            sign_required=self.switches.sign_required,
        )
        if session is None:
            return None
        if self.switches.take("login_ends", call):
            session.alive = False
            return None
        self._gate.count_logged_in()
        return session

    def _turned(self, name: str, value: Value) -> None:
        """Logins made after the others ended are good again, as after a new log-in."""
        if name == "logged_out":
            self.world.suspend_sessions(suspended=bool(value))

    def _make(self, outcome: Outcome, call: Call) -> None:
        if outcome.effect is not None and not self.switches.take("silent_ok", call):
            outcome.effect()
            call.applied = True

    def _rotate(self, answer: Answer, session: Session | None, call: Call) -> None:
        """Set-Cookie: with a login a new pair, without one (when so set) its deletion (wire §2)."""
        kind = self.switches.rotation
        if session is None:
            refused = call.name not in PUBLIC | SIGN_IN and self.switches.rotation == "deleting"
            if refused and self.switches.take("rotations", call):
                answer.headers += answers.cookies_as_headers(None, None)
            return
        if kind == "deleting" or not self.switches.take("rotations", call):
            return
        if kind == "lone sessionid":
            pair = self.world.rotate_session(session, keep_old=True)
            answer.headers += answers.cookies_as_headers(pair[0], None)[:1]
        else:
            pair = self.world.rotate_session(session, keep_old=kind == "pair")
            answer.headers += answers.cookies_as_headers(*pair)

    def _cut(self, request: web.Request, call: Call) -> web.Response:
        """Drop the connection; what is returned reaches nobody."""
        call.dropped = True
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _send(self, request: web.Request, call: Call, answer: Answer) -> web.StreamResponse:
        call.status = answer.status
        response = web.StreamResponse(status=answer.status)
        response.content_type = answer.content_type
        response.charset = "utf-8"
        for name, value in answer.headers:
            response.headers.add(name, value)
        body = answer.body.encode()
        response.content_length = len(body)
        response.headers.setdefault("Date", format_datetime(self._now(), usegmt=True))
        # The asker may be gone by now; that is its affair.
        with suppress(ConnectionError):
            await response.prepare(request)
            if self.switches.take("truncated", call):
                await response.write(body[: len(body) // 2])
                call.dropped = True
                if request.transport is not None:
                    request.transport.close()
            elif self.switches.take("slow_bodies", call):
                await self._drip(response, body)
            else:
                await response.write(body)
            await response.write_eof()
        return response

    async def _drip(self, response: web.StreamResponse, body: bytes) -> None:
        size = len(body) // DRIPS + 1
        starts = range(0, len(body), size)
        for start in starts:
            await self._pause(self.switches.slow_body / len(starts))
            await response.write(body[start : start + size])


def _routed(call: Call, *, unsupported: bool) -> Answer | None:
    """What is wrong with the address, the method or the kind of body; None when nothing is."""
    if not call.name:
        return answers.not_found_page()
    if call.method != ("GET" if call.name in READS else "POST"):
        return answers.as_json(405, {"detail": f'Method "{call.method}" not allowed.'})
    if unsupported:
        return answers.as_json(415, {"detail": "Unsupported media type in request."})
    return None
