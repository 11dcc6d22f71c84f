"""Queries about who has to hear how an order ended, and who has heard."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.store.kinds import ActorKind, OrderKind, OrderState, PermissionState, RowState
from bot.store.ledger.changes import OrderTold
from bot.store.ledger.sequence import waits_for_another
from bot.store.ledger.withheld import is_withheld
from bot.store.tables.batches import batch_row
from bot.store.tables.ledger import order, permission
from bot.store.tables.people import customer

TOGETHER_WITHIN = timedelta(
    minutes=10
)  # nobody hears of access later than that for the rest's sake
FINAL = (OrderState.DONE, OrderState.SUPERSEDED, OrderState.STUCK)

_other, _held = order.alias(), permission.alias()  # made once: it copies every column


async def untold(
    connection: AsyncConnection,
    but: Collection[int] = (),
    limit: int = 20,
    *,
    unsaid_before: datetime | None = None,
) -> list[int]:
    """Return orders whose end the asker has not been told; oldest first.

    Of orders asked before `unsaid_before` also the ones whose asker was not even told that they wait.
    Repairs are many at once: the answer to the press and the report tell of them.
    """
    unsaid = and_(
        order.c.told_state.is_(None),
        order.c.answer_token.is_not(None),
        order.c.asked_at < (unsaid_before or datetime.min.replace(tzinfo=UTC)),
    )
    found = await connection.execute(
        select(order.c.id)
        .where(
            order.c.id.not_in(list(but)),
            order.c.lead_id.is_(None),
            or_(
                and_(_asker_unaware(), ~_leads_what_waits(stuck_is_waited_for=False)),
                and_(order.c.state == OrderState.WAITING, unsaid),
            ),
        )
        .order_by(order.c.id)
        .limit(limit)
    )
    return list(found.scalars())


async def told(connection: AsyncConnection, order_id: int, state: OrderState) -> None:
    """Note that the asker knows that state; of a final one, the means to answer is dropped."""
    values: OrderTold = {"told_state": state}
    if state in FINAL:
        values["answer_token"] = None
    await connection.execute(update(order).where(order.c.id == order_id).values(**values))


async def all_told(
    connection: AsyncConnection, order_ids: Collection[int], state: OrderState
) -> None:
    """Note that the askers know this final state of these; the means to answer are dropped."""
    await connection.execute(
        update(order)
        .where(order.c.id.in_(list(order_ids)))
        .values(told_state=state, answer_token=None)
    )


async def answer_token(connection: AsyncConnection, order_id: int) -> bytes | None:
    """Return the encrypted means to complete the first answer, while it is kept."""
    found = await connection.execute(select(order.c.answer_token).where(order.c.id == order_id))
    token: bytes | None = found.scalar_one_or_none()
    return token


async def drop_tokens(connection: AsyncConnection, asked_before: datetime) -> None:
    """Forget what Discord no longer accepts."""
    await connection.execute(
        update(order)
        .where(order.c.asked_at < asked_before, order.c.answer_token.is_not(None))
        .values(answer_token=None)
    )


async def members_to_tell(
    connection: AsyncConnection, but: Collection[int] = (), limit: int = 20
) -> list[int]:
    """Return done orders whose customer is a member who has not heard of it; one for each permission.

    Orders in `but` are left out with those they lead. Somebody who stands in several rows of a batch
    hears of them together.
    """
    found = await connection.execute(
        select(func.max(order.c.id))
        .select_from(
            order.join(permission, permission.c.id == order.c.permission_id).join(
                customer, customer.c.id == permission.c.customer_id
            )
        )
        .where(_member_unaware(), ~_leads_what_waits(), ~_is_joined_soon())
        .group_by(order.c.permission_id)
        # What is put off is known by the order that leads it.
        .having(func.max(func.coalesce(order.c.lead_id, order.c.id)).not_in(list(but)))
        .order_by(func.max(order.c.id))
        .limit(limit)
    )
    return list(found.scalars())


async def people_untold(connection: AsyncConnection) -> list[tuple[int, str]]:
    """Return, by server and TradingView name, of whose ended orders a person has still to hear."""
    found = await connection.execute(
        select(order.c.guild_id, permission.c.username)
        .select_from(
            order.join(permission, permission.c.id == order.c.permission_id).join(
                customer, customer.c.id == permission.c.customer_id
            )
        )
        .where(or_(_asker_unaware(), _member_unaware()))
        .distinct()
        .order_by(order.c.guild_id, permission.c.username)
    )
    return [(row.guild_id, row.username) for row in found]


def _leads_what_waits(*, stuck_is_waited_for: bool = True) -> "ColumnElement[bool]":
    """Return whether another order of the same request waits still: all are told of together.

    Staff have to look where it waits behind something stuck; the customer hears of the whole.
    """
    behind_stuck = waits_for_another(_held, (PermissionState.STUCK,))
    return exists().where(
        _held.c.id == _other.c.permission_id,
        *(() if stuck_is_waited_for else (~behind_stuck,)),
        or_(
            _other.c.lead_id == order.c.id,
            and_(order.c.lead_id.is_not(None), _other.c.lead_id == order.c.lead_id),
            _other.c.id == order.c.lead_id,
        ),
        _other.c.state == OrderState.WAITING,
    )


def _is_joined_soon() -> "ColumnElement[bool]":
    """Return whether the batch of an order that is done just now has more under way for the same person."""
    waits = exists().where(
        _held.c.customer_id == permission.c.customer_id,
        _other.c.permission_id == _held.c.id,
        _other.c.batch_id == order.c.batch_id,
        _other.c.state == OrderState.WAITING,
    )
    planned = exists().where(
        batch_row.c.customer_id == permission.c.customer_id,
        batch_row.c.batch_id == order.c.batch_id,
        batch_row.c.state == RowState.PLANNED,
    )
    return and_(
        order.c.batch_id.is_not(None),
        order.c.ended_at > clock.now() - TOGETHER_WITHIN,
        or_(waits, planned),
    )


def _asker_unaware() -> "ColumnElement[bool]":
    return and_(
        order.c.kind != OrderKind.REPAIR,
        order.c.batch_id.is_(None),  # a batch is told of as one
        order.c.actor_kind == ActorKind.MEMBER,  # no other asker can be told in Discord
        order.c.state.in_(FINAL),
        or_(order.c.told_state.is_(None), order.c.told_state != order.c.state),
    )


def _member_unaware() -> "ColumnElement[bool]":
    return and_(
        order.c.state == OrderState.DONE,
        order.c.kind != OrderKind.REPAIR,
        order.c.member_told_at.is_(None),
        customer.c.member_id.is_not(None),
        ~is_withheld(),
    )


async def member_told(connection: AsyncConnection, order_id: int, at: datetime) -> None:
    """Note that the member knows about this order, those it leads, and every earlier one for the same."""
    about = select(order.c.permission_id).where(
        or_(order.c.id == order_id, order.c.lead_id == order_id)
    )
    last = select(func.max(order.c.id)).where(
        or_(order.c.id == order_id, order.c.lead_id == order_id)
    )
    await connection.execute(
        update(order)
        .where(
            order.c.permission_id.in_(about),
            order.c.id <= last.scalar_subquery(),
            order.c.state == OrderState.DONE,
            order.c.member_told_at.is_(None),
        )
        .values(member_told_at=at)
    )


async def no_news(connection: AsyncConnection, order_ids: Collection[int], at: datetime) -> None:
    """Note that these orders alone are nothing that the member has to hear of."""
    await connection.execute(
        update(order).where(order.c.id.in_(list(order_ids))).values(member_told_at=at)
    )


async def tell_anew(connection: AsyncConnection, changed: Collection[int]) -> None:
    """Have the askers told again whose request changed in an order that another one leads."""
    if not changed:
        return
    leads = select(order.c.lead_id).where(
        order.c.id.in_(list(changed)), order.c.lead_id.is_not(None)
    )
    await connection.execute(
        update(order)
        .where(order.c.id.in_(leads), order.c.told_state.in_(FINAL))
        .values(told_state=None)
    )
