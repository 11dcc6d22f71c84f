"""Why the role of a product cannot be given, and how to mend it."""

from bot.store.kinds import RoleTrouble

_WHY = {
    RoleTrouble.DELETED: (
        "that role is gone from the server. Choose another one with `/product edit`."
    ),
    RoleTrouble.MANAGED: (
        "that role belongs to an app or to Discord itself and cannot be handed out. Choose another one "
        "with `/product edit`."
    ),
    RoleTrouble.RIGHT: (
        "I lack the right **Manage Roles**. Open *Server Settings > Roles*, choose my role, and switch "
        "**Manage Roles** on."
    ),
    RoleTrouble.ORDER: (
        "that role stands above mine in the list. Open *Server Settings > Roles* and drag my role above it."
    ),
}


def why(trouble: RoleTrouble) -> str:
    """Return what is wrong with the role, and how to mend it."""
    return _WHY[trouble]


def cannot_give(role_id: int | str, trouble: RoleTrouble) -> str:
    """Return the line that says so."""
    return (
        f"⚠️ I cannot give <@&{role_id}> to its holders: {why(trouble)} Then it goes on by itself."
    )
