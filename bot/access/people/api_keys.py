"""Keys of the HTTP API: managers make, list and revoke them, and requests are opened by them."""

import hmac
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.errors import DiscordSilent
from bot.access.people.api_key_errors import (
    KeyNameTaken,
    KeyNameUnreadable,
    KeyUnknown,
    ScopesUnreadable,
    TooManyKeys,
)
from bot.access.request import May, RequestContext
from bot.access.rules.api_keys import (
    Scope,
    WrittenKey,
    digest_of,
    new_hash_key,
    new_secret,
    read_key,
    written,
)
from bot.access.rules.duration import Length, absolute
from bot.jobs import Jobs
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.kinds import ActorKind
from bot.store.ledger import events
from bot.store.records import Actor, ApiKey
from bot.store.sales import api_keys
from bot.store.vault import UnreadableError, Vault
from bot.tradingview import End

MAX_NAME = 32
MAX_KEYS = 25  # of one server
EVERY = 900.0  # seconds between looks whether those who made keys are managers still
_NOTED = timedelta(minutes=1)  # a use is written at most so often
ORPHANED = "api_key_orphaned"


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key, as it is told once."""

    key: ApiKey
    text: str = field(repr=False)
    public_url: str | None  # where it is used; None: only on the bot's own computer


class ApiKeys:
    """The door for keys; `may` tells whether a member of a server is a manager."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        may: May,
        jobs: Jobs,
        public_url: str | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._may = may
        self._jobs = jobs
        self._public_url = public_url
        # Compared with where no key has that number, so that this takes as long.
        self._nobody = vault.seal(new_hash_key())

    async def create(
        self, request: RequestContext, name: str, scopes: str, expires: End | Length | None
    ) -> MadeKey | None:
        """Make a key for the server of the request; None: that request made one before.

        Raises KeyNameUnreadable, KeyNameTaken, ScopesUnreadable or TooManyKeys.
        """
        name, allowed = _name(name), _scopes(scopes)
        end = None if expires is None else absolute(expires, request.at)
        secret, hash_key = new_secret(), new_hash_key()
        async with self._database.write() as connection:
            if await api_keys.is_made(connection, request.guild_id, request.idempotency_key):
                return None
            if await api_keys.by_name(connection, request.guild_id, name):
                raise KeyNameTaken(name)
            if await api_keys.count(connection, request.guild_id) >= MAX_KEYS:
                raise TooManyKeys(MAX_KEYS)
            key = await api_keys.add(
                connection,
                request.guild_id,
                reference=request.idempotency_key,
                name=name,
                scopes=allowed,
                digest=digest_of(hash_key, secret),
                hash_key=self._vault.seal(hash_key),
                by=request.member_id,
                at=request.at,
                expires_at=None if end is None else end.at,
            )
            await _record(connection, request, "api_key_made", key)
        return MadeKey(key, written(key.id, secret), self._public_url)

    async def listed(self, guild_id: int) -> list[ApiKey]:
        """Return a server's keys that were not revoked, by name."""
        async with self._database.read() as connection:
            return await api_keys.listed(connection, guild_id)

    async def revoke(self, request: RequestContext, name: str) -> ApiKey:
        """Let a key open nothing from the next request on. Raises KeyUnknown."""
        async with self._database.write() as connection:
            key = await api_keys.by_name(connection, request.guild_id, name.strip())
            if key is None:
                raise KeyUnknown(name)
            await api_keys.revoke(connection, key.id, request.at)
            await _record(connection, request, "api_key_revoked", key)
        return key

    async def opened_by(self, text: str) -> ApiKey | None:
        """Return the key that was sent, as long as it works; None for anything else.

        A mistyped or foreign text is known for that without a look at the database.
        """
        parts = read_key(text)
        if parts is None:
            return None
        async with self._database.read() as connection:
            key = await api_keys.by_id(connection, parts.id)
            left = await guilds.left_ids(connection)
        fits = self._fits(key, parts)
        if key is None or not fits or not key.works(clock.now()) or key.guild_id in left:
            return None
        return key

    def _fits(self, key: ApiKey | None, parts: WrittenKey) -> bool:
        sealed = self._nobody if key is None or key.hash_key is None else key.hash_key
        try:
            digest = digest_of(self._vault.open(sealed), parts.secret)
        except UnreadableError:
            return False
        return key is not None and hmac.compare_digest(digest, key.digest)

    def note_use(self, key: ApiKey) -> None:
        """Note that a key was used, at most once a minute, without keeping the request waiting."""
        now = clock.now()
        if key.used_at is None or now - key.used_at >= _NOTED:
            _ = self._jobs.spawn(self._used(key), "note the use of a key")

    async def _used(self, key: ApiKey) -> None:
        async with self._database.write() as connection:
            await api_keys.used(connection, key.id, clock.now(), _NOTED)
        await self._look(key)

    async def watch(self) -> None:
        """Say once of each key whose maker is no manager any more; it goes on working."""
        async with self._database.read() as connection:
            left = await guilds.left_ids(connection)
            keys = await api_keys.working(connection, clock.now())
        for key in keys:
            if key.guild_id not in left:
                await self._look(key)

    async def _look(self, key: ApiKey) -> None:
        try:
            is_manager = await self._may(key.guild_id, key.made_by)
        except DiscordSilent:
            return  # nothing is known; asked again at the next look
        if is_manager is (key.alarmed_at is None):
            return  # as it was: nothing is written
        async with self._database.write() as connection:
            now = await api_keys.by_id(connection, key.id)
            if now is None or now.revoked_at is not None:
                return
            if is_manager and now.alarmed_at is not None:
                await api_keys.alarmed(connection, key.id, None)
            if not is_manager and now.alarmed_at is None:
                await api_keys.alarmed(connection, key.id, clock.now())
                await events.record(
                    connection,
                    key.guild_id,
                    clock.now(),
                    ORPHANED,
                    member_id=key.made_by,
                    after={"name": key.name, "scopes": key.scopes},
                )


def actor_of(key: ApiKey) -> Actor:
    """Return whoever orders with that key."""
    return Actor(ActorKind.KEY, str(key.id))


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise KeyNameUnreadable(MAX_NAME)
    return name


def _scopes(text: str) -> list[Scope]:
    words = {word for word in text.casefold().replace(",", " ").split() if word}
    if not words or words - set(Scope):
        raise ScopesUnreadable(text)
    return [scope for scope in Scope if scope in words]


async def _record(
    connection: AsyncConnection, request: RequestContext, action: str, key: ApiKey
) -> None:
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        actor=request.actor,
        after={"key_id": key.id, "name": key.name, "scopes": key.scopes},
    )
