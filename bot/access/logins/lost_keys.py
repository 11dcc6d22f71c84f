"""Gives up what was encrypted with a key that is lost, and keeps everything else."""

from collections.abc import Sequence

from sqlalchemy import select, update

from bot import clock
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.logins import outages
from bot.store.tables.logins import account, session
from bot.store.tables.payments import connection as shop
from bot.store.tables.web import bot_token
from bot.store.vault import Sealed, Vault, give_up, unreadable


async def lost(database: Database, vault: Vault | None) -> list[Sealed]:
    """Return everything encrypted that no key at hand opens."""
    async with database.read() as connection:
        return await unreadable(connection, vault)


def logins_among(values: Sequence[Sealed]) -> int:
    """Return how many of these are logins in use, of one server each."""
    return sum(value.column is session.c.cookies for value in values)


def shops_among(values: Sequence[Sealed]) -> int:
    """Return how many of these are the secrets of a shop's connection."""
    return sum(value.column is shop.c.secrets for value in values)


def is_token_among(values: Sequence[Sealed]) -> bool:
    """Return whether the bot's own token, given in the browser, is one of these."""
    return any(value.column is bot_token.c.token for value in values)


async def drop_lost(database: Database, vault: Vault | None) -> int:
    """Give up what no key at hand opens, all or nothing; returns how many servers need a new login."""
    now = clock.now()
    async with database.write() as connection:
        values = await unreadable(connection, vault)
        used = [value.identity for value in values if value.column is session.c.cookies]
        without = (account.c.id == session.c.account_id) & session.c.id.in_(used)
        guild_ids = list(await connection.scalars(select(account.c.guild_id).where(without)))
        await give_up(connection, values)
        # The login of the environment counts as used up; it is of use again.
        await connection.execute(
            update(account).where(account.c.guild_id.in_(guild_ids)).values(environment_digest=None)
        )
        for guild_id in guild_ids:
            await outages.end(connection, guild_id, now, silently=True)
            await events.record(connection, guild_id, now, "session_lost")
    return len(guild_ids)
