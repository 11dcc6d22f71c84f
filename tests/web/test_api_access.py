"""`/access/{username}` over real sockets, in front of the pretend TradingView."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.store.kinds import StateKind
from tests.support.access_harness import open_harness
from tests.support.api_harness import open_api
from tests.support.vendor_fixture import AT, HOME

FIELDS = [
    "pine_id", "username", "hasAccess", "noExpiration", "currentExpiration", "expiration", "status",
]  # fmt: skip
NOW = "2026-03-10 12:00:00+00:00"
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


def status_of(answer):
    return [row["status"] for row in answer[1]]


async def test_reading_says_what_tradingview_shows(api, harness):
    status, rows, _ = await api.get("Ann_Trades", [harness.pine_id])
    assert status == 200
    assert [list(row) for row in rows] == [FIELDS]
    assert rows == [
        {
            "pine_id": harness.pine_id,
            "username": "Ann_Trades",
            "hasAccess": False,
            "noExpiration": False,
            "currentExpiration": rows[0]["currentExpiration"],
            "expiration": rows[0]["currentExpiration"],
            "status": "Success",
        }
    ]
    assert rows[0]["currentExpiration"].startswith("2026-03-10 12:00:0")
    harness.give("Ann_Trades", datetime(2026, 5, 1, 8, tzinfo=UTC))
    _, [row], _ = await api.get("Ann_Trades", [harness.pine_id])
    assert (row["hasAccess"], row["noExpiration"]) == (True, False)
    assert row["currentExpiration"] == "2026-05-01T08:00:00+00:00"
    harness.give("bob-fx", None)
    _, [row], _ = await api.get("bob-fx", [harness.pine_id])
    assert (row["hasAccess"], row["noExpiration"]) == (True, True)


async def test_adding_time_is_verified_and_says_the_new_end(api, harness):
    status, [row], headers = await api.post("Ann_Trades", [harness.pine_id])
    assert status == 200
    assert list(row) == FIELDS
    assert row == {
        "pine_id": harness.pine_id,
        "username": "Ann_Trades",
        "hasAccess": False,
        "noExpiration": False,
        "currentExpiration": NOW,
        "expiration": MONTH,
        "status": "Success",
    }
    assert "Location" not in headers
    assert harness.end("Ann_Trades").isoformat() == MONTH
    again = await api.post("Ann_Trades", [harness.pine_id], "7D")
    [row] = again[1]
    assert (row["hasAccess"], row["currentExpiration"]) == (True, MONTH)
    assert row["expiration"] == "2026-04-17T12:00:00+00:00"


async def test_time_goes_on_from_what_stood_on_tradingview(api, harness):
    harness.give("Ann_Trades", AT + timedelta(days=10))
    _, [row], _ = await api.post("Ann_Trades", [harness.pine_id], "7D")
    assert row["hasAccess"] is True
    assert row["currentExpiration"] == (AT + timedelta(days=10)).isoformat()
    assert row["expiration"] == (AT + timedelta(days=17)).isoformat()


@pytest.mark.parametrize("duration", ["L", "l", "1L", "lifetime"])
async def test_lifetime_is_given_once(api, harness, duration):
    _, [row], _ = await api.post("Ann_Trades", [harness.pine_id], duration)
    assert (row["noExpiration"], row["status"]) == (True, "Success")
    assert harness.end("Ann_Trades") is None
    for more in ("1M", "L"):
        status, [row], _ = await api.post("Ann_Trades", [harness.pine_id], more)
        assert (status, row["status"]) == (200, "Not Applied")
        assert (row["hasAccess"], row["noExpiration"]) == (True, True)


async def test_removing_says_what_was_there(api, harness):
    await api.post("Ann_Trades", [harness.pine_id])
    status, [row], _ = await api.delete("Ann_Trades", [harness.pine_id])
    assert (status, row["status"]) == (200, "Success")
    assert (row["hasAccess"], row["currentExpiration"]) == (True, MONTH)
    assert harness.end("Ann_Trades") == "absent"
    status, [row], _ = await api.delete("Ann_Trades", [harness.pine_id])
    assert (status, row["status"], row["hasAccess"]) == (200, "Not Applied", False)


async def test_somebody_only_tradingview_knows_is_removed_too(api, harness):
    harness.give("bob-fx", None)
    _, [row], _ = await api.delete("bob-fx", [harness.pine_id])
    assert (row["status"], row["noExpiration"]) == ("Success", True)
    assert harness.end("bob-fx") == "absent"


async def test_a_gift_stays(api, harness):
    from bot.access.request import Subject
    from bot.access.rules.duration import parse_length

    order = await harness.grants.gift(
        harness.request(), "trend", parse_length("1M"), Subject(username="Ann_Trades"), "won it"
    )
    await harness.done(order)
    status, [row], headers = await api.delete("Ann_Trades", [harness.pine_id])
    assert (status, row["status"]) == (200, "Failure")
    assert harness.end("Ann_Trades").isoformat() == MONTH
    _, order, _ = await api.ask("GET", headers["Location"])
    assert (order["state"], "gift" in order["reason"]) == ("stuck", True)


async def test_what_is_there_and_what_is_not_each_has_its_row(api, harness):
    second = await harness.vendor.add_script("wave")
    status, rows, _ = await api.post("Ann_Trades", [harness.pine_id, "PUB;nothing", "wave"])
    assert status == 200
    assert [(row["pine_id"], row["status"]) for row in rows] == [
        (harness.pine_id, "Success"), ("PUB;nothing", "Failure"), (second.pine_id, "Success"),
    ]  # fmt: skip
    _, rows, _ = await api.get("Ann_Trades", ["PUB;nothing"])
    assert [(row["hasAccess"], row["status"]) for row in rows] == [(False, "Failure")]


async def test_a_script_of_another_server_is_no_script_here(api, harness):
    from tests.support.vendor_fixture import OTHER

    other = await harness.vendor.add_script("secret", guild_id=OTHER)
    for method in (api.get, api.post, api.delete):
        _, rows, _ = await method("Ann_Trades", [other.pine_id, "secret"])
        assert {row["status"] for row in rows} == {"Failure"}
    assert not harness.writes()


async def test_a_product_stands_for_its_scripts(api, harness):
    from bot.store.catalogue import products

    second = await harness.vendor.add_script("wave")
    async with harness.database.write() as connection:
        gold = await products.add(connection, HOME, by=1, at=AT, slug="gold", title="Gold")
        await products.add_scripts(connection, gold.id, [harness.script.id, second.id])
    _, rows, _ = await api.post("Ann_Trades", ["gold"])
    assert {(row["pine_id"], row["status"]) for row in rows} == {
        (harness.pine_id, "Success"), (second.pine_id, "Success"),
    }  # fmt: skip
    _, rows, _ = await api.post("Ann_Trades", ["wave", "gold"], "1D")
    assert [row["expiration"] for row in rows] == ["2026-04-11T12:00:00+00:00"] * 2


async def test_nobody_of_that_name_is_a_failure_of_each_row(api, harness):
    status, rows, headers = await api.post("Nobody_Here", [harness.pine_id, "trend", "PUB;no"])
    assert (status, status_of((0, rows))) == (200, ["Failure", "Failure"])
    assert not harness.writes()
    _, order, _ = await api.ask("GET", headers["Location"])
    assert order["reason"] == "TradingView has no user of that name; nothing was changed."


async def test_a_blocked_person_gets_nothing(api, harness):
    from bot.access.request import Subject

    await harness.blocks.block(harness.request(), Subject(username="Ann_Trades"), "chargeback")
    status, [row], headers = await api.post("Ann_Trades", [harness.pine_id])
    assert (status, row["status"]) == (200, "Failure")
    _, order, _ = await api.ask("GET", headers["Location"])
    assert "chargeback" not in str(order)
    assert not harness.writes()


async def test_a_dead_login_is_pending_and_then_success(api, harness):
    harness.fake.world.end_all_sessions()
    await harness.vendor.test_logins()
    status, [row], headers = await api.post("Ann_Trades", [harness.pine_id])
    assert (status, row["status"], row["hasAccess"]) == (202, "Pending", False)
    where = headers["Location"]
    assert where.startswith("/orders/")
    _, order, _ = await api.ask("GET", where)
    assert (order["state"], str(order["id"])) == ("waiting", where.removeprefix("/orders/"))
    assert "login" in order["reason"]
    assert order["access"] == [row]
    status, body, headers = await api.get("Ann_Trades", [harness.pine_id])
    assert (status, list(body)) == (503, ["errorMessage"])
    assert headers["Retry-After"]
    await harness.vendor.log_in()
    await harness.let_pass(60)
    _, order, _ = await api.ask("GET", where)
    assert (order["state"], order["reason"]) == ("done", None)
    assert [(each["status"], each["expiration"]) for each in order["access"]] == [
        ("Success", MONTH)
    ]


async def test_the_order_is_the_keys_and_its_source_the_api(api, harness):
    await api.post("Ann_Trades", [harness.pine_id])
    [reason] = await harness.reasons("Ann_Trades")
    assert reason.source == "api"
    [entry] = await harness.vendor.events("grant")
    assert (entry.actor_kind, entry.actor_id) == ("key", "1")


async def test_a_revoke_by_staff_takes_the_place_of_what_waits(api, harness):
    harness.fake.world.end_all_sessions()
    await harness.vendor.test_logins()
    _, _, headers = await api.post("Ann_Trades", [harness.pine_id])
    await harness.revoke("Ann_Trades")
    _, order, _ = await api.ask("GET", headers["Location"])
    assert (order["state"], order["access"][0]["status"]) == ("superseded", "Not Applied")


# How it is asked


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"pine_ids": "trend,wave", "duration": "7d"}},
        {"json": {"pine_ids": ["trend", "wave"], "duration": "7D"}},
        {"data": {"pine_ids": "trend, wave", "duration": "7D"}},
        {"data": [("pine_ids", "trend"), ("pine_ids", "wave"), ("duration", "7D")]},
        {"data": [("pine_ids[]", "trend"), ("pine_ids[]", "wave"), ("duration", "7D")]},
        {"params": {"pine_ids": "trend,wave", "duration": "7D"}},
        {"params": [("pine_ids", "trend"), ("pine_ids", "wave"), ("duration", "7D")]},
        {"params": [("pine_ids[]", "trend"), ("pine_ids[]", "wave"), ("duration", "7D")]},
        {"data": b'{"pine_ids": ["trend", "wave"], "duration": "7D"}'},
        {"data": b'\xef\xbb\xbf{"pine_ids": ["trend", "wave"], "duration": "7D"}'},
    ],
)
async def test_it_can_be_asked_in_many_forms(api, harness, options):
    await harness.vendor.add_script("wave")
    status, rows, _ = await api.meanwhile("POST", "/access/Ann_Trades", **options)
    assert (status, [row["status"] for row in rows]) == (200, ["Success", "Success"])
    assert harness.end("Ann_Trades") == AT + timedelta(days=7)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"nonsense", b'{"pine_ids": []}', b'{"pine_ids": ["trend"]}',
        b'{"pine_ids": [7], "duration": "7D"}', b'{"pine_ids": {"a": 1}, "duration": "7D"}',
        b'{"pine_ids": ["trend"], "duration": 7}', b'{"pine_ids": ["trend"], "duration": "soon"}',
        b'{"pine_ids": ["trend"], "duration": "7D", "duration": "L"}',
        b'{"pine_ids": ["\\ud800"], "duration": "7D"}', b"\xff\xfe", b"[" * 50_000,
        b'{"pine_ids": ["trend"], "duration": "%s"}' % (b"9" * 200),
        b'{"pine_ids": %s, "duration": 1e400}' % (b"9" * 5_000),
        b'{"pine_ids": ["' + b",".join(b"s%d" % each for each in range(51)) + b'"], "duration": "7D"}',
    ],
)  # fmt: skip
async def test_what_cannot_be_read_changes_nothing(api, harness, body):
    status, answer, _ = await api.ask("POST", "/access/Ann_Trades", data=body)
    assert (status, list(answer)) == (400, ["errorMessage"])
    assert not harness.writes()


async def test_a_body_that_is_too_large_is_refused(api):
    status, answer, _ = await api.ask("POST", "/access/Ann_Trades", data=b"x" * 100_000)
    assert (status, list(answer)) == (413, ["errorMessage"])


@pytest.mark.parametrize("name", ["", "a%20b", "a/b", "x" * 70, "%3Cscript%3Ealert(1)"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_what_cannot_be_a_name_is_refused(api, name, method):
    status, answer, _ = await api.ask(
        method, f"/access/{name}", json={"pine_ids": ["trend"], "duration": "1M"}
    )
    assert (status, answer) == (400, {"errorMessage": "That cannot be a TradingView username."})


async def test_what_is_known_of_a_customer_changes_no_answer(api, harness):
    """Two names that TradingView has, of which Usher knows one."""
    await harness.vendor.resolve(None, "Ann_Trades")
    answers = []
    for name in ("Ann_Trades", "bob-fx"):
        _, rows, _ = await api.get(name, [harness.pine_id])
        more = await api.delete(name, [harness.pine_id])
        answers.append([{**row, "username": "", "currentExpiration": "", "expiration": ""} for row in (*rows, *more[1])])  # fmt: skip
    assert answers[0] == answers[1]


@pytest.mark.parametrize("number", ["0", "99", "x", "1.5", "-1", "9" * 40, "%00", "١"])
async def test_an_order_that_is_none_is_not_there(api, number):
    status, body, _ = await api.ask("GET", f"/orders/{number}")
    assert (status, body) == (404, {"errorMessage": "There is no such order."})


async def test_a_forgotten_person_is_named_in_no_request(api, harness):
    from bot.access.request import Subject

    await api.post("Ann_Trades", [harness.pine_id])
    await harness.erasures.forget(harness.request(confirmed=True), Subject(username="Ann_Trades"))
    await harness.let_pass(60)
    await harness.erasures.carry_out()
    recorded = await harness.api_requests.by_id(HOME, 1)
    assert recorded.username != "Ann_Trades"
    assert StateKind(recorded.parts[0]["had"])


async def test_number_101_needs_a_manager(api, harness, monkeypatch):
    from bot.access.ledger import seats

    monkeypatch.setattr(seats, "FREE", 1)
    await harness.seat_counts.set_guard(harness.request(), on=True)
    second = await harness.vendor.add_script("wave")
    await api.post("Ann_Trades", ["trend"], "L")
    status, rows, headers = await api.post("bob-fx", ["trend", "wave", "PUB;no"], "L")
    assert (status, status_of((0, rows))) == (200, ["Failure"] * 3)
    _, order, _ = await api.ask("GET", headers["Location"])
    assert order["reason"].startswith("It would cost a fee at TradingView")
    _, [row], _ = await api.post("Ann_Trades", [second.pine_id], "L")  # the same person
    assert row["status"] == "Success"


async def test_a_name_that_a_member_merely_claims_gets_it_without_a_question(api, harness):
    from bot.store.kinds import Tie
    from bot.store.people import customers

    async with harness.database.write() as connection:
        person = await customers.add(connection, HOME, member_id=7, username="Ann_Trades")
        await customers.tie(connection, person.id, 7, 7, AT, Tie.CLAIMED)
    status, [row], _ = await api.post("Ann_Trades", [harness.pine_id])
    assert (status, row["status"]) == (200, "Success")


async def test_grace_days_of_a_product_are_in_the_end_that_tradingview_shows(api, harness):
    from bot.store.catalogue import products

    async with harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=1, at=AT, slug="gold", title="Gold", grace_days=3
        )
        await products.add_scripts(connection, gold.id, [harness.script.id])
    _, [row], _ = await api.post("Ann_Trades", ["gold"], "7D")
    assert row["expiration"] == (AT + timedelta(days=10)).isoformat()
    assert harness.end("Ann_Trades") == AT + timedelta(days=10)
