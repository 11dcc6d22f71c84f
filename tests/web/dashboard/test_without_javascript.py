"""A walk with links and plain forms alone: every link leads somewhere, and every button does something."""

import asyncio
import re
from collections import Counter

import pytest
from yarl import URL

from bot import clock
from bot.store.catalogue import guilds
from bot.store.people import claims
from bot.store.sales import connections
from tests.support.dashboard_people import customer, have
from tests.support.fake_time import START
from tests.support.idle import at_rest
from tests.support.many import hold_all, many_people
from tests.web.dashboard.test_payments import bought, pending, sells

MANY = {"item": "trend", "everyone": "1", "duration": "1M"}
A_FEW = 2  # addresses alike that are opened
# What browsers let nobody send empty, and what makes more of a form than its defaults.
TYPED = {
    "username": "Alice_T", "duration": "1M", "until": "2027-05-01", "note": "from a walk", "reason": "a prize",
    "member": "ben", "title": "A title", "slug": "a-slug", "name": "walker", "number": "2", "count": "2",
    "days": "7, 1", "address": "https://example.com/hook", "other": "1", "text": "Welcome",
    "sessionid": "a" * 32, "sessionid_sign": "b" * 44, "password": "open sesame", "code": "123456",
    "file": ("people.csv", b"username\nAlice_T\n"), "ends_before": "2027-05-01",
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "item": "trend", "expires": "2027-05-01",
}  # fmt: skip


@pytest.fixture
async def filled(dashboard):
    """A shop with something on every page."""
    database, guild_id = dashboard.vendor.database, dashboard.guild.id
    pine_id = next(iter(dashboard.vendor.world.scripts))
    await dashboard.run(
        dashboard.as_owner, "product create", slug="gold", title="Gold", scripts="trend"
    )
    await customer(dashboard, "Alice_T", dashboard.buyer, "1M")
    await have(dashboard, "Alice_T", "L", "gold")
    await customer(dashboard, "__bob__", duration="7D")
    stuck = await many_people(database, guild_id, 3)
    script = (await dashboard.overview.on_offer(guild_id))[0]
    await hold_all(
        database, [(script, each) for each in stuck], wanted="lifetime", state="stuck",
        reason="refused", detail="No such thing",
    )  # fmt: skip
    for name, end in (("open", None), ("dated", clock.now().replace(year=2027))):
        dashboard.vendor.world.add_user(name)
        dashboard.vendor.world.grant(pine_id, name, end)
    async with database.write() as connection:
        await claims.add(connection, guild_id, dashboard.stranger.id, "Alice_Two", START)
        shop = await connections.add(
            connection, guild_id, public_id="x" * 22, provider="standard", options={},
            by=dashboard.owner.id, at=clock.now(), reference="r1",
        )  # fmt: skip
        await guilds.add_role(connection, guild_id, dashboard.make_role("Boss").id, "manager")
    await dashboard.guild_settings.open()
    await dashboard.vendor.services.connections.open()
    await sells(dashboard, shop, "gold", "Gold <i>monthly</i>")
    await bought(dashboard, shop, username="Alice_T")
    await pending(dashboard, shop, "order-1")
    await dashboard.script("range", "Range <b>fast</b>")
    owner = await dashboard.signed_in(dashboard.owner)
    for path, label, fields in (
        ("differences/1", "Check now", {}),
        ("items/scripts/1", "Make them", {"duration": "1M", "count": "2"}),
        ("items/scripts/2", "Go on", {}),
        ("settings/keys", "Make the key", {"name": "walker", "scope_read": "1"}),
        ("backups", "Make a copy now", {}),
        ("batches/new/grant?by=people", "Show what would change", MANY),
    ):
        await owner.get(path)
        page = await in_time(dashboard, owner.press(label, **fields))
        assert page.status in (200, 409), page.text
    return dashboard


async def in_time(dashboard, asking):
    """What a request comes to; time passes where it waits for some."""
    task = asyncio.get_running_loop().create_task(asking)
    while not task.done():
        await at_rest(dashboard.vendor.database, until=task.done)
        if not task.done():
            await dashboard.time.advance(1)
    return task.result()


def alike(address):
    """What addresses have in common that show the same kind of thing."""
    url = URL(address)
    return re.sub(r"\d+", "1", url.path), tuple(sorted(url.query))


def leads_to(page, office):
    """The addresses of ours that the page's links and search forms lead to."""
    for text, target in page.links.items():
        url = URL(str(page.url)).join(URL(target))
        if url.host == "127.0.0.1" and url.port == office.port:
            yield f"the link “{text}”", str(url.relative().with_fragment(None))
    for form in page.forms:
        if form.method.lower() == "get":
            yield (
                "a form",
                str(URL(str(page.url)).join(URL(form.action)).with_query(form.fields).relative()),
            )


async def walk(dashboard, browser):
    """Every page that links and search forms lead to, beginning with the first: by address, as it was shown."""
    home = f"/dashboard/{dashboard.guild.id}/"
    found, seen, ahead = {}, Counter(), [("the menu", home, "")]
    asked = {home}
    while ahead:
        how, address, before = ahead.pop(0)
        page = await in_time(dashboard, browser.get(address))
        assert page.status == 200, (page.status, address, how, before, page.text[-300:])
        found[address] = page
        if "text/html" not in page.headers["Content-Type"]:
            continue
        for how, target in leads_to(page, dashboard):
            if target not in asked and seen[alike(target)] < A_FEW:
                asked.add(target)
                seen[alike(target)] += 1
                ahead.append((how, target, address))
    return found


def as_it_stands(form):
    """What a browser sends for somebody who only presses the button; None where it does not let them."""
    return None if any(not form.fields.get(name) for name in form.required) else form.fields


def with_something_in_it(form):
    """What it sends for somebody who fills in everything, with the first of each list."""
    chosen = {name: next(filter(None, values)) for name, values in form.choices.items()}
    typed = {name: text or TYPED.get(name, "") for name, text in form.fields.items()}
    return {**typed, **chosen}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("who", "fill"),
    [("owner", as_it_stands), (None, with_something_in_it), ("mod", with_something_in_it)],
)
async def test_every_link_leads_somewhere_and_every_button_does_something(filled, who, fill):
    """It never fails, is never refused for its token or its level, and is never a button of nothing."""
    user = who and getattr(filled, who)
    browser = await filled.signed_in(user)
    found = await walk(filled, browser)
    assert len(found) > (20 if who == "mod" else 50)
    pressed = set()
    for address, shown in found.items():
        for number in range(len(shown.forms)):
            mark = alike(shown.forms[number].action), tuple(shown.forms[number].labels)
            if shown.forms[number].method.lower() == "get" or mark in pressed:
                continue
            page = await in_time(filled, browser.get(address))  # others may have changed it
            form = next((each for each in page.forms if each.labels == list(mark[1])), None)
            if form is None or (fields := fill(form)) is None:
                continue
            pressed.add(mark)
            page = await in_time(filled, browser.send(form, fields))
            while yes := [each for each in page.forms if "agreed" in each.fields]:
                page = await in_time(filled, browser.post(yes[0].action, yes[0].fields))
            if page.status == 401:  # they signed themselves out
                assert "/settings/sessions/" in form.action, (address, form)
            else:
                assert page.status in (200, 422), (page.status, address, form, page.text)
            if page.status == 401 or form.labels == ["Sign out"]:
                browser = await filled.signed_in(user)
    assert len(pressed) > (15 if who == "mod" else 40), pressed
