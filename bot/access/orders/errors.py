# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about what sources give, and what needs a yes first; `bot.replies` says it."""

from dataclasses import dataclass
from datetime import datetime

from bot.access.errors import NeedsYes
from bot.errors import UserError
from bot.store.records import Product, RoleLoss, Script


@dataclass(eq=False)
class TooManyGuesses(UserError):
    """Too many wrong codes were typed, by that member or in that server; no code is tried until `when`."""

    when: datetime


@dataclass(eq=False)
class HaveItForever(UserError):
    """The person has the item for lifetime, so that a code would be used up for nothing."""

    item: Script | Product


@dataclass(eq=False)
class NoSuchTrial(UserError):
    """No product of that short name can be tried; `near` are the short names of those that can."""

    text: str
    near: tuple[str, ...] = ()


@dataclass(eq=False)
class TrialTaken(UserError):
    """The member, their TradingView name or the person behind that name took that trial before."""

    item: Product


@dataclass(eq=False)
class TrialForNewOnly(UserError):
    """The person has or had a script of that product already."""

    item: Product


# Said to managers


@dataclass(eq=False)
class RoleLossDecided(UserError):
    """Somebody decided already what becomes of those who lost the role."""

    loss: RoleLoss


@dataclass(eq=False)
class CodesOutOfRange(UserError):
    """So many codes, or uses of each, are not possible; 1 to `most` are."""

    most: int


@dataclass(eq=False)
class CodeUnknown(UserError):
    """There is no such code or set of codes here."""


@dataclass(eq=False)
class CodeNotNamed(UserError):
    """Neither a set of codes nor a code was given, or both."""


@dataclass(eq=False)
class GivesLifetime(NeedsYes):
    """Each of these codes gives its item without an end."""

    item: Script | Product
    number: int


# Shops


@dataclass(eq=False)
class ProviderUnknown(UserError):
    """No payment provider is called that; `near` are the names of those that Usher knows."""

    text: str
    near: tuple[str, ...] = ()


@dataclass(eq=False)
class ConnectionUnknown(UserError):
    """There is no such connection to a shop here."""


@dataclass(eq=False)
class TooManyConnections(UserError):
    """The server has `most` connections, and takes no more."""

    most: int


@dataclass(eq=False)
class SecretUnusable(UserError):
    """What was typed cannot be the secret of that provider, of which `title` is the name for people."""

    title: str


@dataclass(eq=False)
class ApiKeyUnusable(UserError):
    """That provider has no use for a key, or what was typed is none."""

    title: str


@dataclass(eq=False)
class OptionsUnusable(UserError):
    """The provider, of which `title` is the name, does not take these options; `reason` says why."""

    title: str
    reason: str


@dataclass(eq=False)
class PriceNotNamed(UserError):
    """A price without its item was named, or an item without its price."""


@dataclass(eq=False)
class OrderTaken(UserError):
    """Somebody has that order of a shop already."""


@dataclass(eq=False)
class DeliveryUnknown(UserError):
    """No such payment message waits for another try here."""


@dataclass(eq=False)
class ContractUnknown(UserError):
    """There is no subscription or order of that number in this server."""


@dataclass(eq=False)
class RepeatedDifferently(UserError):
    """A program sent another request with the Idempotency-Key of an earlier one."""


@dataclass(eq=False)
class TesterHasAccess(UserError):
    """Somebody who has access to the script already can be no tester: theirs would be touched."""

    username: str
    script: Script
