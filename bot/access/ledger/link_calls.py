"""Members who have access waiting, no TradingView name, and take no direct messages."""

from dataclasses import dataclass
from datetime import timedelta

from bot import clock
from bot.store.engine.database import Database
from bot.store.ledger import direct_messages, events

CALLED = "called_to_link"
EVERY = timedelta(days=1)
GATHERED = timedelta(minutes=10)  # others may follow: all are called together


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to call in one server, and the messages that they did not take."""

    guild_id: int
    members: tuple[int, ...]
    message_ids: tuple[int, ...]


class LinkCalls:
    """Gathers them, for one call a day in each server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self) -> list[Call]:
        """Return the calls that are due; who has a name by now, or nothing that waits, is left out."""
        now = clock.now()
        async with self._database.write() as connection:
            await direct_messages.drop_needless(connection)
            calls = []
            for guild_id, refused in (await direct_messages.refused(connection)).items():
                last = await events.newest(connection, guild_id, (CALLED,))
                first_at = min(each.refused_at for each in refused if each.refused_at)
                if first_at + GATHERED > now or (last is not None and now - last.at < EVERY):
                    continue
                members = tuple(dict.fromkeys(each.user_id for each in refused))
                calls.append(Call(guild_id, members, tuple(each.id for each in refused)))
        return calls

    async def called(self, call: Call, channel_id: int | None) -> None:
        """Note that they were called there; without a channel the history's line tells staff to."""
        async with self._database.write() as connection:
            await direct_messages.remove_all(connection, call.message_ids)
            await events.record(
                connection,
                call.guild_id,
                clock.now(),
                CALLED,
                after={
                    "members": [str(each) for each in call.members],
                    "channel_id": None if channel_id is None else str(channel_id),
                },
            )
