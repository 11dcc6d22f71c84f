"""The HTTP API over real sockets, with a key, in front of the shop whose queue runs on the test's clock."""

from contextlib import asynccontextmanager

import aiohttp

from bot.access.people.api_keys import ApiKeys
from bot.web import make_app, serve
from tests.support.vendor_fixture import HOME

HOST = "127.0.0.1"


async def yes(*_):
    return True


class Api:
    """A program with a key; what it asks, and the answer."""

    def __init__(self, harness, http, port, keys):
        self.harness, self.http, self.keys = harness, http, keys
        self.url = f"http://{HOST}:{port}"
        self.key = None

    async def new_key(self, scopes="read,write", name=None, guild_id=HOME, expires=None):
        request = self.harness.request(guild_id=guild_id)
        name = name or f"key {request.idempotency_key}"
        return await self.keys.create(request, name, scopes, expires)

    async def ask(self, method, path, *, key=..., headers=(), **options):
        """Return status, JSON and headers."""
        key = self.key if key is ... else key
        given = {**({"X-Admin-Token": key} if key else {}), **dict(headers)}
        async with self.http.request(
            method, self.url + path, headers=given, allow_redirects=False, **options
        ) as answer:
            return answer.status, await answer.json(), answer.headers

    async def meanwhile(self, method, path, **options):
        """Return the answer, letting time pass for as long as it takes."""
        return await self.harness.meanwhile(self.ask(method, path, **options))

    async def post(self, name, pine_ids, duration="1M", **options):
        body = {"pine_ids": pine_ids, "duration": duration}
        return await self.meanwhile("POST", f"/access/{name}", json=body, **options)

    async def delete(self, name, pine_ids, **options):
        return await self.meanwhile(
            "DELETE", f"/access/{name}", json={"pine_ids": pine_ids}, **options
        )

    async def get(self, name, pine_ids, **options):
        return await self.meanwhile(
            "GET", f"/access/{name}", json={"pine_ids": pine_ids}, **options
        )


def application(harness, keys, **more):
    """Everything that a running Usher serves."""
    return make_app(
        lookup=harness.public.hints,
        database=yes,
        gateway=yes,
        jobs=harness.vendor.jobs,
        links=harness.one_time_pages,
        keys=keys,
        requests=harness.api_requests,
        outcomes=harness.outcomes,
        **more,
    )


@asynccontextmanager
async def open_api(harness):
    keys = ApiKeys(harness.database, harness.vault, yes, harness.vendor.jobs)
    app = application(harness, keys)
    async with serve(app, HOST, 0) as port, aiohttp.ClientSession() as http:
        api = Api(harness, http, port, keys)
        api.app = app
        api.key = (await api.new_key()).text
        yield api


__all__ = ["Api", "open_api"]
