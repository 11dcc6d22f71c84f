"""Connections to shops: what their vendor enters, and what they hear from the shop.

A secret is kept encrypted and never shown again. When a new one is entered, the one before it stays good
for a day: a shop goes on signing with it until its own change is through.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.orders.connection_view import (
    NAME_FIELD,
    OLD_UNTIL,
    ConnectionChange,
    ConnectionView,
    Heard,
    ProviderFacts,
    old_until,
    own_options,
    path_of,
    terms_of,
)
from bot.access.orders.errors import (
    ApiKeyUnusable,
    ConnectionUnknown,
    OptionsUnusable,
    ProviderUnknown,
    SecretUnusable,
    TooManyConnections,
)
from bot.access.request import RequestContext
from bot.access.rules.contracts import Terms
from bot.logs import keep_out
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.kinds import DeliveryState
from bot.store.ledger import events
from bot.store.records import Connection
from bot.store.sales import connections, waiting
from bot.store.vault import UnreadableError, Vault

EVERY = 600.0  # seconds between looks for secrets whose day is over
MAX_CONNECTIONS = 50
MAX_SECRETS = 3
OLD_FOR = timedelta(days=1)
_ID_BYTES = 24  # of an address: 192 bits
_MIN_SECRET, _MAX_SECRET = 6, 1_000
_LOOK = 2.0  # seconds between looks for the first message


class Connections:
    """Adds, changes, removes and lists the ways from shops to a server."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        provider: Callable[[str], ProviderFacts],
        names: Callable[[], Sequence[str]],
        public_url: str | None,
        http_port: int,
    ) -> None:
        self._database = database
        self._vault = vault
        self._provider = provider
        self._names = names
        is_public = public_url is not None and public_url.startswith("https://")
        self._base = (public_url or "").rstrip("/") if is_public else None
        self.local = f"127.0.0.1:{http_port}"  # where a web server on this computer finds Usher
        # Called with the id of its address once a connection was changed or removed.
        self.on_change: list[Callable[[str], None]] = []

    async def open(self) -> None:
        """Load the providers of the connections that there are, beside the loop; once, before all else."""
        async with self._database.read() as connection:
            used = await connections.providers(connection)
        for name in used:
            await asyncio.to_thread(self._provider, name)

    def address(self, row: Connection) -> str | None:
        """Return what is pasted at the shop; None while Usher has no public https address."""
        return None if self._base is None else f"{self._base}{path_of(row)}"

    async def add(
        self, request: RequestContext, name: str, secret: str = "", api_key: str = ""
    ) -> ConnectionView:
        """Add a connection, with its secret where there is one already; asked twice, there is one.

        Raises ProviderUnknown, SecretUnusable, ApiKeyUnusable or TooManyConnections.
        """
        known = await self.known(name)
        sealed, sealed_key = self._first_secret(known, secret), self._api_key(known, api_key)
        async with self._database.write() as connection:
            reference = request.idempotency_key
            if made := await connections.by_reference(connection, request.guild_id, reference):
                return self._view(made)
            await guilds.ensure(connection, request.guild_id, request.at)
            if len(await connections.listed(connection, request.guild_id)) >= MAX_CONNECTIONS:
                raise TooManyConnections(MAX_CONNECTIONS)
            made = await connections.add(
                connection,
                request.guild_id,
                public_id=secrets.token_urlsafe(_ID_BYTES),
                provider=name.strip().casefold(),
                options={},
                by=request.member_id,
                at=request.at,
                reference=reference,
            )
            made = await connections.change(connection, made.id, secrets=sealed, api_key=sealed_key)
            await self._record(connection, request, "webhook_add", made)
        return self._view(made)

    async def known(self, name: str) -> ProviderFacts:
        """Return that provider. Raises ProviderUnknown."""
        try:
            return await asyncio.to_thread(self._provider, name.strip().casefold())
        except LookupError:
            raise ProviderUnknown(name, tuple(self._names())) from None

    async def listed(self, guild_id: int) -> list[ConnectionView]:
        """Return a server's connections, oldest first."""
        async with self._database.read() as connection:
            rows = await connections.listed(connection, guild_id)
            numbers = await waiting.counts(connection, guild_id)
        return [
            replace(
                self._view(row),
                stuck=numbers.get((row.id, DeliveryState.STUCK), 0),
                unmapped=numbers.get((row.id, DeliveryState.UNMAPPED), 0),
            )
            for row in rows
        ]

    async def one(self, guild_id: int, connection_id: int) -> ConnectionView:
        """Return that connection. Raises ConnectionUnknown, also where it is another server's."""
        async with self._database.read() as connection:
            return self._view(await find_connection(connection, guild_id, connection_id))

    async def edit(
        self, request: RequestContext, connection_id: int, change: ConnectionChange
    ) -> ConnectionView:
        """Change what is given. Raises ConnectionUnknown or OptionsUnusable."""
        async with self._database.write() as connection:
            row = await find_connection(connection, request.guild_id, connection_id)
            defaults, told = asdict(Terms()), asdict(change)
            decided = asdict(terms_of(row)) | {
                name: told[name] for name in defaults if told[name] is not None
            }
            options = row.options
            if change.name_field is not None:
                own = own_options(row) | {NAME_FIELD: change.name_field.strip()}
                options = self._with(row, {name: each for name, each in own.items() if each})
            asks = row.asks_first if change.asks_first is None else change.asks_first
            terms = {name: each for name, each in decided.items() if each != defaults[name]}
            before = (row.terms, row.options, row.asks_first)
            if (terms, options, asks) != before:
                row = await connections.change(
                    connection, row.id, terms=terms, options=options, asks_first=asks
                )
                await self._record(connection, request, "webhook_edit", row)
        return self._changed(row)

    async def set_options(
        self, request: RequestContext, connection_id: int, options: Mapping[str, Any]
    ) -> ConnectionView:
        """Take these options of the provider in place of all earlier ones.

        Raises ConnectionUnknown, or OptionsUnusable for what the provider does not take.
        """
        async with self._database.write() as connection:
            row = await find_connection(connection, request.guild_id, connection_id)
            changed = self._with(row, options)
            if changed != row.options:
                row = await connections.change(connection, row.id, options=changed)
                await self._record(connection, request, "webhook_edit", row)
        return self._changed(row)

    async def set_secret(
        self, request: RequestContext, connection_id: int, typed: str
    ) -> ConnectionView:
        """Take a new secret; the ones before stay good for a day. Raises ConnectionUnknown or SecretUnusable."""
        async with self._database.write() as connection:
            row = await find_connection(connection, request.guild_id, connection_id)
            secret = _secret(self._provider(row.provider), typed)
            kept = self._secrets(row)
            if kept[:1] != [secret]:
                kept = [secret, *(old for old in kept if old != secret)][:MAX_SECRETS]
                options = dict(row.options)
                options.pop(OLD_UNTIL, None)
                if len(kept) > 1:
                    options[OLD_UNTIL] = (request.at + OLD_FOR).isoformat()
                row = await self._keep(connection, row, kept, options)
                await self._record(connection, request, "webhook_secret", row)
        return self._changed(row)

    async def drop_old_secrets(self, request: RequestContext, connection_id: int) -> ConnectionView:
        """Let only the newest secret be good from now on. Raises ConnectionUnknown."""
        async with self._database.write() as connection:
            row = await find_connection(connection, request.guild_id, connection_id)
            if len(self._secrets(row)) > 1:
                row = await self._drop_old(connection, row)
                await self._record(connection, request, "webhook_old_secret", row)
        return self._changed(row)

    async def forget_old_secrets(self) -> None:
        """Let secrets be good no more that newer ones took the place of a day ago."""
        now = clock.now()
        async with self._database.read() as connection:
            due = [row for row in await connections.every(connection) if _is_over(row, now)]
        for each in due:
            async with self._database.write() as connection:
                row = await connections.by_id(connection, each.guild_id, each.id)
                if row is not None and _is_over(row, now):
                    await self._drop_old(connection, row)
            self._changed(each)

    async def set_api_key(
        self, request: RequestContext, connection_id: int, typed: str
    ) -> ConnectionView:
        """Take the key by which messages are looked up; empty: none. Raises ConnectionUnknown or ApiKeyUnusable."""
        async with self._database.write() as connection:
            row = await find_connection(connection, request.guild_id, connection_id)
            sealed = self._api_key(self._provider(row.provider), typed)
            row = await connections.change(connection, row.id, api_key=sealed)
            await self._record(connection, request, "webhook_edit", row)
        return self._changed(row)

    async def remove(self, request: RequestContext, connection_id: int) -> ConnectionView:
        """Take no message of it any more; what was bought stays. Raises ConnectionUnknown."""
        async with self._database.write() as connection:
            row = await find_connection(connection, request.guild_id, connection_id)
            removed = await connections.change(
                connection, row.id, removed_at=request.at, secrets=None, api_key=None
            )
            await self._record(connection, request, "webhook_remove", removed)
        return self._changed(removed)

    # What it hears

    async def heard(self, guild_id: int, connection_id: int) -> Heard:
        """Return what it has heard so far. Raises ConnectionUnknown."""
        async with self._database.read() as connection:
            row = await find_connection(connection, guild_id, connection_id)
            newest = await waiting.newest(connection, row.id)
        state = None if newest is None else newest.state
        return Heard(row.heard_at, row.heard_kind, row.refused, row.refused_why, state)

    async def first_message(
        self, guild_id: int, connection_id: int, before: Heard, seconds: float
    ) -> Heard | None:
        """Return what it has heard once a message comes, taken or refused; None: none came in time.

        Raises ConnectionUnknown once it is removed.
        """
        end = clock.monotonic() + seconds
        while clock.monotonic() < end:
            now = await self.heard(guild_id, connection_id)
            if now.is_newer(before):
                if now.is_refusal(before):
                    return now
                await clock.sleep(_LOOK)  # it is worked on meanwhile
                return await self.heard(guild_id, connection_id)
            await clock.sleep(_LOOK)
        return None

    # What is kept

    def _changed(self, row: Connection) -> ConnectionView:
        """Return it as its vendor sees it; what keeps it in memory learns that it is another one."""
        for tell in self.on_change:
            tell(row.public_id)
        return self._view(row)

    def _view(self, row: Connection) -> ConnectionView:
        return ConnectionView(
            row, self._provider(row.provider).label, len(self._secrets(row)), old_until(row)
        )

    def _with(self, row: Connection, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return a connection's options with these of its provider. Raises OptionsUnusable."""
        known = self._provider(row.provider)
        if known.check_options is None:
            if options.keys() - {NAME_FIELD}:
                raise OptionsUnusable(known.label, "it has none to choose")
            checked = dict(options)
        else:
            try:
                checked = known.check_options(options)
            except ValueError as error:  # it names the option, and what is wrong with it
                raise OptionsUnusable(known.label, str(error)) from None
        kept = {name: row.options[name] for name in (OLD_UNTIL,) if name in row.options}
        return {**checked, **kept}

    def _first_secret(self, known: ProviderFacts, typed: str) -> bytes | None:
        """Return the secret as it is kept; None where there is none yet."""
        return self._vault.seal(json.dumps([_secret(known, typed)])) if typed.strip() else None

    def _api_key(self, known: ProviderFacts, typed: str) -> bytes | None:
        key = typed.strip()
        if not key:
            return None
        if not known.takes_api_key or len(key) > _MAX_SECRET or any(map(str.isspace, key)):
            raise ApiKeyUnusable(known.label)
        keep_out(key)
        return self._vault.seal(key)

    def _secrets(self, row: Connection) -> list[str]:
        """Return the secrets, the newest first; none where nobody can read them any more."""
        try:
            found = [] if row.secrets is None else json.loads(self._vault.open(row.secrets))
        except UnreadableError:
            return []
        return [str(secret) for secret in found]

    async def _drop_old(self, connection: AsyncConnection, row: Connection) -> Connection:
        options = {name: each for name, each in row.options.items() if name != OLD_UNTIL}
        return await self._keep(connection, row, self._secrets(row)[:1], options)

    async def _keep(
        self,
        connection: AsyncConnection,
        row: Connection,
        kept: Sequence[str],
        options: Mapping[str, Any],
    ) -> Connection:
        sealed = self._vault.seal(json.dumps(kept)) if kept else row.secrets
        return await connections.change(connection, row.id, secrets=sealed, options=options)

    async def _record(
        self, connection: AsyncConnection, request: RequestContext, action: str, row: Connection
    ) -> None:
        await events.record(
            connection,
            request.guild_id,
            request.at,
            action,
            actor=request.actor,
            after={"connection_id": row.id, "shop": self._provider(row.provider).label},
        )


async def find_connection(
    connection: AsyncConnection, guild_id: int, connection_id: int
) -> Connection:
    """Return that connection of the server. Raises ConnectionUnknown."""
    row = await connections.by_id(connection, guild_id, connection_id)
    if row is None:
        raise ConnectionUnknown
    return row


def _secret(known: ProviderFacts, typed: str) -> str:
    """Return a secret without the spaces around it. Raises SecretUnusable."""
    secret = typed.strip()
    fits = known.secret_pattern is None or re.fullmatch(known.secret_pattern, secret)
    is_odd = any(map(str.isspace, secret)) or not secret.isprintable()
    if not fits or is_odd or not _MIN_SECRET <= len(secret) <= _MAX_SECRET:
        raise SecretUnusable(known.label)
    keep_out(secret)
    return secret


def _is_over(row: Connection, now: datetime) -> bool:
    until = old_until(row)
    return until is not None and until <= now
