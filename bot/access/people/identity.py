"""Whom a member or a TradingView name stands for, and what ties the two."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.errors import MemberHasNoName, MemberHasOtherName, NameTaken, NobodyNamed
from bot.access.people.username_lookup import clean
from bot.access.request import RequestContext, Subject
from bot.store.kinds import Tie
from bot.store.ledger import events
from bot.store.people import customers, merging
from bot.store.records import Customer
from bot.store.sweeps import observations


async def name_of(connection: AsyncConnection, guild_id: int, subject: Subject) -> str:
    """Return the TradingView name of the person meant; it may belong to no customer yet.

    Raises NobodyNamed, NameUnreadable, MemberHasNoName, MemberHasOtherName or NameTaken.
    """
    if subject.username is None or not subject.username.strip():
        if subject.member_id is None:
            raise NobodyNamed
        person = await customers.by_member(connection, guild_id, subject.member_id)
        if person is None or person.username is None:
            raise MemberHasNoName(subject.member_id)
        return person.username
    name = clean(subject.username)
    if subject.member_id is not None:
        await _refuse_clash(connection, guild_id, name, subject.member_id)
    return name


async def resolve(
    connection: AsyncConnection,
    request: RequestContext,
    subject: Subject,
    *,
    user_id: int | None = None,
) -> Customer:
    """Return the person meant, added when new, in a transaction that writes; both given ties them.

    `user_id` is TradingView's number for the name, where it is known. Raises as `name_of` does.
    """
    if subject.username is not None:
        await follow(connection, request, subject.username, user_id)
    name = await name_of(connection, request.guild_id, subject)
    known = await customers.by_name(connection, request.guild_id, name)
    if subject.member_id is not None and (known is None or known.member_id is None):
        return await tie(connection, request, name, subject.member_id, how=Tie.STAFF)
    return known or await customers.add(connection, request.guild_id, username=name)


async def follow(
    connection: AsyncConnection, request: RequestContext, name: str, user_id: int | None
) -> None:
    """Rename the person who has that number under an older name, unless this one is taken."""
    if user_id is None:
        return
    same = await customers.by_user_id(connection, request.guild_id, user_id)
    if not same or any(person.name_folded == name.casefold() for person in same):
        return
    person = same[0]
    renamed = observations.Renamed(person.id, user_id, person.username or "", name)
    await observations.follow(connection, request.guild_id, renamed, request.at)


async def _refuse_clash(
    connection: AsyncConnection, guild_id: int, name: str, member_id: int
) -> None:
    holder = await customers.by_name(connection, guild_id, name)
    if holder is not None and holder.member_id not in (None, member_id):
        raise NameTaken(holder.username or name, holder.member_id)
    member = await customers.by_member(connection, guild_id, member_id)
    if member is not None and member.name_folded not in (None, name.casefold()):
        raise MemberHasOtherName(member_id, member.username or "")


async def tie(
    connection: AsyncConnection,
    request: RequestContext,
    name: str,
    member_id: int,
    *,
    how: Tie,
    user_id: int | None = None,
    taken_from: int | None = None,
) -> Customer:
    """Tie the name to that member from now on; a mere claim that was there is confirmed by more."""
    holder = await customers.by_name(connection, request.guild_id, name)
    if holder is not None and holder.member_id == member_id:
        return await confirm(connection, request, holder, how)
    member = await customers.by_member(connection, request.guild_id, member_id)
    if holder is not None:
        if member is not None:  # known without a name so far: one person, one row
            await merging.absorb(connection, holder, member)
        person = holder
    else:
        person = member or await customers.add(connection, request.guild_id, username=name)
    if holder is None or user_id is not None:
        await customers.rename(connection, person.id, name, user_id)
    await customers.tie(connection, person.id, member_id, request.member_id, request.at, how)
    if how is not Tie.CLAIMED:
        await customers.confirm(connection, person.id, None, how)
    await events.record(
        connection,
        request.guild_id,
        request.at,
        "link",
        actor=request.actor,
        customer_id=person.id,
        member_id=member_id,
        before=None if taken_from is None else {"member_id": str(taken_from)},
        after={"username": name},
    )
    tied = await customers.by_id(connection, person.id)
    return tied or person


async def untie(connection: AsyncConnection, request: RequestContext, person: Customer) -> None:
    """Let a person's member and TradingView name belong together no more; what the name may use stays."""
    await customers.untie(connection, person.id)
    await events.record(
        connection,
        request.guild_id,
        request.at,
        "unlink",
        actor=request.actor,
        customer_id=person.id,
        member_id=person.member_id,
        before={"username": person.username},
    )


async def confirm(
    connection: AsyncConnection, request: RequestContext, person: Customer, how: Tie
) -> Customer:
    """Return the person, whose name is theirs by more than their own word from now on."""
    if not person.merely_claims or how is Tie.CLAIMED:
        return person
    by = request.actor.member_id if how is Tie.STAFF else None
    await customers.confirm(connection, person.id, by, how)
    await events.record(
        connection,
        request.guild_id,
        request.at,
        "name_confirmed" if how is Tie.STAFF else "name_proven",
        actor=request.actor,
        customer_id=person.id,
        member_id=person.member_id,
        after={"username": person.username},
    )
    return await customers.by_id(connection, person.id) or person
