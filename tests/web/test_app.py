"""The HTTP contract, over real sockets."""

import asyncio
import logging
import socket
from ipaddress import ip_network

import aiohttp
import pytest

from bot.errors import StartupError
from bot.jobs import Jobs
from bot.rate_limit import RateLimit
from bot.tradingview import Hint, Trouble, UpstreamTrouble
from bot.web import make_app, serve
from tests.support.fake_time import eventually

HOST = "127.0.0.1"


class World:
    """What the application sees of the rest."""

    def __init__(self):
        self.names = ["Exact_Name"]
        self.error = None
        self.asked = []
        self.database = self.gateway = True
        self.hang = None
        self.wait = 0.0

    async def lookup(self, text):
        self.asked.append(text)
        if self.hang:
            await self.hang.wait()
        if self.error:
            raise self.error
        return [Hint(name, 7, False) for name in self.names]

    async def has_database(self):
        if isinstance(self.database, Exception):
            raise self.database
        return self.database

    async def has_gateway(self):
        return self.gateway


@pytest.fixture
def world():
    return World()


@pytest.fixture
async def jobs():
    async with Jobs() as jobs:
        yield jobs


@pytest.fixture
def app(world, jobs):
    return make_app(
        lookup=world.lookup,
        expected_wait=lambda: world.wait,
        database=world.has_database,
        gateway=world.has_gateway,
        jobs=jobs,
        limit=RateLimit(rate=0.001, burst=20),
    )


@pytest.fixture
async def get(app):
    async with serve(app, HOST, 0) as port, aiohttp.ClientSession() as http:

        async def get(path, method="GET", **options):
            url = f"http://{HOST}:{port}{path}"
            async with http.request(method, url, **options) as answer:
                body = await answer.json() if method != "HEAD" else None
                return answer.status, body, answer.headers

        yield get


async def test_a_user_who_exists(get):
    status, body, headers = await get("/validate/exact_name")
    assert status == 200
    assert body == {"validuser": True, "verifiedUserName": "Exact_Name"}
    assert headers["Content-Type"].startswith("application/json")


async def test_a_user_who_does_not_exist(get):
    status, body, _ = await get("/validate/Nobody")
    assert (status, body) == (200, {"validuser": False, "verifiedUserName": ""})


@pytest.mark.parametrize(
    "path",
    [
        "/validate/%40exact_name",
        "/validate/%20exact_name%20",
        "/validate/https%3A%2F%2Fwww.tradingview.com%2Fu%2FExact_Name%2F",
        "/validate/tradingview.com%2F%40Exact_Name",
        "/validate/%E2%81%A6exact_name%E2%81%A9",
    ],
)
async def test_pasted_forms_are_understood(get, world, path):
    status, body, _ = await get(path)
    assert (status, body["verifiedUserName"]) == (200, "Exact_Name")
    assert world.asked[0].casefold() == "exact_name"


@pytest.mark.parametrize(
    "path",
    [
        "/validate/",
        "/validate/a%20b",
        "/validate/a/b",
        "/validate/na%C3%AFve",
        "/validate/exact%E2%80%94name",
        "/validate/exact%E2%80%8Bname",
        "/validate/https%3A%2F%2Fevil.example%2Fu%2FExact_Name%2F",
        "/validate/" + "x" * 65,
        "/validate/a%00b",
        "/validate/%3Cscript%3Ealert(1)",
        "/validate/..%2F..%2Fpine_perm%2Fadd",
    ],
)
async def test_what_cannot_be_a_username_is_refused_without_asking(get, world, path):
    status, body, _ = await get(path)
    assert status == 400
    assert set(body) == {"errorMessage"}
    assert world.asked == []


async def test_an_outage_is_never_invalid(get, world):
    world.error = UpstreamTrouble(Trouble.PAGE, status=502, detail="internal words")
    status, body, headers = await get("/validate/exact_name")
    assert status == 503
    assert set(body) == {"errorMessage"}
    assert "internal" not in body["errorMessage"]
    assert int(headers["Retry-After"]) > 0
    world.error = None
    assert (await get("/validate/exact_name"))[1]["validuser"] is True


async def test_a_budget_of_ours_that_is_used_up_is_not_blamed_on_tradingview(get, world):
    world.wait = 41.2
    status, body, headers = await get("/validate/exact_name")
    assert (status, headers["Retry-After"]) == (503, "42")
    assert body["errorMessage"].endswith("try again in 42 s.")
    assert "TradingView" not in body["errorMessage"]
    assert world.asked == []
    world.wait = 2.0
    assert (await get("/validate/exact_name"))[1]["validuser"] is True


async def test_a_visitor_who_hangs_up_does_not_take_the_answer_along(get, world):
    world.hang = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(get("/validate/exact_name"))
        await eventually(lambda: world.asked)
        second = group.create_task(get("/validate/EXACT_NAME"))
        first.cancel()
        world.hang.set()
    assert second.result()[1]["validuser"] is True
    assert len(world.asked) == 1


async def test_too_many_requests_of_one_client(get, world):
    answers = [await get("/validate/exact_name") for _ in range(21)]
    assert [status for status, _, _ in answers] == [200] * 20 + [429]
    _, body, headers = answers[-1]
    assert set(body) == {"errorMessage"}
    assert int(headers["Retry-After"]) > 0
    assert (await get("/healthz"))[0] == 200
    # Nobody gets another bucket by saying they are somebody else.
    status, _, _ = await get("/validate/x", headers={"X-Forwarded-For": "203.0.113.9"})
    assert status == 429


async def test_any_page_may_ask_for_a_name_and_for_nothing_else(get, world):
    origin = {"Origin": "https://shop.example"}
    world.error = UpstreamTrouble(Trouble.TIMEOUT)
    paths = ["/validate/Exact_Name", "/validate/%20", *["/validate/Exact_Name"] * 20]
    answers = [await get(path, headers=origin) for path in paths]
    assert {status for status, _, _ in answers} == {400, 429, 503}
    assert {headers.get("Access-Control-Allow-Origin") for _, _, headers in answers} == {"*"}
    for path in ("/healthz", "/readyz", "/openapi.json", "/nothing"):
        _, _, headers = await get(path, headers=origin)
        assert "Access-Control-Allow-Origin" not in headers


async def test_alive_whatever_else_is_broken(get, world):
    world.database, world.gateway = OSError("gone"), False
    assert (await get("/healthz"))[0] == 200


async def test_ready(get):
    assert (await get("/readyz"))[0] == 200


@pytest.mark.parametrize(
    ("database", "gateway", "named", "unnamed"),
    [
        (False, True, "database", "gateway"),
        (OSError("disk on fire at /secret/path"), True, "database", "secret"),
        (True, False, "gateway", "database"),
    ],
)
async def test_not_ready_says_which(get, world, database, gateway, named, unnamed):
    world.database, world.gateway = database, gateway
    status, body, _ = await get("/readyz")
    assert status == 503
    assert named in body["errorMessage"]
    assert unnamed not in body["errorMessage"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/", 404),
        ("POST", "/validate/exact_name", 405),
        ("DELETE", "/healthz", 405),
    ],
)
async def test_errors_are_json(get, method, path, status):
    got, body, headers = await get(path, method)
    assert got == status
    assert set(body) == {"errorMessage"}
    if status == 405:
        assert "GET" in headers["Allow"]


async def test_a_mistake_of_ours_shows_nothing_internal(app, get, caplog):
    app._state.clear()  # the handlers find nothing they need
    status, body, _ = await get("/readyz")
    assert status == 500
    assert set(body) == {"errorMessage"}
    assert "AppKey" not in str(body)
    assert "/readyz failed" in caplog.text


@pytest.mark.parametrize("path", ["/validate/exact_name", "/nowhere", "/healthz"])
async def test_every_answer_carries_the_headers(get, path):
    _, _, headers = await get(path)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Server"] == "Usher"


@pytest.mark.parametrize(
    ("public_url", "proxies", "headers", "said"),
    [
        ("https://bot.example", ["127.0.0.1/32"], {"X-Forwarded-Proto": "https"}, True),
        ("https://bot.example", ["127.0.0.1/32"], {"X-Forwarded-Proto": "http, HTTPS"}, True),
        ("https://bot.example", ["127.0.0.1/32"], {}, True),
        ("https://bot.example", ["127.0.0.1/32"], {"X-Forwarded-Proto": "http"}, False),
        ("https://bot.example", ["10.0.0.1/32"], {"X-Forwarded-Proto": "http"}, True),
        ("https://bot.example", [], {}, True),
        ("http://127.0.0.1:8080", ["127.0.0.1/32"], {"X-Forwarded-Proto": "https"}, False),
        (None, ["127.0.0.1/32"], {"X-Forwarded-Proto": "https"}, False),
    ],
)
async def test_https_is_insisted_on_with_an_https_address_unless_a_proxy_of_ours_says_that_it_was_not_used(
    world, jobs, public_url, proxies, headers, said
):
    app = make_app(
        lookup=world.lookup,
        database=world.has_database,
        gateway=world.has_gateway,
        jobs=jobs,
        trusted_proxies=[ip_network(network) for network in proxies],
        public_url=public_url,
    )
    async with (
        serve(app, HOST, 0) as port,
        aiohttp.ClientSession() as http,
        http.get(f"http://{HOST}:{port}/nowhere", headers=headers) as answer,
    ):
        assert ("Strict-Transport-Security" in answer.headers) is said


async def test_the_access_log_holds_no_query_and_no_name(get, caplog):
    caplog.set_level(logging.INFO)
    await get("/validate/exact_name?token=query-secret")
    await get("/nowhere/path-secret")
    await eventually(lambda: caplog.text.count(" in ") == 2)
    lines = [record.getMessage() for record in caplog.records if " in " in record.getMessage()]
    assert lines[0].startswith("GET /validate/{username} 200 in ")
    assert lines[1].startswith("GET (no such address) 404 in ")
    assert "secret" not in caplog.text


async def test_head_is_answered_too(get):
    assert (await get("/healthz", "HEAD"))[0] == 200


async def test_an_address_in_use_is_one_sentence(app):
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartupError, match="HTTP_PORT") as caught:
            async with serve(app, HOST, port):
                pass
    assert caught.value.exit_code == 69
