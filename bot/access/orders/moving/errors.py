# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about a shop's list that is kept for a while; `bot.replies` says it."""

from dataclasses import dataclass

from bot.errors import UserError


@dataclass(eq=False)
class ListGone(UserError):
    """There is no such list in this server: it was kept for an hour at most, and not over a restart."""


@dataclass(eq=False)
class NothingSold(UserError):
    """The server has no item yet that somebody could have paid for."""


@dataclass(eq=False)
class OtherListFirst(UserError):
    """Customers of another list of the server are being taken over at the moment."""
