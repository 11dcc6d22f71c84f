"""The wiring of customers and of what they say of themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.access.orders.account_moves import AccountMoves
from bot.access.orders.resends import Resends
from bot.access.people.blocks import Blocks
from bot.access.people.claims import Claims
from bot.access.people.customers import Customers
from bot.access.people.guidance import Guidance
from bot.access.people.imports import Imports
from bot.access.people.limits import MemberLimits
from bot.access.people.proofs import Proofs
from bot.access.queries.self_check import SelfCheck
from bot.interactions.client import Usher
from bot.notifications import kept_messages
from bot.services.logins import Logins
from bot.services.opened import Opened
from bot.services.sync import Sync


@dataclass(frozen=True)
class People:
    """What is known of customers, and what they may change of it themselves."""

    claims: Claims
    customers: Customers
    guidance: Guidance
    proofs: Proofs
    imports: Imports
    blocks: Blocks
    self_check: SelfCheck


def wire_people(
    opened: Opened,
    logins: Logins,
    sync: Sync,
    client: Usher,
    tell: Callable[[], None],
    decided: Callable[[], None],
) -> People:
    """Return what is known of people, wired; `tell` has people told, `decided` gives what waited too."""
    database, vault, queue = opened.database, opened.vault, sync.queue
    moves, limits = AccountMoves(vault, queue), MemberLimits(database, tell)
    claims = Claims(database, partial(kept_messages.to_claimer, client), decided, moves)
    customers = Customers(database, logins.sessions, logins.members_public, claims, limits, moves)
    return People(
        claims=claims,
        customers=customers,
        guidance=Guidance(database, tell),
        proofs=Proofs(database, logins.members_public, customers, claims, limits),
        imports=Imports(database, claims),
        blocks=Blocks(database),
        self_check=SelfCheck(
            database,
            logins.sessions,
            logins.members_public,
            sync.outcomes,
            Resends(database, vault, queue),
            limits,
            tell,
        ),
    )
