"""What a row of the API says is what TradingView shows, also while it cannot be asked or orders wait."""

from datetime import timedelta

import pytest

from tests.support import vendor_fixture
from tests.support.access_harness import open_harness
from tests.support.api_harness import open_api
from tests.support.vendor_fixture import AT, HOME


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


@pytest.fixture
async def api(harness):
    async with open_api(harness) as api:
        yield api


async def end_login(harness):
    harness.fake.world.end_all_sessions()
    await harness.vendor.test_logins()


async def log_in(harness):
    await harness.vendor.log_in()
    await harness.let_pass(60)


@pytest.mark.parametrize("first", ["L", "7D"])
@pytest.mark.parametrize("then", ["L", "1M"])
async def test_what_only_waits_is_no_access_yet(api, harness, first, then):
    await end_login(harness)
    await api.post("Ann_Trades", ["trend"], first)
    status, [row], headers = await api.post("Ann_Trades", ["trend"], then)
    assert (status, row["hasAccess"], row["status"]) == (202, False, "Pending")
    await log_in(harness)
    _, order, _ = await api.ask("GET", headers["Location"])
    is_lifetime = "L" in (first, then)
    assert (order["state"], order["access"][0]["noExpiration"]) == ("done", is_lifetime)
    if is_lifetime:
        assert harness.end("Ann_Trades") is None
        assert order["access"][0]["expiration"] == order["access"][0]["currentExpiration"]


async def test_a_removal_that_waits_has_not_removed_anything(api, harness):
    await api.post("bob-fx", ["trend"], "7D")
    await end_login(harness)
    for _ in range(2):
        status, [row], headers = await api.delete("bob-fx", ["trend"])
        assert (status, row["hasAccess"], row["status"]) == (202, True, "Pending")
        assert row["currentExpiration"] == (AT + timedelta(days=7)).isoformat()
    await log_in(harness)
    assert harness.end("bob-fx") == "absent"
    _, order, _ = await api.ask("GET", headers["Location"])
    assert order["access"][0]["status"] == "Success"


async def test_new_time_after_a_removal_that_waits_is_given(api, harness):
    await api.post("Ann_Trades", ["trend"], "L")
    await end_login(harness)
    await api.delete("Ann_Trades", ["trend"])
    status, [row], _ = await api.post("Ann_Trades", ["trend"], "7D")
    assert (status, row["hasAccess"], row["status"]) == (202, True, "Pending")
    await log_in(harness)
    assert harness.end("Ann_Trades") == AT + timedelta(days=7)


async def test_lifetime_that_somebody_removed_on_tradingview_is_put_there_again(api, harness):
    await api.post("Ann_Trades", ["trend"], "L")
    harness.fake.world.revoke(harness.pine_id, "Ann_Trades")
    status, [row], _ = await api.post("Ann_Trades", ["trend"], "L")
    assert (status, row["hasAccess"], row["status"]) == (200, False, "Success")
    assert harness.end("Ann_Trades") is None


async def test_a_product_adds_no_end_where_there_is_lifetime(api, harness):
    from bot.store.catalogue import products

    second = await harness.vendor.add_script("wave")
    async with harness.database.write() as connection:
        gold = await products.add(connection, HOME, by=1, at=AT, slug="gold", title="Gold")
        await products.add_scripts(connection, gold.id, [harness.script.id, second.id])
    await api.post("Ann_Trades", ["trend"], "L")
    _, rows, _ = await api.post("Ann_Trades", ["gold"], "7D")
    by_script = {row["pine_id"]: row for row in rows}
    lasting, dated = by_script[harness.pine_id], by_script[second.pine_id]
    assert (lasting["status"], lasting["noExpiration"]) == ("Not Applied", True)
    assert lasting["expiration"] == lasting["currentExpiration"]
    assert (dated["status"], dated["noExpiration"]) == ("Success", False)
    assert dated["expiration"] == (AT + timedelta(days=7)).isoformat()


async def test_many_scripts_are_read_as_slowly_as_the_account_may_ask(
    tmp_path, frozen, monkeypatch
):
    frozen.set(AT)
    settings = vendor_fixture.Settings
    monkeypatch.setattr(
        vendor_fixture, "Settings", lambda **values: settings(**{**values, "tv_pace": 2.0})
    )
    async with open_harness(tmp_path, frozen) as harness, open_api(harness) as api:
        scripts = [await harness.vendor.add_script(f"s{number}") for number in range(40)]
        status, rows, _ = await api.get("Ann_Trades", [script.pine_id for script in scripts])
    assert status == 200
    assert [row["pine_id"] for row in rows] == [script.pine_id for script in scripts]
