"""Links people to their TradingView names; a name that may be another person's waits for staff."""

import math
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.errors import TradingViewSilent
from bot.access.logins.sessions import Sessions
from bot.access.people.blocks import refuse_blocked
from bot.access.people.claims import Claims, Mover, record_claims
from bot.access.people.errors import (
    CustomerUnknown,
    HaveNoName,
    HaveOtherName,
    MovedLately,
    NameTaken,
    NewNameUnknown,
    OtherAccount,
    OwnNameUnknown,
    TooManyLookUps,
    UserUnknown,
)
from bot.access.people.free_names import FreeNames, is_free_here, let_go_of
from bot.access.people.identity import confirm, follow, name_of, tie, untie
from bot.access.people.limits import MemberLimits, moves_again
from bot.access.people.username_lookup import clean, exact
from bot.access.request import RequestContext, Subject
from bot.store.engine.database import Database
from bot.store.kinds import AttemptKind, ClaimState, Tie
from bot.store.ledger import events, withheld
from bot.store.people import claims, customers
from bot.store.records import Customer
from bot.tradingview import Hint, TradingViewClient

LOOKUP_TIMEOUT = 3.0  # seconds that a member waits for TradingView in front of a form


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What a member let go of: a name, a request that staff had not decided, or both."""

    username: str | None
    claimed: str | None


@dataclass(frozen=True, slots=True)
class OwnName:
    """The name that a member wants to link, beside the one that they have."""

    hint: Hint
    before: str | None = None  # another name of theirs; None: there is none
    is_renamed: bool = False  # TradingView shows the same user under both


class Customers:
    """Links people to their TradingView names.

    `public` is a TradingView without a login and with a budget of members' own: those who look up names
    slow no one's access, and strangers outside of Discord do not slow them.
    """

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        public: TradingViewClient,
        claims: Claims,
        limits: MemberLimits,
        mover: Mover,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._names = FreeNames(database, sessions)
        self._public = public
        self._claims = claims
        self._limits = limits
        self._mover = mover

    async def find(self, text: str) -> Hint:
        """Return the user whose name was typed, in TradingView's spelling.

        Raises NameUnreadable, UserUnknown (with near hits), TradingViewSilent or TooManyLookUps.
        """
        return await _exact(self._public, clean(text), urgent=False)

    async def look_up(self, request: RequestContext, text: str) -> Hint:
        """Return the same to a member, who may not ask for names without end. Raises LookedUpTooOften too."""
        name = clean(text)
        await self._limits.look_up(request)
        return await self.find(name)

    async def may_link(self, request: RequestContext, text: str) -> OwnName:
        """Return the user whose name a member wants to link; nothing is changed yet.

        Raises as `find` does, with OwnNameUnknown or NewNameUnknown instead of UserUnknown, TooOften,
        and YouAreBlocked.
        """
        name = clean(text)
        attempt = await self._limits.take(request, AttemptKind.LINK)
        async with self._database.read() as connection:
            await refuse_blocked(connection, request.guild_id, request.member_id)
            mine = await customers.by_member(connection, request.guild_id, request.member_id)
        has_other = mine is not None and mine.name_folded not in (None, name.casefold())
        try:
            hint = await self.find(name)
        except UserUnknown as unknown:
            refusal = NewNameUnknown if has_other else OwnNameUnknown
            raise refusal(unknown.text, unknown.near) from unknown
        except (TradingViewSilent, TooManyLookUps):
            await self._limits.give_back(attempt)
            raise
        if mine is None or not has_other:
            return OwnName(hint)
        is_renamed = hint.user_id is not None and hint.user_id == mine.tv_user_id
        return OwnName(hint, mine.username, is_renamed)

    async def link(
        self,
        request: RequestContext,
        username: str,
        user_id: int | None = None,
        *,
        instead_of: str | None = None,
    ) -> bool:
        """Tie a name, in its exact spelling, to the member who asks; False: staff must look first.

        Staff look at a name that is somebody's, that has access already, or of which that cannot be
        told; the member learns not which. What they held before is theirs again at once, unless
        somebody else had it or claims it meanwhile. `instead_of` their present name, their access moves
        to this one. Raises HaveOtherName, YouAreBlocked, or MovedLately once staff were asked.
        """
        free = await self._names.is_free(request, username, user_id)
        async with self._database.write() as connection:
            await refuse_blocked(connection, request.guild_id, request.member_id)
            mine = await customers.by_member(connection, request.guild_id, request.member_id)
            if mine is not None and mine.name_folded == username.casefold():
                return True
            has_other = mine is not None and mine.username is not None
            if mine is not None and has_other and mine.name_folded != _folded(instead_of):
                raise HaveOtherName(mine.username or "")
            again_at = await moves_again(connection, request, mine) if mine and has_other else None
            # Looked at again: it may have changed while TradingView was asked.
            let_go = await let_go_of(connection, request, username, user_id)
            free = free and (
                let_go is not None or await is_free_here(connection, request, username, user_id)
            )
            if done := again_at is None and free:
                await _withdraw(connection, request)
                if let_go is not None:  # what was given to the name since was not given to them
                    await withheld.since(connection, request.guild_id, username, let_go)
                await follow(connection, request, username, user_id)
                if mine is not None and has_other:
                    await self._mover.move(connection, request, mine, username, user_id)
                    await customers.claim_tie(connection, mine.id, request.member_id, request.at)
                else:
                    await tie(
                        connection,
                        request,
                        username,
                        request.member_id,
                        how=Tie.CLAIMED,
                        user_id=user_id,
                    )
            else:
                await self._claim(connection, request, username, instead_of if has_other else None)
        self._claims.wake()
        self._mover.wake(request.guild_id)
        if again_at is not None:
            raise MovedLately(again_at)
        return done

    async def rename(
        self, request: RequestContext, username: str, user_id: int | None, before: str
    ) -> bool:
        """Follow the member who asks to the new name of the same account; False: staff must look first.

        Staff look where TradingView does not tell that it is the same user, or the name is kept for
        another one. Raises OtherAccount where it tells that they are two.
        """
        async with self._database.write() as connection:
            mine = await customers.by_member(connection, request.guild_id, request.member_id)
            if mine is None or mine.username is None:
                raise HaveNoName
            if mine.name_folded == username.casefold():
                return True
            if mine.name_folded != before.casefold():
                raise HaveOtherName(mine.username)
            same = user_id is not None and user_id == mine.tv_user_id
            if not same and None not in (user_id, mine.tv_user_id):
                raise OtherAccount(mine.username, username)
            if same:
                await follow(connection, request, username, user_id)
                now = await customers.by_id(connection, mine.id)
                if now is not None and now.name_folded == username.casefold():
                    await _withdraw(connection, request)
                    return True
            await self._claim(connection, request, username, mine.username)
        return False

    async def may_unlink(self, request: RequestContext) -> Unlinked:
        """Return what a member would let go of; nothing is changed yet. Raises HaveNoName."""
        async with self._database.read() as connection:
            claim = await claims.waiting_of(connection, request.guild_id, request.member_id)
            person = await customers.by_member(connection, request.guild_id, request.member_id)
        username = None if person is None else person.username
        if username is None and claim is None:
            raise HaveNoName
        return Unlinked(username, None if claim is None else claim.username)

    async def unlink(self, request: RequestContext) -> Unlinked:
        """Untie one's own name; what the name may use stays. Raises HaveNoName."""
        async with self._database.write() as connection:
            claimed = await _withdraw(connection, request)
            person = await customers.by_member(connection, request.guild_id, request.member_id)
            if person is None or person.username is None:
                if claimed is None:
                    raise HaveNoName
                return Unlinked(None, claimed)
            await untie(connection, request, person)
        return Unlinked(person.username, claimed)

    async def tie(self, request: RequestContext, member_id: int, text: str) -> Customer:
        """Tie a name to a member, on the word of staff; also settles a claim of theirs for it.

        Raises NameUnreadable, UserUnknown, TradingViewSilent, NameTaken or MemberHasOtherName.
        """
        subject = Subject(member_id, text)
        async with self._database.read() as connection:
            name = await name_of(connection, request.guild_id, subject)
        session = await self._sessions.of(request.guild_id)
        hint = await _exact(session.tradingview, name, urgent=True)
        async with self._database.write() as connection:
            await follow(connection, request, hint.username, hint.user_id)
            name = await name_of(connection, request.guild_id, Subject(member_id, hint.username))
            person = await tie(
                connection, request, name, member_id, how=Tie.STAFF, user_id=hint.user_id
            )
            claim = await claims.waiting_of(connection, request.guild_id, member_id)
            if claim is not None and claim.username.casefold() == name.casefold():
                await self._claims.settle(connection, request, claim, accept=True)
        self._claims.wake()
        return person

    async def correct(self, request: RequestContext, customer_id: int, text: str) -> Customer:
        """Give a customer the right TradingView name, on the word of staff; what they have goes along.

        Raises NameUnreadable, UserUnknown, TradingViewSilent, CustomerUnknown or NameTaken.
        """
        name = clean(text)
        session = await self._sessions.of(request.guild_id)
        hint = await _exact(session.tradingview, name, urgent=True)
        async with self._database.write() as connection:
            person = await customers.by_id(connection, customer_id)
            if person is None or person.guild_id != request.guild_id or person.username is None:
                raise CustomerUnknown(None, name)
            await follow(connection, request, hint.username, hint.user_id)
            person = await customers.by_id(connection, customer_id) or person
            if person.name_folded != hint.username.casefold():
                holder = await customers.by_name(connection, request.guild_id, hint.username)
                if holder is not None and holder.member_id is not None:
                    raise NameTaken(hint.username, holder.member_id)
                await self._mover.move(connection, request, person, hint.username, hint.user_id)
            person = await customers.by_id(connection, customer_id) or person
            person = await confirm(connection, request, person, Tie.STAFF)
        self._mover.wake(request.guild_id)
        return person

    async def _claim(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        username: str,
        instead_of: str | None,
    ) -> None:
        waiting = await claims.waiting_of(connection, request.guild_id, request.member_id)
        if waiting is not None:
            same = waiting.username.casefold() == username.casefold()
            if same and _folded(waiting.instead_of) == _folded(instead_of):
                return  # delivered or asked twice
            await _withdraw(connection, request)
        claim = await claims.add(
            connection, request.guild_id, request.member_id, username, request.at, instead_of
        )
        await record_claims(connection, [claim])


async def _withdraw(connection: AsyncConnection, request: RequestContext) -> str | None:
    """Take back whatever the asker's claim waits for; returns the name."""
    claim = await claims.waiting_of(connection, request.guild_id, request.member_id)
    if claim is None:
        return None
    await claims.decide(connection, claim.id, ClaimState.REFUSED, None, request.at)
    await events.record(
        connection,
        request.guild_id,
        request.at,
        "claim_withdrawn",
        actor=request.actor,
        member_id=request.member_id,
        before={"username": claim.username},
    )
    return claim.username


def _folded(name: str | None) -> str | None:
    return None if name is None else name.casefold()


async def _exact(client: TradingViewClient, name: str, *, urgent: bool) -> Hint:
    _refuse_crowd(client)
    hint = await exact(client, name, LOOKUP_TIMEOUT, urgent=urgent)
    if hint is None:
        _refuse_crowd(client)  # it may be our own budget that ran out meanwhile
        raise TradingViewSilent
    return hint


def _refuse_crowd(client: TradingViewClient) -> None:
    """Raise TooManyLookUps where an answer could not come in time, however fast TradingView is."""
    wait = client.expected_wait()
    if wait > LOOKUP_TIMEOUT:
        raise TooManyLookUps(math.ceil(wait))
