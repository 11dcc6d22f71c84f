# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about a vendor's own programs that are told what happens; `bot.replies` says it."""

import enum
from dataclasses import dataclass

from bot.access.errors import NeedsYes
from bot.errors import UserError


class AddressProblem(enum.Enum):
    """Why no message can be sent to an address."""

    UNREADABLE = "unreadable"
    NOT_HTTPS = "not_https"
    PASSWORD = "password"  # noqa: S105 - a user name or password stands in it
    PRIVATE = "private"
    LONG = "long"


@dataclass(eq=False)
class AddressUnusable(UserError):
    """No message can be sent to that address; it may hold a secret, so it is not kept here."""

    why: AddressProblem


@dataclass(eq=False)
class KindsUnknown(UserError):
    """What was typed names something that no program is told of."""

    text: str


@dataclass(eq=False)
class EndpointUnknown(UserError):
    """No program of that number is told anything."""

    number: int


@dataclass(eq=False)
class TooManyEndpoints(UserError):
    """So many programs are told already, which is the most."""

    most: int


@dataclass(eq=False)
class RemovesEndpoint(NeedsYes):
    """A program is told nothing more, and `number` messages that wait for it are dropped."""

    host: str
    number: int
