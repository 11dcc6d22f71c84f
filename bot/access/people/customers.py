"""Links people to their TradingView names; a name that may be another person's waits for staff."""

import math
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.errors import TradingViewSilent
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.people.blocks import refuse_blocked
from bot.access.people.claims import Claims, record_claims
from bot.access.people.errors import (
    HaveNoName,
    HaveOtherName,
    OwnNameUnknown,
    TooManyLookUps,
    UserUnknown,
)
from bot.access.people.identity import follow, name_of, tie
from bot.access.people.username_lookup import clean, exact
from bot.access.request import RequestContext, Subject
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import ClaimState
from bot.store.ledger import events
from bot.store.people import customers
from bot.store.records import Customer
from bot.tradingview import Hint, TradingViewClient
from bot.tradingview.deadline import in_time

# What the history calls the tying of a name to a member, and its end.
_TIES = ("link", "matched", "claim_accepted", "unlink")
LOOKUP_TIMEOUT = 3.0  # seconds that a member waits for TradingView in front of a form


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What a member let go of: a name, a request that staff had not decided, or both."""

    username: str | None
    claimed: str | None


class Customers:
    """Links people to their TradingView names.

    `public` is a TradingView without a login and with a budget of members' own: those who look up names
    slow no one's access, and strangers outside of Discord do not slow them.
    """

    def __init__(
        self, database: Database, sessions: Sessions, public: TradingViewClient, claims: Claims
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._public = public
        self._claims = claims

    async def find(self, text: str) -> Hint:
        """Return the user whose name was typed, in TradingView's spelling.

        Raises NameUnreadable, UserUnknown (with near hits), TradingViewSilent or TooManyLookUps.
        """
        return await _exact(self._public, clean(text), urgent=False)

    async def may_link(self, request: RequestContext, text: str) -> Hint:
        """Return the user whose name a member wants to link; nothing is changed yet.

        Raises OwnNameUnknown instead, HaveOtherName when they linked another one before, and
        YouAreBlocked.
        """
        name = clean(text)
        async with self._database.read() as connection:
            await refuse_blocked(connection, request.guild_id, request.member_id)
            await _refuse_second(connection, request, name)
        try:
            return await self.find(name)
        except UserUnknown as unknown:
            raise OwnNameUnknown(unknown.text, unknown.near) from unknown

    async def link(
        self, request: RequestContext, username: str, user_id: int | None = None
    ) -> bool:
        """Tie a name, in its exact spelling, to the member who asks; False: staff must look first.

        Staff look at a name that is somebody's, that has access already, or of which that cannot be
        told; the member learns not which. What they held before is theirs again at once, unless
        somebody else had it or claims it meanwhile. Raises HaveOtherName or YouAreBlocked.
        """
        free = await self._is_free(request, username, user_id)
        async with self._database.write() as connection:
            await refuse_blocked(connection, request.guild_id, request.member_id)
            await _refuse_second(connection, request, username)
            holder = await customers.by_name(connection, request.guild_id, username)
            if holder is not None and holder.member_id == request.member_id:
                return True
            # Looked at again: it may have changed while TradingView was asked.
            if free and (
                await _let_go_of(connection, request, username, user_id)
                or await self._is_free_here(connection, request, username, user_id)
            ):
                await _withdraw(connection, request)
                await follow(connection, request, username, user_id)
                await tie(connection, request, username, request.member_id, user_id=user_id)
                tied = True
            else:
                await self._claim(connection, request, username)
                tied = False
        self._claims.wake()
        return tied

    async def may_unlink(self, request: RequestContext) -> Unlinked:
        """Return what a member would let go of; nothing is changed yet. Raises HaveNoName."""
        async with self._database.read() as connection:
            claim = await customers.waiting_claim(connection, request.guild_id, request.member_id)
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
            await customers.untie(connection, person.id)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "unlink",
                actor=request.actor,
                customer_id=person.id,
                member_id=request.member_id,
                before={"username": person.username},
            )
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
            person = await tie(connection, request, name, member_id, user_id=hint.user_id)
            claim = await customers.waiting_claim(connection, request.guild_id, member_id)
            if claim is not None and claim.username.casefold() == name.casefold():
                await self._claims.settle(connection, request, claim, accept=True)
        self._claims.wake()
        return person

    async def _claim(
        self, connection: AsyncConnection, request: RequestContext, username: str
    ) -> None:
        waiting = await customers.waiting_claim(connection, request.guild_id, request.member_id)
        if waiting is not None:
            if waiting.username.casefold() == username.casefold():
                return  # delivered or asked twice
            await _withdraw(connection, request)
        claim = await customers.add_claim(
            connection, request.guild_id, request.member_id, username, request.at
        )
        await record_claims(connection, [claim])

    async def _is_free(self, request: RequestContext, username: str, user_id: int | None) -> bool:
        """Return whether the name is unused here, and neither Usher nor TradingView shows access.

        A name that this member let go of is free for them, whatever it may use.
        """
        async with self._database.read() as connection:
            if await _let_go_of(connection, request, username, user_id):
                return True
            if not await self._is_free_here(connection, request, username, user_id):
                return False
            sold = await scripts.listed(connection, request.guild_id)
        if not sold:
            return True
        session = await self._sessions.of(request.guild_id)
        if session.state is not LoginState.ALIVE:
            return False
        client, now = session.tradingview, clock.now()

        async def nowhere() -> bool:
            for script in sold:
                row = await client.find_row(script.pine_id, username)
                if row is not None and row.is_live(now):
                    return False
            return True

        return await in_time(nowhere(), LOOKUP_TIMEOUT) is True

    async def _is_free_here(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        username: str,
        user_id: int | None,
    ) -> bool:
        """Return whether it is free as far as Usher knows, also under the older name of that number's user."""
        holder = await customers.by_name(connection, request.guild_id, username)
        holders = [] if holder is None else [holder]
        if user_id is not None:
            holders += await customers.by_user_id(connection, request.guild_id, user_id)
        if any(person.member_id is not None for person in holders):
            return False
        names = {username, *(person.username for person in holders if person.username)}
        return not await customers.has_access(connection, request.guild_id, names, request.at)


async def _let_go_of(
    connection: AsyncConnection, request: RequestContext, username: str, user_id: int | None
) -> bool:
    """Return whether the asker was the last to hold that name, untied it, and nobody else wants it since."""
    holder = await customers.by_name(connection, request.guild_id, username)
    if holder is None or holder.member_id is not None:
        return False
    if None not in (user_id, holder.tv_user_id) and user_id != holder.tv_user_id:
        return False  # the name belongs to another person on TradingView now
    last = await events.newest(connection, request.guild_id, _TIES, customer_id=holder.id)
    claims = await customers.waiting_claims(connection, request.guild_id)
    others = any(
        claim.username.casefold() == username.casefold() and claim.member_id != request.member_id
        for claim in claims
    )
    return (
        last is not None
        and last.action == "unlink"
        and last.member_id == last.actor.member_id == request.member_id
        and not others
    )


async def _refuse_second(connection: AsyncConnection, request: RequestContext, name: str) -> None:
    mine = await customers.by_member(connection, request.guild_id, request.member_id)
    if mine is not None and mine.username and mine.name_folded != name.casefold():
        raise HaveOtherName(mine.username)


async def _withdraw(connection: AsyncConnection, request: RequestContext) -> str | None:
    """Take back whatever the asker's claim waits for; returns the name."""
    claim = await customers.waiting_claim(connection, request.guild_id, request.member_id)
    if claim is None:
        return None
    await customers.decide_claim(connection, claim.id, ClaimState.REFUSED, None, request.at)
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
