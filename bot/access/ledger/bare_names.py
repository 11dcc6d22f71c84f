"""A name that nobody has shown to be a member's is not a key to what the name is given."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.changes import NewOrder, Target
from bot.access.ledger.errors import NameOnlyClaimed
from bot.access.request import GIVEN_BY_STAFF
from bot.store.ledger import entitlements
from bot.store.people import customers
from bot.store.records import Customer, Permission


async def is_withheld(
    connection: AsyncConnection, permission: Permission, person: Customer, new: NewOrder
) -> bool:
    """Return whether staff give something to a name, and not to the member who merely claims it.

    What takes the place of access that the member knows is no secret. Raises NameOnlyClaimed.
    """
    target, change, consent = new.target, new.change, new.request.consent
    by_name = isinstance(target, Target) and target.subject.member_id is None
    if (
        change.gives is None
        or change.source not in GIVEN_BY_STAFF
        or not by_name
        or not person.merely_claims
    ):
        return False
    if not consent.bare_name:
        raise NameOnlyClaimed(person.username or "", person.member_id or 0)
    known = await entitlements.active(connection, permission.id) if change.ends_all else []
    return all(reason.withheld for reason in known)


async def is_bare_name(connection: AsyncConnection, permission: Permission) -> bool:
    """Return whether a member claims the name, of which nobody else knows whose it is."""
    person = await customers.by_id(connection, permission.customer_id)
    return person is not None and person.merely_claims
