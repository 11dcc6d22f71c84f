"""Fills a server with 10,000 customers, 40,000 permissions, and what belongs to them, for the dashboard's benchmark."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables.ledger import entitlement, order, permission, purchase
from bot.store.tables.payments import connection as shop, contract, contract_ref
from bot.store.tables.people import customer
from bot.store.tables.seats import seat_day
from bot.store.tables.sweeps import sighting, sweep

_SOURCES = ("payment", "staff", "code", "role", "payment", "gift", "payment")
Row = dict[str, Any]


async def fill(
    connection: AsyncConnection, guild_id: int, script_ids: list[int], product_id: int,
    customers: int, now: datetime,
) -> None:  # fmt: skip
    """Everybody bought the product, which has each of these scripts; ends lie around `now`."""
    chance = random.Random(1)
    people = [_customer(guild_id, n) for n in range(1, customers + 1)]
    await _insert(connection, customer, people)
    bought, held, reasons, ordered = [], [], [], []
    for person in people:
        common = {"guild_id": guild_id, "asked_at": now - timedelta(days=chance.randrange(90))}
        reference = f"sold {person['id']}"
        source = chance.choice(_SOURCES)
        end = now + timedelta(days=chance.randrange(-40, 200), minutes=person["id"])
        ends = {"wanted": "until", "wanted_ends_at": end}
        if person["id"] % 9 == 0:
            ends = {"wanted": "lifetime", "wanted_ends_at": None}
        bought.append({
            **common, "id": person["id"], "customer_id": person["id"], "product_id": product_id,
            "source": source, "reference": reference, "kind": "until", "length": "1M",
            "actor_kind": "member", "actor_id": "1", "note": _note(person["id"]),
        })  # fmt: skip
        for script_id in script_ids:
            number = len(held) + 1
            state, reason = "done", None
            if number % 997 == 0:
                state, reason = "stuck", "no_such_user"
            elif number % 499 == 0:
                state = "waiting"
            held.append({
                **common, **ends, "id": number, "script_id": script_id,
                "customer_id": person["id"], "username": person["username"],
                "name_folded": person["name_folded"], "tv_user_id": person["tv_user_id"],
                "revision": 1, "synced_revision": 1, "seen": ends["wanted"],
                "seen_ends_at": ends["wanted_ends_at"], "ours": ends["wanted"],
                "ours_ends_at": ends["wanted_ends_at"], "before": "unknown", "state": state,
                "reason": reason,
            })  # fmt: skip
            reasons.append({
                **common, "id": number, "purchase_id": person["id"], "script_id": script_id,
                "permission_id": number, "source": source, "reference": reference, "kind": "until",
                "length": "1M", "start_at": now, "ends_at": end, "settled_at": now,
            })  # fmt: skip
            ordered.append({
                **common, "id": number, "permission_id": number, "kind": "grant",
                "idempotency_key": f"k{number}", "product_id": product_id, "revision": 1,
                "actor_kind": "member", "actor_id": "1", "before": "nothing", "state": "done",
                "note": _note(number), "entitlement_id": number,
            })  # fmt: skip
    for table, rows in (
        (purchase, bought),
        (permission, held),
        (entitlement, reasons),
        (order, ordered),
    ):
        await _insert(connection, table, rows)
    await _paid(connection, guild_id, people, now)
    await _seen(connection, guild_id, script_ids, people, now)


def _customer(guild_id: int, n: int) -> Row:
    name = f"Trader_{n * 7919 % 100_000:05}_{'abcdefghijkl'[n % 12]}"
    return {
        "id": n, "guild_id": guild_id, "username": name, "name_folded": name.casefold(),
        "member_id": None if n % 5 == 0 else 700_000_000_000_000_000 + n, "tv_user_id": 5_000_000 + n,
    }  # fmt: skip


def _note(n: int) -> str | None:
    return f"paid by bank transfer, invoice {n}" if n % 10 == 0 else None


async def _paid(
    connection: AsyncConnection, guild_id: int, people: list[Row], now: datetime
) -> None:
    """A subscription of a shop for everybody, with its ids."""
    await _insert(connection, shop, [{
        "id": 1, "guild_id": guild_id, "public_id": "shop", "provider": "stripe", "options": {},
        "terms": {}, "made_by": 1, "made_at": now, "reference": "shop",
    }])  # fmt: skip
    await _insert(connection, contract, [
        {
            "id": each["id"], "guild_id": guild_id, "connection_id": 1, "name": f"sub_{each['id']:06}",
            "facts": [], "customer_id": each["id"], "claimed_how": "staff", "why": "paid", "told": [],
            "made_at": now, "changed_at": now,
        }
        for each in people
    ])  # fmt: skip
    await _insert(connection, contract_ref, [
        {"connection_id": 1, "ref": f"{kind}_{each['id']:06}", "contract_id": each["id"]}
        for each in people
        for kind in ("sub", "in", "ch")
    ])  # fmt: skip


async def _seen(
    connection: AsyncConnection, guild_id: int, script_ids: list[int], people: list[Row],
    now: datetime,
) -> None:  # fmt: skip
    """A full check of each script, and the seats of the last two months."""
    for script_id in script_ids:
        await _insert(connection, sweep, [{
            "id": script_id, "guild_id": guild_id, "script_id": script_id, "started_at": now,
            "ended_at": now, "state": "complete", "rows": len(people), "calls": 400,
        }])  # fmt: skip
        await _insert(connection, sighting, [
            {
                "script_id": script_id, "guild_id": guild_id, "sweep_id": script_id,
                "tv_user_id": each["tv_user_id"], "username": each["username"],
                "name_folded": each["name_folded"], "kind": "lifetime", "seen_at": now,
            }
            for each in people
        ])  # fmt: skip
    await _insert(connection, seat_day, [
        {"guild_id": guild_id, "day": (now - timedelta(days=back)).date(), "seats": 8_000 - 40 * back}
        for back in range(60)
    ])  # fmt: skip


async def _insert(connection: AsyncConnection, table: Table, rows: list[Row]) -> None:
    for start in range(0, len(rows), 2_000):
        await connection.execute(insert(table), rows[start : start + 2_000])
