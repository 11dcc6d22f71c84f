"""What becomes of a permission that could not be brought to agreement: again, stuck, or paused."""

import logging
import random
from collections.abc import Collection, Sequence
from datetime import timedelta

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import OrderState, PermissionState, Reason
from bot.store.ledger import events, orders, permissions
from bot.store.ledger.events import NewEvent
from bot.store.records import Permission, Script
from bot.tradingview import Refused, TradingViewError

log = logging.getLogger(__name__)

RETRIES = (2.0, 5.0, 15.0, 60.0, 300.0)
# What TradingView accepts without showing it: each try is a write, so in the end only one an hour.
UNSHOWN_RETRIES = (*RETRIES, *(300.0,) * 5, 3600.0)
JITTER = 0.2
REFUSALS = 3  # the same refusal that often is no accident
AT_ONCE = 3  # that often in a row something is tried again without a pause


def longest_pause(permission: Permission, held_for: float) -> timedelta:
    """Return for how long a permission may wait for its next try; `held_for`: its account's limiter."""
    if permission.reason is Reason.SLOW_DOWN:
        return timedelta(seconds=held_for)
    retries = UNSHOWN_RETRIES if permission.reason is Reason.UNVERIFIED else RETRIES
    pause = retries[min(max(permission.attempts - 1, 0), len(retries) - 1)]
    return timedelta(seconds=pause * (1 + JITTER))


class FailureRecorder:
    """Writes down how a try ended; the queue decides which of these it was."""

    def __init__(self, database: Database, notifier: Notifier) -> None:
        self._database = database
        self._notifier = notifier

    async def script_of(self, permission_id: int) -> tuple[Permission, Script]:
        """Return that permission and its script."""
        async with self._database.read() as connection:
            permission = await permissions.by_id(connection, permission_id)
            script = await scripts.by_id(connection, permission.script_id)
        assert script is not None  # noqa: S101 - a foreign key
        return permission, script

    async def again(
        self,
        permission_id: int,
        reason: Reason | None,
        *,
        at_least: float = 0,
        at_once: bool = False,
        counts: bool = True,
        detail: str | None = None,
        retries: Sequence[float] = RETRIES,
    ) -> None:
        """Try again: after 2, 5, 15, 60 s, then every 5 minutes, or as `retries` says, with jitter.

        `at_once`: without a pause, the first times. What does not count is no failure.
        """
        async with self._database.write() as connection:
            permission = await permissions.by_id(connection, permission_id)
            pause = retries[min(permission.attempts, len(retries) - 1)]
            pause *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
            if not counts or (at_once and permission.attempts < AT_ONCE):
                pause = 0
            pause = max(pause, at_least)
            await permissions.change(
                connection,
                permission_id,
                state=PermissionState.WAITING,
                reason=reason,
                detail=detail,
                attempts=permission.attempts + counts,
                next_try_at=clock.now() + timedelta(seconds=pause),
            )
        log.info("permission %s waits (%s): next try in %.0f s", permission_id, reason, pause)

    async def not_shown(self, permission_id: int) -> None:
        """Try again what TradingView accepts without showing it; tell staff once it looks lasting."""
        permission, script = await self.script_of(permission_id)
        await self.again(permission_id, Reason.UNVERIFIED, retries=UNSHOWN_RETRIES)
        if permission.attempts + 1 != len(UNSHOWN_RETRIES):
            return
        async with self._database.write() as connection:
            await events.record(
                connection,
                permission.guild_id,
                clock.now(),
                "not_shown",
                script_id=script.id,
                customer_id=permission.customer_id,
                permission_id=permission_id,
                after={"number": len(UNSHOWN_RETRIES)},
            )

    async def refused(self, permission_id: int, revision: int, error: Refused) -> None:
        """Try again; the same refusal that often is stuck."""
        permission, _ = await self.script_of(permission_id)
        if permission.reason is Reason.REFUSED and permission.attempts >= REFUSALS:
            await self.park(permission_id, revision, Reason.REFUSED, _words(error))
        else:
            await self.again(permission_id, Reason.REFUSED, detail=_words(error))

    async def revision_of(self, permission_id: int) -> int:
        """Return the revision of the newest order in a permission."""
        async with self._database.read() as connection:
            return (await permissions.by_id(connection, permission_id)).revision

    async def revisions_of(self, permission_ids: Collection[int]) -> dict[int, int]:
        """Return, by permission, the revision of the newest order in each."""
        async with self._database.read() as connection:
            return await permissions.revisions(connection, permission_ids)

    async def park(
        self, permission_id: int, revision: int, reason: Reason, detail: str | None = None
    ) -> None:
        """Leave it to a person: nothing more happens by itself, and the person who asked is told.

        What was recorded since `revision` has not been tried: then it is tried, and not stuck.
        """
        now = clock.now()
        async with self._database.write() as connection:
            permission = await permissions.by_id(connection, permission_id)
            if permission.revision != revision:
                return
            await permissions.change(
                connection,
                permission_id,
                state=PermissionState.STUCK,
                reason=reason,
                detail=detail,
                next_try_at=None,
            )
            ended = await orders.end(
                connection, permission_id, permission.revision, now, OrderState.STUCK, reason
            )
            await events.record_all(
                connection,
                [
                    NewEvent(
                        guild_id=permission.guild_id,
                        at=now,
                        action=OrderState.STUCK,
                        script_id=permission.script_id,
                        customer_id=permission.customer_id,
                        permission_id=permission_id,
                        order_id=order_id,
                        after={"reason": reason},
                    )
                    for order_id in ended
                ],
            )
        self._notifier.ended(ended)

    async def pause_script(self, permission_id: int, error: TradingViewError) -> None:
        """Pause a script that TradingView refuses: its orders wait until staff have looked."""
        now = clock.now()
        async with self._database.write() as connection:
            permission = await permissions.by_id(connection, permission_id)
            script = await scripts.by_id(connection, permission.script_id)
            assert script is not None  # noqa: S101 - a foreign key
            await permissions.change(
                connection,
                permission_id,
                state=PermissionState.WAITING,
                reason=Reason.SCRIPT,
                next_try_at=now,
            )
            if script.paused_at is not None:
                return
            await scripts.pause(connection, script.id, now, _words(error))
            await events.record(
                connection,
                permission.guild_id,
                now,
                "script_paused",
                script_id=script.id,
                after={"reason": _words(error)},
            )


def _words(error: TradingViewError) -> str:
    """Return TradingView's own words, for staff."""
    return " ".join(part for part in (error.code, error.detail) if part) or error.summary
