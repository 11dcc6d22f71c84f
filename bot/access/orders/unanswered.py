"""Notes every interaction before Discord hears that it is worked on, until it has its answer.

Whatever the moment of a crash, what is left over is answered after the next start.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

from bot import clock
from bot.access.orders.outcomes import MARGIN, TOKEN_LIFE
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.ledger import events, unanswered
from bot.store.records import Unanswered
from bot.store.vault import UnreadableError, Vault

log = logging.getLogger(__name__)

NOTE_TIMEOUT = 1.0  # seconds; Discord waits 3 for the acknowledgement, which is more urgent
AGAIN = 2.0  # seconds until what the database did not take is written again


class UnansweredInteractions:
    """Which interactions have no answer yet; many at once are written in one transaction."""

    def __init__(self, database: Database, vault: Vault, jobs: Jobs) -> None:
        self._database = database
        self._vault = vault
        self._jobs = jobs
        self._in_hand: set[int] = set()  # this program will answer them
        self._may_be_left = True  # as after a crash; else nobody has to look
        self._new: dict[int, Unanswered] = {}
        self._over: set[int] = set()
        self._written: dict[int, asyncio.Future[None]] = {}
        self._writing: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()

    async def note(self, asked: Unanswered, token: str) -> bool:
        """Note an interaction, and that whatever this task records from now on comes from it.

        Return whether the database answered within a second; it is there then, unless that failed.
        """
        events.interaction.set(asked.interaction_id)
        self._in_hand.add(asked.interaction_id)
        self._over.discard(asked.interaction_id)
        self._new[asked.interaction_id] = replace(asked, token=self._vault.seal(token))
        written = self._written[asked.interaction_id] = asyncio.get_running_loop().create_future()
        self._write_soon()
        if await clock.within(NOTE_TIMEOUT, written):
            return True
        log.warning("what was asked could not be noted in time; it is worked on all the same")
        return False

    def answered(self, interaction_id: int) -> None:
        """Take the note away: the person who asked has the answer, or nobody will ever take it."""
        self._in_hand.discard(interaction_id)
        if self._new.pop(interaction_id, None) is None:
            self._over.add(interaction_id)
            self._write_soon()

    def let_go(self, interaction_id: int) -> None:
        """Leave it to those who answer what is left over, if it has no answer yet."""
        if interaction_id in self._in_hand:
            self._in_hand.discard(interaction_id)
            self._may_be_left = True

    async def left_over(self) -> list[Unanswered]:
        """Return what nobody works on any more, as after a crash; oldest first."""
        if not self._may_be_left:
            return []
        self._may_be_left = False  # one that is let go of while it is read sets it again
        ours = self._in_hand | self._over  # before, for what is taken away while it is read
        try:
            async with self._database.read() as connection:
                noted = await unanswered.listed(connection)
        except BaseException:
            self._may_be_left = True
            raise
        ours |= self._in_hand | self._over
        left = [each for each in noted if each.interaction_id not in ours]
        self._may_be_left |= bool(left or self._new)  # what is written late may be left over too
        return left

    def token(self, asked: Unanswered) -> str | None:
        """Return the means to answer; None when its 15 minutes are (nearly) over."""
        age = clock.now() - asked.asked_at
        if asked.token is None or not timedelta(0) <= age < TOKEN_LIFE - MARGIN:
            return None
        try:
            return self._vault.open(asked.token)
        except UnreadableError:  # sealed with a key that was taken away since
            return None

    async def close(self) -> None:
        """Write what is yet to be written, once no job does."""
        if self._new or self._over:
            try:
                await self._write()
            except Exception:  # the end of the program waits for nothing; the next start tells
                log.exception("who has their answer could not be noted")

    # Writing

    def _write_soon(self) -> None:
        self._woken.set()
        if self._writing is None or self._writing.done():
            self._writing = self._jobs.spawn(self._write_all(), "noting what was asked")

    async def _write_all(self) -> None:
        failed = False
        while self._new or self._over:
            try:
                await self._write()
                failed = False
            except Exception as error:  # noqa: BLE001 - a database that is locked, or a full disk
                if not failed:  # once, however long it lasts
                    log.warning("what was asked could not be noted (%s)", type(error).__name__)
                failed = True
                self._woken.clear()
                await clock.set_within(
                    AGAIN, self._woken
                )  # a new interaction is worth a try at once

    async def _write(self) -> None:
        new, over = self._new, frozenset(self._over)
        self._new = {}
        try:
            async with self._database.write() as connection:
                await unanswered.forget(connection, over)
                await unanswered.add(connection, list(new.values()))
        except BaseException:
            left = {key: row for key, row in new.items() if key not in self._over}
            self._new = left | self._new
            raise
        finally:
            for interaction_id in new:
                written = self._written.pop(interaction_id, None)
                if written is not None and not written.done():
                    written.set_result(None)
        self._over -= over
