"""Says once in each log channel that Discord does not tell of a server's members."""

from bot.access.ledger.announcements import Announcement
from bot.access.people.member_facts import MembersIntent
from bot.store.engine.database import Database

_UNSEEN = Announcement(begins="members_unseen", over="members_seen")


class MembersNotice:
    """Notes what each server was told last, so that no start says it again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def say(self, intent: MembersIntent) -> None:
        """Say it where a log channel was chosen, and that it is over; nothing where nobody asks for them."""
        if intent is not MembersIntent.OFF:
            await _UNSEEN.say(
                self._database,
                begins=intent is MembersIntent.REFUSED,
                hears=lambda server: server.log_channel_id is not None,
            )
