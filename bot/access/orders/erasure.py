"""Forgets people: ends their access, waits until TradingView shows none, then erases what names them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.orders.endings import Endings
from bot.access.people.errors import CustomerUnknown, ForgetsCustomer
from bot.access.people.pseudonyms import number_of, pseudonym
from bot.access.people.who import known, noted
from bot.access.request import RequestContext, Subject
from bot.access.rules.entitlements import last_seen, wanted_of
from bot.store.engine.database import Database
from bot.store.kinds import Otherwise, PermissionState, Reason
from bot.store.ledger import (
    direct_messages,
    events,
    holder_roles,
    permissions,
    purchases,
    role_gains,
)
from bot.store.people import access, customers, erasure
from bot.store.people.traces import Traces, names_of
from bot.store.records import Actor, Customer, Permission
from bot.store.sweeps import sightings
from bot.store.vault import Vault

EVERY = 15.0  # seconds between looks at who can be erased by now

# What the person who asked reads, by the number that stands for the erased person.
ToAsker = Callable[[int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Forgetting:
    """How far it is: the number that stands for the person once erased, or how many accesses end first."""

    number: int | None
    ending: int


class Erasures:
    """Forgets people; what waits for TradingView stands in the database, and goes on after a restart.

    `to_asker` words the message to the person who asked, and `wake` has it sent.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        endings: Endings,
        to_asker: ToAsker,
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._vault = vault
        self._endings = endings
        self._to_asker = to_asker
        self._wake = wake

    async def forget(self, request: RequestContext, subject: Subject) -> Forgetting:
        """End everything a person has, and erase them as soon as TradingView shows that.

        Raises:
            CustomerUnknown: there is nothing here about that TradingView name.
            ForgetsCustomer: a manager has not agreed yet.
        """
        async with self._database.read() as connection:
            await self._ask_first(connection, request, subject)
        async with self._database.write() as connection:
            person = await noted(connection, request.guild_id, subject)
            ending = await self._endings.record(connection, request, person)
            await _let_go_of_roles(connection, request, person)
            if person.forget_at is None:
                await customers.forget(connection, person.id, request.at, request.member_id)
                await events.record(
                    connection,
                    request.guild_id,
                    request.at,
                    "forget",
                    actor=request.actor,
                    customer_id=person.id,
                    after={"number": len(ending)},
                )
        self._endings.go_on(request.guild_id, ending)
        number = await self._erase(person.id, tell=False)
        return Forgetting(number, len(ending))

    async def carry_out(self) -> None:
        """Erase everybody whom TradingView does not show any more, and tell who asked for it."""
        async with self._database.read() as connection:
            waiting = await customers.to_forget(connection)
        numbers = [await self._erase(person.id, tell=True) for person in waiting]
        if any(numbers):
            self._wake()

    async def _ask_first(
        self, connection: AsyncConnection, request: RequestContext, subject: Subject
    ) -> None:
        person = await known(connection, request.guild_id, subject)
        number = 0
        if person is not None:
            number = len(await access.of_customer(connection, person.id, request.at))
        elif subject.member_id is None and not await sightings.of_name(
            connection, request.guild_id, subject.username or ""
        ):
            raise CustomerUnknown(subject.member_id, subject.username)
        if not request.consent.confirmed:
            username = subject.username if person is None else person.username
            member_id = subject.member_id if person is None else person.member_id
            raise ForgetsCustomer(member_id, username, number)

    async def _erase(self, customer_id: int, *, tell: bool) -> int | None:
        """Erase that person, if TradingView shows nothing of them; return the number that stands for them.

        A role that they got for holding a product is taken first: nobody would know of it after.
        """
        async with self._database.write() as connection:
            person = await customers.by_id(connection, customer_id)
            if person is None or person.forget_at is None or person.forget_by is None:
                return None
            held = await permissions.of_customer(connection, person.id)
            if not all(_is_over(permission) for permission in held):
                return None
            if person.member_id is not None and await holder_roles.is_to_be_taken(
                connection, person.guild_id, person.member_id
            ):
                return None
            number = number_of(self._vault, person)
            names = await names_of(connection, person)
            await erasure.erase(connection, Traces(person, names, number, pseudonym(number)))
            await _record(connection, person, person.forget_by, number)
            if tell and person.forget_by != person.member_id:
                await direct_messages.add(
                    connection,
                    person.guild_id,
                    person.forget_by,
                    self._to_asker(number),
                    Otherwise.LOG,
                    clock.now(),
                )
        await self._database.scrub()
        return number


async def _let_go_of_roles(
    connection: AsyncConnection, request: RequestContext, person: Customer
) -> None:
    """Let end what the member's roles gave a name that is not theirs any more.

    Once the member is a mere number nobody would see that the role is lost.
    """
    if person.member_id is None:
        return
    held = await role_gains.held(connection, request.guild_id, [person.member_id])
    ids = [each.gain.purchase_id for each in held[person.member_id]]
    bought = (await purchases.by_ids(connection, ids)).values()
    others = [purchase.id for purchase in bought if purchase.customer_id != person.id]
    await purchases.change(connection, others, lapses_at=request.at, lapse_left=None)


def _is_over(permission: Permission) -> bool:
    """Return whether TradingView shows no access, and none is on its way."""
    if permission.state is PermissionState.STUCK:  # nobody there has that name any more
        return permission.reason is Reason.NO_SUCH_USER
    now = clock.now()
    is_settled = permission.state is PermissionState.DONE
    gives = wanted_of(permission).gives_access(now) or last_seen(permission).gives_access(now)
    return is_settled and not gives


async def _record(connection: AsyncConnection, person: Customer, by: int, number: int) -> None:
    # A manager may have had themselves forgotten.
    actor = Actor.member(-number if by == person.member_id else by)
    await events.record(
        connection,
        person.guild_id,
        clock.now(),
        "forgotten",
        actor=actor,
        customer_id=person.id,
        after={"person": number},
    )
