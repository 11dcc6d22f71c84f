"""A shop that is connected by its vendor in Discord, and sends what it has to say over real HTTP."""

import contextlib
import json
import re
from datetime import datetime, timedelta

import aiohttp

from bot import clock
from bot.app import web_application
from bot.sandbox.payments import signing
from bot.web import serve
from tests.support.discord_harness import at_work, text_of

HOST = "127.0.0.1"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NAME = "Ann_Trades"


def iso(moment: datetime):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class PaymentsOffice:
    """The harness of a Discord server, and the web endpoint in front of the same bot."""

    def __init__(self, harness):
        self.harness = harness
        self.port = self.http = self.log = None
        self.sent = 0

    def __getattr__(self, name):
        return getattr(self.__dict__["harness"], name)

    @contextlib.asynccontextmanager
    async def running(self):
        """The bot at work, and its web endpoint open."""
        harness = self.harness
        async with at_work(harness, harness.build(), ready=True):
            services = harness.vendor.services
            services.deliveries.start()
            services.purchases.start(harness.vendor.jobs)
            app = web_application(harness.vendor.settings, services)
            async with serve(app, HOST, 0) as self.port, aiohttp.ClientSession() as self.http:
                yield self

    async def connect(self, provider="standard", secret=SECRET, guild=None):
        """Add the connection as a vendor does; return the path that the answer shows."""
        asked = await self.as_owner.run("webhook add", guild=guild or self.guild, provider=provider)
        sent = await self.as_owner.submit(asked, {"secret": secret})
        await sent.answered()
        return re.search(r"/webhooks/[\w-]+", text_of(sent.original))[0]

    async def post(self, path, body, headers):
        async with self.http.post(
            f"http://{HOST}:{self.port}{path}", data=body, headers=headers
        ) as answer:
            return answer.status

    async def own(self, path, kind, order="A-1", *, secret=SECRET, message_id=None, **data):
        """Send our own payment message; return the status."""
        body, message_id = self.own_message(kind, order, message_id, **data)
        at = int(clock.now().timestamp())
        return await self.post(path, body, signing.standard(secret, body, at, message_id))

    def own_message(self, kind, order, message_id=None, **data):
        self.sent += 1
        message_id = message_id or f"m{self.sent}"
        body = {
            "id": message_id,
            "type": kind,
            "timestamp": iso(clock.now()),
            "data": {"order": order, "product": "gold", **data},
        }
        return json.dumps(body).encode(), message_id

    async def rest(self, seconds=3):
        """Let what was sent be worked on, and a little time pass."""
        for _ in range(seconds):
            await self.passes(lambda: True, 1)
            await self.time.advance(1)
        await self.passes(lambda: True, 1)

    def end(self, name=NAME, script=None):
        script = script or next(iter(self.vendor.world.scripts.values()))
        row = self.vendor.world.row(script.pine_id, name)
        return "absent" if row is None else row.end

    async def ends(self, end, name=NAME, seconds=60):
        """Let time pass until TradingView holds that end, exactly."""
        await self.passes(lambda: self.end(name) == end, seconds)

    def logged(self, *words):
        """The messages of the log channel with these words, as the owner sees them."""
        return [
            each
            for each in self.as_owner.sees(self.log)
            if all(word in text_of(each) for word in words)
        ]

    def told(self, words, who=None):
        return [text_of(each) for each in (who or self.as_buyer).dms() if words in text_of(each)]

    async def maps(self, label="Trend"):
        """Answer the open question in the log channel with its select."""
        await self.passes(lambda: self.logged("Which product"))
        [question] = self.logged("Which product")
        chosen = await self.as_owner.choose(question, 0, [label])
        await chosen.answered()
        return question

    iso = staticmethod(iso)

    @staticmethod
    def in_days(days):
        """Return a moment so many days from now, cut as TradingView has it."""
        moment = clock.now() + timedelta(days=days)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@contextlib.asynccontextmanager
async def open_payments(harness):
    office = PaymentsOffice(harness)
    office.log = harness.fake.add_channel(harness.guild, "log")
    await harness.make_rows()
    await harness.choose_log_channel(office.log)
    harness.vendor.world.add_user(NAME)
    async with office.running():
        yield office
