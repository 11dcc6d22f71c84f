"""Three seconds, one acknowledgement, fifteen minutes; and whose eyes an answer is for."""

import pytest

from tests.support.fake_time import eventually

DEFER, DEFER_QUIETLY = {"type": 5}, {"type": 5, "data": {"flags": 64}}


def hook(shop, used, rest=""):
    return f"/webhooks/{shop.fake.bot.id}/{used.token}{rest}"


async def test_an_acknowledgement_after_three_seconds_is_10062(api, shop, clock):
    used, path = shop.opened()
    clock.advance(3.1)
    assert await api.refused("POST", path, {"type": 4, "data": {"content": "x"}}) == 10062
    assert used.failed == "The application did not respond"
    assert shop.channel.messages == []


async def test_a_second_acknowledgement_is_40060(api, shop):
    _, path = shop.opened()
    assert await api("POST", path, DEFER) == (204, None)
    assert await api.refused("POST", path, {"type": 4, "data": {"content": "x"}}) == 40060


async def test_a_token_lives_for_fifteen_minutes(api, shop, clock):
    used, path = shop.opened()
    await api("POST", path, DEFER)
    clock.advance(899)
    status, _ = await api("PATCH", hook(shop, used, "/messages/@original"), {"content": "x"})
    assert status == 200
    clock.advance(2)
    for method, rest in (
        ("PATCH", "/messages/@original"),
        ("POST", ""),
        ("GET", "/messages/@original"),
    ):
        status, answer = await api(method, hook(shop, used, rest), {"content": "y"})
        assert (status, answer["code"]) == (401, 50027)


async def test_the_fifteen_minutes_can_be_over_at_once(api, shop):
    used, path = shop.opened()
    shop.opened()  # which nobody has answered yet
    await api("POST", path, DEFER)
    assert shop.fake.end_answers() == 1
    assert shop.fake.end_answers() == 0
    refused = await api("PATCH", hook(shop, used, "/messages/@original"), {"content": "x"})
    assert (refused[0], refused[1]["code"]) == (401, 50027)
    later, path = shop.opened()
    await api("POST", path, DEFER)
    taken = await api("PATCH", hook(shop, later, "/messages/@original"), {"content": "x"})
    assert taken[0] == 200


async def test_there_is_no_follow_up_before_the_acknowledgement(api, shop):
    used, _ = shop.opened()
    assert await api.refused("POST", hook(shop, used), {"content": "x"}) == 10015


async def test_a_wrong_token_is_unknown(api, shop):
    used, path = shop.opened()
    assert await api.refused("POST", path.replace(used.token, "nonsense"), DEFER) == 10062
    assert await api.refused("POST", f"/webhooks/{shop.fake.bot.id}/nonsense", {}) == 10015


@pytest.mark.parametrize(("deferral", "for_one"), [(DEFER, False), (DEFER_QUIETLY, True)])
async def test_the_first_follow_up_takes_the_deferrals_visibility(api, shop, deferral, for_one):
    used, path = shop.opened()
    await api("POST", path, deferral)
    (thinking,) = shop.channel.messages
    assert thinking.loading
    first = {"content": "secret", "flags": 0 if for_one else 64}
    _, answer = await api("POST", hook(shop, used), first)
    assert answer["id"] == str(thinking.id)
    assert thinking.ephemeral is for_one
    assert (thinking in shop.as_owner.sees(shop.channel)) is not for_one
    _, second = await api("POST", hook(shop, used), {"content": "quiet", "flags": 64})
    assert second["flags"] == 64


async def test_the_answer_can_be_read_edited_and_deleted(api, shop):
    used, path = shop.opened()
    status, answer = await api(
        "POST", path + "?with_response=1", {"type": 4, "data": {"content": "one", "flags": 64}}
    )
    assert status == 200
    number = answer["resource"]["message"]["id"]
    assert answer["interaction"]["response_message_id"] == number
    one = hook(shop, used, f"/messages/{number}")
    await api("PATCH", one, {"content": "two"})
    assert (await api("GET", hook(shop, used, "/messages/@original")))[1]["content"] == "two"
    assert await api.refused("GET", f"/channels/{shop.channel.id}/messages/{number}") == 10008
    assert await api("DELETE", one) == (204, None)
    assert await api.refused("GET", one) == 10008


async def test_an_overdue_interaction_is_told_to_observers(shop, clock):
    queue = shop.fake.subscribe()
    shop.opened()
    clock.advance(4)
    await eventually(lambda: not queue.empty())
    event = queue.get_nowait()
    assert event["type"] == "interaction_failed"
    assert event["reason"] == "The application did not respond"
