"""Discord's roles as managers pick them: which may be given to holders, make staff, or open an item."""

import discord

from bot.access.catalogue.errors import HolderRoleProblem, HolderRoleUnusable
from bot.access.catalogue.role_rules import Role
from bot.access.people.settings_errors import RoleProblem, RoleUnusable
from bot.access.sources import RoleFacts, behind


def own_role(role: discord.Role) -> discord.Role:
    """Return a role that the server itself hands out. Raises RoleUnusable for everybody's or an app's."""
    if role.is_default():
        raise RoleUnusable(RoleProblem.EVERYONE)
    if role.managed:
        raise RoleUnusable(RoleProblem.MANAGED)
    return role


def holder_role(role: discord.Role) -> int:
    """Return the id of a role that may be given to holders. Raises RoleUnusable or HolderRoleUnusable."""
    own_role(role)
    if role.permissions.administrator or role.permissions.manage_guild:
        raise HolderRoleUnusable(role.id, HolderRoleProblem.HAS_LEVEL)
    return role.id


def opening_role(role: discord.Role) -> Role:
    """Return a role that may open an item, and the source that it stands for. Raises RoleUnusable."""
    if role.is_default():
        raise RoleUnusable(RoleProblem.EVERYONE)
    facts = RoleFacts(role.id, role.name, is_of_boosters=role.is_premium_subscriber())
    return Role(role.id, role.name, behind(facts).name)
