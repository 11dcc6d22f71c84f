"""Takes in what shops send: verified, stored, and only then acknowledged (payments-wire, section 1)."""

import asyncio
import enum
import hashlib
import hmac
import json
import logging
import secrets
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot import clock
from bot.access.orders.group_commit import GroupCommit
from bot.access.orders.providers import Headers, Options, Provider, Providers
from bot.access.orders.refusals import Refusals
from bot.access.rules.payments import Heading, Refused
from bot.errors import DatabaseBusyError, DiskFullError
from bot.jobs import Jobs
from bot.rate_limit import RateLimit
from bot.store.engine.database import Database
from bot.store.records import Connection
from bot.store.sales import deliveries
from bot.store.sales.deliveries import NewDelivery
from bot.store.vault import UnreadableError, Vault

log = logging.getLogger(__name__)

STORE_TIMEOUT = 2.0  # seconds; shops give up after three to five
_PROMPT = 0.25  # seconds; a copy of what is stored need not wait longer for a busy database
_KEPT = 500  # connections in memory
_MAX_KEY, _MAX_KIND, _MAX_ADDRESS = 200, 100, 40
_MAX_GREETING = 200  # bytes
_RATE, _BURST = 500.0, 3_000  # messages of one connection


class Receipt(enum.Enum):
    """What became of a message."""

    TAKEN = "taken"  # it is committed, or was before
    REFUSED = (
        "refused"  # nobody vouches for it; or there is no such address, which nobody can tell apart
    )
    UNREADABLE = "unreadable"  # somebody vouches for what cannot be read
    TOO_MANY = "too_many"  # of this connection, in so short a time
    NOT_STORED = "not_stored"  # the database cannot take it now


@dataclass(frozen=True, slots=True)
class _Source:
    """What is kept in memory of a connection."""

    id: int
    provider: str
    options: Options
    secrets: tuple[str, ...] = field(repr=False)


class Intake:
    """Where messages of shops come in."""

    def __init__(self, database: Database, vault: Vault, jobs: Jobs, providers: Providers) -> None:
        self._database = database
        self._vault = vault
        self._jobs = jobs
        self._providers = providers
        self._sources: dict[str, _Source] = {}  # by address
        self._changes = 0
        self._limit = RateLimit(_RATE, _BURST)
        self._refusals = Refusals(database, jobs)
        self._commit = GroupCommit(database, jobs)
        self.on_new = self._commit.on_new  # called after messages were stored
        self._decoy = secrets.token_bytes(32)

    async def open(self) -> None:
        """Load the connections: a flood of guesses must not keep a shop's first message out."""
        async with self._database.read() as connection:
            for source in reversed(await deliveries.newest_sources(connection, _KEPT)):
                self._keep(source.public_id, self._opened(source))

    def changed(self, public_id: str) -> None:
        """Forget what is known of a connection: it was changed or removed."""
        self._changes += 1
        self._sources.pop(public_id, None)

    def knows(self, public_id: str) -> bool:
        """Return whether a connection of that address is known without a look into the database."""
        return public_id in self._sources

    def refuse(self, public_id: str, why: str) -> None:
        """Count a message of a known connection that did not even come whole."""
        source = self._sources.get(public_id)
        if source is not None:
            self._refusals.note(source.id, why)

    async def take(self, public_id: str, headers: Headers, body: bytes) -> Receipt:
        """Verify a message and store it; TAKEN is said only after the commit."""
        try:
            source = await self._source(public_id)
        except (SQLAlchemyError, TimeoutError) as error:
            log.warning("a shop's connection cannot be looked up (%s)", type(error).__name__)
            return Receipt.NOT_STORED
        if source is None:
            self._work_for_nothing(body)
            return Receipt.REFUSED
        try:
            heading = await self._vouched(source, public_id, headers, body)
        except _NotVouched as refused:
            self._refusals.note(source.id, refused.why)
            return Receipt.REFUSED
        except Refused as refused:
            self._refusals.note(source.id, refused.why)
            return Receipt.UNREADABLE
        if heading is None:
            return Receipt.TAKEN
        if self._limit.take(public_id):
            return Receipt.TOO_MANY
        return await self._store(source, heading, body)

    # Who sent it

    async def _source(self, public_id: str) -> _Source | None:
        """Return the connection of that address. Raises TimeoutError where the database takes long."""
        known = self._sources.get(public_id)
        if known is not None or not (
            len(public_id) <= _MAX_ADDRESS and public_id.isascii() and public_id.isprintable()
        ):
            return known
        looking = self._jobs.spawn(self._look_up(public_id), "look up a shop's connection")
        if not await clock.within(STORE_TIMEOUT, looking):
            looking.cancel()
            raise TimeoutError
        return await looking

    async def _look_up(self, public_id: str) -> _Source | None:
        changes = self._changes
        async with self._database.read() as connection:
            source = await deliveries.source_at(connection, public_id)
        if source is None:
            return None
        known = self._opened(source)
        if changes == self._changes:  # else it may be what was there before
            self._keep(public_id, known)
        return known

    def _keep(self, public_id: str, source: _Source) -> None:
        """Remember a connection, and no longer the one that was looked up first of too many."""
        self._sources[public_id] = source
        if len(self._sources) > _KEPT:
            del self._sources[next(iter(self._sources))]

    def _opened(self, source: Connection) -> _Source:
        known: tuple[str, ...] = ()
        if source.secrets is not None:
            try:
                known = tuple(json.loads(self._vault.open(source.secrets)))
            except (UnreadableError, ValueError):
                log.warning("no key opens the secrets of connection %s", source.id)
        return _Source(source.id, source.provider, source.options, known)

    async def _vouched(
        self, source: _Source, public_id: str, headers: Headers, body: bytes
    ) -> Heading | None:
        """Return what names the message, once somebody vouches for it. Raises Refused for any other."""
        try:
            provider = await self._providers.get(source.provider)
        except LookupError:
            self._work_for_nothing(body)
            raise _NotVouched("the provider is not known here") from None
        vouching = source.secrets if provider.is_signed else source.secrets or (public_id,)
        if not vouching:
            self._work_for_nothing(body)
        try:
            provider.verify(headers, body, vouching, clock.now(), source.options)
        except Refused as refused:
            if _is_greeting(provider, headers, body, source.options):
                return None
            raise _NotVouched(refused.why) from None
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends is no mistake of ours
            log.warning("a message could not be verified (%s)", type(error).__name__)
            raise _NotVouched("it cannot be checked") from None
        try:
            return provider.head(headers, body, source.options)
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("a message could not be read (%s)", type(error).__name__)
            raise Refused("it cannot be read") from None

    def _work_for_nothing(self, body: bytes) -> None:
        """Take about as long as it takes to verify a message."""
        hmac.compare_digest(hmac.digest(self._decoy, body, "sha256"), self._decoy)

    # Keeping it

    async def _store(self, source: _Source, heading: Heading, body: bytes) -> Receipt:
        new = NewDelivery(
            source.id,
            _key(heading.event_id),
            _storable(heading.kind)[:_MAX_KIND],
            clock.now(),
            self._vault.seal(body),
        )
        storing = self._commit.put(new)
        if not await clock.within(_PROMPT, storing):
            if await self._is_stored(new):
                _abandon(storing)
                return Receipt.TAKEN
            await clock.within(STORE_TIMEOUT - _PROMPT, storing)
        if not storing.done():
            _abandon(storing)  # in the midst of a commit it may be kept all the same
            log.warning("a shop's message was not stored in time; the shop sends it again")
            return Receipt.NOT_STORED
        error = storing.exception()
        if error is None or await self._is_stored(new):
            return Receipt.TAKEN
        if not isinstance(error, (DatabaseBusyError, DiskFullError)):
            log.error("a shop's message could not be stored (%s)", type(error).__name__)
        return Receipt.NOT_STORED

    async def _is_stored(self, new: NewDelivery) -> bool:
        """Return whether it came before; not where the database does not say so at once."""
        looking = self._jobs.spawn(self._look_for(new), "look for a shop's message")
        if await clock.within(_PROMPT, looking):
            return not looking.exception() and looking.result()
        looking.cancel()
        return False

    async def _look_for(self, new: NewDelivery) -> bool:
        async with self._database.read() as connection:
            return await deliveries.is_stored(connection, new.connection_id, new.event_key)


def _abandon(storing: "asyncio.Future[None]") -> None:
    """Leave the queue; what came of it meanwhile is of no interest."""
    if not storing.cancel() and not storing.cancelled():
        storing.exception()


class _NotVouched(Refused):
    """Nobody vouches for the message."""


def _is_greeting(provider: Provider, headers: Headers, body: bytes, options: Any) -> bool:
    """Return whether it only asks whether somebody is there, which shops do before they can sign."""
    if len(body) > _MAX_GREETING:
        return False
    try:
        return provider.head(headers, body, options) is None
    except Exception:  # noqa: BLE001 - it is no greeting, then
        return False


def _key(event_id: str) -> str:
    """Return what the message is known by for ever; an id of any length and any characters has one."""
    key = _storable(event_id)
    if key == event_id and len(key) <= _MAX_KEY:
        return key
    return "sha256:" + hashlib.sha256(event_id.encode(errors="surrogatepass")).hexdigest()


def _storable(text: str) -> str:
    """Return the text without what no database keeps: half characters, and NUL."""
    return text.encode(errors="replace").decode().replace("\0", "?")
