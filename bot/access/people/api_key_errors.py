# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about keys of the HTTP API; `bot.replies` says it."""

from dataclasses import dataclass

from bot.errors import UserError


@dataclass(eq=False)
class KeyNameUnreadable(UserError):
    """The text cannot be the name of a key."""

    longest: int


@dataclass(eq=False)
class KeyNameTaken(UserError):
    """A key of that name is there already."""

    text: str


@dataclass(eq=False)
class KeyUnknown(UserError):
    """There is no key of that name."""

    text: str


@dataclass(eq=False)
class ScopesUnreadable(UserError):
    """The text names something that no key can be allowed, or nothing."""

    text: str


@dataclass(eq=False)
class TooManyKeys(UserError):
    """A server has as many keys as it may."""

    longest: int
