"""The wiring of access that follows the roles of Discord."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.access.catalogue.role_rules import RoleRules
from bot.access.orders.role_access import RoleAccess
from bot.access.orders.role_losses import RoleLosses
from bot.access.orders.role_rounds import RoleRounds
from bot.notifications import kept_messages
from bot.services.chat import Chat
from bot.services.opened import Opened
from bot.services.sync import Sync


@dataclass(frozen=True)
class Roles:
    """What gives access to who has a role, and takes it from who lost it."""

    role_rules: RoleRules
    role_access: RoleAccess
    role_losses: RoleLosses
    role_rounds: RoleRounds


def wire_roles(opened: Opened, sync: Sync, chat: Chat, tell: Callable[[], None]) -> Roles:
    """Return what follows roles, wired to the events of members; `tell` has people told of it."""
    database, purchases, client = opened.database, sync.purchases, chat.client
    rules = RoleRules(database)
    rules.on_change.append(lambda _: purchases.wake())
    access = RoleAccess(
        database,
        opened.vault,
        rules,
        purchases,
        sync.queue,
        sync.notifier,
        partial(kept_messages.to_unlinked, client),
        tell,
    )
    losses = RoleLosses(database, rules, purchases)
    rounds = RoleRounds(database, rules, access, losses, client.members)
    chat.member_events.subscribe("roles", access.hear, access.matters)
    client.on_arrival.append(rounds.arrived)
    return Roles(role_rules=rules, role_access=access, role_losses=losses, role_rounds=rounds)
