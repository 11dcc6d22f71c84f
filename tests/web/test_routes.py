"""Every address of the application: who may ask, and the same answer for everybody who may not.

A new address fails here until it is said which of the three it is: open to everybody, opened by a key
with a scope, or opened in a way of its own that other tests look at.
"""

import re
from datetime import timedelta

import pytest

from bot.access.rules.api_keys import Scope, new_secret, written
from bot.access.rules.duration import parse_length
from bot.web.dashboard.routes import ROUTES
from tests.support.access_harness import open_harness
from tests.support.api_harness import open_api
from tests.support.vendor_fixture import AT, HOME, OTHER

# Beside the pages for people.
FILES = ("brand.css", "pages.css", "pages.js", "htmx.js", "login.js", "icon.svg")
PUBLIC = {
    ("GET", "/validate/{username}"),
    ("HEAD", "/validate/{username}"),
    ("GET", "/healthz"),
    ("HEAD", "/healthz"),
    ("GET", "/readyz"),
    ("HEAD", "/readyz"),
    ("GET", "/openapi.json"),
    ("HEAD", "/openapi.json"),
    # The page of a one-time link, which knows nothing; what it posts needs the link's token.
    ("GET", "/dashboard/"), ("HEAD", "/dashboard/"),
    *((method, f"/dashboard/static/{name}") for name in FILES for method in ("GET", "HEAD")),
    ("*", "/dashboard/{tail}"),  # no such page
    *((method, f"/login/{name}") for name in ("", *(f"static/{file}" for file in FILES)) for method in ("GET", "HEAD")),
    # Once the first run is over it is a page that says so, whoever asks (tests/web/first_run).
    ("*", "/setup/{tail}"),
    *((method, f"/setup/{name}") for name in ("", *(f"static/{file}" for file in FILES)) for method in ("GET", "HEAD")),
}  # fmt: skip
# By what they are opened, and which tests look at that.
OTHERWISE = {
    ("POST", f"/login/{name}"): "the token of a one-time link (test_login_guard.py)"
    for name in ("paste", "password", "code", "again")
} | {("POST", "/webhooks/{id}"): "the signature of a shop (test_webhooks.py)"}
# What is answered with a page.
FORMS = {
    ("POST", "/login/"): "the token of a one-time link, sent by its forms (test_login_plain.py)",
    ("POST", "/dashboard/sign-in"): "a one-time link (dashboard/test_way_in.py)",
}
KEYED = {
    ("GET", "/access/{username}"): Scope.READ,
    ("POST", "/access/{username}"): Scope.WRITE,
    ("DELETE", "/access/{username}"): Scope.WRITE,
    ("GET", "/orders/{id}"): Scope.READ,
    ("GET", "/metrics"): Scope.METRICS,
}
NOT_OPENED = {
    "errorMessage": "A key that works is needed, in the header X-Admin-Token or Authorization: Bearer."
}
NOT_ALLOWED = {"errorMessage": "This key may not be used for that."}


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


@pytest.fixture
async def api(harness):
    async with open_api(harness) as api:
        yield api


def routes(app):
    return {(route.method, route.resource.canonical) for route in app.router.routes()}


async def test_it_is_said_of_every_address_who_may_ask(api):
    signed_in = {
        (method, re.sub(r":[^{}]*(\{[0-9,]+\})?\}", "}", path))
        for method, path in api.app[ROUTES].rules
    }  # dashboard/test_every_route.py walks over them
    assert all(path.startswith("/dashboard/{guild_id}/") for _, path in signed_in)
    assert routes(api.app) == PUBLIC | OTHERWISE.keys() | FORMS.keys() | KEYED.keys() | signed_in


def address(path):
    return path.replace("{username}", "Ann_Trades").replace("{id}", "1")


async def keys(api, harness, frozen, scope):
    """By what is wrong with it, a key that does not open what needs that scope."""
    expired = await api.new_key(scope, expires=parse_length("1D"))
    frozen.set(AT + timedelta(days=2))
    revoked = await api.new_key(scope, name="revoked")
    await api.keys.revoke(harness.request(), "revoked")
    slip = (await api.new_key(scope)).text
    yield "no key", None, 401
    yield "a foreign key", "sk_live_0123456789", 401
    yield "a slip", slip[:-1] + ("0" if slip[-1] != "0" else "1"), 401
    yield "another secret", written(1, new_secret()), 401
    yield "no such number", written(10**9, new_secret()), 401
    yield "an expired key", expired.text, 401
    yield "a revoked key", revoked.text, 401
    for other in Scope:
        if other is not scope:
            yield f"a key for {other}", (await api.new_key(other)).text, 403


@pytest.mark.parametrize(("method", "path"), sorted(KEYED))
async def test_without_a_key_for_it_everybody_gets_the_same_answer(
    api, harness, frozen, method, path
):
    harness.give("Ann_Trades", None)
    body = {"pine_ids": ["trend"], "duration": "1M"}
    async for what, key, expected in keys(api, harness, frozen, KEYED[method, path]):
        for options in ({}, {"json": body}, {"data": b"nonsense"}):
            status, answer, _ = await api.ask(method, address(path), key=key, **options)
            said = NOT_OPENED if expected == 401 else NOT_ALLOWED
            assert (status, answer) == (expected, said), what
    assert not harness.writes()


async def test_the_figures_of_another_server_stay_its_own(api, harness):
    await api.post("Ann_Trades", ["trend"])
    other = (await api.new_key(Scope.METRICS, guild_id=OTHER)).text
    async with api.http.get(api.url + "/metrics", headers={"X-Admin-Token": other}) as answer:
        assert answer.status == 200
        assert f'guild="{HOME}"' not in await answer.text()  # the bare number may be one of bytes


@pytest.mark.parametrize(("method", "path"), sorted(KEYED.keys() - {("GET", "/metrics")}))
async def test_a_key_of_another_server_shows_and_changes_nothing_here(api, harness, method, path):
    await api.post("Ann_Trades", ["trend"])  # order 1, of this server
    before = len(harness.writes())
    other = (await api.new_key(KEYED[method, path], guild_id=OTHER)).text
    body = {"pine_ids": [harness.pine_id, "trend"], "duration": "1M"}
    status, answer, _ = await api.ask(method, address(path), key=other, json=body)
    if path == "/orders/{id}":
        unknown = await api.ask(method, "/orders/999", key=other)
        assert (status, answer) == unknown[:2] == (404, {"errorMessage": "There is no such order."})
    else:  # as of a script that does not exist anywhere
        assert status == 200
        assert [(row["hasAccess"], row["status"]) for row in answer] == [(False, "Failure")] * 2
    assert len(harness.writes()) == before


@pytest.mark.parametrize(("method", "path"), sorted(PUBLIC))
async def test_what_is_open_needs_no_key(api, method, path):
    method = "GET" if method == "*" else method
    async with api.http.request(method, api.url + address(path)) as answer:
        assert answer.status not in (401, 403)


@pytest.mark.parametrize(("method", "path"), sorted(OTHERWISE | FORMS))
async def test_a_key_opens_nothing_that_is_opened_otherwise(api, method, path):
    everything = (await api.new_key(",".join(Scope))).text
    async with api.http.request(
        method,
        api.url + address(path),
        headers={"X-Admin-Token": everything},
        json={"token": everything},
    ) as answer:
        assert answer.status == (401 if path.startswith("/webhooks") else 403)
