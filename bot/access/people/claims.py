"""Decides claims: a member says that a TradingView name is theirs, and staff must look first."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.people.errors import ClaimDecided, ClaimUnknown, MemberHasOtherName
from bot.access.people.identity import tie
from bot.access.request import RequestContext
from bot.access.rules.entitlements import State, last_seen, wanted_of
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import ClaimState, Otherwise, Tie
from bot.store.ledger import direct_messages, events, permissions
from bot.store.ledger.events import NewEvent
from bot.store.people import claims, customers
from bot.store.records import Actor, Claim, Customer, Script
from bot.store.sweeps import sightings
from bot.tradingview.models import End

# What the claimer reads of a decision: True where the name is theirs now.
ToClaimer = Callable[[Claim, bool], Mapping[str, Any]]


class Mover(Protocol):
    """What brings a person's access to another TradingView account (`bot.access.orders`)."""

    async def move(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        person: Customer,
        username: str,
        user_id: int | None,
    ) -> None:
        """Give that customer the other name, with all that the present one may use."""

    def wake(self, guild_id: int) -> None:
        """Have it done, once that is committed."""


@dataclass(frozen=True, slots=True)
class Question:
    """A claim as staff are asked about it: whose the name is now, and what it may use."""

    claim: Claim
    holder_id: int | None
    may_use: tuple[tuple[Script, End], ...]


class Claims:
    """What members wait for; a decision and the message about it to the claimer are kept together.

    `to_claimer` words that message, and `wake` has it sent, and what waited for a name looked at; `mover`
    brings access to another account.
    """

    def __init__(
        self, database: Database, to_claimer: ToClaimer, wake: Callable[[], None], mover: Mover
    ) -> None:
        self._database = database
        self._to_claimer = to_claimer
        self._mover = mover
        self.wake = wake

    async def waiting(self, guild_id: int) -> list[Claim]:
        """Return the requests that staff have not decided, oldest first."""
        async with self._database.read() as connection:
            return await claims.waiting(connection, guild_id)

    async def question(self, guild_id: int, claim_id: int) -> Question:
        """Return a claim with what staff need to know. Raises ClaimUnknown or ClaimDecided."""
        async with self._database.read() as connection:
            return await question(connection, await _undecided(connection, guild_id, claim_id))

    async def decide(self, request: RequestContext, claim_id: int, *, accept: bool) -> Claim:
        """Decide a claim; accepted, the name moves to the claimer with all it may use.

        Raises ClaimUnknown, ClaimDecided, or MemberHasOtherName when the claimer linked another name.
        """
        async with self._database.write() as connection:
            claim = await _undecided(connection, request.guild_id, claim_id)
            if accept:
                await self.hand_over(connection, request, claim, Tie.STAFF)
            else:
                await events.record(
                    connection,
                    request.guild_id,
                    request.at,
                    "claim_refused",
                    actor=request.actor,
                    member_id=claim.member_id,
                    before={"username": claim.username},
                )
            await self.settle(connection, request, claim, accept=accept)
        self.wake()
        self.go_on(claim.guild_id)
        return claim

    async def close(
        self, connection: AsyncConnection, request: RequestContext, claim: Claim
    ) -> None:
        """Note that the claimer proved it themselves; the answer to that tells them."""
        state, by = ClaimState.ACCEPTED, claim.member_id
        await claims.decide(connection, claim.id, state, by, request.at)

    def go_on(self, guild_id: int) -> None:
        """Have done what a name that was handed over brings along."""
        self._mover.wake(guild_id)

    async def hand_over(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        claim: Claim,
        how: Tie,
        user_id: int | None = None,
    ) -> None:
        """Give the name to the claimer, whose own access goes along where they asked for that.

        `user_id` is TradingView's number for it, where it was just asked. Raises MemberHasOtherName.
        """
        member = await customers.by_member(connection, request.guild_id, claim.member_id)
        holder = await customers.by_name(connection, request.guild_id, claim.username)
        before = None if holder is None else holder.member_id
        other = member is not None and member.name_folded not in (None, claim.username.casefold())
        if member is not None and other and member.name_folded != _folded(claim.instead_of):
            raise MemberHasOtherName(claim.member_id, member.username or "")
        if holder is not None and before not in (None, claim.member_id):
            await customers.untie(connection, holder.id)
        if member is not None and other:
            number = user_id or (None if holder is None else holder.tv_user_id)
            await self._mover.move(connection, request, member, claim.username, number)
            await customers.confirm(connection, member.id, request.actor.member_id, how)
            return
        await tie(
            connection,
            request,
            claim.username,
            claim.member_id,
            how=how,
            user_id=user_id,
            taken_from=before,
        )

    async def settle(
        self, connection: AsyncConnection, request: RequestContext, claim: Claim, *, accept: bool
    ) -> None:
        """Note the decision, and what the claimer hears of it; `wake` once that is committed."""
        state = ClaimState.ACCEPTED if accept else ClaimState.REFUSED
        await claims.decide(connection, claim.id, state, request.member_id, request.at)
        await direct_messages.add(
            connection,
            claim.guild_id,
            claim.member_id,
            self._to_claimer(claim, accept),
            Otherwise.NOWHERE,
            clock.now(),
        )


async def question(connection: AsyncConnection, claim: Claim) -> Question:
    """Return what staff must know about a claim."""
    now = clock.now()
    holder = await customers.by_name(connection, claim.guild_id, claim.username)
    held = await permissions.of_name(connection, claim.guild_id, claim.username)
    seen = await sightings.of_name(connection, claim.guild_id, claim.username)
    # Of whom Usher keeps a permission, what is wanted or was seen counts, not the older list.
    states = {row.script_id: [State(row.kind, row.ends_at)] for row in seen}
    states |= {kept.script_id: [wanted_of(kept), last_seen(kept)] for kept in held}
    listed = await scripts.by_ids(connection, states)
    may_use = []
    for script_id, script in sorted(listed.items()):
        live = [state for state in states[script_id] if state.gives_access(now)]
        if live and live[0].end is not None:
            may_use.append((script, live[0].end))
    return Question(claim, None if holder is None else holder.member_id, tuple(may_use))


async def record_claims(connection: AsyncConnection, claims: Iterable[Claim]) -> None:
    """Record the history entries from which the log channel makes questions to staff."""
    now = clock.now()
    await events.record_all(
        connection,
        [
            NewEvent(
                guild_id=claim.guild_id,
                at=now,
                action="claim",
                actor=Actor.member(claim.member_id),
                member_id=claim.member_id,
                after={"claim_id": claim.id, "username": claim.username},
            )
            for claim in claims
        ],
    )


async def _undecided(connection: AsyncConnection, guild_id: int, claim_id: int) -> Claim:
    claim = await claims.by_id(connection, guild_id, claim_id)
    if claim is None:
        raise ClaimUnknown
    if claim.state is not ClaimState.WAITING:
        raise ClaimDecided(claim.state is ClaimState.ACCEPTED, claim.decided_by)
    return claim


def _folded(name: str | None) -> str | None:
    return None if name is None else name.casefold()
