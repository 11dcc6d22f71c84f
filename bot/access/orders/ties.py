"""Unties, moves and merges customers on the word of staff; nothing that was sold is lost by it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.reasons import want_anew
from bot.access.people.errors import (
    BothHaveNames,
    MergesCustomers,
    MovesCustomer,
    NotTied,
    SamePerson,
    TargetHasName,
    UnlinkKeepsAccess,
)
from bot.access.people.identity import untie
from bot.access.people.who import required
from bot.access.request import RequestContext, Subject
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.kinds import PermissionState, Tie
from bot.store.ledger import events, permissions
from bot.store.people import access, customers, merging
from bot.store.records import Customer


@dataclass(frozen=True, slots=True)
class Moved:
    """A customer, with whom the record belonged to before and how many accesses go along."""

    customer: Customer
    from_id: int | None
    number: int


class Ties:
    """What ties members and TradingView names; `bot.access.people.customers` ties them at first.

    `named` is called when a customer may have got a name.
    """

    def __init__(self, database: Database, queue: Queue, named: Callable[[], None]) -> None:
        self._database = database
        self._queue = queue
        self._named = named

    async def unlink(self, request: RequestContext, subject: Subject) -> Customer:
        """Untie a name from its member; returns them as they were. What the name may use stays.

        Raises:
            CustomerUnknown: nobody like that is known here.
            NotTied: the customer is a member or a name alone.
            UnlinkKeepsAccess: the name may use something, and staff have not agreed yet.
        """
        async with self._database.write() as connection:
            person = await required(connection, request.guild_id, subject)
            if person.member_id is None or person.username is None:
                raise NotTied(person.member_id, person.username)
            has = await access.is_there(connection, request.guild_id, [person.username], request.at)
            if has and not request.consent.confirmed:
                raise UnlinkKeepsAccess(person.member_id, person.username)
            await untie(connection, request, person)
        return person

    async def move(self, request: RequestContext, subject: Subject, to_id: int) -> Moved:
        """Give a customer's name, access and history to another member, also when the old one has left.

        Raises:
            CustomerUnknown: nobody like that is known here.
            SamePerson: the record is that member's already.
            TargetHasName: that member has a TradingView name already.
            MovesCustomer: staff have not agreed yet.
        """
        async with self._database.write() as connection:
            person = await required(connection, request.guild_id, subject)
            if person.member_id == to_id:
                raise SamePerson(person.member_id, person.username)
            target = await customers.by_member(connection, request.guild_id, to_id)
            if target is not None and target.username is not None:
                raise TargetHasName(to_id, target.username)
            number = len(await access.of_customer(connection, person.id, request.at))
            if not request.consent.confirmed:
                raise MovesCustomer(person.member_id, person.username, to_id, number)
            if target is not None:
                await merging.absorb(connection, person, target)
            await customers.tie(connection, person.id, to_id, request.member_id, request.at)
            # The word of staff: what was given to the bare name is that member's too.
            await customers.confirm(connection, person.id, request.member_id, Tie.STAFF)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "customer_move",
                actor=request.actor,
                customer_id=person.id,
                member_id=to_id,
                before=_names(person),
                after={"number": number},
            )
            moved = await customers.by_id(connection, person.id) or person
        self._named()
        return Moved(moved, person.member_id, number)

    async def merge(self, request: RequestContext, gone: Subject, kept: Subject) -> Customer:
        """Make one customer of two; `kept` keeps its member and its name where both have one.

        Raises:
            CustomerUnknown: nobody like that is known here.
            SamePerson: both are one customer already.
            BothHaveNames: they have two names of two TradingView users.
            MergesCustomers: a manager has not agreed yet.
        """
        async with self._database.write() as connection:
            other = await required(connection, request.guild_id, gone)
            person = await required(connection, request.guild_id, kept)
            if other.id == person.id:
                raise SamePerson(person.member_id, person.username)
            if _are_two(person, other):
                raise BothHaveNames(other.username or "", person.username or "")
            if not request.consent.confirmed:
                numbers = [
                    len(await access.of_customer(connection, each.id, request.at))
                    for each in (person, other)
                ]
                raise MergesCustomers(
                    person.member_id or other.member_id,
                    person.username or other.username,
                    (numbers[0], numbers[1]),
                )
            touched = await merging.absorb(connection, person, other)
            await _want_anew(connection, request, touched)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "merge",
                actor=request.actor,
                customer_id=person.id,
                member_id=person.member_id or other.member_id,
                before=_names(other),
            )
            merged = await customers.by_id(connection, person.id) or person
        self._named()
        self._queue.wake(request.guild_id)
        return merged


def _are_two(person: Customer, other: Customer) -> bool:
    """Return whether both have names, and those are not known to be of one TradingView user."""
    if person.username is None or other.username is None:
        return False
    return person.tv_user_id is None or person.tv_user_id != other.tv_user_id


def _names(person: Customer) -> dict[str, str]:
    """Return by what a record was known, for the history."""
    member = {} if person.member_id is None else {"member_id": str(person.member_id)}
    return member if person.username is None else {**member, "username": person.username}


async def _want_anew(
    connection: AsyncConnection, request: RequestContext, permission_ids: list[int]
) -> None:
    """Let what now holds the reasons of two be compared with TradingView."""
    for held in await permissions.by_ids(connection, permission_ids):
        await want_anew(
            connection,
            held.id,
            revision=held.revision + 1,
            state=PermissionState.WAITING,
            reason=None,
            detail=None,
            attempts=0,
            next_try_at=request.at,
            asked_at=request.at,
        )
