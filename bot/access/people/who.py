"""Which customer staff mean: by the member, also one who left, by the TradingView name, or by both."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.errors import CustomerUnknown
from bot.access.people.identity import name_of
from bot.access.request import Subject
from bot.store.people import customers
from bot.store.records import Customer


async def known(connection: AsyncConnection, guild_id: int, subject: Subject) -> Customer | None:
    """Return the record of the person meant; None without one.

    Raises NobodyNamed, NameUnreadable, and, where both are given and belong to two, MemberHasOtherName or
    NameTaken.
    """
    if subject.member_id is not None and not _has_name(subject):
        return await customers.by_member(connection, guild_id, subject.member_id)
    name = await name_of(connection, guild_id, subject)
    person = await customers.by_name(connection, guild_id, name)
    if person is None and subject.member_id is not None:
        person = await customers.by_member(connection, guild_id, subject.member_id)
    return person


async def required(connection: AsyncConnection, guild_id: int, subject: Subject) -> Customer:
    """Return the record of the person meant. Raises CustomerUnknown, and as `known` does."""
    person = await known(connection, guild_id, subject)
    if person is None:
        raise CustomerUnknown(subject.member_id, subject.username)
    return person


async def noted(connection: AsyncConnection, guild_id: int, subject: Subject) -> Customer:
    """Return the record of the person meant, made when there is none, in a transaction that writes.

    Raises as `known` does.
    """
    person = await known(connection, guild_id, subject)
    if person is not None:
        return person
    if not _has_name(subject):
        return await customers.add(connection, guild_id, member_id=subject.member_id)
    name = await name_of(connection, guild_id, subject)
    return await customers.add(connection, guild_id, username=name, member_id=subject.member_id)


def _has_name(subject: Subject) -> bool:
    return subject.username is not None and bool(subject.username.strip())
