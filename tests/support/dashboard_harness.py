"""The dashboard of a real Discord server, in front of the same bot, and browsers without a script."""

import contextlib
import dataclasses

import aiohttp
from yarl import URL

from bot.access.people.web_sessions import create_token
from bot.app import web_application
from bot.store.records import OPERATOR_ID
from bot.web import serve
from tests.support.discord_harness import at_work
from tests.support.web_page import WebPage

HOST = "127.0.0.1"


def with_file(fields):
    """The body of a form that may bring a file; a file is a pair of its name and what it holds."""
    body = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, tuple):
            body.add_field(name, value[1], filename=value[0], content_type="text/csv")
        else:
            body.add_field(name, value)
    return body


class Browser:
    """One browser with its cookies; it sends what browsers send."""

    def __init__(self, office, http):
        self.office, self.http = office, http
        self.page = None  # what it shows now

    @property
    def origin(self):
        return f"http://{HOST}:{self.office.port}"

    async def get(self, path="", **headers):
        """Open a page: a path below the server's own, or one that begins with a slash."""
        return await self._ask("GET", path, headers=headers)

    async def post(self, path, fields, **headers):
        """Send fields as a form of this page would."""
        given = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", **headers}
        given = {name: value for name, value in given.items() if value is not None}
        return await self._ask("POST", path, headers=given, data=fields)

    async def press(self, label, /, **fields):
        """Fill in the form with that button (or at that address) on the page shown now, and send it."""
        form = self.page.form(label)
        unknown = fields.keys() - form.fields.keys() - form.choices.keys()
        assert not unknown, (unknown, form)
        if form.method.lower() == "get":
            return await self.get(str(URL(form.action).with_query({**form.fields, **fields})))
        return await self.send(form, {**form.fields, **fields})

    async def send(self, form, fields):
        """Send a form as browsers do; a file is a pair of its name and what it holds."""
        return await self.post(form.action, with_file(fields) if form.takes_file else fields)

    async def _ask(self, method, path, **options):
        address = path if path.startswith("/") else f"/dashboard/{self.office.guild.id}/{path}"
        async with self.http.request(method, self.origin + address, **options) as answer:
            text = await answer.text(errors="replace")  # a file to keep may hold anything
            self.page = WebPage(text, answer.status, answer.headers, answer.url)
        return self.page


class DashboardHarness:
    """The harness of a Discord server, and the web endpoint in front of the same bot."""

    def __init__(self, harness, **changed):
        self.harness, self._changed = harness, changed  # settings that are not as usual
        self.port = self.app = None
        self._open = contextlib.AsyncExitStack()

    def __getattr__(self, name):
        return getattr(self.__dict__["harness"], name)

    @contextlib.asynccontextmanager
    async def running(self):
        """The bot at work, and its web endpoint open."""
        harness = self.harness
        async with self._open, at_work(harness, harness.build(**self._changed), ready=True):
            services = harness.vendor.services
            settings = dataclasses.replace(harness.vendor.settings, **self._changed)
            self.app = web_application(settings, services)
            async with serve(self.app, HOST, 0) as self.port:
                yield self

    async def browser(self):
        """A browser that nobody is signed in to."""
        http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._open.push_async_callback(http.close)
        return Browser(self, http)

    async def token(self, user=None, guild=None):
        """The token of a fresh link for a member; for the operator without one."""
        member_id = OPERATOR_ID if user is None else user.id
        return await create_token(self.vendor.database, (guild or self.guild).id, member_id)

    async def signed_in_somehow(self, user):
        """A browser of somebody who may open no page, as after a lost role."""
        browser = await self.browser()
        await browser.post("/dashboard/sign-in", {"token": await self.token(user)})
        return browser

    async def signed_in(self, user=None):
        """A browser of that member, just signed in; of the operator without one."""
        browser = await self.browser()
        page = await browser.post("/dashboard/sign-in", {"token": await self.token(user)})
        assert page.status == 200, page.text
        return browser
