"""Whatever is sent to whichever address, the answer is a sentence and never a failure of ours."""

import asyncio
import json
import zlib

import pytest

from bot.access.logins.one_time_pages import OneTimePages
from bot.jobs import Jobs
from bot.rate_limit import RateLimit
from bot.tradingview import Hint
from bot.tradingview.signin import SignIn
from bot.web import login, make_app, serve
from tests.support.vendor_fixture import HOME, STAFF, open_shop

PUBLIC = "http://127.0.0.1:8080"
FREE = RateLimit(rate=1e6, burst=1_000_000)

BIG = "x" * 70_000
DEEP = "[" * 30_000 + "]" * 30_000
TEXTS = (
    *(
        "",
        "\0",
        "a\0b",
        "\ud800",
        "\udfff\ud800",
        "é",
        "\u202e",
        "\u200b",
        "\uff41",
        "🙂",
        "%",
        "%zz",
    ),
    *("../../etc", "'; drop table guild", "x" * 5_000, "1" * 31, "٣", "\n", "\r\nX: y", "💥" * 40),
)
VALUES = (
    *TEXTS,
    *(10**30, -(10**30), 1e308, None, True, False, [], {}, [[[]]], {"a": {"b": []}}, ["x"] * 50),
)
FIELDS = ("token", "sessionid", "sessionid_sign", "spare", "name", "password", "code", "yes")
BODIES = (
    *(b"", b"{", b"[]", b"null", b"\xff\xfe", b"\xed\xa0\x80", b"\0" * 50, b"1" * 5_000, b"NaN"),
    *(DEEP.encode(), b'{"a":' * 9_000, b'{"token":1,"token":"x"}', BIG.encode()),
    *('{"token":"x"}'.encode("utf-16"), b'\xef\xbb\xbf{"token":"x"}', b'{"token":"\\ud800"}'),
    *(b"token=%ED%A0%80&token=%00", b"token=" + b"x" * 60_000, b"--x\r\n\r\n", b"9" * 60_000),
)
TYPES = (
    *("application/json", "application/json; charset=foo", "application/json; charset=\xff"),
    *("application/json; charset=utf-7", "application/x-www-form-urlencoded", "", ";;=;", "a/b/c"),
    *("multipart/form-data", "multipart/form-data; boundary=x", "application/json;" * 200),
)
HEADERS = (
    *(("X-Forwarded-For", text) for text in ("\xff", "1.2.3.4,,", "[::1", "%", "9" * 4_000, "::")),
    *(("X-Forwarded-Proto", "\xff"), ("Host", "[::"), ("Host", "\xff"), ("Host", "a b")),
    *(
        ("Origin", "\xff"),
        ("Sec-Fetch-Site", "\xff"),
        ("Expect", "echo-me"),
        ("Cookie", "=;=,\xff"),
    ),
    *(("Content-Encoding", name) for name in ("gzip", "deflate", "br", "zstd", "echo-me")),
    *(("Transfer-Encoding", name) for name in ("chunked", "gzip, chunked", "echo-me")),
    *(("Content-Length", text) for text in ("-1", "9" * 30, "0x5", "5, 5", "echo-me")),
    *(
        ("Upgrade", "websocket"),
        ("Connection", "upgrade"),
        ("Range", "bytes=9-1"),
        ("X", "y" * 9_000),
    ),
    *(("If-Modified-Since", "\xff"), ("Accept-Encoding", "\xff"), ("Authorization", "Basic \xff")),
)
PIECES = (
    *("", "%ED%A0%80", "%00", "%FF", "%", "%zz", "..%2F..", "%2e%2e", "a/b", "?", "?a=%ED%A0%80&a"),
    *(
        "?" + "a=b&" * 1_500,
        "x" * 7_000,
        "%F0%9F%92%A5",
        "\xff",
        "#",
        ";",
        "*",
        "@",
        "//",
        "%0d%0a",
    ),
)


async def lookup(name):
    name.encode()  # as everything does that sends it on
    return [Hint(name, 7, False)]


async def yes():
    return True


async def may(*who):
    return who == (HOME, STAFF)


@pytest.fixture
async def served(tmp_path, frozen):
    async with open_shop(tmp_path) as vendor, Jobs() as jobs:
        links = OneTimePages(
            vendor.database,
            vendor.sessions,
            vendor.spares,
            SignIn(vendor.http, base=vendor.fake.url),
            public_url=PUBLIC,
            may=may,
        )
        app = make_app(lookup=lookup, database=yes, gateway=yes, jobs=jobs, links=links, limit=FREE)
        app[login.PRESSES] = app[login.GUESSES] = FREE
        token = (await links.create(vendor.request())).partition("#")[2]
        async with serve(app, "127.0.0.1", 0) as port:
            yield app, port, token


def addresses(app):
    """Yield method and path of every route, a variable part as `{}`."""
    for route in app.router.routes():
        path = route.resource.canonical
        while "{" in path:
            path = path[: path.index("{")] + "\x01" + path[path.index("}") + 1 :]
        yield route.method, path.replace("\x01", "{}")


def raw(method, path, body=b"", headers=()):
    given = {
        "Host": "x",
        "Origin": PUBLIC,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    } | dict(headers)
    if "Transfer-Encoding" in given:
        del given["Content-Length"]
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


async def ask(port, sent):
    """Return the status of the answer to these bytes; what every answer must have is looked at here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        answer = asyncio.ensure_future(reader.read())
        await asyncio.wait({answer}, timeout=0.3)
        if not answer.done():  # the server waits for the rest, rightly
            writer.write_eof()
        whole = await answer
    except ConnectionError:
        return None  # refused while it was still being sent
    finally:
        writer.close()
    head, _, body = whole.partition(b"\r\n\r\n")
    if not head:
        return None
    status = int(head.split()[1])
    assert status not in range(500, 600) or status == 503, (sent[:300], whole)
    assert b"\r\nServer: Usher" in head, (sent[:300], head)
    assert b"echo-me" not in whole
    assert b"aiohttp" not in whole.lower()
    if status >= 400 and b"\r\nContent-Type: text/html" in head:  # a page for people
        assert b'class="note stop"' in body, (sent[:300], whole)
    elif status >= 400 and body and not sent.startswith(b"HEAD"):
        assert "errorMessage" in json.loads(body), (sent[:300], whole)
    return status


async def all_of(served, make):
    """Send everything that `make` makes of an address and an open page's token, to every route."""
    app, port, token = served
    statuses = set()
    for method, path in addresses(app):
        for sent in make(method, path, token):
            statuses.add(await ask(port, sent))
    return statuses


def json_of(fields):
    return json.dumps(fields).encode()


async def test_every_field_takes_every_value(served, caplog):
    def make(method, path, token):
        if method != "POST":
            return
        for field in FIELDS:
            for value in VALUES:
                rest = {"token": token, "sessionid": "a", "name": "x", "password": "y", "code": "1"}
                yield raw(method, path.format("x"), json_of(rest | {field: value}))
        for name in TEXTS:
            yield raw(method, path.format("x"), json_of({"token": token, name: name}))

    assert await all_of(served, make) >= {400, 410, 422}
    assert "Traceback" not in caplog.text


async def test_every_body_of_every_type(served, caplog):
    def make(method, path, _):
        for body in BODIES:
            for kind in TYPES:
                yield raw(method, path.format("x"), body, [("Content-Type", kind)])

    assert await all_of(served, make) >= {200, 400, 415}
    assert "Traceback" not in caplog.text


async def test_every_header(served, caplog):
    packed = zlib.compress(b'{"token":"' + b"x" * 50_000_000 + b'"}')
    bodies = (b'{"token":"x"}', b"echo-me\r\n", b"zz\r\nab\r\n0\r\n\r\n", b"5\r\nab", packed)

    def make(method, path, _):
        for header in HEADERS:
            for body in bodies if method == "POST" else bodies[:2]:
                yield raw(method, path.format("x"), body, [header])

    assert await all_of(served, make) >= {200, 400, 410, 417}
    assert "Traceback" not in caplog.text


async def test_every_path_and_method(served, caplog):
    def make(method, path, _):
        for piece in PIECES:
            for tried in {method, "GET", "PUT", "OPTIONS", "TRACE", "BREW", "get"}:
                yield raw(tried, path.format(piece))
                yield raw(tried, path.format("x") + piece)

    assert await all_of(served, make) >= {200, 400, 404, 405}
    assert "Traceback" not in caplog.text
