"""An entry of the history holds ids; what names people lies beside it, and both are read together."""

import asyncio
import json

import pytest
from alembic import command
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError

from bot.store.engine import migrate
from bot.store.engine.database import open_database
from bot.store.ledger import events
from bot.store.ledger.events import NewEvent
from bot.store.records import Actor
from bot.store.tables.ledger import event
from tests.support.vendor_fixture import AT, HOME, MEMBER, STAFF, open_shop

RENAMED = {"before": {"username": "Ann_Old"}, "after": {"username": "Ann_T", "number": 2}}


@pytest.fixture
async def database(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor:
        yield vendor.database


def entry(action, **values):
    return NewEvent(guild_id=HOME, at=AT, action=action, actor=Actor.member(STAFF), **values)


async def test_an_entry_is_read_as_it_was_recorded_and_names_nobody_in_its_own_row(database):
    entries = [
        entry("renamed", **RENAMED),
        entry("grant", after={"length": "1M"}),
        entry("restored", after={"names": ["Ann_T", "bob"], "number": 2}),
        entry("set", note="for Ann_T", after={"kind": "nothing"}),
        entry("link", before={"member_id": str(MEMBER)}, after={"username": "Ann_T"}),
    ]
    async with database.write() as connection:
        await events.record_all(connection, entries)
    async with database.read() as connection:
        read = await events.since(connection, HOME, 0)
        rows = (await connection.execute(select(event))).all()
    for recorded, now in zip(entries, read, strict=True):
        assert (now.before or {}, now.after or {}, now.note) == (
            recorded.before or {},
            recorded.after or {},
            recorded.note,
        )
    for name in ("Ann", "bob", f'"{MEMBER}"'):
        assert name not in json.dumps([row._asdict() for row in rows], default=str)
    assert rows[0].after == {"number": 2}


async def test_what_older_entries_name_is_moved_beside_them(tmp_path):
    def left_by_the_fifth():
        (tmp_path / "data").mkdir()
        engine = create_engine(f"sqlite:///{tmp_path}/data/usher.db")
        with engine.connect() as connection:
            config = migrate._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0005")
            connection.execute(text("INSERT INTO guild (id, created_at) VALUES (7, '2026-03-10')"))
            add = text(
                "INSERT INTO event (guild_id, at, actor_kind, action, note, before, after) VALUES"
                " (7, '2026-03-10 12:00:00.000000', 'usher', :action, :note, :before, :after)"
            )
            old = [
                ("renamed", None, json.dumps(RENAMED["before"]), json.dumps(RENAMED["after"])),
                ("grant", "paid Ann", "null", '{"length": "1M"}'),
                ("joined", None, None, "null"),
            ]
            keys = ("action", "note", "before", "after")
            connection.execute(add, [dict(zip(keys, row, strict=True)) for row in old])
            connection.commit()
        engine.dispose()

    await asyncio.to_thread(left_by_the_fifth)
    url = f"sqlite+aiosqlite:///{tmp_path}/data/usher.db"
    async with open_database(url) as database, database.read() as connection:
        renamed, grant, joined = await events.since(connection, 7, 0)
        rows = (await connection.execute(text("SELECT * FROM event"))).all()
    assert (renamed.before, renamed.after) == (RENAMED["before"], RENAMED["after"])
    assert (grant.note, grant.before, grant.after) == ("paid Ann", None, {"length": "1M"})
    assert (joined.note, joined.before, joined.after) == (None, None, None)
    assert "Ann" not in str(rows)


@pytest.mark.parametrize(
    ("change", "may"),
    [
        ("member_id = -482130", True),
        ("actor_id = '-482130'", True),
        ("member_id = 8", False),
        ("actor_id = '8'", False),
        ("actor_id = NULL, actor_kind = 'usher'", False),
        ("member_id = -482130, action = 'unlink'", False),
        ("member_id = -482130, after = '[1]'", False),
        ("member_id = -482130, at = '2026-01-01'", False),
    ],
)
async def test_the_only_change_is_a_number_in_place_of_a_member(database, change, may):
    async with database.write() as connection:
        await events.record_all(
            connection, [entry("link", member_id=MEMBER, after={"username": "Ann_T"})]
        )
    if may:
        async with database.write() as connection:
            await connection.execute(text(f"UPDATE event SET {change}"))
        change = "member_id = -1, actor_id = '-1'"  # and that number stays
    with pytest.raises(IntegrityError, match="never changes"):
        async with database.write() as connection:
            await connection.execute(text(f"UPDATE event SET {change}"))
