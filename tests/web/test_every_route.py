"""What holds at every address alike: its headers, what errors say, and how long and how much a client may send."""

import asyncio
import dataclasses
import io
import json
import re
from ipaddress import ip_network

import aiohttp
import pytest

from bot.access.people.api_keys import ApiKeys
from bot.app import web_application
from bot.web import serve
from bot.web.connections import BACKLOG, TIMEOUT
from tests.support.access_harness import open_harness
from tests.support.api_harness import HOST, yes
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import AT

ECHO = "Echo_4711"


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


def everything(harness, **options):
    keys = ApiKeys(harness.database, harness.vault, yes, harness.vendor.jobs)
    services = dataclasses.replace(harness.services, api_keys=keys)
    return web_application(dataclasses.replace(harness.vendor.settings, **options), services)


def addresses(app):
    """Every address with a method that it takes."""
    return sorted(
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.method not in ("HEAD", "*")
    )


def filled(path):
    path = path.replace("{username}", f"{ECHO}!").replace("{guild_id}", "4711")
    return re.sub(r"\{[^}]+\}", ECHO, path)


def is_page(path):
    """Whether people read what is answered there, in failure too."""
    return path.startswith(("/dashboard/", "/login/", "/setup/"))


def assert_safe(answer, path):
    headers = answer.headers
    assert headers.getall("Server") == ["Usher"], path
    assert headers["X-Content-Type-Options"] == "nosniff", path
    assert headers["X-Frame-Options"] == "DENY", path
    referrer = (
        "same-origin" if is_page(path) else "no-referrer"
    )  # pages' forms say where they are from
    if "/static/" not in path:
        assert headers["Referrer-Policy"] == referrer, path
    assert "default-src 'none'" in headers["Content-Security-Policy"], path
    assert "Cache-Control" in headers, path


@pytest.mark.parametrize(
    ("public_url", "proxies", "said"),
    [
        ("https://usher.example", ("127.0.0.1",), True),
        ("https://usher.example", (), True),
        ("http://127.0.0.1:8080", ("127.0.0.1",), False),
        (None, (), False),
    ],
)
async def test_the_headers_are_on_every_answer_and_https_is_insisted_on_where_it_was_used(
    harness, public_url, proxies, said
):
    app = everything(
        harness, public_url=public_url, trusted_proxies=tuple(ip_network(each) for each in proxies)
    )
    asked = [*addresses(app), ("GET", "/nowhere"), ("PUT", "/healthz"), ("DELETE", "/metrics")]
    async with serve(app, HOST, 0) as port, aiohttp.ClientSession() as http:
        for method, path in asked:
            url = f"http://{HOST}:{port}{filled(path)}"
            headers = {"X-Forwarded-Proto": "https", "X-Admin-Token": ECHO}
            async with http.request(
                method, url, headers=headers, data=ECHO if method == "POST" else None
            ) as answer:
                text = await answer.text()
            assert_safe(answer, path)
            assert ("Strict-Transport-Security" in answer.headers) is said, path
            if answer.status >= 400:
                assert is_page(path) or "errorMessage" in json.loads(text), path
                assert ECHO not in text, path
            assert answer.status < 500 or path == "/readyz", path  # there is no Discord here


async def say(port, data):
    """Send bytes as they are; what comes back until the other side closes."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(data)
    try:
        return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    "data",
    [
        b"Echo_4711\r\n\r\n",
        b"GET /Echo_4711 HTTP/9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nEcho_4711 : \x00\r\n\r\n",
        b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nX: " + b"Echo_4711" * 3_000 + b"\r\n\r\n",
        b"POST /access/a HTTP/1.1\r\nHost: x\r\nContent-Length: Echo_4711\r\n\r\n",
        b"POST /webhooks/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nEcho_4711\r\n",
    ],
)
async def test_what_is_no_http_is_answered_without_a_version_and_without_an_echo(harness, data):
    async with serve(everything(harness), HOST, 0) as port:
        answer = (await say(port, data)).decode("latin-1")
    assert answer.split(" ")[1].startswith("4")
    assert "\r\nServer: Usher\r\n" in answer
    assert "nosniff" in answer
    assert "Echo_4711" not in answer
    assert "aiohttp" not in answer
    assert "python" not in answer.casefold()


def head(method, path, *lines):
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: x", *lines, "", "")).encode()


async def test_a_client_that_sends_half_and_waits_is_closed_at_every_address(harness, frozen):
    """Half a header, and a body that is begun and never ends."""
    app = everything(harness)
    begun = []
    for method, pattern in addresses(app):
        path = filled(pattern)
        begun.append(f"{method} {path} HTTP/1.1\r\nHost".encode())
        if method in ("POST", "DELETE"):
            sent = head(method, path, "Content-Length: 1000", f"X-Admin-Token: {ECHO}")
            begun.append(sent + b"12")
    async with serve(app, HOST, 0) as port:
        for start in range(0, len(begun), BACKLOG):  # more would wait in front of the door
            await assert_closed(harness, frozen, port, begun[start : start + BACKLOG])


async def assert_closed(harness, frozen, port, begun):
    tasks = [asyncio.ensure_future(say(port, data)) for data in begun]
    await harness.rest()
    for _ in range(int(TIMEOUT) + 5):
        await harness.rest()
        await frozen.advance(1)
    await eventually(lambda: all(task.done() for task in tasks))
    for task in tasks:
        if not task.exception():
            assert b"HTTP/1.1 5" not in task.result()


async def test_a_body_of_ten_megabytes_is_refused_at_every_address_that_takes_one(harness):
    app = everything(harness)
    key = (
        await ApiKeys(harness.database, harness.vault, yes, harness.vendor.jobs).create(
            harness.request(), "all", "read,write,metrics,validate", None
        )
    ).text
    async with serve(app, HOST, 0) as port, aiohttp.ClientSession() as http:
        for method, path in addresses(app):
            if method not in ("POST", "DELETE"):
                continue
            request = http.request(
                method,
                f"http://{HOST}:{port}{filled(path)}",
                data=io.BytesIO(ECHO.encode() * 1_200_000),
                headers={"X-Admin-Token": key, "Content-Type": "application/json"},
            )
            try:
                async with request as answer:
                    status, text = answer.status, await answer.text()
            except aiohttp.ClientError:
                continue  # closed while it was still being sent
            refused = (400, 403, 404, 413) if is_page(path) else (400, 403, 413)
            assert status in refused, path
            assert ECHO not in text
    assert not harness.writes()


async def test_many_idle_clients_shut_an_honest_one_out_of_no_address(harness):
    app = everything(harness)
    async with serve(app, HOST, 0, connections=10) as port, aiohttp.ClientSession() as http:
        idle = [await asyncio.open_connection(HOST, port) for _ in range(40)]
        for _, writer in idle:
            writer.write(b"GET /metr")
        await harness.rest()
        for path in ("/healthz", "/openapi.json", "/metrics", "/orders/1"):
            async with http.get(f"http://{HOST}:{port}{path}") as answer:
                assert answer.status in (200, 401)
        for _, writer in idle:
            writer.close()
