"""Names that others choose are letters on every page: of members, roles, items, prices, keys, in notes and messages."""

from collections import Counter
from html.parser import HTMLParser

import pytest
from sqlalchemy import select, update

from bot.store.tables.columns import metadata
from tests.support.dashboard_filled import addresses, fill, paths_of
from tests.support.dashboard_people import customer

HOSTILE = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)> {{7*7}} "
    "\ue000m5\ue001 \u202etxt\u2066 [a](javascript:alert(1)) </textarea></select></title>"
)
# Of each table what people, shops and TradingView name as they like.
NAMED = {
    "script": "title",
    "product": "title",
    "order": "note",
    "sighting": "username",
    "price": "name",
    "api_key": "name",
    "role_rule": "role_name",
    "contract": "name",
    "batch": "file_name",
    "batch_row": "note",
}
FILES = ("/mistakes", "/results", "/example")


class Parts(HTMLParser):
    """The elements of a page, each with the names of its attributes and where its addresses lead."""

    def __init__(self, html):
        super().__init__()
        self.found = Counter()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found[tag, *sorted({name for name, _ in attrs})] += 1
        for name, value in attrs:
            assert not name.startswith("on"), (tag, attrs)
            if name in ("href", "action", "src"):
                assert value.startswith(("/", "?", "#", "https://")), value


@pytest.fixture
async def ids(dashboard):
    return await fill(dashboard)


async def test_names_that_others_choose_add_nothing_to_any_page(dashboard, ids):
    browser = await dashboard.signed_in(dashboard.owner)
    before = await parts_of_all(dashboard, browser, ids)
    await name_everything(dashboard)
    after = await parts_of_all(dashboard, browser, ids)
    for address, (status, html) in after.items():
        assert status == before[address][0], address
        # Long ones are cut in lines of the history: there may be less, and never more.
        assert not Parts(html).found - Parts(before[address][1]).found, address
        assert not {"\ue000", "\ue001"} & set(html), address
    shown = "".join(html for _, html in after.values())
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown


async def parts_of_all(dashboard, browser, ids):
    found = {}
    for path in paths_of(dashboard, "GET"):
        if (
            path.endswith("diagnostics")
            or "evidence" in path
            or "backups/" in path
            or path.endswith(FILES)
        ):
            continue  # files
        for address in addresses(path, ids):
            page = await browser.get(address)
            found[address] = page.status, page.html
    return found


async def name_everything(dashboard):
    async with dashboard.vendor.database.write() as connection:
        for name, column in NAMED.items():
            table = metadata.tables[name]
            named = select(table.c.id).where(table.c[column].is_not(None))
            keys = (await connection.execute(named)).scalars().all()
            for key in keys:
                values = {column: f"{key}{HOSTILE}"}
                await connection.execute(update(table).where(table.c.id == key).values(values))
    names, guild = dashboard.vendor.services.member_names, dashboard.guild.id
    for member_id in (dashboard.buyer.id, dashboard.mod.id, dashboard.owner.id):
        names.note(guild, member_id, HOSTILE.replace("\ue000m5\ue001", ""))


async def test_a_refusal_says_who_it_is_by_name_and_never_by_a_mark(dashboard):
    """The page of a failure has no menu, and names members as every page does."""
    await customer(dashboard, "Alice_T", dashboard.buyer)
    bob = await customer(dashboard, "__bob__")
    dashboard.vendor.services.member_names.note(
        dashboard.guild.id, dashboard.buyer.id, "\"'><script>alert(1)"
    )
    browser = await dashboard.signed_in(dashboard.mod)
    await browser.get(f"people/{bob.id}")
    page = await browser.press(f"people/{bob.id}/name", username="Alice_T")
    assert page.status == 422
    assert not {"\ue000", "\ue001"} & set(page.html)
    assert "<script>alert" not in page.html
    assert "@&#34;&#39;&gt;&lt;script&gt;" in page.html
