"""The shop as it opens, and what the page is told of it."""

import asyncio
from datetime import UTC, datetime

from bot.sandbox import sample_customers
from bot.sandbox.recovery import Recovery
from tests.support.fake_time import eventually


def names(people):
    return [each["username"] for each in people]


async def test_there_are_120_people_and_three_scripts(api):
    _, state = await api.get("state")
    assert len(set(names(state["tradingview"]["people"]))) == 120
    assert len(state["tradingview"]["scripts"]) == 3


def test_the_names_differ_also_when_case_is_ignored():
    assert len({name.casefold() for name in sample_customers.names()}) == sample_customers.SIZE


async def test_some_are_running_some_lapsed_some_undated_some_have_nothing(api):
    _, state = await api.get("state")
    now = datetime.now(UTC)
    ends = [
        None if row["end"] is None else datetime.fromisoformat(row["end"])
        for each in state["tradingview"]["people"]
        for row in each["rows"]
    ]
    assert sum(1 for end in ends if end is None) >= 5
    assert sum(1 for end in ends if end and end < now) >= 15
    assert sum(1 for end in ends if end and end > now) >= 40
    assert any(not each["rows"] for each in state["tradingview"]["people"])


async def test_one_name_is_the_beginning_of_others(api):
    _, state = await api.get("state")
    everybody = names(state["tradingview"]["people"])
    assert "finn" in everybody
    assert sum(1 for name in everybody if name.startswith("finn")) == 3


async def test_there_are_an_owner_two_moderators_and_buyers(api):
    _, state = await api.get("state")
    parts = [each["part"] for each in state["people"]]
    assert parts.count("owner") == 1
    assert parts.count("moderator") == 2
    assert parts.count("buyer") >= 4


async def test_buyers_do_not_see_the_log_channel(shop, api):
    _, state = await api.get("state")
    (guild,) = state["discord"]["guilds"]
    log = next(each for each in guild["channels"] if each["name"] == shop.history.name)
    seeing = {each["part"] for each in state["people"] if each["id"] in log["seen_by"]}
    assert seeing == {"owner", "moderator"}


async def test_a_written_row_is_told_at_once(sandbox, shop, http):
    queue = sandbox.simulation.subscribe()
    script = shop.publications[0].script
    sessionid, sign = shop.login
    async with http.post(
        f"{shop.tradingview.url}/pine_perm/add/",
        data={
            "pine_id": script.pine_id,
            "username_recip": "gita-ray",
            "expiration": "2099-01-01T00:00:00.000Z",
        },
        headers={"Cookie": f"sessionid={sessionid}; sessionid_sign={sign}"},
    ) as answer:
        assert answer.status == 201
    events = await gathered(queue)
    row = next(each for each in events if each["type"] == "rows")["person"]
    assert row["username"] == "Gita-Ray"
    assert row["rows"][0]["end"].startswith("2099-01-01")
    call = next(each for each in events if each["type"] == "call")["call"]
    assert (call["name"], call["status"], call["applied"]) == ("add", 201, True)
    assert sessionid not in str(events)


async def test_a_new_login_ends_the_switch_for_the_dead_one(sandbox, shop, api, http):
    await api.post("switch", name="logged_out", value=True)
    _, pair = await api.post("cookies")
    cookies = f"sessionid={pair['sessionid']}; sessionid_sign={pair['sessionid_sign']}"
    async with http.get(
        f"{shop.tradingview.url}/tvcoins/details/", headers={"Cookie": cookies}
    ) as answer:
        assert answer.status == 200
    await eventually(lambda: shop.tradingview.switches.logged_out is False)


async def test_pasted_cookies_are_made_anew_only_when_the_last_ones_ended(shop, api):
    _, first = await api.post("cookies")
    _, kept = await api.post("cookies", do="keep")
    assert kept == first
    shop.tradingview.world.end_all_sessions()
    _, renewed = await api.post("cookies", do="keep")
    assert renewed != first
    assert shop.tradingview.world.find_session(
        renewed["sessionid"], renewed["sessionid_sign"], sign_required=True
    )


async def test_an_empty_shop_has_nothing_set_up(sandbox, api):
    status, _ = await api.post("open", shop="empty")
    assert status == 200
    simulation = sandbox.simulation
    assert simulation.shop.is_empty
    assert [task.text for task in simulation.opening.tasks] == ["Start the bot"]
    status, answer = await api.post("open", shop="palace")
    assert (status, answer["error"]) == (
        400,
        "A shop is one of these: busy, empty, role, sale, hundreds, move, new",
    )
    assert sandbox.simulation is simulation


def test_the_next_try_is_the_first_order_s_and_never_before_tradingview_is_asked_at_all():
    recovery = Recovery()
    assert recovery.describe() is None
    assert not recovery.read("the bot started")
    assert recovery.read("permission 4 waits (tradingview): next try in 300 s")
    late = recovery.describe()["next_try"]
    assert recovery.read("permission 5 waits (tradingview): next try in 15 s")
    soon = recovery.describe()["next_try"]
    assert soon < late
    assert recovery.read("server 1: TradingView does not answer; next try in 60 s")
    assert soon < recovery.describe()["next_try"] < late
    assert recovery.read("permission 5 agrees with TradingView")
    assert recovery.describe()["next_try"] >= late
    assert recovery.read("permission 4 agrees with TradingView")
    assert recovery.describe() is None


async def gathered(queue):
    await asyncio.sleep(0)
    return [queue.get_nowait() for _ in range(queue.qsize())]
