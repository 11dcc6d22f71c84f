"""Queries about who may send for an account just now, and how fast."""

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables.logins import account_lease

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


async def changed(
    connection: AsyncConnection, guild_id: int, blank: T, change: Callable[[T], T]
) -> T:
    """Change that server's row and return it; `blank`, with a field for each column, stands for none."""
    its = account_lease.c.guild_id == guild_id
    found = (await connection.execute(select(account_lease).where(its))).one_or_none()
    before = blank
    if found is not None:
        values = found._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        before = type(blank)(**{field.name: values[field.name] for field in fields(blank)})
    after = change(before)
    if found is None and after != before:
        await connection.execute(insert(account_lease).values(guild_id=guild_id, **asdict(after)))
    elif after != before:
        await connection.execute(update(account_lease).where(its).values(**asdict(after)))
    return after
