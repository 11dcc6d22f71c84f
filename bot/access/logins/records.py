"""What is written down when a login is set, dies, comes back or goes: one transaction for each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.logins.account import Updated
from bot.access.logins.errors import AccountElsewhere, CookiesOfOther
from bot.access.request import RequestContext
from bot.store.catalogue import guilds
from bot.store.kinds import SessionState
from bot.store.ledger import events
from bot.store.logins import outages, sessions, spares
from bot.store.records import Account, Actor


@dataclass(frozen=True, slots=True)
class NewLogin:
    """A tested pair on its way into the database. `by` None: from outside Discord, `note` says where."""

    guild_id: int
    sealed: bytes
    updated: Updated
    by: int | None
    anyway: bool
    environment: str | None = None
    note: str | None = None


async def new_login(
    connection: AsyncConnection, new: NewLogin, at_least: int, now: datetime
) -> tuple[int, int]:
    """Keep it; returns the account's id and the version, `at_least` that.

    Raises AccountElsewhere, and CookiesOfOther (a question).
    """
    await guilds.ensure(connection, new.guild_id, now)
    account = await sessions.ensure_account(connection, new.guild_id, now)
    username = new.updated.username
    if username is not None:
        owner = await sessions.account_named(connection, username)
        if owner is not None and owner.guild_id != new.guild_id:
            raise AccountElsewhere(username)
    if is_other(account, new.updated):
        if not new.anyway:
            raise CookiesOfOther(username, account.username, new.updated.missing)
        await spares.drop_all(connection, account.id)  # of the account that was
    if username is not None:
        await sessions.name_account(connection, account.id, username)
    if new.environment is not None:
        await sessions.set_environment_digest(connection, account.id, new.environment)
    await events.record(
        connection,
        new.guild_id,
        now,
        "session_set",
        actor=Actor.of(new.by),
        note=new.note,
        before={"username": account.username},
        after={"username": username or account.username},
    )
    version = await use(connection, account, new.sealed, by=new.by, at_least=at_least, now=now)
    return account.id, version


async def use(
    connection: AsyncConnection,
    account: Account,
    sealed: bytes,
    *,
    by: int | None,
    at_least: int,
    now: datetime,
) -> int:
    """Put a living pair in place of whatever is there; returns its version. Ends an outage."""
    stored = await sessions.of_guild(connection, account.guild_id)
    version = max(at_least, 0 if stored is None else stored.session.version + 1)
    await sessions.put(connection, account.id, version=version, sealed=sealed, by=by, at=now)
    if await outages.end(connection, account.guild_id, now):
        await events.record(connection, account.guild_id, now, "session_alive")
    return version


async def turned(
    connection: AsyncConnection,
    guild_id: int,
    account_id: int,
    version: int,
    state: SessionState,
    now: datetime,
) -> bool:
    """Record a change that a test found, once; returns False when another pair is there by now."""
    stored = await sessions.of_guild(connection, guild_id)
    if not await sessions.mark(connection, account_id, version, state, now):
        return False
    if stored is None or stored.session.state is state:
        return True
    after = None
    if state is SessionState.DEAD:
        await outages.begin(connection, guild_id, now, set_by=stored.session.set_by)
        after = {"waiting": await outages.waiting(connection, guild_id)}
    else:
        await outages.end(connection, guild_id, now)
    await events.record(connection, guild_id, now, f"session_{state}", after=after)
    return True


async def forgotten(
    connection: AsyncConnection,
    request: RequestContext,
    account_id: int,
    now: datetime,
    action: str = "session_forgotten",
) -> None:
    """Delete the login and its spares; another server may use that account now."""
    account = await sessions.account_of(connection, request.guild_id)
    await sessions.forget(connection, account_id)
    await spares.drop_all(connection, account_id)
    await sessions.name_account(connection, account_id, None)
    await outages.end(connection, request.guild_id, now, silently=True)
    await events.record(
        connection,
        request.guild_id,
        now,
        action,
        actor=request.actor,
        before={"username": account and account.username},
    )


def is_other(account: Account, updated: Updated) -> bool:
    """Return whether the pair seems to belong to another TradingView account than the one known."""
    if account.name_folded is not None and updated.username is not None:
        return updated.username.casefold() != account.name_folded
    # Whose it is cannot be told by name: it should own what the server sells.
    return bool(updated.missing)
