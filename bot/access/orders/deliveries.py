"""Works through the messages of shops that were taken in, each in one transaction with what it changes."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.orders.providers import Ask, Provider, Providers
from bot.access.rules.payments import Reading, Refused, Stored
from bot.errors import DatabaseBusyError, DiskFullError
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.kinds import DeliveryState
from bot.store.records import Connection, Delivery
from bot.store.sales import connections, deliveries
from bot.store.vault import UnreadableError, Vault

log = logging.getLogger(__name__)

# Seconds until a message that failed is tried again; after the last one it is stuck.
TRIES_AGAIN = (5.0, 30.0, 120.0, 600.0, 3600.0)
AGAIN = 15.0  # seconds until the next look, where the database could not keep anything
KEPT = timedelta(days=90)  # for bodies; what tells a copy of a message is kept for ever
FORGET_EVERY = 3600.0
_AT_ONCE = 20  # messages in memory
_REST = 4.0  # of the time that a message took, while new ones come: these are taken in first
_LONGEST_REST = 0.5  # seconds
_MAX_TOLD = 500  # facts and lines of one message, whose transaction holds up all others
_FORGOTTEN_AT_ONCE = 200

# Why a message is stuck, for whoever words it.
NO_KEY = "no key opens it"
NO_BODY = "its content is no longer kept"
FAILED = "it failed again and again"
UNTRUE = "the provider does not know of it"
TOO_MUCH = "it tells of too many things at once"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message: its state from now on, the first contract it is about, and why it waits."""

    state: DeliveryState
    contract_id: int | None = None
    reason: str | None = None
    superseded: tuple[int, ...] = ()  # orders that ended by it


OnStuck = Callable[[AsyncConnection, Connection], Awaitable[None]]


class Contracts(Protocol):
    """What messages change."""

    async def take_in(
        self, connection: AsyncConnection, source: Connection, delivery: Delivery, reading: Reading
    ) -> Taken:
        """Change what a message changes, in that transaction; the same message again changes nothing."""

    def go_on(self, guild_id: int, taken: Taken) -> None:
        """Let what was changed be carried out, after the commit."""


class Deliveries:
    """Each message of a shop, from stored to done."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        jobs: Jobs,
        providers: Providers,
        contracts: Contracts,
        on_stuck: OnStuck,
        ask: Ask,
    ) -> None:
        """`on_stuck` notes, in that transaction, that the first message of a connection is stuck.

        `ask` asks a provider whether a message is true that it does not sign.
        """
        self._database = database
        self._vault = vault
        self._jobs = jobs
        self._providers = providers
        self._contracts = contracts
        self._on_stuck = on_stuck
        self._ask = ask
        self._silent: set[str] = set()  # providers that did not answer in this round
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look now: a message came."""
        self._woken.set()

    def start(self) -> None:
        """Go on with what the database holds, until the jobs end."""
        _ = self._jobs.spawn(self._run(), "messages of shops")
        self._jobs.every(FORGET_EVERY, "forget old messages of shops", self.forget_bodies)

    async def _run(self) -> None:
        while True:
            try:
                pause = await self.process()
            except (DatabaseBusyError, DiskFullError) as error:  # said once by the database
                log.warning("messages of shops wait %s s (%s)", AGAIN, type(error).__name__)
                pause = AGAIN
            except Exception as error:  # noqa: BLE001 - the next round goes on
                log.error("messages of shops wait %s s: %s", AGAIN, _place(error))  # noqa: TRY400 - as below
                pause = AGAIN
            await clock.set_within(pause, self._woken)

    async def process(self) -> float | None:
        """Work through what is due, the oldest first; return the seconds until something is again.

        Raises DatabaseBusyError and DiskFullError, which are no fault of a message.
        """
        while True:
            self._woken.clear()  # what came until here is found below
            async with self._database.read() as connection:
                due = await deliveries.due(connection, clock.now(), _AT_ONCE)
                next_try_at = None if due else await deliveries.next_try_at(connection)
                sources = {
                    connection_id: await connections.whichever(connection, connection_id)
                    for connection_id in {delivery.connection_id for delivery in due}
                }
            self._silent.clear()
            for delivery in due:
                begun = clock.monotonic()
                await self._process(delivery, sources[delivery.connection_id])
                if self._woken.is_set():
                    await clock.sleep(min((clock.monotonic() - begun) * _REST, _LONGEST_REST))
            if not due:
                break
        if next_try_at is None:
            return None
        return max(0.0, (next_try_at - clock.now()).total_seconds())

    # Processing one

    async def _process(self, delivery: Delivery, source: Connection) -> None:
        try:
            reading = await self._read(delivery, source)
            guild_id, taken = await self._take_in(delivery, reading)
        except Refused as refused:
            await self._park(delivery, refused.why)
        except UnreadableError:
            await self._park(delivery, NO_KEY)
        except (DatabaseBusyError, DiskFullError):
            raise
        except _NotYet:
            log.info("message %s of a shop waits until its provider can be asked", delivery.id)
            await self._try_later(delivery)
        except Exception as error:  # noqa: BLE001 - one message must not hold up the others
            log.error(  # noqa: TRY400 - the error's own words may hold something of the message
                "message %s of a shop failed: %s", delivery.id, _place(error)
            )
            await self._try_later(delivery)
        else:
            self._contracts.go_on(guild_id, taken)

    async def _read(self, delivery: Delivery, source: Connection) -> Reading:
        if delivery.body is None:
            raise Refused(NO_BODY)
        provider = await self._providers.get(source.provider)
        stored = Stored(
            delivery.event_key,
            delivery.kind,
            self._vault.open_bytes(delivery.body),
            delivery.received_at,
        )
        await self._check(source, provider, stored)
        reading = provider.read(stored, source.options)
        if _number_told(reading) > _MAX_TOLD:
            raise Refused(TOO_MUCH)
        return reading

    async def _check(self, source: Connection, provider: Provider, stored: Stored) -> None:
        """Ask the provider where nobody signed the message. Raises Refused where it is not true, and _NotYet."""
        if provider.check is None:
            return
        key = None if source.api_key is None else self._vault.open(source.api_key)
        check = provider.check(stored, key)
        if check is None:
            return
        if source.provider in self._silent:  # the others need not wait for it again and again
            raise _NotYet
        answer = await self._ask(check)
        is_true = None if answer is None else check.answer(*answer)
        if is_true is None:
            self._silent.add(source.provider)
            raise _NotYet
        if not is_true:
            raise Refused(UNTRUE)

    async def _take_in(self, delivery: Delivery, reading: Reading) -> tuple[int, Taken]:
        """Change what it changes; return for which server, and that."""
        async with self._database.write() as connection:
            source = await connections.whichever(connection, delivery.connection_id)
            if reading.is_test or not reading.facts:
                taken = Taken(DeliveryState.IGNORED)
            else:
                taken = await self._contracts.take_in(connection, source, delivery, reading)
            await self._note_stuck(connection, source, taken.state)
            await deliveries.change(
                connection,
                delivery.id,
                state=taken.state,
                reason=taken.reason,
                contract_id=taken.contract_id,
                occurred_at=reading.occurred_at,
                next_try_at=None,
                done_at=clock.now(),
            )
        return source.guild_id, taken

    # Where that fails

    async def _park(self, delivery: Delivery, why: str) -> None:
        async with self._database.write() as connection:
            source = await connections.whichever(connection, delivery.connection_id)
            await self._note_stuck(connection, source, DeliveryState.STUCK)
            await deliveries.change(
                connection,
                delivery.id,
                state=DeliveryState.STUCK,
                reason=why[:100],
                attempts=delivery.attempts + 1,
                next_try_at=None,
            )
        log.warning("message %s of connection %s is stuck: %s", delivery.id, source.id, why)
        self._contracts.go_on(source.guild_id, Taken(DeliveryState.STUCK))

    async def _note_stuck(
        self, connection: AsyncConnection, source: Connection, state: DeliveryState
    ) -> None:
        """Have staff hear of the first message of a connection that is stuck, and of no further one."""
        if state is DeliveryState.STUCK and not await deliveries.has_stuck(connection, source.id):
            await self._on_stuck(connection, source)

    async def _try_later(self, delivery: Delivery) -> None:
        if delivery.attempts >= len(TRIES_AGAIN):
            await self._park(delivery, FAILED)
            return
        next_try_at = clock.now() + timedelta(seconds=TRIES_AGAIN[delivery.attempts])
        async with self._database.write() as connection:
            await deliveries.change(
                connection, delivery.id, attempts=delivery.attempts + 1, next_try_at=next_try_at
            )

    # What is old

    async def forget_bodies(self) -> None:
        """Erase what came long ago, some at a time so that nobody waits for it."""
        if clock.is_wrong():  # else all of it might seem old
            return
        before = clock.now() - KEPT
        while True:
            async with self._database.write() as connection:
                number = await deliveries.forget_bodies(connection, before, _FORGOTTEN_AT_ONCE)
            if number < _FORGOTTEN_AT_ONCE:
                return


class _NotYet(Exception):  # noqa: N818 - named for what it says
    """Nobody can say yet whether a message is true."""


def _number_told(reading: Reading) -> int:
    """Return how much a message tells: its facts, and the lines of what was paid for."""
    return sum(1 + len(getattr(fact, "lines", ())) for fact in reading.facts)


def _place(error: BaseException) -> str:
    """Return what kind of error it is, and where it was raised."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return f"{type(error).__name__} at {frame.f_code.co_filename}:{line}"
