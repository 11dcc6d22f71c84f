"""Hundreds of orders at once, on pages: a file or a filter, the dry run, the start, and all that comes after."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot import clock
from bot.access.orders.bulk.records import Draft, Entry
from bot.access.rules.duration import parse_length
from bot.store.kinds import BatchKind, BatchState
from bot.store.sweeps import seats
from bot.store.tables.batches import batch
from tests.support.dashboard_people import customer, end, have, orders
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import OTHER

A_MONTH = datetime(2026, 4, 10, 12, tzinfo=UTC)
FILE = "who,username,item,duration,note\n"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def manager(dashboard):
    return await dashboard.signed_in(dashboard.owner)


async def sent(browser, text, kind="grant", name="people.csv", **fields):
    """The page that comes after sending a file."""
    await browser.get(f"batches/new/{kind}")
    return await browser.press("Show what would change", file=(name, text.encode()), **fields)


async def chosen(browser, kind, **fields):
    """The page that comes after choosing people."""
    await browser.get(f"batches/new/{kind}?by=people")
    return await browser.press("Show what would change", **fields)


async def drafted(dashboard, *names, kind=BatchKind.GRANT, guild_id=None, length="1M", **more):
    """The number of a dry run as the command makes it."""
    request = dashboard.vendor.request(dashboard.owner.id, guild_id=guild_id or dashboard.guild.id)
    given = parse_length(length) if kind is not BatchKind.REVOKE else None
    rows = [
        Entry(line, username=name, item="trend", length=given, note=more.get("note"))
        for line, name in enumerate(names, 2)
    ]
    return await dashboard.bulk.batches.draft(request, Draft(kind, rows, **more))


async def stands(dashboard, number):
    return (await dashboard.bulk.views.view(dashboard.guild.id, number)).batch


async def waits_since(dashboard, at):
    """Let what waits for approval wait since that moment."""
    async with dashboard.vendor.database.write() as connection:
        waits = batch.c.state == BatchState.APPROVAL
        await connection.execute(batch.update().where(waits).values(started_at=at))


async def ended(dashboard, number):
    """Let a batch be carried out to its end."""

    async def has_ended():
        await dashboard.bulk.runner.look()
        return (await stands(dashboard, number)).ended_at is not None

    await eventually(has_ended)


async def number_of_batches(dashboard):
    async with dashboard.vendor.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(batch))).scalar_one()


async def test_a_file_is_shown_first_then_carried_out_and_undone(dashboard, manager):
    await have(dashboard, "Alice_Two", "1Y")
    text = "username;item;duration;paid by\nAlice_T;trend;1M;card\nAlice_Two;trend;7D\n__bob__;trand;1M\n"
    page = await sent(manager, text, note="moved from the old shop")
    assert "Not read paid by: columns that do not count here" in page.text
    assert "Preview: give time" in page.text
    assert "2 rows would change" in page.text
    assert "1 mistake" in page.text
    assert "There is no such script or product here. Did you mean trend?" in page.text
    assert "no access" in page.text
    assert "moved from the old shop" in page.text
    assert end(dashboard) is None
    address = page.url.path
    file = await manager.get(page.links["Download the mistakes"])
    assert file.headers["Content-Type"].startswith("text/csv")
    assert "__bob__" in file.html
    assert "Alice_T," not in file.html

    await manager.get(address)
    page = await manager.press("Start")
    assert page.url.path == address
    number = int(address.rpartition("/")[2])
    await ended(dashboard, number)
    assert end(dashboard) == A_MONTH
    page = await manager.get(address)
    assert "2 of 2 done." in page.text
    file = await manager.get(page.links["Download the result"])
    assert "Alice_Two" in file.html

    await manager.get(address)
    page = await manager.press("Undo")
    assert "Preview: undo" in page.text
    assert "1 would lose access" in page.text
    undoing = page.url.path
    await manager.press("Start")
    await ended(dashboard, int(undoing.rpartition("/")[2]))
    assert end(dashboard) is None
    page = await manager.get(address)
    assert page.links[f"batch {undoing.rpartition('/')[2]}"] == undoing
    page = await manager.get("batches")
    assert "Give" in page.text
    assert "done" in page.text


async def test_people_are_chosen_by_what_they_have(dashboard, manager):
    for name, duration in (("Alice_T", "3D"), ("Alice_Two", "1Y"), ("__bob__", "L")):
        await have(dashboard, name, duration)
    page = await chosen(manager, "extend", item="trend", ends_before="7D", duration="1M")
    assert "1 row would change" in page.text
    assert "Alice_T" in page.links
    assert "Alice_Two" not in page.text
    page = await chosen(manager, "set", everyone="1", until="2026-12-31")
    assert "1 would get an earlier end" not in page.text  # Alice_Two's year, and bob's lifetime
    assert "2 would get an earlier end" in page.text
    assert "New end 31 December 2026, end of day UTC" in page.text  # wherever it is read
    page = await chosen(manager, "compensate", item="trend", duration="3D", note="an outage")
    assert "2 rows would change" in page.text
    assert "The access has no end, so no time can be added." in page.text


async def test_people_are_chosen_by_their_role(dashboard, manager):
    role = dashboard.make_role("Fans")
    guild = dashboard.vendor.services.client.get_guild(dashboard.guild.id)
    await dashboard.passes(lambda: guild.get_role(role.id))
    await customer(dashboard, "Alice_T", dashboard.buyer)
    for member in (dashboard.buyer, dashboard.stranger):
        dashboard.give_role(member, role)
    nameless = await customer(dashboard, None, dashboard.stranger)
    assert nameless.username is None
    page = await chosen(manager, "grant", item="trend", role=str(role.id), duration="1M")
    assert "1 row would change" in page.text
    assert "Alice_T" in page.links
    assert "1 left out" in page.text
    assert "No TradingView name of this member is known." in page.text
    assert "@nobody" not in page.text


async def test_who_has_a_role_is_not_guessed(dashboard, manager, monkeypatch):
    role = dashboard.make_role("Fans")
    guild = dashboard.vendor.services.client.get_guild(dashboard.guild.id)
    await dashboard.passes(lambda: guild.get_role(role.id))

    async def unknown(*_):
        return None

    monkeypatch.setattr(dashboard.vendor.services.client.members, "with_role", unknown)
    page = await chosen(manager, "grant", item="trend", role=str(role.id), duration="1M")
    assert page.status == 422
    assert "I cannot say who has @Fans just now" in page.text
    assert await number_of_batches(dashboard) == 0


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("grant", {"duration": "soon"}, "soon"),
        ("grant", {"until": "01/02/2027"}, "01/02/2027"),
        ("set", {"until": "2020-01-01"}, "over"),
        ("extend", {"duration": "900Y"}, "900Y"),
    ],
)
async def test_what_cannot_be_read_is_said_beside_its_field_and_what_was_typed_stays(
    dashboard, manager, kind, fields, words
):
    page = await sent(manager, "username\nAlice_T\n", kind, item="trend", note="kept", **fields)
    assert page.status == 422
    assert words in page.text
    [(name, typed)] = fields.items()
    assert page.ids[name]["aria-invalid"] == "true"
    assert page.form("Show what would change").fields[name] == typed
    assert page.form("Show what would change").fields["note"] == "kept"
    assert "Choose it once more" in page.text
    assert await number_of_batches(dashboard) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing"),
        ("a,b\nc,d\n", "username"),
        ("username,item,duration\n", "no row below"),
        ("\0\1\2\3" * 100, "file"),
    ],
)
async def test_a_file_that_cannot_be_read_changes_nothing(dashboard, manager, text, words):
    page = await sent(manager, text)
    assert page.status == 422
    assert page.ids["file"]["aria-invalid"] == "true"
    assert words in page.text.lower()
    assert await number_of_batches(dashboard) == 0


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("revoke", {}, "Say whom it is about"),
        ("grant", {"item": "trend", "duration": "1M"}, "Say whom it is about"),
        ("grant", {"everyone": "1", "duration": "1M"}, "Choose a script or product."),
        ("grant", {"item": "trend", "everyone": "1"}, "Fill in how much time, or until when."),
        (
            "grant",
            {"item": "trend", "everyone": "1", "duration": "1M", "until": "2027-01-01"},
            "Only one of the two",
        ),
        ("extend", {"item": "trend", "ends_before": "lifetime", "duration": "1M"}, "date"),
        ("extend", {"item": "trend", "duration": "1M"}, "There is nothing to do"),
        (
            "compensate",
            {"item": "trend", "duration": "L", "note": "an outage"},
            "A compensation adds an amount of time",
        ),
    ],
)
async def test_what_a_filter_lacks_is_said(dashboard, manager, kind, fields, words):
    page = await chosen(manager, kind, **fields)
    assert page.status == 422
    assert words in page.text
    assert await number_of_batches(dashboard) == 0


async def test_without_a_file_the_form_asks_for_one(dashboard, manager):
    await manager.get("batches/new/grant")
    page = await manager.press("Show what would change", item="trend", duration="1M")
    assert page.status == 422
    assert "Choose the file first." in page.text


async def test_the_empty_file_has_the_columns_that_are_read(dashboard, manager):
    for kind, columns in (
        ("grant", "username,discord_id,item,duration,until,note"),
        ("revoke", "username,discord_id,item,note"),
    ):
        page = await manager.get(f"batches/new/{kind}")
        file = await manager.get(page.links["Download an empty file"])
        assert file.html.strip() == columns
        page = await sent(manager, f"{file.html.strip()}\nNobody_Here{',' * columns.count(',')}\n")
        assert page.status in (200, 422)


async def test_names_that_nobody_knows_are_shown_as_being_looked_up(dashboard, manager):
    services = dashboard.vendor.services
    dashboard.vendor.switches.down = True
    number = await drafted(dashboard, "Alice_T", "Nobody_At_All")
    page = await manager.get(f"batches/{number}")
    assert "TradingView is being asked about 2 names" in page.text
    assert page.ids["sum"]["hx-trigger"] == "every 3s"
    dashboard.vendor.switches.down = False
    await dashboard.time.advance(60)
    await eventually(services.bulk.lookups.look)

    async def are_known():
        view = await services.bulk.views.view(dashboard.guild.id, number)
        return not view.open_lookups

    await eventually(are_known)
    page = await manager.get(page.links["Look again"])
    assert "hx-trigger" not in page.ids["sum"]
    assert "TradingView knows nobody of that name." in page.text


async def test_a_start_pressed_twice_counts_once(dashboard, manager):
    number = await drafted(dashboard, "Alice_T")
    page = await manager.get(f"batches/{number}")
    form = page.form("Start")
    pages = await asyncio.gather(*(manager.post(form.action, form.fields) for _ in range(2)))
    assert [page.status for page in pages] == [200, 200]
    page = await manager.post(form.action, form.fields)  # also later, from an old tab
    assert page.status == 200
    await ended(dashboard, number)
    assert end(dashboard) == A_MONTH
    assert await orders(dashboard) == 1


async def test_a_dry_run_is_discarded(dashboard, manager):
    number = await drafted(dashboard, "Alice_T")
    page = await manager.get("batches")
    assert "Not started yet" in page.text
    await manager.get(f"batches/{number}")
    page = await manager.press("Discard")
    assert "The preview is forgotten; nothing was changed." in page.text
    assert "Not started yet" not in page.text
    assert (await manager.get(f"batches/{number}")).status == 404


async def test_a_batch_is_paused_goes_on_and_is_cancelled_after_a_question(dashboard, manager):
    number = await drafted(dashboard, "Alice_T", "Alice_Two")
    dashboard.vendor.switches.down = True
    await manager.get(f"batches/{number}")
    await manager.press("Start")
    page = await manager.press("Pause")
    assert "Nothing more is changed until somebody presses Resume; 2 wait." in page.text
    page = await manager.press("Resume")
    assert "0 % done" in page.text
    page = await manager.press("Cancel")
    assert page.status == 409
    assert "What is done stays" in page.text
    assert (await stands(dashboard, number)).state is BatchState.RUNNING
    page = await manager.press("Yes, cancel the rest")
    assert (await stands(dashboard, number)).state is BatchState.CANCELLED
    await ended(dashboard, number)
    dashboard.vendor.switches.down = False
    page = await manager.get(f"batches/{number}")
    assert "cancelled" in page.text
    assert "Cancelled 2" in page.text
    page = await manager.post(f"batches/{number}/resume", page.form("Sign out").fields)
    assert page.status == 404 or "any more" in page.text


async def test_whoever_cancels_an_undo_reads_what_it_still_puts_back(dashboard, manager):
    number = await drafted(dashboard, "Alice_T")
    await manager.get(f"batches/{number}")
    await manager.press("Start")
    await ended(dashboard, number)
    await manager.get(f"batches/{number}")
    await manager.press("Undo")
    dashboard.vendor.switches.down = True
    await manager.press("Start")
    page = await manager.press("Cancel")
    assert "Rows that it has begun with are put back to their end" in page.text
    page = await manager.press("Yes, cancel the rest")
    dashboard.vendor.switches.down = False
    await ended(dashboard, number + 1)
    assert "Cancelled 1" in (await manager.get(f"batches/{number + 1}")).text


async def test_what_holds_up_a_batch_is_said_instead_of_how_long_it_takes(dashboard, manager):
    number = await drafted(dashboard, "Alice_T", "Alice_Two")
    dashboard.vendor.switches.down = True
    await manager.get(f"batches/{number}")
    await manager.press("Start")
    await dashboard.vendor.sessions.forget(dashboard.vendor.request(guild_id=dashboard.guild.id))
    page = await manager.get(f"batches/{number}")
    assert "There is no TradingView login yet: a manager adds it with /session update." in page.text
    assert "0 % done. The rest waits: it goes on by itself, and nothing is lost." in page.text
    assert "left." not in page.text


async def test_a_page_that_loads_itself_is_loaded_whole_once_its_buttons_changed(
    dashboard, manager
):
    number = await drafted(dashboard, "Alice_T")
    await manager.get(f"batches/{number}")
    page = await manager.press("Start")
    assert page.ids["progress"]["hx-vals"] == '{"was": "running"}'
    asked = {"HX-Request": "true"}
    page = await manager.get(f"batches/{number}?was=running", **asked)
    assert "HX-Refresh" not in page.headers
    await ended(dashboard, number)
    page = await manager.get(f"batches/{number}?was=running", **asked)
    assert page.headers["HX-Refresh"] == "true"
    page = await manager.get(f"batches/{number}")
    assert "hx-trigger" not in page.ids["progress"]


async def test_ending_the_access_of_many_takes_another_manager(dashboard, manager):
    for name in ("Alice_T", "Alice_Two"):
        await have(dashboard, name, "1M")
    services = dashboard.vendor.services
    request = dashboard.vendor.request(dashboard.owner.id, guild_id=dashboard.guild.id)
    await services.bulk.approval.set(request, 1)
    page = await chosen(manager, "revoke", item="trend")
    address = page.url.path
    assert "2 would lose access" in page.text
    assert "Another manager has to approve it" in page.text
    page = await manager.press("Ask for approval")
    assert "waits for approval" in page.text
    assert "Approve" not in [label for form in page.forms for label in form.labels]
    page = await manager.post(f"{address}/approve", page.form("Cancel").fields)
    assert page.status == 422
    assert "second manager" in page.text
    page = await manager.get("")
    assert "waits for approval" in page.text

    operator = await dashboard.signed_in()
    page = await operator.get("")
    asked_at = (await stands(dashboard, int(address.rpartition("/")[2]))).started_at
    await waits_since(dashboard, asked_at - timedelta(days=2))
    page = await operator.get(address)
    assert "Nobody approved it within a day" in page.text
    assert [label for form in page.forms for label in form.labels if label == "Approve"] == []
    await waits_since(dashboard, asked_at)
    await operator.get(address)
    page = await operator.press("Approve")
    assert "the operator" in page.text
    await ended(dashboard, int(address.rpartition("/")[2]))
    assert end(dashboard) is None


async def test_what_takes_access_away_asks_for_a_young_session(dashboard, manager):
    await have(dashboard, "Alice_T", "1Y")
    taking = [
        await drafted(dashboard, "Alice_T", kind=BatchKind.REVOKE),
        await drafted(dashboard, "Alice_Two"),
    ]
    await dashboard.time.advance(timedelta(minutes=16).total_seconds())
    page = await manager.get(f"batches/{taking[0]}")
    assert "asks for a sign-in of the last 15 minutes" in page.text
    page = await manager.press("Start")
    assert page.status == 403
    assert (await stands(dashboard, taking[0])).state is BatchState.DRAFT
    await manager.get(f"batches/{taking[1]}")
    assert (await manager.press("Start")).status == 200


async def test_more_people_than_are_free_are_asked_about(dashboard, manager):
    async with dashboard.vendor.database.write() as connection:
        await seats.set_guard(connection, dashboard.guild.id, on=True)
    number = await drafted(dashboard, *(f"Crowd_{each}" for each in range(101)))
    page = await manager.get(f"batches/{number}")
    assert "likely to charge" in page.text
    page = await manager.press("Start")
    assert page.status == 409
    assert (await stands(dashboard, number)).state is BatchState.DRAFT
    [yes] = [form for form in page.forms if "agreed" in form.fields]
    await manager.post(yes.action, yes.fields)
    assert (await stands(dashboard, number)).state is BatchState.RUNNING


async def test_staff_see_no_batches(dashboard):
    number = await drafted(dashboard, "Alice_T")
    staff = await dashboard.signed_in(dashboard.mod)
    assert "Many at once" not in (await staff.get("")).links
    for path in ("batches", "batches/new/grant", f"batches/{number}", f"batches/{number}/mistakes"):
        assert (await staff.get(path)).status == 403


async def test_another_servers_batch_is_not_here(dashboard, manager):
    await dashboard.vendor.add_script("other-trend", guild_id=OTHER)
    theirs = await drafted(dashboard, "Alice_T")
    async with dashboard.vendor.database.write() as connection:
        await connection.execute(batch.update().where(batch.c.id == theirs).values(guild_id=OTHER))
    for path in ("", "/mistakes", "/results"):
        assert (await manager.get(f"batches/{theirs}{path}")).status == 404
    token = (await manager.get("")).form("Sign out").fields
    for what in ("start", "approve", "pause", "resume", "cancel", "undo", "discard"):
        page = await manager.post(f"batches/{theirs}/{what}", token)
        assert page.status == 404, what
    async with dashboard.vendor.database.read() as connection:
        assert (await connection.execute(select(batch.c.state))).scalars().all() == ["draft"]
    page = await manager.get("batches")
    assert not any(link.endswith(f"batches/{theirs}") for link in page.links.values())


async def test_markup_in_files_and_notes_comes_escaped(dashboard, manager):
    text = f'username,item,duration,note\nAlice_T,trend,1M,"{EVIL}"\n"{EVIL}",trend,1M,\nx,"{EVIL}",1M,\n'
    page = await sent(manager, text, name=f"{EVIL.replace('/', '')}.csv", note=EVIL)
    assert page.status == 200
    pages = [
        page,
        await manager.get("batches"),
        await manager.get(f"{page.url.path}?show=mistakes"),
    ]
    for page in pages:
        assert "<script>alert" not in page.html
        assert "&lt;script&gt;alert" in page.html
    page = await sent(manager, text, duration=EVIL)
    assert page.status == 422
    assert "<script>alert" not in page.html


async def test_rows_are_shown_in_groups_and_pages_and_a_page_stays_small(dashboard, manager):
    names = [f"Trader_{each}_{'x' * 40}" for each in range(120)]
    number = await drafted(dashboard, *names, "y", "y", note="n" * 200)
    page = await manager.get(f"batches/{number}")
    assert "Page 1 of 3" in page.text
    assert len(page.html.encode()) < 100_000
    page = await manager.get(page.links["Later"])
    assert "Page 2 of 3" in page.text
    page = await manager.get(page.links["Mistakes 1"])
    assert "Another line is about the same person and item." in page.text
    assert "Trader_" not in page.text
    page = await manager.get(f"batches/{number}?show=withdrawn")
    assert "No row is in this list now." in page.text
    for query in ("show=everything", "page=x", "page=-1"):
        assert (await manager.get(f"batches/{number}?{query}")).status == 404


async def test_an_old_batch_without_rows_says_where_its_history_is(dashboard, manager):
    number = await drafted(dashboard, "Alice_T")
    await manager.get(f"batches/{number}")
    await manager.press("Start")
    await ended(dashboard, number)
    dashboard.time.set(clock.now() + timedelta(days=1, minutes=1))
    manager = await dashboard.signed_in(dashboard.owner)
    page = await manager.get(f"batches/{number}")
    assert "Undo" not in [label for form in page.forms for label in form.labels]
    dashboard.time.set(clock.now() + timedelta(days=31))
    await dashboard.bulk.runner.tidy()
    manager = await dashboard.signed_in(dashboard.owner)
    page = await manager.get(f"batches/{number}")
    assert "Its rows are forgotten" in page.text
    assert "What became of each row is no longer kept" in page.text
    assert "Nothing was changed" not in page.text
    page = await manager.get(f"batches/{number}/results")
    assert "there is no result file any more" in page.text
