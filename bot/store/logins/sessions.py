"""Queries about TradingView accounts and their stored logins; cookies pass through sealed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import SessionState
from bot.store.records import Account, Session
from bot.store.tables.core import account, session
from bot.store.tables.logins import environment_session


@dataclass(frozen=True, slots=True)
class Stored:
    """An account's login as it lies in the database."""

    account: Account
    session: Session
    sealed: bytes


async def account_of(connection: AsyncConnection, guild_id: int) -> Account | None:
    """The TradingView account of that server."""
    found = await connection.execute(select(account).where(account.c.guild_id == guild_id))
    row = found.one_or_none()
    return None if row is None else Account.of(row)


async def account_named(connection: AsyncConnection, username: str) -> Account | None:
    """Whichever server's account has that TradingView name, in any case."""
    found = await connection.execute(
        select(account).where(account.c.name_folded == username.casefold())
    )
    row = found.one_or_none()
    return None if row is None else Account.of(row)


async def ensure_account(connection: AsyncConnection, guild_id: int, at: datetime) -> Account:
    """The account of that server, added when there is none; the server must be known."""
    known = await account_of(connection, guild_id)
    if known is not None:
        return known
    row = await connection.execute(
        insert(account).values(guild_id=guild_id, created_at=at).returning(account)
    )
    return Account.of(row.one())


async def name_account(connection: AsyncConnection, account_id: int, username: str | None) -> None:
    """Whose account it is; None: not known, or no longer used here."""
    await connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(username=username, name_folded=None if username is None else username.casefold())
    )


async def set_environment_digest(connection: AsyncConnection, account_id: int, digest: str) -> None:
    """Which pair of the environment is done with: it is in use, or was no good."""
    row = await connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(environment_digest=digest)
        .returning(account.c.guild_id)
    )
    await drop_environment(connection, row.scalar_one())


async def renew_environment(
    connection: AsyncConnection, guild_id: int, digest: str, sealed: bytes
) -> None:
    """Keep what TradingView made of the environment's pair of that digest; the server must be known."""
    await drop_environment(connection, guild_id)
    await connection.execute(
        insert(environment_session).values(guild_id=guild_id, digest=digest, cookies=sealed)
    )


async def renewed_environment(
    connection: AsyncConnection, guild_id: int, digest: str
) -> bytes | None:
    """What TradingView made of the environment's pair of that digest, if it did."""
    found = await connection.execute(
        select(environment_session.c.cookies).where(
            environment_session.c.guild_id == guild_id, environment_session.c.digest == digest
        )
    )
    sealed = found.scalar_one_or_none()
    return None if sealed is None else bytes(sealed)


async def drop_environment(connection: AsyncConnection, guild_id: int) -> None:
    """It is in use by now, or no good."""
    await connection.execute(
        delete(environment_session).where(environment_session.c.guild_id == guild_id)
    )


async def of_guild(connection: AsyncConnection, guild_id: int) -> Stored | None:
    """The stored login of that server."""
    stored = [one for one in await everything(connection) if one.account.guild_id == guild_id]
    return stored[0] if stored else None


async def everything(connection: AsyncConnection) -> list[Stored]:
    """Every stored login, by server."""
    sessions = {row.account_id: row for row in await connection.execute(select(session))}
    accounts = await connection.execute(select(account).order_by(account.c.guild_id))
    return [
        Stored(Account.of(row), Session.of(sessions[row.id]), bytes(sessions[row.id].cookies))
        for row in accounts
        if row.id in sessions
    ]


async def put(
    connection: AsyncConnection,
    account_id: int,
    *,
    version: int,
    sealed: bytes,
    by: int | None,
    at: datetime,
) -> None:
    """Keep a pair that was just found alive, in place of whatever was there."""
    await forget(connection, account_id)
    await connection.execute(
        insert(session).values(
            account_id=account_id,
            version=version,
            cookies=sealed,
            state=SessionState.ALIVE,
            state_since=at,
            checked_at=at,
            set_by=by,
            set_at=at,
        )
    )


async def mark(
    connection: AsyncConnection, account_id: int, version: int, state: SessionState, at: datetime
) -> bool:
    """Tested at that moment with this outcome; False when another pair is there by now."""
    mine = (session.c.account_id == account_id) & (session.c.version == version)
    result = await connection.execute(update(session).where(mine).values(checked_at=at))
    if result.rowcount == 0:
        return False
    await connection.execute(
        update(session).where(mine, session.c.state != state).values(state=state, state_since=at)
    )
    return True


async def renew(connection: AsyncConnection, account_id: int, version: int, sealed: bytes) -> bool:
    """Keep what TradingView made of the pair of that version; False when another pair is there by now."""
    result = await connection.execute(
        update(session)
        .where(session.c.account_id == account_id, session.c.version == version)
        .values(cookies=sealed, version=version + 1)
    )
    return result.rowcount > 0


async def forget(connection: AsyncConnection, account_id: int) -> None:
    """Delete the stored pair."""
    await connection.execute(delete(session).where(session.c.account_id == account_id))
