"""The files that the sandbox offers, read as the bot reads them."""

import base64
from datetime import UTC, datetime

import pytest

from bot.access.orders.bulk import sheets
from bot.access.orders.bulk.records import Defaults
from bot.access.orders.moving import whop
from bot.sandbox import example_files, old_shop, sample_customers
from bot.store.kinds import BatchKind, RowProblem

KINDS = {
    "bulk grant": BatchKind.GRANT,
    "bulk extend": BatchKind.EXTEND,
    "bulk set": BatchKind.SET,
    "bulk revoke": BatchKind.REVOKE,
}


def read(example, kind):
    return sheets.read(example.content, kind, Defaults(), datetime.now(UTC))


@pytest.mark.parametrize("path", KINDS)
async def test_the_lists_are_understood_and_their_mistakes_found(shop, path):
    clean, faulty = example_files.of_command(shop, path)
    found = read(clean, KINDS[path])
    assert (clean.label, len(found.entries), found.faulty) == ("120 customers", 120, ())
    wrong = read(faulty, KINDS[path])
    problems = {each.problem for each in wrong.faulty}
    assert problems >= {
        RowProblem.NOBODY_NAMED,
        RowProblem.TOO_MANY_CELLS,
    }
    assert len(wrong.faulty) == (4 if path == "bulk revoke" else 5)


async def test_the_list_of_another_shop_names_who_pays_without_access(shop):
    example = old_shop.members(shop)
    found = whop.read([example.content], datetime.now(UTC))
    assert found.bad == ()
    renewed = old_shop.order_of(shop, old_shop.RENEWS)
    assert f"mem_{renewed.id},".encode() in example.content
    unserved = old_shop.unserved(shop)
    assert "bea_trades" in unserved
    assert len(found.payers) > len(unserved) > 1


async def test_the_page_offers_them_and_gives_them_out(api, http, sandbox):
    assert await api.get("examples?command=access grant") == (200, {"examples": []})
    _, answer = await api.get("examples?command=bulk set")
    labels = [each["label"] for each in answer["examples"]]
    assert labels == ["120 customers", "the same with mistakes"]
    assert base64.b64decode(answer["examples"][0]["base64"]).startswith(b"username,item,until\r\n")
    for name, status in (("customers.csv", 200), ("members.csv", 200), ("secrets.csv", 404)):
        async with http.get(f"{sandbox.url}/examples/{name}") as got:
            assert got.status == status
    async with http.get(f"{sandbox.url}/examples/customers.csv") as got:
        assert got.headers["Content-Disposition"] == "attachment"


async def test_five_hundred_people_more_are_one_press(api, sandbox, shop):
    queue = sandbox.simulation.subscribe()
    assert await api.post("crowd") == (200, {})
    event = queue.get_nowait()
    assert (event["type"], len(event["people"])) == ("crowd", 500)
    assert queue.empty()
    assert len(example_files.everybody(shop)) == sample_customers.SIZE + 500
    now = datetime.now(UTC)
    assert all(
        row.created < now for each in shop.publications for row in each.script.grants.values()
    )
    (clean, _) = example_files.of_command(shop, "bulk grant")
    assert clean.label == "620 customers"
    assert len(read(clean, BatchKind.GRANT).entries) == 620
