"""Notes every interaction before Discord hears that it is worked on, and every form of the dashboard.

Until it has its answer: whatever the moment of a crash, what is left over is answered after the next
start. The forms have numbers below 0, which no interaction has.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
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
FORMS_KEPT = timedelta(days=7)  # as long as the session that sent one can last


class UnansweredInteractions:
    """Which interactions have no answer yet; many at once are written in one transaction."""

    def __init__(self, database: Database, vault: Vault, jobs: Jobs) -> None:
        self._database = database
        self._vault = vault
        self._jobs = jobs
        self._in_hand: set[int] = set()  # this program will answer them
        self._forms: dict[int, tuple[int, int]] = {}  # left over: the server, and who sent it
        self._may_be_left = True  # as after a crash; else nobody has to look
        self._looking = asyncio.Lock()  # so that a page waits for what another is just reading
        self._new: dict[int, Unanswered] = {}
        self._over: set[int] = set()
        self._written: dict[int, asyncio.Future[None]] = {}
        self._writing: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()

    async def note(self, asked: Unanswered, token: str | None = None) -> bool:
        """Note an interaction, and that whatever this task records from now on comes from it.

        Return whether the database answered within a second; it is there then, unless that failed.
        """
        events.interaction.set(asked.interaction_id)
        self._in_hand.add(asked.interaction_id)
        self._over.discard(asked.interaction_id)
        self._forms.pop(asked.interaction_id, None)
        sealed = None if token is None else self._vault.seal(token)
        self._new[asked.interaction_id] = replace(asked, token=sealed)
        waiting = asyncio.get_running_loop().create_future()
        written = self._written.setdefault(asked.interaction_id, waiting)  # sent twice at once
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

    @asynccontextmanager
    async def form(self, asked: Unanswered) -> AsyncIterator[None]:
        """Note a form of the dashboard while it is worked on; an error is an answer, an end is none."""
        before = events.interaction.get()
        try:
            await self.note(asked)
            yield
        except Exception:
            self.answered(asked.interaction_id)
            raise
        except BaseException:
            self.let_go(asked.interaction_id)
            raise
        else:
            self.answered(asked.interaction_id)
        finally:
            events.interaction.set(before)  # the next form of this connection is another one

    async def forms_left_over(self, guild_id: int, member_id: int) -> list[Unanswered]:
        """Return that person's forms which nobody works on any more, oldest first: each is told once."""
        _ = await self.left_over()  # what is no form stays for those who answer it
        whose = (guild_id, member_id)
        found = {number for number, sender in self._forms.items() if sender == whose}
        if not found:
            return []
        # As it reads now: somebody may be forgotten since.
        async with self._database.read() as connection:
            noted = await unanswered.listed(connection)
        for number in found:
            self._forms.pop(number, None)
            self.answered(number)
        told = [form for form in noted if form.interaction_id in found]
        return sorted(told, key=lambda form: form.asked_at)

    async def left_over(self) -> list[Unanswered]:
        """Return the interactions that nobody works on any more, as after a crash; oldest first."""
        async with self._looking:
            return await self._left_over()

    async def _left_over(self) -> list[Unanswered]:
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
        self._keep_forms(form for form in left if form.interaction_id < 0)
        left = [each for each in left if each.interaction_id > 0]
        self._may_be_left |= bool(left or self._new)  # what is written late may be left over too
        return left

    def _keep_forms(self, forms: Iterable[Unanswered]) -> None:
        """Keep them for their senders, of whom none comes back to an old one."""
        for form in forms:
            if clock.now() - form.asked_at < FORMS_KEPT:
                self._forms[form.interaction_id] = (form.guild_id, form.member_id)
            else:
                self.answered(form.interaction_id)

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


def number_of_form(key: str) -> int:
    """Return the number of a form that was sent with this key: the same when it is sent again."""
    return -1 - int(hashlib.sha256(key.encode()).hexdigest()[:15], 16)
