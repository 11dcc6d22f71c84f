# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about a server's own settings; `bot.replies` says it."""

import enum
from dataclasses import dataclass

from bot.errors import UserError


class RoleProblem(enum.StrEnum):
    """Why a role cannot be given a level."""

    EVERYONE = "everyone"
    MANAGED = "managed"
    PRODUCTS = "products"  # it is given to the holders of a product


@dataclass(eq=False)
class RoleUnusable(UserError):
    """That role cannot be given a level."""

    problem: RoleProblem


@dataclass(eq=False)
class RoleNotSet(UserError):
    """That role had no such level, so there is nothing to remove."""

    role_id: int


@dataclass(eq=False)
class ChannelClosed(UserError):
    """The bot may not write there; `missing`: the names of the permissions it lacks."""

    channel_id: int
    missing: tuple[str, ...]


@dataclass(eq=False)
class ReminderDaysUnreadable(UserError):
    """That is no list of up to ten numbers of days from 1 to 90."""

    text: str


@dataclass(eq=False)
class TimeZoneUnknown(UserError):
    """No time zone has that name; `near`: those whose names look like it."""

    text: str
    near: tuple[str, ...]
