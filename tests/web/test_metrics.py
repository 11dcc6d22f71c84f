"""/metrics: numbers for Prometheus, for a key of one server, and no name in them."""

import subprocess
import sys

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.access.people.api_keys import ApiKeys
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.jobs import Jobs
from bot.web import make_app, serve
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import AT, HOME, OTHER, open_shop

HOST = "127.0.0.1"


@pytest.fixture
async def vendor(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor:
        vendor.time = frozen
        vendor.script = await vendor.add_script()
        vendor.other = await vendor.add_script("other", guild_id=OTHER)
        vendor.world.add_user("Ann_Trades")
        await vendor.log_in()
        for guild_id, item in ((HOME, "trend"), (OTHER, "other")):
            await vendor.grants.grant(
                vendor.request(guild_id=guild_id, unknown_name=True),
                item,
                parse_length("1M"),
                Subject(username="Ann_Trades"),
                "a note",
            )
        yield vendor


class Served:
    def __init__(self, http, port, keys, vendor):
        self.http, self.port, self.keys, self.vendor = http, port, keys, vendor
        self.own = None  # the key that it brings by itself

    async def get(self, path="/metrics", **headers):
        if self.own is not None and not headers:
            headers = {"X_Admin_Token": self.own}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(f"http://{HOST}:{self.port}{path}", headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers

    async def key(self, scopes="metrics", guild_id=HOME):
        request = self.vendor.request(guild_id=guild_id)
        return (await self.keys.create(request, f"k{request.idempotency_key}", scopes, None)).text


@pytest.fixture
async def serving(vendor):
    async def yes(*_):
        return True

    async with Jobs() as jobs, aiohttp.ClientSession() as http:
        keys = ApiKeys(vendor.database, vendor.vault, yes, jobs)

        def made(**options):
            app = make_app(
                lookup=vendor.public.hints, database=yes, gateway=yes, jobs=jobs,
                keys=keys, figures=vendor.figures, **options,
            )  # fmt: skip
            return serve(app, HOST, 0)

        yield lambda port: Served(http, port, keys, vendor), made


@pytest.fixture
async def here(serving):
    served, made = serving
    async with made() as port:
        here = served(port)
        here.own = await here.key()
        yield here


def read(text):
    """Every sample by its name and labels; what Prometheus itself would read."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_it_tells_how_a_server_stands(here):
    status, text, headers = await here.get()
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    found = read(text)
    labels = (("guild", str(HOME)), ("reason", ""), ("state", "waiting"))
    assert found["usher_orders", labels] == 1
    login = (("guild", str(HOME)), ("state", "alive"))
    assert found["usher_login", login] == 1
    assert found["usher_breaker_open", (("guild", str(HOME)),)] == 0
    assert found["usher_event_loop_lag_seconds", ()] >= 0
    assert found["usher_database_writes_total", ()] > 0
    assert found["usher_oldest_seconds", (("guild", str(HOME)),)] == 0


async def test_no_name_and_no_note_stands_in_it(here):
    await here.get("/validate/Ann_Trades")
    _, text, _ = await here.get()
    for word in ("ann_trades", "a note", "trend", "vendor_one"):
        assert word not in text.casefold()


async def test_requests_are_counted_by_route_and_a_made_up_method_or_address_makes_no_new_number(
    here,
):
    await here.get("/validate/Ann_Trades")
    for path in ("/nothing", "/nothing/else", "/%00"):
        await here.get(path)
    for method in ("BREW", "X1", "X2"):
        async with here.http.request(method, f"http://{HOST}:{here.port}/healthz"):
            pass
    # The number is written once the answer was sent.
    counted = metrics.counted
    await eventually(lambda: any(("method", "other") in labels for _, labels in counted()))
    _, text, _ = await here.get()
    names = {labels for (name, labels) in read(text) if name == "usher_http_requests_total"}
    routes = {dict(labels)["route"] for labels in names}
    assert "/validate/{username}" in {route.replace(":.*", "") for route in routes}
    assert "(no such address)" in routes
    assert not any("nothing" in route for route in routes)
    assert not {"BREW", "X1", "X2"} & {dict(labels)["method"] for labels in names}


async def test_calls_to_tradingview_are_counted_by_how_they_ended(here):
    await here.vendor.test_logins()
    here.vendor.switches.down = True
    await here.get("/validate/Some_Body")
    calls = {
        dict(labels)["outcome"]
        for (name, labels) in read((await here.get())[1])
        if name == "usher_tradingview_calls_total"
    }
    assert {"answered", "UpstreamTrouble"} <= calls


async def test_a_key_sees_its_own_server_alone(here):
    status, text, _ = await here.get(X_Admin_Token=await here.key())
    assert status == 200
    guilds = {dict(labels).get("guild") for _, labels in read(text)}
    assert guilds == {None, str(HOME)}


async def test_a_key_that_does_not_open_it_is_refused_also_on_this_computer(here):
    here.own = None
    assert (await here.get())[0] == 401
    for key, status in ((await here.key("read,write"), 403), ("wrong", 401)):
        refused, text, _ = await here.get(Authorization=f"Bearer {key}")
        assert (refused, "usher_" in text) == (status, False)
    key = await here.key()
    refused, text, _ = await here.get(f"/metrics?token={key}")
    assert (refused, "usher_" in text) == (401, False)


async def test_without_and_with_a_wrong_key_the_answers_are_equal(here):
    here.own = None
    answers = [await here.get(), await here.get(X_Admin_Token="usher_1_" + "a" * 48)]
    assert {status for status, _, _ in answers} == {401}
    assert len({text for _, text, _ in answers}) == 1


def test_the_library_is_loaded_with_the_first_look_alone():
    code = "import sys, bot.app; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
