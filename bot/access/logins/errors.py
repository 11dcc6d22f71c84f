# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about the TradingView login; `bot.replies` says it. No field holds a secret."""

from dataclasses import dataclass

from bot.access.errors import NeedsYes
from bot.errors import UserError


@dataclass(eq=False)
class NoLogin(UserError):
    """This server has no TradingView login yet."""


@dataclass(eq=False)
class LoginNotWorking(UserError):
    """TradingView refuses the stored login; `reason`: its own words, for staff."""

    reason: str | None = None


@dataclass(eq=False)
class CookiesUnreadable(UserError):
    """The text cannot be the cookie `which`; never holds what was typed."""

    which: str


@dataclass(eq=False)
class CookiesRefused(UserError):
    """TradingView does not accept these cookies; `without_sign`: the second one was left out."""

    without_sign: bool = False


@dataclass(eq=False)
class SpareOfOther(UserError):
    """A spare must belong to the account in use, `wanted`; this one is `username`'s."""

    username: str | None
    wanted: str | None


@dataclass(eq=False)
class SpareKnown(UserError):
    """That login is in use or a spare already."""


@dataclass(eq=False)
class SparesFull(UserError):
    """There are `most` spares already."""

    most: int


@dataclass(eq=False)
class NoPublicPage(UserError):
    """The bot has no address that a browser could open safely."""


@dataclass(eq=False)
class LinkOver(UserError):
    """The one-time page is unknown, used, over, or not for the person who opened it."""


@dataclass(eq=False)
class PageRefused(UserError):
    """What came did not come from the bot's own page."""


@dataclass(eq=False)
class FieldMissing(UserError):
    """A needed field of the page was left empty: `which`."""

    which: str


@dataclass(eq=False)
class CodeUnreadable(UserError):
    """That is no code of an authenticator app; never holds what was typed."""


@dataclass(eq=False)
class TooManyPresses(UserError):
    """Too many tries on the page in a short time; `wait` in seconds."""

    wait: int


@dataclass(eq=False)
class AccountElsewhere(UserError):
    """Another server of this Usher uses that TradingView account."""

    username: str


@dataclass(eq=False)
class CookiesOfOther(NeedsYes):
    """The cookies belong to another TradingView account than the one in use.

    `missing`: titles of this server's scripts that the new account does not own.
    """

    username: str | None
    before: str | None
    missing: tuple[str, ...] = ()
