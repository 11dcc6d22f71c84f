"""Changes that a program sends twice: with the same Idempotency-Key they count once."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.access_harness import open_harness
from tests.support.api_harness import open_api
from tests.support.vendor_fixture import AT

MONTH = "2026-04-10T12:00:00+00:00"


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


@pytest.fixture
async def api(harness):
    async with open_api(harness) as api:
        yield api


async def test_without_a_key_for_repeats_each_request_counts(api, harness):
    for _ in range(2):
        await api.post("Ann_Trades", [harness.pine_id], "7D")
    assert harness.end("Ann_Trades") == AT + timedelta(days=14)


async def test_a_repeated_request_gets_the_same_answer_and_counts_once(api, harness):
    once = {"headers": {"Idempotency-Key": "order-17"}}
    first = await api.post("Ann_Trades", [harness.pine_id], "7D", **once)
    again = await api.post("Ann_Trades", [harness.pine_id], "7D", **once)
    assert first[:2] == again[:2]
    assert harness.end("Ann_Trades") == AT + timedelta(days=7)


async def test_another_request_with_the_same_key_for_repeats_is_refused(api, harness):
    once = {"headers": {"Idempotency-Key": "x" * 255}}
    await api.post("Ann_Trades", [harness.pine_id], "7D", **once)
    others = (
        api.post("Ann_Trades", [harness.pine_id], "8D", **once),
        api.post("bob-fx", [harness.pine_id], "7D", **once),
        api.delete("Ann_Trades", [harness.pine_id], **once),
    )
    for other in others:
        status, body, _ = await other
        assert (status, list(body)) == (422, ["errorMessage"])
    assert harness.end("Ann_Trades") == AT + timedelta(days=7)


async def test_keys_for_repeats_of_two_programs_are_apart(api, harness):
    once = {"headers": {"Idempotency-Key": "1"}}
    other = (await api.new_key()).text
    await api.post("Ann_Trades", [harness.pine_id], "7D", **once)
    await api.post("Ann_Trades", [harness.pine_id], "7D", key=other, **once)
    assert harness.end("Ann_Trades") == AT + timedelta(days=14)


async def test_twins_at_the_same_moment_count_once(api, harness):
    once = {"headers": {"Idempotency-Key": "twin"}}
    body = {"pine_ids": ["trend"], "duration": "7D"}
    twins = (api.ask("POST", "/access/Ann_Trades", json=body, **once) for _ in range(20))
    answers = await harness.meanwhile(asyncio.gather(*twins))
    assert {status for status, *_ in answers} == {200}
    assert {str(rows) for _, rows, _ in answers} == {str(answers[0][1])}
    assert harness.end("Ann_Trades") == AT + timedelta(days=7)


async def test_a_pending_answer_that_is_repeated_says_how_it_stands_by_now(api, harness):
    once = {"headers": {"Idempotency-Key": "later"}}
    harness.fake.world.end_all_sessions()
    await harness.vendor.test_logins()
    status, [row], _ = await api.post("Ann_Trades", [harness.pine_id], **once)
    assert (status, row["status"]) == (202, "Pending")
    await harness.vendor.log_in()
    await harness.let_pass(60)
    status, [row], _ = await api.post("Ann_Trades", [harness.pine_id], **once)
    assert (status, row["status"]) == (200, "Success")
    assert harness.end("Ann_Trades").isoformat() == MONTH


@pytest.mark.parametrize("key", ["", "x" * 256, "ü"])
async def test_a_key_for_repeats_that_cannot_be_is_refused(api, key):
    status, body, _ = await api.ask(
        "POST", "/access/Ann_Trades", json={"pine_ids": ["trend"], "duration": "7D"},
        headers={"Idempotency-Key": key},
    )  # fmt: skip
    assert (status, list(body)) == (400, ["errorMessage"])


async def test_what_was_asked_is_kept_for_a_day_and_more_and_then_forgotten(api, harness, frozen):
    once = {"headers": {"Idempotency-Key": "order-17"}}
    await api.post("Ann_Trades", [harness.pine_id], "7D", **once)
    frozen.set(AT + timedelta(days=29))
    await harness.api_requests.forget_old()
    status, [row], _ = await api.post("Ann_Trades", [harness.pine_id], "7D", **once)
    assert (status, row["status"]) == (200, "Success")
    assert harness.end("Ann_Trades") == AT + timedelta(days=7)
    frozen.set(AT + timedelta(days=31))
    await harness.api_requests.forget_old()
    status, body, _ = await api.ask("GET", "/orders/1")
    assert (status, body) == (404, {"errorMessage": "There is no such order."})


async def test_a_repeated_request_gets_the_same_answer_whatever_was_ordered_since(api, harness):
    given = {"headers": {"Idempotency-Key": "give"}}
    ended = {"headers": {"Idempotency-Key": "end"}}
    first = await api.post("Ann_Trades", [harness.pine_id], "7D", **given)
    removed = await api.delete("Ann_Trades", [harness.pine_id], **ended)
    await api.post("Ann_Trades", [harness.pine_id], "1M")
    assert (await api.post("Ann_Trades", [harness.pine_id], "7D", **given))[:2] == first[:2]
    assert (await api.delete("Ann_Trades", [harness.pine_id], **ended))[:2] == removed[:2]
    assert harness.end("Ann_Trades").isoformat() == MONTH
