"""Who may see what belongs to the whole program, and so to every server in its database."""

from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.records import OPERATOR_ID


async def sees_whole(database: Database, guild_id: int, member_id: int) -> bool:
    """Return whether a manager of that server may: the operator always, others unless it holds other servers' sales."""
    if member_id == OPERATOR_ID:
        return True
    async with database.read() as connection:
        return not await guilds.serves_others(connection, guild_id)
