"""Each kind of answer to each method: what a call raises or returns."""

from datetime import UTC, datetime
from unittest.mock import Mock

import aiohttp
import pytest
from aioresponses import aioresponses

from bot.tradingview import (
    Denied,
    NoSuchScript,
    NoSuchUser,
    Refused,
    SessionRefused,
    SlowDown,
    TradingViewError,
    Uncertain,
    UpstreamTrouble,
    WriteResult,
)
from tests.tradingview.upstream import PINE_ID, client_of

SITE = "https://www.tradingview.com"
END = datetime(2026, 4, 10, 12, tzinfo=UTC)


class Response(aiohttp.ClientResponse):
    """aioresponses does not know the last argument of aiohttp 3.14's constructor."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, stream_writer=Mock(), **kwargs)


async def call(client, method):
    match method:
        case "hints":
            return await client.hints("ann")
        case "account":
            return await client.account()
        case "pages":
            return [page async for page in client.pages(PINE_ID)]
        case "find_row":
            return await client.find_row(PINE_ID, "ann")
        case "remove":
            return await client.remove(PINE_ID, "ann")
        case _:
            return await getattr(client, method)(PINE_ID, "ann", END)


TARGETS = {
    "hints": ("GET", "/username_hint/?s=ann"),
    "account": ("GET", "/tvcoins/details/"),
    "pages": ("POST", "/pine_perm/list_users/?limit=30&order_by=-created"),
    "find_row": ("POST", "/pine_perm/list_users/?limit=30&order_by=-created"),
    "add": ("POST", "/pine_perm/add/"),
    "modify": ("POST", "/pine_perm/modify_user_expiration/"),
    "remove": ("POST", "/pine_perm/remove/"),
}
READS = ("account", "pages", "find_row")
WRITES = ("add", "modify", "remove")
JSON, HTML = "application/json", "text/html"

ANSWERS = {
    # name: (status, body, content type, public, read, write)
    "too fast": (429, "{}", JSON, SlowDown, SlowDown, SlowDown),
    "redirect": (302, "", HTML, UpstreamTrouble, SessionRefused, SessionRefused),
    "error": (500, "{}", JSON, UpstreamTrouble, UpstreamTrouble, UpstreamTrouble),
    "gateway page": (502, "<html>", HTML, UpstreamTrouble, UpstreamTrouble, UpstreamTrouble),
    "cdn page": (400, "<HTML>", HTML, UpstreamTrouble, UpstreamTrouble, UpstreamTrouble),
    "home page": (
        200,
        '<!DOCTYPE html><html class="is-not-authenticated">',
        HTML,
        UpstreamTrouble,
        SessionRefused,
        SessionRefused,
    ),
    "logged out": (401, '{"detail": "x"}', JSON, UpstreamTrouble, SessionRefused, SessionRefused),
    "forbidden": (403, '{"detail": "x"}', JSON, UpstreamTrouble, Denied, Denied),
    "robot check": (403, "<html>", HTML, UpstreamTrouble, Denied, Denied),
    "no such user": (
        422,
        '{"code": "username_recip_not_found"}',
        JSON,
        UpstreamTrouble,
        NoSuchUser,
        NoSuchUser,
    ),
    "no such script": (422, '{"pine_id": []}', JSON, UpstreamTrouble, NoSuchScript, NoSuchScript),
    "other refusal": (409, '{"code": "x"}', JSON, UpstreamTrouble, Refused, Refused),
    "not found": (404, "<html>", HTML, UpstreamTrouble, UpstreamTrouble, UpstreamTrouble),
    "cut text": (200, '{"results": [', JSON, UpstreamTrouble, UpstreamTrouble, Uncertain),
    "nothing": (204, "", JSON, UpstreamTrouble, UpstreamTrouble, Uncertain),
    "unknown words": (200, '"fine"', JSON, UpstreamTrouble, UpstreamTrouble, Uncertain),
}


def cases():
    for name, (status, body, content_type, public, read, write) in ANSWERS.items():
        for method in TARGETS:
            expected = read if method in READS else write if method in WRITES else public
            yield pytest.param(method, status, body, content_type, expected, id=f"{method}-{name}")


@pytest.mark.parametrize(("method", "status", "body", "content_type", "expected"), list(cases()))
async def test_each_answer_has_one_meaning_for_each_method(
    method, status, body, content_type, expected
):
    verb, target = TARGETS[method]
    async with client_of(SITE) as client:
        with aioresponses() as site, pytest.raises(TradingViewError) as caught:
            site.add(
                SITE + target,
                verb,
                status=status,
                body=body,
                content_type=content_type,
                response_class=Response,
            )
            await call(client, method)
    assert type(caught.value) is expected
    assert caught.value.status == status


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("answer", WriteResult)
async def test_each_known_word_of_a_write_is_returned(method, status, answer):
    verb, target = TARGETS[method]
    async with client_of(SITE) as client:
        with aioresponses() as site:
            payload = {"status": str(answer)}
            site.add(SITE + target, verb, status, payload=payload, response_class=Response)
            assert await call(client, method) is answer


@pytest.mark.parametrize(
    "failure", [aiohttp.ServerDisconnectedError(), TimeoutError(), OSError("reset")]
)
@pytest.mark.parametrize("method", TARGETS)
async def test_nothing_of_the_library_crosses_the_package(method, failure):
    verb, target = TARGETS[method]
    async with client_of(SITE) as client:
        with aioresponses() as site, pytest.raises(TradingViewError) as caught:
            site.add(SITE + target, verb, exception=failure)
            await call(client, method)
    assert type(caught.value) is (Uncertain if method in WRITES else UpstreamTrouble)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
