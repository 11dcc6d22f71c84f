"""Erases a person: every column of every table that may name them is looked through."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    String,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ActorKind, RowProblem, RowState
from bot.store.people.traces import LARGEST_NUMBER, Traces, entries_about
from bot.store.records import AWAITED, Customer
from bot.store.tables import api, catalogue, logins
from bot.store.tables.batches import batch, batch_row
from bot.store.tables.columns import metadata
from bot.store.tables.holder_roles import holder_role
from bot.store.tables.ledger import (
    entitlement,
    event,
    event_words,
    order,
    permission,
    purchase,
    unanswered,
)
from bot.store.tables.messages import direct_message
from bot.store.tables.outgoing import outgoing_event
from bot.store.tables.payments import (
    buyer_token,
    claim_code,
    contract,
    contract_ref,
    delivery,
)
from bot.store.tables.people import attempt, claim, customer, merged_customer, proof
from bot.store.tables.reminders import reminders_off
from bot.store.tables.sales import code_use, trial_use
from bot.store.tables.sweeps import sighting, sweep, sweep_row
from bot.store.tables.web import dashboard_link, web_session

# What is for sale and the vendor's own logins and keys are no customer's, even where a name is the same.
_VENDORS = (
    catalogue.script,
    catalogue.product,
    api.api_key,
    *(table for table in vars(logins).values() if isinstance(table, Table)),
)


async def erase(connection: AsyncConnection, traces: Traces) -> None:
    """Erase the person from every row of their server; what they had and when stays, without a name."""
    await _delete(connection, traces)
    await _rewrite(connection, traces)
    await _rewrite_batches(connection, traces)
    if traces.person.member_id is not None:
        await _replace_ids(connection, traces, traces.person.member_id)
    for table in metadata.sorted_tables:
        if table is not event and table not in _VENDORS:
            await _replace_texts(connection, table, traces)


async def _delete(connection: AsyncConnection, traces: Traces) -> None:
    """Drop the rows that are about nothing but that person."""
    person, names = traces.person, traces.names
    here = {table: table.c.guild_id == person.guild_id for table in (claim, sighting, unanswered)}
    sweeps = select(sweep.c.id).where(sweep.c.guild_id == person.guild_id)
    listed = (
        (sighting, here[sighting]),
        (sweep_row, sweep_row.c.sweep_id.in_(sweeps)),
    )
    for table, where in listed:
        mine: ColumnElement[bool] = table.c.name_folded.in_(names)
        if person.tv_user_id is not None:
            mine = or_(mine, table.c.tv_user_id == person.tv_user_id)
        await connection.execute(delete(table).where(where, mine))
    claimed: ColumnElement[bool] = func.lower(claim.c.username).in_(names)
    if person.member_id is not None:
        claimed = or_(claimed, claim.c.member_id == person.member_id)
        whose_rows = (
            (direct_message, "user_id"),
            (unanswered, "member_id"),
            (reminders_off, "member_id"),
            (proof, "member_id"),
            (attempt, "member_id"),
            (holder_role, "member_id"),
            (buyer_token, "member_id"),
            (dashboard_link, "member_id"),
            (web_session, "member_id"),
        )
        for table, whose in whose_rows:
            await connection.execute(
                delete(table).where(
                    table.c.guild_id == person.guild_id, table.c[whose] == person.member_id
                )
            )
    await connection.execute(delete(claim).where(here[claim], claimed))
    merged = select(merged_customer.c.id).where(merged_customer.c.customer_id == person.id)
    told_of = outgoing_event.c.customer_id
    await connection.execute(
        delete(outgoing_event).where(or_(told_of == person.id, told_of.in_(merged)))
    )


async def _rewrite(connection: AsyncConnection, traces: Traces) -> None:
    """Put the number in place of the name in the person's own rows, and drop their notes."""
    person = traces.person
    mine = permission.c.customer_id == person.id
    # No name on TradingView has a space in it: nobody else is ever called so.
    folded = f"{traces.stand_in} #{person.id}"
    await connection.execute(
        update(customer)
        .where(customer.c.id == person.id)
        .values(
            {column.name: None for column in customer.c if column.nullable}
            | {
                "username": traces.stand_in,
                "name_folded": folded,
                "forgotten": traces.number,
            }
        )
    )
    owned = select(permission.c.id).where(mine)
    await connection.execute(
        update(order)
        .where(order.c.permission_id.in_(owned))
        .values(
            note=None, answer_token=None, told_state=order.c.state, member_told_at=order.c.ended_at
        )
    )
    bought = purchase.c.customer_id == person.id
    await connection.execute(
        update(entitlement)
        .where(entitlement.c.purchase_id.in_(select(purchase.c.id).where(bought)))
        .values(note=None)
    )
    over = {
        column: func.coalesce(purchase.c[column], person.forget_at)
        for column in ("source_ended_at", "ended_at")
    }
    await connection.execute(
        update(purchase)
        .where(bought)
        .values(note=None, lapses_at=None, lapse_left=None, paused_at=None, **over)
    )
    # Two who were erased may have one number; a code is used once by each member.
    uses = code_use.c.purchase_id.in_(select(purchase.c.id).where(bought))
    await connection.execute(
        update(code_use).where(uses).values(member_id=-LARGEST_NUMBER - code_use.c.id)
    )
    await connection.execute(
        update(trial_use)
        .where(trial_use.c.purchase_id.in_(select(purchase.c.id).where(bought)))
        .values(name_folded=None, tv_user_id=None)
    )
    await _rewrite_payments(connection, person)
    await connection.execute(
        update(permission)
        .where(mine)
        .values(
            username=traces.stand_in,
            name_folded=folded,
            tv_user_id=None,
            detail=None,
            noted_difference=None,
            ignored_difference=None,
        )
    )
    await _rewrite_words(connection, traces)


async def _rewrite_batches(connection: AsyncConnection, traces: Traces) -> None:
    """Keep of rows about the person what became of them; nothing more is ordered for the number."""
    person = traces.person
    merged = select(merged_customer.c.id).where(merged_customer.c.customer_id == person.id)
    mine = [
        batch_row.c.customer_id == person.id,
        batch_row.c.customer_id.in_(merged),
        func.lower(batch_row.c.username).in_(traces.names),
    ]
    for column, number in (
        (batch_row.c.member_id, person.member_id),
        (batch_row.c.tv_user_id, person.tv_user_id),
    ):
        if number is not None:
            mine.append(column == number)
    here = batch_row.c.batch_id.in_(select(batch.c.id).where(batch.c.guild_id == person.guild_id))
    planned = batch_row.c.state == RowState.PLANNED
    await connection.execute(
        update(batch_row)
        .where(here, or_(*mine), planned)
        .values(state=RowState.LEFT_OUT, problem=RowProblem.FORGOTTEN)
    )
    written = batch_row.c.written.is_not(None)
    named = _holding((batch_row.c.written,), traces.texts())
    await connection.execute(
        update(batch_row).where(here, written, or_(*mine, *named)).values(written={}, note=None)
    )
    await connection.execute(
        update(batch_row)
        .where(here, or_(*mine))
        .values(username=traces.stand_in, member_id=None, tv_user_id=None, detail=None, note=None)
    )


async def _rewrite_payments(connection: AsyncConnection, person: Customer) -> None:
    """Keep of the person's payments what was paid and when, and neither who bought nor a message."""
    mine = and_(contract.c.guild_id == person.guild_id, contract.c.customer_id == person.id)
    theirs = select(contract.c.id).where(mine)
    await connection.execute(
        update(delivery).where(delivery.c.contract_id.in_(theirs)).values(body=None)
    )
    await connection.execute(delete(claim_code).where(claim_code.c.contract_id.in_(theirs)))
    await connection.execute(  # by what a message would be known as theirs
        delete(contract_ref).where(
            contract_ref.c.contract_id.in_(theirs), contract_ref.c.ref.startswith(AWAITED)
        )
    )
    await connection.execute(
        update(contract).where(mine).values(buyer=None, customer_ref=None, claimed_by=None)
    )


async def _rewrite_words(connection: AsyncConnection, traces: Traces) -> None:
    """Keep no note and no name in what lies beside the entries about that person."""
    person = traces.person
    about = entries_about(person)
    if person.member_id is not None:
        about = or_(about, event.c.member_id == person.member_id)
    found = await connection.execute(
        select(event_words.c.event_id, event_words.c.words)
        .join(event, event.c.id == event_words.c.event_id)
        .where(event.c.guild_id == person.guild_id, about)
    )
    for row in found.all():
        words = {
            side: dict.fromkeys(named, traces.stand_in)
            for side, named in row.words.items()
            if side != "note"
        }
        await connection.execute(
            update(event_words).where(event_words.c.event_id == row.event_id).values(words=words)
        )


async def _replace_ids(connection: AsyncConnection, traces: Traces, member_id: int) -> None:
    """Put the number, below zero, in place of the member's id wherever one is kept."""
    await connection.execute(  # nobody can be told in Discord any more
        update(order)
        .where(
            order.c.guild_id == traces.person.guild_id,
            order.c.actor_kind == ActorKind.MEMBER,
            order.c.actor_id == str(member_id),
        )
        .values(told_state=order.c.state, answer_token=None)
    )
    for table in metadata.sorted_tables:
        here = _of_server(table, traces.person.guild_id)
        if here is None:
            continue
        for column in table.columns:
            if column.name == "actor_id":  # a text, as other actors than members have one too
                member = table.c.actor_kind == ActorKind.MEMBER
                mine = and_(here, member, column == str(member_id))
                await connection.execute(
                    update(table).where(mine).values({column: str(-traces.number)})
                )
            elif _may_be_member(column):
                await connection.execute(
                    update(table).where(here, column == member_id).values({column: -traces.number})
                )


def _may_be_member(column: "Column[Any]") -> bool:
    is_key = column.primary_key or bool(column.foreign_keys)
    return isinstance(column.type, BigInteger) and not is_key


async def _replace_texts(connection: AsyncConnection, table: Table, traces: Traces) -> None:
    """Put the number in place of the name and the id in every text of that table."""
    here = _of_server(table, traces.person.guild_id)
    texts = [column for column in table.columns if isinstance(column.type, String | JSON)]
    if here is None or not texts:
        return
    keys = list(table.primary_key.columns)
    holds = or_(*_holding(texts, traces.texts()))
    found = await connection.execute(select(*keys, *texts).where(here, holds))
    for row in found.all():
        kept = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        values = {column: _replaced(kept[column], traces.replace_in) for column in texts}
        changed = {column: value for column, value in values.items() if value != kept[column]}
        if changed:
            await connection.execute(
                update(table).where(*(key == kept[key] for key in keys)).values(changed)
            )


def _holding(
    columns: Collection["Column[Any]"], texts: Collection[str]
) -> "Iterator[ColumnElement[bool]]":
    for column in columns:
        lowered = func.lower(cast(column, Text))
        yield from (lowered.contains(text, autoescape=True) for text in texts)


def _replaced(value: Any, replace: Callable[[str], str]) -> Any:
    """Return a text, or JSON of any depth, with its texts replaced."""
    match value:
        case str():
            return replace(value)
        case dict():
            return {name: _replaced(part, replace) for name, part in value.items()}
        case list():
            return [_replaced(part, replace) for part in value]
        case _:
            return value


def _of_server(table: Table, guild_id: int) -> "ColumnElement[bool] | None":
    """Return the condition that a row belongs to that server; None for what belongs to no server."""
    if table is catalogue.guild:
        return table.c.id == guild_id
    if "guild_id" in table.c:
        return table.c.guild_id == guild_id
    for key in sorted(table.foreign_keys, key=lambda key: bool(key.parent.nullable)):
        parent = key.column.table
        if "guild_id" in parent.c:
            rows = select(key.column).where(parent.c.guild_id == guild_id)
            return key.parent.in_(rows)
    return None
