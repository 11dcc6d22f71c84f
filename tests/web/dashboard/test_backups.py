"""Backups: the copies of the database, for those alone to whom all of it belongs."""

import asyncio
import errno
import os
import sqlite3
from contextlib import closing
from urllib.parse import quote

import pytest
from yarl import URL

from bot.store.catalogue import scripts
from bot.store.ledger import events
from bot.store.maintenance import backup
from tests.support.vendor_fixture import AT, OTHER, STAFF


async def add_other_shop(dashboard):
    """Another server of the same bot sells something."""
    async with dashboard.vendor.database.write() as connection:
        await scripts.add(
            connection, OTHER, pine_id="PUB;other", slug="other", title="Other", by=STAFF, at=AT
        )


async def copies(dashboard):
    return [each.name for each in await dashboard.backups.listed()]


async def pressed(browser, label):
    await browser.get("backups")
    return await browser.press(label)


async def fetched(browser, address):
    async with browser.http.get(URL(browser.origin + address, encoded=True)) as answer:
        return answer, await answer.read()


async def test_a_copy_is_made_once_for_a_form_sent_twice_and_downloaded_whole(dashboard, tmp_path):
    browser = await dashboard.signed_in(dashboard.owner)
    page = await browser.get("backups")
    assert "There is no copy yet" in page.text
    form = page.form("Make a copy now")
    page = await browser.post(form.action, form.fields)
    [name] = await copies(dashboard)
    assert (page.status, f"The copy {name} is made" in page.text) == (200, True)
    await browser.post(form.action, form.fields)
    assert await copies(dashboard) == [name]
    page = await browser.get("backups")
    assert "Made here" in page.text
    assert "opens" in page.text
    answer, content = await fetched(browser, page.links["Download"])
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/vnd.sqlite3"
    await asyncio.to_thread((tmp_path / "taken.db").write_bytes, content)
    with closing(sqlite3.connect(tmp_path / "taken.db")) as raw:
        assert raw.execute("SELECT title FROM script").fetchall() == [("Trend",)]
    told = [each.action for each in await history(dashboard)]
    assert (told.count("backup_made"), told.count("backup_downloaded")) == (1, 1)


async def history(dashboard):
    async with dashboard.vendor.database.read() as connection:
        return await events.since(connection, dashboard.guild.id, 0)


async def test_every_kind_of_copy_is_listed_and_one_that_is_damaged_says_so(dashboard, tmp_path):
    path = tmp_path / "usher.db"
    await backup.keep_daily(f"sqlite+aiosqlite:///{path}")
    await asyncio.to_thread(backup.keep_before, path, "0021")
    replaced = await asyncio.to_thread(backup.keep_replaced, path)
    await asyncio.to_thread(replaced.write_bytes, b"no database" * 100)
    (tmp_path / "backups" / "notes.txt").write_text("mine")
    browser = await dashboard.signed_in()
    page = await browser.get("backups")
    for word in ("Daily", "Before an update", "Before a restore", "does not open here"):
        assert word in page.text
    assert "notes.txt" not in page.html
    assert len(await copies(dashboard)) == 3


async def test_only_names_of_the_list_are_given_away(dashboard, tmp_path):
    await backup.keep_daily(f"sqlite+aiosqlite:///{tmp_path / 'usher.db'}")
    browser = await dashboard.signed_in()
    home = f"/dashboard/{dashboard.guild.id}/backups/"
    for name in ("usher.db", "..%2Fusher.db", "..%2Fsecret.key", "%2E%2E", "nothing.db", "%00"):
        answer, content = await fetched(browser, home + name)
        assert answer.status in (400, 404), name
        assert b"SQLite" not in content
    assert not [each for each in await history(dashboard) if each.action == "backup_downloaded"]


async def test_a_download_asks_for_a_young_session(dashboard, tmp_path):
    await backup.keep_daily(f"sqlite+aiosqlite:///{tmp_path / 'usher.db'}")
    browser = await dashboard.signed_in(dashboard.owner)
    await dashboard.time.advance(16 * 60)
    page = await browser.get("backups")
    assert "open the dashboard with a new link first" in page.text
    page = await browser.get(page.links["Download"])
    assert (page.status, "sign in again" in page.text) == (403, True)


async def test_managers_of_one_server_get_nothing_where_others_customers_are_in_it(
    dashboard, tmp_path
):
    await backup.keep_daily(f"sqlite+aiosqlite:///{tmp_path / 'usher.db'}")
    [name] = await copies(dashboard)
    browser = await dashboard.signed_in(dashboard.owner)
    old = (await browser.get("backups")).form("Make a copy now")
    await add_other_shop(dashboard)
    page = await browser.get("backups")
    assert "only whoever runs the bot sees them" in page.text
    assert name not in page.html
    assert not [form for form in page.forms if form.action.endswith("/backups")]
    page = await browser.post(old.action, old.fields)
    assert (page.status, "for whoever runs the bot" in page.text) == (403, True)
    page = await browser.get(f"backups/{name}")
    assert page.status == 403
    assert await copies(dashboard) == [name]
    operator = await dashboard.signed_in()
    page = await pressed(operator, "Make a copy now")
    assert (page.status, len(await copies(dashboard))) == (200, 2)


async def test_staff_and_forms_from_elsewhere_get_nothing(dashboard):
    browser = await dashboard.signed_in(dashboard.mod)
    assert (await browser.get("backups")).status == 403
    browser = await dashboard.signed_in(dashboard.owner)
    form = (await browser.get("backups")).form("Make a copy now")
    page = await browser.post(form.action, {**form.fields, "form_token": "x"})
    assert page.status == 403
    assert await copies(dashboard) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
    ],
)
async def test_what_cannot_be_copied_is_said_and_leaves_nothing(
    dashboard, tmp_path, monkeypatch, error, said
):
    def fail(*_):
        raise error

    monkeypatch.setattr(backup, "_copy", fail)
    browser = await dashboard.signed_in(dashboard.owner)
    page = await pressed(browser, "Make a copy now")
    assert (page.status, said in page.text) == (422, True)
    assert [each.name for each in (tmp_path / "backups").iterdir()] == []


async def test_the_newest_five_made_ones_are_kept_and_halves_are_swept_away(dashboard, tmp_path):
    left = tmp_path / "backups" / ".usher-made-2026-03-09T120000-00000000.db.part"
    left.parent.mkdir()
    left.write_bytes(b"half")
    browser = await dashboard.signed_in(dashboard.owner)
    for _ in range(6):
        await pressed(browser, "Make a copy now")
        await dashboard.time.advance(60)
    assert len(await copies(dashboard)) == 5
    assert not left.exists()


async def test_what_somebody_else_put_beside_the_copies_spoils_nothing(dashboard, tmp_path):
    path = tmp_path / "usher.db"
    await backup.keep_daily(f"sqlite+aiosqlite:///{path}")
    [daily] = await copies(dashboard)
    folder = tmp_path / "backups"
    for name in ("usher-2026-02-30.db", "usher-9999-99-99.db", "usher-2０26-01-01.db"):
        (folder / name).write_bytes(b"mine")
    (folder / "usher-made-2026-13-01T250000-00000000.db").write_bytes(b"mine")
    (folder / "usher-2026-01-01.db").mkdir()
    os.mkfifo(folder / "usher-2026-01-02.db")  # reading it would never end
    browser = await dashboard.signed_in()
    page = await browser.get("backups")
    assert (page.status, await copies(dashboard)) == (200, [daily])
    assert await asyncio.to_thread(backup.newest, path) is not None
    for _ in range(6):
        await pressed(browser, "Make a copy now")
        await dashboard.time.advance(60)
    assert len(await asyncio.to_thread(list, folder.iterdir())) == 6 + 6


async def test_a_name_of_any_letters_is_a_name_for_the_browser_too(dashboard, tmp_path):
    whole = await asyncio.to_thread(backup.keep_before, tmp_path / "usher.db", "0021")
    odd = 'usher-before-ü "; x=%2F?#\r-2026-01-01T000000.db'
    await asyncio.to_thread(whole.rename, whole.with_name(odd))
    browser = await dashboard.signed_in()
    page = await browser.get("backups")
    answer, content = await fetched(browser, page.links["Download"])
    assert (answer.status, content[:13]) == (200, b"SQLite format")
    kept = answer.headers["Content-Disposition"]
    assert kept == f"attachment; filename*=UTF-8''{quote(odd, safe='')}"
