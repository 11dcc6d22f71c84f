import asyncio
import sqlite3
import stat
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from bot.errors import StartupError
from bot.store.catalogue import guilds
from bot.store.engine import migrate
from bot.store.engine.database import open_database
from bot.store.maintenance import revision
from bot.store.tables import catalogue, columns, ledger, logins
from tests.support.quick_database import wait_for_the_disk

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def url(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path}/data/usher.db"


@contextmanager
def left_at(tmp_path, number):
    """A database as an earlier revision left it (blocking); what is written inside is kept."""
    (tmp_path / "data").mkdir()
    engine = create_engine(f"sqlite:///{tmp_path}/data/usher.db")
    with engine.connect() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, number)
        yield connection
        connection.commit()
    engine.dispose()


async def test_migrations_make_the_schema_that_the_tables_describe(tmp_path):
    async with open_database(url(tmp_path)):
        pass
    engine = create_engine(f"sqlite:///{tmp_path}/data/usher.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, columns.metadata) == []
    engine.dispose()


async def test_what_was_kept_outlasts_a_power_cut(tmp_path, monkeypatch):
    wait_for_the_disk(monkeypatch)
    async with open_database(url(tmp_path)) as database, database.write() as connection:
        assert await connection.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"


async def test_an_error_of_the_database_shows_no_value(tmp_path):
    async with open_database(url(tmp_path)) as database:
        with pytest.raises(IntegrityError) as caught:
            async with database.write() as connection:
                rows = [{"id": 1, "created_at": NOW, "commands_digest": "a-secret"}] * 2
                for row in rows:
                    await connection.execute(insert(catalogue.guild).values(row))
    assert "a-secret" not in f"{caught.value!r} {caught.value}"
    assert "INSERT INTO guild" in str(caught.value)


@pytest.mark.parametrize("number", revision.known())
async def test_a_database_of_each_earlier_revision_is_brought_up_to_date(tmp_path, number):
    def left_by_it():
        with left_at(tmp_path, number) as connection:
            connection.execute(text("INSERT INTO guild (id, created_at) VALUES (7, '2026-03-10')"))

    await asyncio.to_thread(left_by_it)
    async with open_database(url(tmp_path)) as database, database.read() as connection:
        assert (await connection.execute(select(catalogue.guild.c.id))).scalars().all() == [7]
        context = await connection.run_sync(
            lambda it: compare_metadata(MigrationContext.configure(it), columns.metadata)
        )
        assert context == []


async def test_members_are_not_told_now_of_what_was_ended_before_they_were_told_at_all(tmp_path):
    def left_by_the_first():
        with left_at(tmp_path, "0001") as connection:
            for number, kind in enumerate(("revoke", "grant"), 1):
                connection.execute(
                    text(
                        'INSERT INTO "order" (guild_id, permission_id, kind, idempotency_key, revision,'
                        " actor_kind, asked_at, before, state, ended_at) VALUES (7, 1, :kind, :kind,"
                        " :number, 'usher', '2026-03-10', 'nothing', 'done', '2026-03-10')"
                    ),
                    {"kind": kind, "number": number},
                )

    await asyncio.to_thread(left_by_the_first)
    async with open_database(url(tmp_path)) as database, database.read() as connection:
        rows = await connection.execute(
            text('SELECT kind, member_told_at FROM "order" ORDER BY id')
        )
        assert [(row.kind, row.member_told_at is not None) for row in rows] == [
            ("revoke", True),
            ("grant", False),
        ]


async def test_every_reason_of_before_becomes_a_purchase_and_nothing_that_points_to_it_is_lost(
    tmp_path,
):
    def left_by_the_fifth():
        with left_at(tmp_path, "0005") as connection:
            for statement in _WITH_TWO_REASONS:
                connection.exec_driver_sql(statement)

    await asyncio.to_thread(left_by_the_fifth)
    async with open_database(url(tmp_path)) as database, database.read() as connection:
        rows = await connection.execute(
            text(
                "SELECT p.customer_id, p.script_id, p.reference, p.kind, p.length, p.ends_at,"
                " p.actor_kind, p.actor_id, e.permission_id, o.kind AS ordered"
                " FROM purchase p JOIN entitlement e ON e.purchase_id = p.id"
                ' LEFT JOIN "order" o ON o.entitlement_id = e.id ORDER BY p.id'
            )
        )
        assert [tuple(row) for row in rows] == [
            (3, 1, "one press", "until", "1M", None, "member", "9", 1, "grant"),
            (3, 2, "one press/2", "lifetime", None, None, "usher", None, 2, None),
        ]
        assert not (await connection.execute(text("PRAGMA foreign_key_check"))).all()


async def test_rows_of_months_from_before_they_were_kept_go_on_from_the_day_they_began(tmp_path):
    old = [  # permission, length, start, end, whether it was ended since; and the day of its row
        (1, None, "2027-01-02 08:00", "2027-01-31 23:59", None, None),
        (1, "1M", "2027-01-31 23:59", "2027-02-28 23:59", "2027-02-01", 31),
        (1, "1Y 1M", "2027-02-28 23:59", "2028-03-28 23:59", None, 31),  # drifted: as it was then
        (1, "7D", "2028-03-28 23:59", "2028-04-04 23:59", None, None),
        (1, "1M", "2028-04-04 23:59", "2028-05-04 23:59", None, None),
        (2, "1M", "2027-02-28 23:59", "2027-03-28 23:59", None, None),  # another person's row
        (2, "1M", "2027-05-31 12:00", "2027-06-30 12:00", None, 31),  # begun when it was asked for
        (3, "1M", None, None, None, None),  # not settled yet
    ]

    def left_by_it():
        with left_at(tmp_path, "0005") as connection:
            for statement in _WITH_THREE_PEOPLE:
                connection.exec_driver_sql(statement)
            for number, (permission_id, length, start, end, ended, _) in enumerate(old, 1):
                connection.execute(
                    text(
                        "INSERT INTO entitlement (id, guild_id, script_id, permission_id, source,"
                        " reference, kind, length, asked_at, start_at, ends_at, settled_at, ended_at)"
                        " VALUES (:id, 7, 1, :permission_id, 'staff', :id, 'until', :length,"
                        " '2027-01-01', :start, :end, :end, :ended)"
                    ),
                    {
                        "id": 100 - number,  # they need not lie in the order of their time
                        "permission_id": permission_id,
                        "length": length,
                        "start": start and f"{start}:30.250000",
                        "end": end and f"{end}:30.250000",
                        "ended": ended,
                    },
                )

    await asyncio.to_thread(left_by_it)
    async with open_database(url(tmp_path)) as database, database.read() as connection:
        found = await connection.execute(text("SELECT row_day FROM entitlement ORDER BY id DESC"))
        assert found.scalars().all() == [day for *_, day in old]


async def test_names_that_members_linked_themselves_count_as_claimed_unless_they_have_access(
    tmp_path,
):
    """Today's buyers go on seeing what they have; a name that nobody used is a mere claim."""

    def left_by_the_one_before():
        with left_at(tmp_path, "0007") as connection:
            for statement in _WITH_TWO_REASONS[:2]:
                connection.exec_driver_sql(statement)
            # Tied by staff; by themselves: without access, with it, with some that is over; by nobody.
            for number, linked_by in enumerate((9, 2, 3, 4, None), 1):
                connection.execute(
                    text(
                        "INSERT INTO customer (id, guild_id, member_id, username, name_folded, linked_by)"
                        " VALUES (:id, 7, :member, :name, :name, :by)"
                    ),
                    {
                        "id": number,
                        "member": linked_by and number,
                        "name": f"u{number}",
                        "by": linked_by,
                    },
                )
            for number, end in ((3, "2999-01-01"), (4, "2020-01-01")):
                connection.execute(
                    text(
                        "INSERT INTO permission (guild_id, script_id, customer_id, username, name_folded,"
                        " wanted, wanted_ends_at, revision, synced_revision, seen, ours, before, state,"
                        " asked_at) VALUES (7, 1, :id, 'u', :name, 'until', :end, 0, 0, 'unknown',"
                        " 'unknown', 'unknown', 'done', '2020-01-01')"
                    ),
                    {"id": number, "name": f"u{number}", "end": f"{end} 00:00:00.000000"},
                )

    await asyncio.to_thread(left_by_the_one_before)
    async with open_database(url(tmp_path)) as database, database.read() as connection:
        rows = await connection.execute(text("SELECT tie FROM customer ORDER BY id"))
        assert rows.scalars().all() == ["staff", "claimed", "staff", "claimed", None]


_PERMISSION = (
    "INSERT INTO permission (id, guild_id, script_id, customer_id, username, name_folded, wanted, revision,"
    " synced_revision, seen, ours, before, state, asked_at) VALUES ({0}, 7, {1}, 3, '{2}', '{2}', 'nothing',"
    " 0, 0, 'unknown', 'unknown', 'unknown', 'done', '2026-01-01')"
)
_WITH_TWO_REASONS = (
    "INSERT INTO guild (id, created_at) VALUES (7, '2026-01-01')",
    (
        "INSERT INTO script (id, guild_id, pine_id, slug, title, added_by, added_at)"
        " VALUES (1, 7, 'PUB;a', 'a', 'A', 9, '2026-01-01'), (2, 7, 'PUB;b', 'b', 'B', 9, '2026-01-01')"
    ),
    "INSERT INTO customer (id, guild_id, username, name_folded) VALUES (3, 7, 'Joe', 'joe')",
    _PERMISSION.format(1, 1, "joe"),
    _PERMISSION.format(2, 2, "joe"),
    "INSERT INTO source (name) VALUES ('staff')",
    (
        "INSERT INTO entitlement (id, guild_id, script_id, permission_id, source, reference, kind, length,"
        " asked_at, asked_by, ends_at, settled_at) VALUES (11, 7, 1, 1, 'staff', 'one press', 'until', '1M',"
        " '2026-01-01', 9, '2026-02-01', '2026-01-01'), (12, 7, 2, 2, 'staff', 'one press', 'lifetime', NULL,"
        " '2026-01-01', NULL, NULL, '2026-01-01')"
    ),
    (
        'INSERT INTO "order" (guild_id, permission_id, kind, idempotency_key, entitlement_id, revision,'
        " actor_kind, asked_at, before, state) VALUES (7, 1, 'grant', 'one press', 11, 1, 'usher', '2026-01-01',"
        " 'nothing', 'done')"
    ),
)


_WITH_THREE_PEOPLE = (
    *_WITH_TWO_REASONS[:3],
    *(_PERMISSION.format(number, 1, f"joe{number}") for number in (1, 2, 3)),
    "INSERT INTO source (name) VALUES ('staff')",
)


def test_the_files_names_tell_what_alembic_would():
    scripts = ScriptDirectory.from_config(migrate._config())
    assert revision.known() == [one.revision for one in scripts.walk_revisions()][::-1]
    assert revision.known()[-1] == scripts.get_current_head()


def test_a_start_with_nothing_to_migrate_does_without_alembic(tmp_path):
    start = f"""
import asyncio, sys
import bot.app
from bot.store.engine.database import open_database

async def main():
    async with open_database({url(tmp_path)!r}):
        print("alembic" in sys.modules)

asyncio.run(main())
"""
    starts = [
        subprocess.run([sys.executable, "-c", start], capture_output=True, check=True, text=True)
        for _ in range(2)
    ]
    assert [done.stdout.strip() for done in starts] == ["True", "False"]


async def test_opening_twice_migrates_once_and_keeps_rows(tmp_path):
    async with open_database(url(tmp_path)) as database, database.write() as connection:
        await connection.execute(insert(catalogue.guild).values(id=1, created_at=NOW))
    async with open_database(url(tmp_path)) as database, database.read() as connection:
        assert (await connection.execute(select(catalogue.guild.c.id))).scalars().all() == [1]


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    async with open_database(url(tmp_path)):
        pass
    with sqlite3.connect(tmp_path / "data/usher.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StartupError, match="newer Usher"):
        async with open_database(url(tmp_path)):
            pass


async def test_folder_and_file_are_the_owners_alone(tmp_path):
    (tmp_path / "data").mkdir(mode=0o755)
    async with open_database(url(tmp_path)):
        pass
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data/usher.db").stat().st_mode) == 0o600


async def test_the_safe_pragmas_are_on(tmp_path):
    async with open_database(url(tmp_path)) as database, database.write() as connection:

        async def pragma(name):
            return (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()

        assert await pragma("journal_mode") == "wal"
        assert await pragma("foreign_keys") == 1
        assert await pragma("busy_timeout") == 5000


async def test_a_reader_cannot_write(tmp_path):
    async with open_database(url(tmp_path)) as database:
        with pytest.raises(OperationalError, match="readonly"):
            async with database.read() as connection:
                await connection.execute(insert(catalogue.guild).values(id=1, created_at=NOW))


async def test_a_writer_holds_the_lock_from_its_first_moment(tmp_path):
    async with open_database(url(tmp_path)) as database, database.write():
        other = sqlite3.connect(tmp_path / "data/usher.db", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


async def test_a_failed_transaction_leaves_nothing(tmp_path):
    async with open_database(url(tmp_path)) as database:
        with pytest.raises(RuntimeError):
            async with database.write() as connection:
                await connection.execute(insert(catalogue.guild).values(id=1, created_at=NOW))
                raise RuntimeError
        async with database.read() as connection:
            assert (await connection.execute(select(catalogue.guild))).all() == []


async def test_a_moment_without_a_zone_is_refused_and_one_with_comes_back_in_utc(tmp_path):
    async with open_database(url(tmp_path)) as database:
        with pytest.raises(StatementError, match="time zone"):
            async with database.write() as connection:
                naive = datetime(2026, 1, 1)  # noqa: DTZ001
                await connection.execute(insert(catalogue.guild).values(id=1, created_at=naive))
        async with database.write() as connection:
            await connection.execute(insert(catalogue.guild).values(id=1, created_at=NOW))
        async with database.read() as connection:
            assert (
                await connection.execute(select(catalogue.guild.c.created_at))
            ).scalar_one() == NOW


@pytest.mark.parametrize("change", ["UPDATE event SET action = 'x'", "DELETE FROM event"])
async def test_the_history_never_changes(tmp_path, change):
    async with open_database(url(tmp_path)) as database:
        async with database.write() as connection:
            await connection.execute(insert(catalogue.guild).values(id=1, created_at=NOW))
            await connection.execute(
                insert(ledger.event).values(guild_id=1, at=NOW, actor_kind="usher", action="grant")
            )
        with pytest.raises(IntegrityError, match="never changes"):
            async with database.write() as connection:
                await connection.execute(text(change))


async def test_foreign_keys_hold(tmp_path):
    async with open_database(url(tmp_path)) as database:
        with pytest.raises(IntegrityError):
            async with database.write() as connection:
                await connection.execute(insert(logins.account).values(guild_id=99, created_at=NOW))


async def test_nobody_is_reminded_of_what_was_due_before_there_were_reminders(tmp_path, frozen):
    def left_by_the_seventh():
        with left_at(tmp_path, "0007") as connection:
            connection.execute(text("INSERT INTO guild (id, created_at) VALUES (7, '2026-03-10')"))

    await asyncio.to_thread(left_by_the_seventh)
    async with open_database(url(tmp_path)) as database, database.write() as connection:
        known = await guilds.by_id(connection, 7)
        assert (known.reminder_days, known.time_zone) == ("7, 3, 1", "UTC")
        assert known.reminders_from == frozen.now()
        assert (await guilds.ensure(connection, 8, NOW)).reminders_from is None
