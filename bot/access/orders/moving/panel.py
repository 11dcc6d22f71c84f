"""The older panel's SQLite file: who has which indicator, and until when. Opened to be read alone.

The file is a stranger's: only tables are read, never views, nothing of it is run, and no other file is opened.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from bot.access.orders.moving.gathering import gathered
from bot.access.orders.moving.records import (
    LARGEST_DATABASE,
    MAX_ROWS,
    Listing,
    ListUnreadable,
    Payer,
    Paying,
    Wrong,
)
from bot.access.orders.moving.table import Row, shown

_TABLES = {
    "client": ("clients", "client", "users", "customers"),
    "indicator": ("indicators", "indicator", "scripts"),
    "access": ("accesses", "access"),
}
_COLUMNS = {
    "client_id": ("clientid", "client", "userid"),
    "indicator_id": ("indicatorid", "indicator", "scriptid"),
    "ends": (
        "expiration", "expirationdate", "expiresat", "expiry", "expirydate", "expires", "enddate", "endsat",
        "until", "validuntil", "accessuntil",
    ),
    "name": ("tradingviewusername", "tradingview", "tradingviewname", "tvusername", "username", "name"),
    "title": ("name", "title", "label", "indicatorname"),
    "pine": ("pineid", "pubid", "publicid", "scriptidpart", "tradingviewid", "indicatorid"),
    "email": ("email", "mail"),
    "discord_id": ("discordid", "discorduserid"),
    "discord_name": ("discordusername", "discordname", "discord"),
    "status": ("status", "state"),
    "active": ("active", "isactive", "enabled"),
}  # fmt: skip
_OFF = frozenset(
    {
        "0",
        "false",
        "no",
        "inactive",
        "revoked",
        "removed",
        "expired",
        "canceled",
        "cancelled",
        "deleted",
    }
)
# Nothing is no word for it: a missing date never becomes lifetime.
_FOR_GOOD = frozenset({"lifetime", "never", "permanent", "none", "null", "forever"})
_BEGINS = b"SQLite format 3\0"
_NO_LOG = b"\x01\x01"  # in the header: how the file is written and read
# What SQLite says of a file that is none or is damaged, and Python of names in it that are no text.
_BROKEN = (sqlite3.Error, UnicodeError, OverflowError)
_LARGEST_VALUE = 1_000_000  # bytes
_MAX_STEPS = 20_000  # of ten thousand: a file made to take for ever is given up


def read(path: Path, now: datetime) -> Listing:
    """Return who has access by the older panel (slow: call it in a thread). Raises ListUnreadable."""
    try:
        if path.stat().st_size > LARGEST_DATABASE:
            raise ListUnreadable(Wrong.TOO_LARGE)
        with path.open("rb") as file:
            _check(file.read(len(_BEGINS)))
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as database:
            return _listing(database, now)
    except _BROKEN as error:
        raise ListUnreadable(Wrong.NO_DATABASE) from error


def read_sent(data: bytes, now: datetime) -> Listing:
    """Return the same of a database in memory, of which no file is written. Raises ListUnreadable."""
    _check(data)
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            # One with a log beside it cannot be opened without: as it was sent, it has none.
            database.deserialize(data[:18] + _NO_LOG + data[20:])
            return _listing(database, now)
    except _BROKEN as error:
        raise ListUnreadable(Wrong.NO_DATABASE) from error


def _check(data: bytes) -> None:
    if not data.startswith(_BEGINS):
        raise ListUnreadable(Wrong.NO_DATABASE)


def _listing(database: sqlite3.Connection, now: datetime) -> Listing:
    _guard(database)
    return gathered(list(_rows(database)), _payer, None, now)


def _guard(database: sqlite3.Connection) -> None:
    """Let nothing of the file run, nothing be written or attached, and nothing take for ever."""
    reads = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA}

    def allow(action: int, argument: str | None, *_: str | None) -> int:
        is_known = action in reads and (
            action != sqlite3.SQLITE_PRAGMA
            or argument in ("query_only", "trusted_schema", "table_info")
        )
        return sqlite3.SQLITE_OK if is_known else sqlite3.SQLITE_DENY

    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
    steps = count(1)
    database.set_progress_handler(lambda: int(next(steps) > _MAX_STEPS), 10_000)
    database.set_authorizer(allow)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA query_only = ON")
    database.text_factory = lambda data: data.decode("utf-8", "replace")[:2_000]


def _rows(database: sqlite3.Connection) -> Iterator[Row]:
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0")
    tables = {str(name).casefold(): str(name) for (name,) in found}
    names = {
        kind: next((tables[each] for each in known if each in tables), "")
        for kind, known in _TABLES.items()
    }
    if not names["client"] or not names["access"]:
        raise ListUnreadable(Wrong.TABLES)
    clients = dict(
        _table(database, names["client"], ("name", "email", "discord_id", "discord_name"))
    )
    indicators = (
        dict(_table(database, names["indicator"], ("title", "pine"))) if names["indicator"] else {}
    )
    wanted = ("client_id", "indicator_id", "ends", "status", "active")
    for line, (_, access) in enumerate(_table(database, names["access"], wanted), 1):
        client = clients.get(access["client_id"], {})
        indicator = indicators.get(access["indicator_id"], {})
        yield Row(line, {**indicator, **client, **access})


def _table(
    database: sqlite3.Connection, table: str, wanted: tuple[str, ...]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the rows of a table by their id, with these columns under our names."""
    columns = {
        _plain(row[1]): str(row[1])
        for row in database.execute(f"PRAGMA table_info({_quoted(table)})")
    }
    chosen = {
        each: next((columns[name] for name in _COLUMNS[each] if name in columns), None)
        for each in wanted
    }
    if "client_id" in wanted and chosen["client_id"] is None:
        raise ListUnreadable(Wrong.TABLES)
    if wanted[0] == "name" and chosen["name"] is None:
        raise ListUnreadable(Wrong.TABLES)
    known = {name: column for name, column in chosen.items() if column is not None}
    key = columns.get("id")
    listed = ", ".join(map(_quoted, [*([key] if key else []), *known.values()]))
    rows = database.execute(f"SELECT {listed or 'NULL'} FROM {_quoted(table)}")  # noqa: S608 - quoted names
    for number, row in enumerate(rows):
        if number == MAX_ROWS:
            raise ListUnreadable(Wrong.TOO_LARGE)
        values = [_text(value) for value in row]
        name = values.pop(0) if key else str(number)
        yield name, {**dict.fromkeys(wanted, ""), **dict(zip(known, values, strict=False))}


def _payer(row: Row) -> Payer:
    return _paying(row, {name: row.cells.get(name, "") for name in _COLUMNS}, row.moment)


def _paying(row: Row, cells: Mapping[str, str], moment: Callable[[str], datetime | None]) -> Payer:
    is_for_good = cells["ends"].casefold() in _FOR_GOOD
    ends = None if is_for_good else moment("ends")
    is_off = cells["status"].casefold() in _OFF or cells["active"].casefold() in _OFF
    named = Row(
        row.line,
        {"tradingview": cells["name"], "discordid": cells["discord_id"], "email": cells["email"]},
        bad=row.bad,
    )
    return Payer(
        row.line,
        Paying.OVER if is_off else Paying.CANCELLED if ends else Paying.PAYS,
        None if is_off else ends,
        for_good=is_for_good,
        product=cells["title"] or cells["pine"],
        keys=tuple(filter(None, [cells["pine"]])),
        email=named.email("email"),
        username=named.username(),
        discord_id=named.discord_id(),
        discord_name=cells["discord_name"] or None,
    )


def _plain(name: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, bytes) else shown(str(value).strip())
