"""Proof that a name is a member's own: a code that they put on the public TradingView profile."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.errors import TradingViewSilent
from bot.access.people.blocks import refuse_blocked
from bot.access.people.claims import Claims
from bot.access.people.customers import Customers
from bot.access.people.errors import (
    CodeMissing,
    MovedLately,
    NameChangedHands,
    NothingToProve,
    ProofOver,
    TooManyLookUps,
)
from bot.access.people.identity import confirm, follow
from bot.access.people.limits import MemberLimits, moves_again
from bot.access.people.proof_codes import hashed, new_code, stands_in
from bot.access.request import RequestContext
from bot.store.engine.database import Database
from bot.store.kinds import AttemptKind, Tie
from bot.store.ledger import events
from bot.store.people import claims, customers, proofs
from bot.store.records import Claim, Proof
from bot.tradingview import Hint, TradingViewClient
from bot.tradingview.deadline import in_time

VALID = timedelta(minutes=30)
MAX_LOOKS = 5  # at the profile, for one code
READ_TIMEOUT = 8.0  # seconds; a page of cards is larger than the other answers


@dataclass(frozen=True, slots=True)
class Task:
    """What a member is to put on which profile."""

    username: str
    code: str


class Proofs:
    """Has members show that a TradingView name is theirs; then it is, without staff.

    `public` is the TradingView without a login that members' questions go to.
    """

    def __init__(
        self,
        database: Database,
        public: TradingViewClient,
        people: Customers,
        claims: Claims,
        limits: MemberLimits,
    ) -> None:
        self._database = database
        self._public = public
        self._people = people
        self._claims = claims
        self._limits = limits

    async def start(self, request: RequestContext) -> Task:
        """Return a new code for the name that the member asked for or linked.

        Raises NothingToProve, TooOften or YouAreBlocked.
        """
        async with self._database.read() as connection:
            await _to_prove(connection, request)
        await self._limits.take(request, AttemptKind.PROOF)
        code = new_code()
        async with self._database.write() as connection:
            username = await _to_prove(connection, request)
            await proofs.start(
                connection,
                request.guild_id,
                request.member_id,
                username,
                hashed(code),
                request.at,
            )
        return Task(username, code)

    async def check(self, request: RequestContext) -> str:
        """Look for the code; return the name, which is the member's from now on.

        Raises ProofOver, CodeMissing, TradingViewSilent, UserUnknown, NameChangedHands, MemberHasOtherName,
        MovedLately or YouAreBlocked.
        """
        proof = await self._count_look(request)
        try:
            hint, page = await self._page_of(proof.username)
        except (TradingViewSilent, TooManyLookUps):
            await self._take_back_look(proof)
            raise
        if not stands_in(page, proof.code_hash):
            raise CodeMissing(hint.username, MAX_LOOKS - proof.looks)
        async with self._database.write() as connection:
            now = await proofs.of_member(connection, request.guild_id, request.member_id)
            if now is None or now.id != proof.id:
                raise ProofOver
            await self._accept(connection, request, hint)
            await proofs.end(connection, request.guild_id, request.member_id)
        self._claims.wake()
        self._claims.go_on(request.guild_id)
        return hint.username

    async def _page_of(self, username: str) -> tuple[Hint, str]:
        """Return the user with what their public page says. Raises TradingViewSilent, or as `find` does."""
        hint = await self._people.find(username)
        page = await in_time(self._read(hint.username), READ_TIMEOUT)
        if page is None:
            raise TradingViewSilent
        return hint, page

    async def _read(self, username: str) -> str:
        return await self._public.profile(username) or ""

    async def _count_look(self, request: RequestContext) -> Proof:
        """Return the member's code, with one look more; a code that is over is forgotten. Raises ProofOver."""
        async with self._database.write() as connection:
            await refuse_blocked(connection, request.guild_id, request.member_id)
            proof = await proofs.of_member(connection, request.guild_id, request.member_id)
            if proof is None:
                raise ProofOver
            if request.at - proof.made_at < VALID and proof.looks < MAX_LOOKS:
                await proofs.add_looks(connection, proof.id, 1)
                return replace(proof, looks=proof.looks + 1)
            await proofs.end(connection, request.guild_id, request.member_id)
        raise ProofOver

    async def _take_back_look(self, proof: Proof) -> None:
        async with self._database.write() as connection:
            await proofs.add_looks(connection, proof.id, -1)

    async def _accept(
        self, connection: AsyncConnection, request: RequestContext, hint: Hint
    ) -> None:
        """Give the name to the member who proved it, with what it may use and what they asked for."""
        await follow(connection, request, hint.username, hint.user_id)
        holder = await customers.by_name(connection, request.guild_id, hint.username)
        known = None if holder is None else holder.tv_user_id
        if None not in (known, hint.user_id) and known != hint.user_id:
            raise NameChangedHands(hint.username)
        claim = await claims.waiting_of(connection, request.guild_id, request.member_id)
        if claim is not None and _same(claim, hint):
            taken = None if holder is None else holder.member_id
            await _refuse_moving_often(connection, request, hint)
            await self._claims.hand_over(connection, request, claim, Tie.PROVEN, hint.user_id)
            await self._claims.close(connection, request, claim)
            await _note(connection, request, hint.username, taken)
        elif holder is not None and holder.member_id == request.member_id:
            await confirm(connection, request, holder, Tie.PROVEN)
        else:
            raise ProofOver  # they let go of the name meanwhile


async def _refuse_moving_often(
    connection: AsyncConnection, request: RequestContext, hint: Hint
) -> None:
    """Raise MovedLately where access would move to another account once more; staff are asked already."""
    mine = await customers.by_member(connection, request.guild_id, request.member_id)
    if mine is None or mine.name_folded in (None, hint.username.casefold()):
        return
    if again_at := await moves_again(connection, request, mine):
        raise MovedLately(again_at)


def _same(claim: Claim, hint: Hint) -> bool:
    return claim.username.casefold() == hint.username.casefold()


async def _note(
    connection: AsyncConnection, request: RequestContext, username: str, taken_from: int | None
) -> None:
    person = await customers.by_member(connection, request.guild_id, request.member_id)
    other = taken_from not in (None, request.member_id)
    await events.record(
        connection,
        request.guild_id,
        request.at,
        "name_proven",
        actor=request.actor,
        customer_id=None if person is None else person.id,
        member_id=request.member_id,
        before={"member_id": str(taken_from)} if other else None,
        after={"username": username},
    )


async def _to_prove(connection: AsyncConnection, request: RequestContext) -> str:
    """Return the name that waits for a proof by the member who asks. Raises NothingToProve or YouAreBlocked."""
    await refuse_blocked(connection, request.guild_id, request.member_id)
    claim = await claims.waiting_of(connection, request.guild_id, request.member_id)
    if claim is not None:
        return claim.username
    person = await customers.by_member(connection, request.guild_id, request.member_id)
    if person is None or person.username is None or not person.merely_claims:
        raise NothingToProve
    return person.username
