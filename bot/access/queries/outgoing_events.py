"""What the vendor's own programs are told: read from the history, kept for each, and noted when it was taken.

The history is written in the transaction in which something happens, so nothing is lost by a crash; each
message has an id that is made from its entry, so none is sent under two.
"""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.store.engine.database import Database
from bot.store.kinds import (
    EndpointState,
    OrderKind,
    OrderState,
    OutgoingKind,
    OutgoingState,
    PostResult,
    StateKind,
)
from bot.store.ledger import events
from bot.store.records import OutgoingEndpoint, OutgoingEvent
from bot.store.sales import outgoing
from bot.store.sales.outgoing import LOGIN_DEAD, EndpointChange, Lapsed, Told

# Seconds until each further try, as Standard Webhooks suggests; more than three days in all.
RETRIES = (5.0, 300.0, 1_800.0, *(hours * 3_600.0 for hours in (2, 5, 10, 14, 20, 24)))
JITTER = 0.1
OFF_AFTER = timedelta(days=5)  # of nothing but failure
KEPT = timedelta(days=30)  # what was taken, or given up
_AT_ONCE = 200  # entries of the history for one endpoint in one transaction
_SETTLED = timedelta(seconds=2)  # an end on TradingView may differ by a second from what is wanted
_GONE = 410  # the program's own word for "never again"
_TAKES_AWAY = (OrderKind.REVOKE, OrderKind.PAUSE)


@dataclass(frozen=True, slots=True)
class _News:
    """One fact, as it is told to every endpoint that asked for its kind."""

    key: str
    kind: OutgoingKind
    at: datetime
    data: Mapping[str, Any]
    customer_id: int | None = None

    def row(self, endpoint: OutgoingEndpoint, now: datetime) -> Mapping[str, Any]:
        """Return the message for one endpoint."""
        return {
            "endpoint_id": endpoint.id,
            "event_key": self.key,
            "kind": self.kind,
            "customer_id": self.customer_id,
            "body": body_of(self.kind, self.at, {"guild_id": str(endpoint.guild_id), **self.data}),
            "made_at": now,
        }


class OutgoingEvents:
    """Keeps the messages to programs, and how each stands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def collect(self) -> None:
        """Keep a message of everything that happened since, for each endpoint that asked for it."""
        now = clock.now()
        async with self._database.read() as connection:
            newest = await outgoing.newest_event(connection)
            listening = await outgoing.endpoints(connection, state=EndpointState.ON)
            behind = [each for each in listening if each.read_event_id < newest]
            ended = [
                each
                for each in listening
                if await outgoing.lapsed(
                    connection, each.guild_id, each.read_ends_at, now - _SETTLED
                )
            ]
        for endpoint_id in {each.id for each in (*behind, *ended)}:
            while await self._collect(endpoint_id, now):
                pass

    async def _collect(self, endpoint_id: int, now: datetime) -> bool:
        """Keep the next messages of one endpoint; return whether there may be more."""
        async with self._database.write() as connection:
            on = await outgoing.endpoints(connection, state=EndpointState.ON)
            endpoint = next((each for each in on if each.id == endpoint_id), None)
            if endpoint is None:
                return False
            newest = await outgoing.newest_event(connection)
            told = await outgoing.told_since(
                connection, endpoint.guild_id, endpoint.read_event_id, newest, _AT_ONCE
            )
            upto = now - _SETTLED
            lapsed = await outgoing.lapsed(
                connection, endpoint.guild_id, endpoint.read_ends_at, upto
            )
            news = [*(each for entry in told for each in _of_entry(entry)), *map(_of_end, lapsed)]
            # What is older than anything is kept for is told nobody any more, as after a long time off.
            news = [each for each in news if each.kind in endpoint.kinds and each.at > now - KEPT]
            rows = [each.row(endpoint, now) for each in news]
            await outgoing.add_events(connection, rows)
            more = len(told) == _AT_ONCE
            await outgoing.change_endpoint(
                connection,
                endpoint_id,
                read_event_id=told[-1].id if more else newest,
                read_ends_at=max(upto, endpoint.read_ends_at),
            )
        return more

    async def next_ones(self) -> list[OutgoingEvent]:
        """Return, of each endpoint that is on, the message that comes next, due or not."""
        async with self._database.read() as connection:
            return await outgoing.heads(connection)

    async def next_of(self, endpoint_id: int) -> tuple[OutgoingEndpoint, OutgoingEvent] | None:
        """Return an endpoint and its next message; None where nothing is due there now."""
        async with self._database.read() as connection:
            on = await outgoing.endpoints(connection, state=EndpointState.ON)
            endpoint = next((each for each in on if each.id == endpoint_id), None)
            message = await outgoing.head_of(connection, endpoint_id)
        if endpoint is None or message is None or not is_due(message):
            return None
        return endpoint, message

    async def tried(
        self,
        endpoint: OutgoingEndpoint,
        message: OutgoingEvent,
        result: PostResult,
        status: int | None,
    ) -> bool:
        """Note what became of a try; return whether the endpoint's next message may follow at once."""
        now = clock.now()
        taken = result is PostResult.TAKEN
        since = endpoint.failing_since or now
        change: EndpointChange = {
            "tried_at": now,
            "result": result,
            "status": status,
            "failing_since": None if taken else since,
        }
        async with self._database.write() as connection:
            await outgoing.change_endpoint(connection, endpoint.id, **change)
            if taken:
                await outgoing.change_event(
                    connection, message.id, state=OutgoingState.SENT, ended_at=now
                )
                return True
            gave_up = await _failed(connection, message, now)
            if now - since >= OFF_AFTER or status == _GONE:
                await _switch_off(connection, endpoint, since, now)
                return False
        return gave_up

    async def clean(self) -> None:
        """Delete messages that were taken or given up long ago."""
        async with self._database.write() as connection:
            await outgoing.clean(connection, clock.now() - KEPT)


def is_due(message: OutgoingEvent) -> bool:
    """Return whether a message may be tried now."""
    return message.next_try_at is None or message.next_try_at <= clock.now()


def body_of(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Return a message as it is sent, and signed."""
    body = {"type": kind, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


async def _failed(connection: AsyncConnection, message: OutgoingEvent, now: datetime) -> bool:
    """Put a message off, or give it up after the last try; return whether it was given up."""
    attempts = message.attempts + 1
    if attempts > len(RETRIES):
        await outgoing.change_event(
            connection,
            message.id,
            state=OutgoingState.FAILED,
            attempts=attempts,
            next_try_at=None,
            ended_at=now,
        )
        return True
    pause = RETRIES[attempts - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret
    await outgoing.change_event(
        connection, message.id, attempts=attempts, next_try_at=now + timedelta(seconds=pause)
    )
    return False


async def _switch_off(
    connection: AsyncConnection, endpoint: OutgoingEndpoint, since: datetime, now: datetime
) -> None:
    """Tell the endpoint nothing more, and staff of that once; all that happens is told at a replay."""
    await outgoing.change_endpoint(connection, endpoint.id, state=EndpointState.OFF)
    await events.record(
        connection,
        endpoint.guild_id,
        now,
        "outgoing_off",
        after={"host": endpoint.host, "endpoint": endpoint.id, "since": since.isoformat()},
    )


def _of_entry(entry: Told) -> Iterator[_News]:
    """Yield what programs are told of one entry of the history."""
    after = entry.after or {}
    if entry.action in LOGIN_DEAD:
        yield _news(entry, OutgoingKind.LOGIN_DEAD, {"waiting": after.get("waiting")})
        return
    about = _about(entry.customer_id, entry.username, entry.member_id, entry.slug, entry.pine_id)
    about |= {"item": entry.product_slug or entry.slug, "order_id": entry.order_id}
    if entry.action == OrderState.DONE:
        has_it = after.get("kind") not in (StateKind.NOTHING, None)
        kind = OutgoingKind.GRANTED if has_it else OutgoingKind.ENDED
        about |= {"kind": after.get("kind"), "end": after.get("ends_at")}
        yield _news(entry, kind, about)
        return
    about["reason"] = after.get("reason")
    if entry.kind not in _TAKES_AWAY:
        yield _news(entry, OutgoingKind.FAILED, about)
    yield _news(entry, OutgoingKind.STUCK, about)


def _news(entry: Told, kind: OutgoingKind, data: Mapping[str, Any]) -> _News:
    # After a restore, another entry may get the same id: the moment tells them apart.
    key = f"msg_{entry.id}_{entry.at.timestamp():.0f}_{kind.replace('.', '_')}"
    return _News(key, kind, entry.at, data, entry.customer_id)


def _of_end(end: Lapsed) -> _News:
    """Return what programs are told of access that ended by itself."""
    about = _about(end.customer_id, end.username, end.member_id, end.slug, end.pine_id)
    about |= {
        "item": end.slug,
        "order_id": None,
        "kind": StateKind.NOTHING,
        "end": end.ends_at.isoformat(),
    }
    key = f"msg_p{end.permission_id}_{end.ends_at.timestamp():.3f}".replace(".", "_")
    return _News(key, OutgoingKind.ENDED, end.ends_at, about, end.customer_id)


def _about(
    customer_id: int | None,
    username: str | None,
    member_id: int | None,
    slug: str | None,
    pine_id: str | None,
) -> dict[str, Any]:
    """Return whose access to which script is meant; ids of Discord as text, as they are long."""
    return {
        "customer_id": customer_id,
        "username": username,
        "discord_id": None if member_id is None else str(member_id),
        "script": slug,
        "pine_id": pine_id,
    }
