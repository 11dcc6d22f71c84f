"""The key of a request: where it stands, wrong ones, and what the log holds of them."""

import logging
from datetime import timedelta

import pytest

from bot.access.rules.api_keys import new_secret, written
from tests.support.access_harness import open_harness
from tests.support.api_harness import open_api
from tests.support.idle import at_rest
from tests.support.vendor_fixture import AT, HOME

REFUSED = {
    "errorMessage": "A key that works is needed, in the header X-Admin-Token or Authorization: Bearer."
}
ORDER = "/orders/1"  # a cheap thing to ask for


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


@pytest.fixture
async def api(harness):
    async with open_api(harness) as api:
        yield api


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("X-Admin-Token", "{}"),
        ("x-admin-token", " {} "),
        ("Authorization", "Bearer {}"),
        ("authorization", "bearer  {}"),
    ],
)
async def test_a_key_stands_in_one_of_two_headers(api, name, form):
    status, _, _ = await api.ask("GET", ORDER, key=None, headers={name: form.format(api.key)})
    assert status == 404  # it is let in, and there is no such order


@pytest.mark.parametrize("name", ["Authorization", "X-Admin-Token"])
@pytest.mark.parametrize(
    "form", ["", "Basic {}", "{}x", "Bearer", "Bearer ", "{} {}", "ÿ", "x" * 4_000]
)
async def test_what_is_no_key_opens_nothing(api, name, form):
    headers = {name: form.format(api.key[:-1], api.key)}
    status, body, sent = await api.ask("GET", ORDER, key=None, headers=headers)
    assert (status, body, sent["WWW-Authenticate"]) == (401, REFUSED, "Bearer")


@pytest.mark.parametrize("name", ["key", "token", "api_key", "X-Admin-Token", "whatever"])
@pytest.mark.parametrize("in_header", [True, False])
async def test_a_key_in_the_address_opens_nothing_and_is_not_logged(api, caplog, name, in_header):
    caplog.set_level(logging.DEBUG)
    key = api.key if in_header else None
    status, body, _ = await api.ask("GET", ORDER, key=key, params={name: api.key})
    assert (status, body) == (401, REFUSED)
    status, body, _ = await api.ask("GET", f"/access/{api.key}", key=key)
    assert (status, body) == (401, REFUSED)
    assert api.key not in caplog.text


async def test_wrong_keys_are_limited_for_each_client_before_anything_is_worked_out(
    api, harness, frozen, monkeypatch
):
    wrong = [written(1, new_secret()), "nonsense", written(99, new_secret())]
    for number in range(20):
        status, body, _ = await api.ask("GET", ORDER, key=wrong[number % 3])
        assert (status, body) == (401, REFUSED)
    asked = []
    monkeypatch.setattr(api.keys, "opened_by", asked.append)
    for key in (*wrong, api.key):
        status, body, headers = await api.ask("GET", ORDER, key=key)
        assert (status, list(body)) == (429, ["errorMessage"])
        assert int(headers["Retry-After"]) > 0
    assert asked == []
    monkeypatch.undo()
    await harness.let_pass(10)
    status, _, _ = await api.ask("GET", ORDER)
    assert status == 404


async def test_wrong_keys_of_a_neighbour_lock_out_nobody_whose_key_worked(api, harness, frozen):
    assert (await api.ask("GET", ORDER))[0] == 404
    fresh = (await api.new_key()).text
    for _ in range(25):
        await api.ask("GET", ORDER, key=written(1, new_secret()))
    assert (await api.ask("GET", ORDER, key="nonsense"))[0] == 429
    assert (await api.ask("GET", ORDER, key=fresh))[0] == 429
    assert (await api.ask("GET", ORDER))[0] == 404
    await api.keys.revoke(harness.request(), (await api.keys.listed(HOME))[0].name)
    assert (await api.ask("GET", ORDER))[:2] == (401, REFUSED)
    assert (await api.ask("GET", ORDER))[0] == 429  # from then on it is as wrong as any other


async def test_right_keys_are_not_counted_as_wrong_ones(api):
    for _ in range(50):
        status, _, _ = await api.ask("GET", ORDER)
        assert status == 404


async def test_one_key_cannot_be_used_without_measure(api, harness):
    answers = [(await api.ask("GET", ORDER))[0] for _ in range(205)]
    assert set(answers[:190]) == {404}
    assert answers[-1] == 429
    other = (await api.new_key()).text
    assert (await api.ask("GET", ORDER, key=other))[0] == 404


async def test_a_revoked_or_expired_key_is_refused_from_the_next_request_on(api, harness, frozen):
    from bot.access.rules.duration import parse_length

    made = await api.new_key(expires=parse_length("1D"))
    assert (await api.ask("GET", ORDER, key=made.text))[0] == 404
    frozen.set(AT + timedelta(days=1))
    assert (await api.ask("GET", ORDER, key=made.text))[:2] == (401, REFUSED)
    await api.keys.revoke(harness.request(), (await api.keys.listed(HOME))[0].name)
    assert (await api.ask("GET", ORDER))[:2] == (401, REFUSED)


async def test_the_last_use_is_noted(api, harness):
    await api.ask("GET", ORDER)
    await at_rest(harness.database)
    [key] = await api.keys.listed(HOME)
    assert key.used_at == AT


async def test_a_key_for_validate_has_a_limit_of_its_own(api):
    more = (await api.new_key("validate")).text
    less = (await api.new_key("read")).text
    await api.meanwhile("GET", "/validate/Ann_Trades", key=None)
    for key in (None, less, "nonsense"):
        for _ in range(10):
            await api.ask("GET", "/validate/Ann_Trades", key=key)
    assert (await api.ask("GET", "/validate/Ann_Trades", key=less))[0] == 429
    assert (await api.ask("GET", "/validate/Ann_Trades", key=more))[0] == 200
