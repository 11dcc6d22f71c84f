"""Roles that many lost at once: nothing is taken away before a manager says what it was."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.role_rules import RoleRules
from bot.access.errors import ButtonGone
from bot.access.orders.errors import RoleLossDecided
from bot.access.orders.purchases import Purchases
from bot.access.request import RequestContext
from bot.access.rules.roles import WINDOW, is_mass_loss, lapses_at
from bot.store.catalogue import role_rules
from bot.store.engine.database import Database
from bot.store.ledger import events, purchases, role_gains, role_losses
from bot.store.records import USHER, HeldRole, RoleGain, RoleLoss

NAMED = 10
# Others may follow: the question counts them, while what is paused is paused at once.
ASKED_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and how many members it was about."""

    loss: RoleLoss
    number: int


class RoleLosses:
    """Asks managers about mass losses, and does what they decide."""

    def __init__(self, database: Database, rules: RoleRules, purchases: Purchases) -> None:
        self._database = database
        self._rules = rules
        self._purchases = purchases

    async def undecided(self, guild_id: int) -> dict[int, RoleLoss]:
        """Return what waits for a manager in a server, by role."""
        async with self._database.read() as connection:
            found = await role_losses.undecided(connection, guild_id)
        return {loss.role_id: loss for loss in found}

    async def ask(self) -> datetime | None:
        """Record each question that is due, once; return when the next one is."""
        now = clock.now()
        async with self._database.read() as connection:
            found = [
                loss
                for loss in await role_losses.undecided(connection)
                if loss.asked_at is None and loss.began_at + ASKED_AFTER <= now
            ]
        for loss in found:
            async with self._database.write() as connection:
                await _ask(connection, loss, now)
        async with self._database.read() as connection:
            rest = [
                loss for loss in await role_losses.undecided(connection) if loss.asked_at is None
            ]
        return min((loss.began_at + ASKED_AFTER for loss in rest), default=None)

    async def decide(self, request: RequestContext, loss_id: int, *, keep: bool) -> Decided:
        """End what those have who lost the role, or let them keep it. Raises ButtonGone or RoleLossDecided."""
        async with self._database.write() as connection:
            loss = await role_losses.by_id(connection, request.guild_id, loss_id)
            if loss is None:
                raise ButtonGone
            if loss.decided_at is not None:
                raise RoleLossDecided(loss)
            held = await role_gains.of_loss(connection, loss.id)
            if not keep:
                await _let_lapse(connection, held)
            if loss.is_deleted:  # it never comes back
                for rule in await role_rules.listed(connection, loss.guild_id, loss.role_id):
                    await role_rules.change(connection, rule.id, removed_at=request.at)
            loss = await role_losses.change(
                connection,
                loss.id,
                decided_at=request.at,
                decided_by=request.member_id,
                is_kept=keep,
            )
            number = len({gain.member_id for gain in held})
            action = "roles_lost_kept" if keep else "roles_lost_ended"
            after = {"role_id": str(loss.role_id), "number": number}
            await events.record(
                connection, loss.guild_id, request.at, action, actor=request.actor, after=after
            )
        await self._rules.open()
        self._purchases.wake()
        return Decided(loss, number)


async def note_many(
    connection: AsyncConnection, guild_id: int, role_id: int, now: datetime
) -> RoleLoss | None:
    """Pause the removals of a role that too many lost of late, in a transaction that writes."""
    paused = await role_losses.undecided(connection, guild_id, [role_id])
    lost = await role_gains.lost_since(connection, guild_id, role_id, now - WINDOW)
    holding = await role_gains.number_holding(connection, guild_id, role_id)
    if not paused and not is_mass_loss(len(lost), holding):
        return None
    return await pause(connection, guild_id, role_id, now)


async def pause(
    connection: AsyncConnection,
    guild_id: int,
    role_id: int,
    now: datetime,
    *,
    is_deleted: bool = False,
) -> RoleLoss:
    """Keep what those have who lost the role of late, until a manager decides."""
    known = await role_losses.undecided(connection, guild_id, [role_id])
    if known:
        loss = known[0]
        if is_deleted and not loss.is_deleted:
            loss = await role_losses.change(connection, loss.id, is_deleted=True)
    else:
        loss = await role_losses.add(connection, guild_id, role_id, now, is_deleted=is_deleted)
    held = await role_gains.of_role(connection, guild_id, role_id)
    ids = [
        gain.purchase_id
        for gain in held
        if gain.lost_at is not None and gain.lost_at >= now - WINDOW and gain.loss_id is None
    ]
    await role_gains.change(connection, ids, loss_id=loss.id)
    await purchases.change(connection, ids, lapses_at=None, lapse_left=None)
    return loss


async def close_if_over(
    connection: AsyncConnection, loss_ids: Collection[int | None], now: datetime
) -> None:
    """Close the questions about losses after which everybody has the role again."""
    for loss in await role_losses.undecided(connection):
        if loss.id not in loss_ids or await role_gains.of_loss(connection, loss.id):
            continue
        await role_losses.change(connection, loss.id, decided_at=now, decided_by=None, is_kept=True)
        if loss.asked_at is not None:
            await events.record(
                connection,
                loss.guild_id,
                now,
                "roles_lost_over",
                actor=USHER,
                after={"role_id": str(loss.role_id)},
            )


async def _ask(connection: AsyncConnection, loss: RoleLoss, now: datetime) -> None:
    """Record the entry from which the log channel makes the question, for those who lost it so far."""
    held = await role_gains.of_loss(connection, loss.id)
    if not held:
        await close_if_over(connection, [loss.id], now)
        return
    members = list(dict.fromkeys(gain.member_id for gain in held))
    await role_losses.change(connection, loss.id, asked_at=now)
    rules = await role_rules.by_ids(connection, {gain.rule_id for gain in held})
    await events.record(
        connection,
        loss.guild_id,
        now,
        "roles_lost",
        after={
            "loss_id": loss.id,
            "role_id": str(loss.role_id),
            "role_name": next(rule.role_name for rule in rules.values()),
            "is_deleted": loss.is_deleted,
            "number": len(members),
            "members": [str(each) for each in members[:NAMED]],
        },
    )


async def _let_lapse(connection: AsyncConnection, held: Sequence[RoleGain]) -> None:
    """End what those have who lost the role, as it would have ended without the question."""
    rules = await role_rules.by_ids(connection, {gain.rule_id for gain in held})
    by: dict[datetime, list[int]] = {}
    for gain in held:
        assert gain.lost_at is not None  # noqa: S101 - else it is in no loss
        at = lapses_at(HeldRole(gain), rules[gain.rule_id], gain.lost_at)
        by.setdefault(at, []).append(gain.purchase_id)
    for at, ids in by.items():
        await purchases.change(connection, ids, lapses_at=at)
