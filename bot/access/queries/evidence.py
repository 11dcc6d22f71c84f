"""Gathers what a bank is shown in a dispute: one customer's purchases, access and messages, nobody else's."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import clock
from bot.access.catalogue.lookup import Item, item_of
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.people.username_lookup import look
from bot.access.people.who import required
from bot.access.request import Subject
from bot.access.rules.contract_json import from_json
from bot.access.rules.entitlements import State, last_seen
from bot.access.rules.payments import Fact
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.ledger import entitlements, evidence, permissions, purchases
from bot.store.people import access
from bot.store.records import (
    Contract,
    Customer,
    Entitlement,
    Event,
    Order,
    Permission,
    Purchase,
    Script,
)
from bot.store.sales import connections, contracts
from bot.tradingview.deadline import in_time

READ_TIMEOUT = 8.0  # seconds for each live read; after that the last one counts


@dataclass(frozen=True, slots=True)
class Sold:
    """A subscription or order of a shop, with what it told of the money."""

    provider: str
    contract: Contract
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Bought:
    """One purchase with its item, and what it gave of each script."""

    purchase: Purchase
    item: Item
    reasons: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What TradingView shows of one script, and when it was read; `is_live`: just now."""

    script: Script
    permission: Permission
    state: State
    at: datetime | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """All there is about one customer; moments are aware, in UTC."""

    at: datetime
    person: Customer
    sold: tuple[Sold, ...]
    bought: tuple[Bought, ...]
    shown: tuple[Shown, ...]
    history: tuple[Event, ...]
    own_acts: tuple[Event, ...]
    told: tuple[tuple[Order, datetime], ...]
    reminded: tuple[tuple[datetime, int, datetime], ...]
    scripts: dict[int, Script]


class Evidence:
    """Reads; changes nothing."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    async def gather(self, guild_id: int, subject: Subject) -> Dossier:
        """Return the dossier of the person meant. Raises CustomerUnknown, and as `who.required` does."""
        async with self._database.read() as connection:
            person = await required(connection, guild_id, subject)
            sold = []
            for contract in await contracts.of_customer(connection, guild_id, person.id):
                source = await connections.whichever(connection, contract.connection_id)
                sold.append(Sold(source.provider, contract, tuple(from_json(contract.facts))))
            got = (await purchases.of_customers(connection, [person.id]))[person.id]
            given = await entitlements.of_purchases(connection, [each.id for each in got])
            bought = [
                Bought(
                    each,
                    await item_of(connection, each.product_id, each.script_id),
                    tuple(given[each.id]),
                )
                for each in got
            ]
            held = await permissions.by_ids(
                connection, await access.ever_of_customer(connection, person.id)
            )
            known = await scripts.by_ids(connection, {each.script_id for each in held})
            entries = await evidence.history(connection, person)
            told = await evidence.told(connection, person)
            reminded = await evidence.reminded(connection, person)
        return Dossier(
            clock.now(),
            person,
            tuple(sold),
            tuple(bought),
            tuple(await self._look(guild_id, person, held, known)),
            tuple(entries),
            tuple(evidence.own_acts(entries, person)),
            tuple(told),
            tuple(reminded),
            known,
        )

    async def _look(
        self,
        guild_id: int,
        person: Customer,
        held: Sequence[Permission],
        known: dict[int, Script],
    ) -> list[Shown]:
        """Return what TradingView shows of each script, read now where it answers."""
        session = await self._sessions.of(guild_id)
        live: Sequence[State | None] = [None] * len(held)
        if session.state is LoginState.ALIVE and person.username is not None:
            live = await asyncio.gather(
                *(
                    in_time(
                        look(session.tradingview, known[each.script_id], each.username),
                        READ_TIMEOUT,
                    )
                    for each in held
                )
            )
        now = clock.now()
        return [
            Shown(known[each.script_id], each, state, now, is_live=True)
            if state is not None
            else Shown(known[each.script_id], each, last_seen(each), each.seen_at, is_live=False)
            for each, state in zip(held, live, strict=True)
        ]
