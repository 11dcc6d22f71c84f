"""The vendor's own programs that are told what happens: added, listed, sent to again, removed."""

import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.access.queries.errors import (
    AddressProblem,
    AddressUnusable,
    EndpointUnknown,
    KindsUnknown,
    RemovesEndpoint,
    TooManyEndpoints,
)
from bot.access.request import RequestContext
from bot.access.rules.addresses import Allowed, is_public
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.kinds import EndpointState, OutgoingKind, OutgoingState
from bot.store.ledger import events
from bot.store.records import OutgoingEndpoint
from bot.store.sales import outgoing
from bot.store.vault import UnreadableError, Vault

SECRET_PREFIX = "whsec_"  # noqa: S105 - of Standard Webhooks
_SECRET_BYTES = 32
MAX_ENDPOINTS = 10  # of one server
_MAX_ADDRESS = 1_000
_MAX_HOST = 253
_HERE = ("localhost", ".localhost")


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint that was added; the secret is shown this once. None: it was shown before."""

    endpoint: OutgoingEndpoint
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """An endpoint, and how many messages wait for it, were taken and were given up."""

    endpoint: OutgoingEndpoint
    counts: Mapping[OutgoingState, int]


@dataclass(frozen=True, slots=True)
class Opened:
    """Where an endpoint's messages go, and the secret that signs them."""

    address: str = field(repr=False)
    secret: str = field(repr=False)


class OutgoingEndpoints:
    """Keeps which programs are told what; their addresses and secrets are encrypted."""

    def __init__(self, database: Database, vault: Vault, allowed: Allowed) -> None:
        self._database = database
        self._vault = vault
        self._allowed = allowed

    async def add(self, request: RequestContext, address: str, kinds: str) -> NewEndpoint:
        """Add a program; without kinds it is told of all. Raises AddressUnusable, KindsUnknown, TooManyEndpoints."""
        url, wanted = _address(address, self._allowed), _kinds(kinds)
        secret = f"{SECRET_PREFIX}{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
        async with self._database.write() as connection:
            await guilds.ensure(connection, request.guild_id, request.at)
            known = await outgoing.by_reference(
                connection, request.guild_id, request.idempotency_key
            )
            if known is not None:
                return NewEndpoint(known, None)
            if len(await outgoing.endpoints(connection, request.guild_id)) >= MAX_ENDPOINTS:
                raise TooManyEndpoints(MAX_ENDPOINTS)
            endpoint = await outgoing.add_endpoint(
                connection,
                guild_id=request.guild_id,
                host=url.host or "",
                address=self._vault.seal(str(url)),
                secret=self._vault.seal(secret),
                kinds=[str(kind) for kind in wanted],
                made_by=request.member_id,
                made_at=request.at,
                reference=request.idempotency_key,
            )
            await self._record(connection, request, "outgoing_added", endpoint)
        return NewEndpoint(endpoint, secret)

    async def listed(self, guild_id: int) -> list[EndpointEntry]:
        """Return the programs of a server, and how their messages stand."""
        async with self._database.read() as connection:
            found = await outgoing.endpoints(connection, guild_id)
            numbers = await outgoing.counts(connection, [each.id for each in found])
        return [EndpointEntry(each, numbers[each.id]) for each in found]

    async def entry(self, guild_id: int, endpoint_id: int) -> EndpointEntry:
        """Return one program. Raises EndpointUnknown."""
        found = [each for each in await self.listed(guild_id) if each.endpoint.id == endpoint_id]
        if not found:
            raise EndpointUnknown(endpoint_id)
        return found[0]

    async def replay(self, request: RequestContext, endpoint_id: int) -> tuple[EndpointEntry, int]:
        """Switch a program on and let all that it did not take be sent again; return it and how many.

        What happened while it was off is told then too. Raises EndpointUnknown.
        """
        entry = await self.entry(request.guild_id, endpoint_id)
        async with self._database.write() as connection:
            number = await outgoing.wait_again(connection, endpoint_id)
            await outgoing.change_endpoint(
                connection, endpoint_id, state=EndpointState.ON, failing_since=None
            )
            await self._record(connection, request, "outgoing_replayed", entry.endpoint)
        return entry, number

    async def remove(self, request: RequestContext, endpoint_id: int) -> OutgoingEndpoint:
        """Remove a program, and what waits for it. Raises EndpointUnknown, and RemovesEndpoint without a yes."""
        entry = await self.entry(request.guild_id, endpoint_id)
        if not request.consent.confirmed:
            waiting = sum(
                entry.counts.get(each, 0) for each in (OutgoingState.WAITING, OutgoingState.FAILED)
            )
            raise RemovesEndpoint(entry.endpoint.host, waiting)
        async with self._database.write() as connection:
            await outgoing.remove_endpoint(connection, endpoint_id)
            await self._record(connection, request, "outgoing_removed", entry.endpoint)
        return entry.endpoint

    def opened(self, endpoint: OutgoingEndpoint) -> Opened | None:
        """Return where its messages go, and the secret; None when the key of these is lost."""
        if endpoint.address is None or endpoint.secret is None:
            return None
        try:
            return Opened(self._vault.open(endpoint.address), self._vault.open(endpoint.secret))
        except UnreadableError:
            return None

    async def _record(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        action: str,
        endpoint: OutgoingEndpoint,
    ) -> None:
        await events.record(
            connection,
            request.guild_id,
            request.at,
            action,
            actor=request.actor,
            after={"host": endpoint.host, "endpoint": endpoint.id},
        )


def _address(text: str, allowed: Allowed) -> URL:
    """Return the address to send to; whether it leads somewhere private is seen again at each connection."""
    text = text.strip()
    if len(text) > _MAX_ADDRESS:
        raise AddressUnusable(AddressProblem.LONG)
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError:
        raise AddressUnusable(AddressProblem.UNREADABLE) from None
    if url.scheme not in ("http", "https") or not host or port == 0 or len(host) > _MAX_HOST:
        raise AddressUnusable(AddressProblem.UNREADABLE)
    if url.user is not None or url.password is not None:
        raise AddressUnusable(AddressProblem.PASSWORD)
    _refuse_private(url, host, allowed)
    return url.with_fragment(None)


def _refuse_private(url: URL, host: str, allowed: Allowed) -> None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        address = None
    is_allowed = allowed.names(host) or (address is not None and allowed.holds(address))
    if is_allowed:
        return
    # A name may lead to a network that is allowed: each connection tells.
    if url.scheme == "http" and (address is not None or not allowed.networks):
        raise AddressUnusable(AddressProblem.NOT_HTTPS)
    folded = host.casefold().rstrip(".")
    if (address is not None and not is_public(address)) or folded == _HERE[0]:
        raise AddressUnusable(AddressProblem.PRIVATE)
    if folded.endswith(_HERE[1]):
        raise AddressUnusable(AddressProblem.PRIVATE)


def _kinds(text: str) -> list[OutgoingKind]:
    """Return what is named, each once; all for nothing typed."""
    named = [part.strip().casefold() for part in text.replace(";", ",").split(",") if part.strip()]
    known = {str(kind): kind for kind in OutgoingKind}
    unknown = [name for name in named if name not in known]
    if unknown:
        raise KindsUnknown(unknown[0])
    return [kind for kind in OutgoingKind if not named or kind in named]
