"""/openapi.json: a description that is valid, that names what is served and nothing else, and that is true."""

import asyncio
import dataclasses
import json

import aiohttp
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from bot.access.people.api_keys import ApiKeys
from bot.app import web_application
from bot.rate_limit import RateLimit
from bot.web import serve, validate
from bot.web.api import access
from tests.support.access_harness import open_harness
from tests.support.api_harness import HOST, Api, yes
from tests.support.vendor_fixture import AT

PAGES = ("/login/", "/dashboard/", "/setup/")  # for people
EXAMPLES = 5  # for each operation
FREE = RateLimit(rate=1e6, burst=1_000_000)


@pytest.fixture
async def api(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        keys = ApiKeys(harness.database, harness.vault, yes, harness.vendor.jobs)
        services = dataclasses.replace(harness.services, api_keys=keys)
        app = web_application(harness.vendor.settings, services)
        app[validate.LIMIT] = FREE
        async with serve(app, HOST, 0) as port, aiohttp.ClientSession() as http:
            api = Api(harness, http, port, keys)
            api.app = app
            yield api


@pytest.fixture
async def description(api):
    status, answer, headers = await api.ask("GET", "/openapi.json")
    assert status == 200
    assert headers["Content-Type"].startswith("application/json")
    return answer


async def test_it_is_valid(description):
    assert description["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(description).iter_errors()] == []


async def test_it_names_every_address_for_programs_and_no_other_one(api, description):
    served = {
        (route.method, route.resource.canonical)
        for route in api.app.router.routes()
        if route.method != "HEAD" and not route.resource.canonical.startswith(PAGES)
    }
    described = {
        (method.upper(), path)
        for path, operations in description["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert described == served


async def test_what_needs_a_key_is_described_so_and_answers_so(api, description):
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if method == "parameters" or not operation["security"] or {} in operation["security"]:
                continue
            address = path.replace("{username}", "Ann_Trades").replace("{id}", "1")
            status, answer, _ = await api.ask(method.upper(), address, key=None)
            assert (status, list(answer)) == (401, ["errorMessage"]), path
            assert {"401", "403"} <= operation["responses"].keys()


async def test_no_example_of_the_description_gets_an_answer_that_it_does_not_describe(
    api, description, monkeypatch
):
    monkeypatch.setattr(access, "PATIENCE", 0.0)
    key = (await api.new_key("read,write,validate,metrics")).text
    sent = await asyncio.to_thread(_try_out, description, api.url, key)
    assert sent >= EXAMPLES * 4


def _try_out(description, url, key):
    """Send requests that are made from the description, the same ones each time (blocking)."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.specs.openapi import checks

    judged = (
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    )
    sent = 0
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(description)))
    schema.config.update(base_url=url)
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def send(case):
            nonlocal sent
            sent += 1
            response = case.call(headers={"X-Admin-Token": key})
            case.validate_response(response, checks=list(judged))

        send()
    return sent
