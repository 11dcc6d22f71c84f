"""Who gets nothing new: blocked people, and those who are being forgotten."""

from bot.access.ledger.changes import NewOrder
from bot.access.people.errors import BeingForgotten, CustomerBlocked, GivesToBlocked
from bot.access.request import GIVEN_BY_STAFF
from bot.store.records import Customer


def refuse_barred(person: Customer | None, new: NewOrder) -> None:
    """Refuse what gives something to a blocked person, or to one who is being forgotten.

    Staff may give to a blocked person, once they were asked.
    """
    change = new.change
    if person is None:
        return
    if person.forget_at is not None or person.forgotten is not None:
        raise BeingForgotten
    if person.blocked_at is None:
        return
    if change.gives is not None and change.source not in GIVEN_BY_STAFF:
        raise CustomerBlocked
    if not new.request.consent.blocked:
        raise GivesToBlocked(person.member_id, person.username, person.block_reason)


def is_barred(person: Customer | None) -> bool:
    """Return whether a person gets nothing that comes by itself."""
    if person is None:
        return False
    return any((person.blocked_at, person.forget_at, person.forgotten))
