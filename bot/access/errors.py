# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""Everything that can be refused: one class for each sentence, holding the facts and no words.

`bot.replies` says them; nothing was changed when one of these is raised. No field holds a secret.
"""

import enum
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar, dataclass_transform

from bot.access.request import Consent
from bot.errors import UserError
from bot.store.records import Entitlement, Script
from bot.tradingview.models import End
from bot.tradingview.names import PineIdProblem

T = TypeVar("T", bound=UserError)


@dataclass_transform(eq_default=False)
def _refusal(cls: type[T]) -> type[T]:
    # Not frozen: Python itself sets the traceback of an exception on its way.
    return dataclass(eq=False)(cls)


# Who may ask


@_refusal
class NotAllowed(UserError):
    """Whoever asks lacks the level: staff, manager or manage_server."""

    level: str


@_refusal
class OnlyInServer(UserError):
    """That works only inside a Discord server."""


@_refusal
class HalfCharacter(UserError):
    """What was typed holds half a character, which JSON can spell and nothing can store."""


@_refusal
class DiscordSilent(UserError):
    """Discord does not say whether that person may do this."""


@_refusal
class MembersSilent(UserError):
    """Discord does not list the members of the server now; `wait`: seconds until it does, where known."""

    wait: float | None = None


@_refusal
class ButtonGone(UserError):
    """The button or form belongs to a question that is over, or to an older Usher."""


@_refusal
class Answered(UserError):
    """The question was answered with an earlier press."""


@_refusal
class NotYourButton(UserError):
    """Somebody else was asked."""


# Who is meant


@_refusal
class NobodyNamed(UserError):
    """Neither a member nor a TradingView name was given."""


@_refusal
class NameUnreadable(UserError):
    """The text cannot be a TradingView name."""

    text: str


@_refusal
class NameHasLongDash(NameUnreadable):
    """The text would be a name, but for a long dash that may stand for `-` or for `_`."""


@_refusal
class NameHasHiddenMark(NameUnreadable):
    """The text would be a name, but for an invisible character inside it."""


@_refusal
class NameIsOtherPage(NameUnreadable):
    """The text is the address of a page that is no TradingView profile."""


@_refusal
class UserUnknown(UserError):
    """TradingView has nobody of that name; `near` are names that it suggests instead."""

    text: str
    near: tuple[str, ...] = ()


@_refusal
class OwnNameUnknown(UserUnknown):
    """The same, said to whoever typed their own name."""


@_refusal
class MemberHasNoName(UserError):
    """Only a member was given, and no TradingView name is tied to them."""

    member_id: int


@_refusal
class MemberHasOtherName(UserError):
    """The member is tied to another TradingView name (said to staff)."""

    member_id: int
    username: str


@_refusal
class NameTaken(UserError):
    """The TradingView name is tied to another member, `member_id` (said to staff)."""

    username: str
    member_id: int | None


@_refusal
class HaveOtherName(UserError):
    """Whoever asks has linked another TradingView name of their own already."""

    username: str


@_refusal
class HaveNoName(UserError):
    """Whoever asks has linked no TradingView name."""


@_refusal
class ClaimWaits(UserError):
    """Whoever asks has linked no name yet; staff must decide about this one first."""

    username: str


@_refusal
class ClaimUnknown(UserError):
    """There is no such claim here."""


@_refusal
class ClaimDecided(UserError):
    """The claim was decided already, by `by` (nobody: it was withdrawn)."""

    accepted: bool
    by: int | None


# A file of customers


@_refusal
class FileTooLarge(UserError):
    """The file is larger, or longer, than anybody's list of customers."""


@_refusal
class FileUnreadable(UserError):
    """The file is no text with lines and columns."""


@_refusal
class EncodingUnclear(FileUnreadable):
    """The file is text in an encoding that cannot be told from others, so its letters are uncertain."""


@_refusal
class MembersUnseen(UserError):
    """Discord does not show the members of the server, so no name or id can be looked up there."""


@_refusal
class LinesRunTogether(UserError):
    """A quotation mark opens in that `line` of a file, counted from 1, and spans the next one."""

    line: int


@_refusal
class ColumnsMissing(UserError):
    """No line near the top names the columns that are needed."""


# Times


@_refusal
class DurationUnreadable(UserError):
    """The text is no duration."""

    text: str


@_refusal
class DateUnreadable(UserError):
    """The text is neither a date nor a duration."""

    text: str


@_refusal
class DateWithoutZone(DateUnreadable):
    """A day and a time of day without a time zone, which is no certain moment."""


@_refusal
class DateAmbiguous(UserError):
    """A date that does not begin with the year; `only` is what it must mean, None for 01/02/2026."""

    text: str
    only: date | None = None


@_refusal
class DatePast(UserError):
    """The date is over."""

    when: datetime


@_refusal
class TooFar(UserError):
    """The end would lie too far in the future."""

    text: str


# Scripts


class ItemKind(enum.StrEnum):
    """What was meant by an item; sentences call it so."""

    SCRIPT = "script"
    PRODUCT = "product"


@_refusal
class ItemUnknown(UserError):
    """No item of that kind has that short name; `near` are short names that look like it."""

    text: str
    near: tuple[str, ...] = ()
    meant: ItemKind = ItemKind.SCRIPT


@_refusal
class PineIdUnusable(UserError):
    """The text is not the pine id of an invite-only script; `kind` says in which way."""

    kind: PineIdProblem


@_refusal
class PineIdElsewhere(UserError):
    """Another server of this Usher keeps that script."""


@_refusal
class ScriptThere(UserError):
    """This server has that script already, under `slug`."""

    slug: str


@_refusal
class ScriptNotYours(UserError):
    """TradingView shows no access list of that script; `detail`: its own words, for staff."""

    detail: str | None = None


@_refusal
class SlugUnusable(UserError):
    """The text cannot be a short name."""

    text: str


@_refusal
class SlugTaken(UserError):
    """Another script has that short name; `archived` says that it is an archived one."""

    slug: str
    archived: bool = False


@_refusal
class TitleUnusable(UserError):
    """The title is empty or longer than `longest` characters."""

    longest: int


# TradingView


@_refusal
class TradingViewSilent(UserError):
    """TradingView did not answer a read that cannot wait."""


@_refusal
class TooManyLookUps(UserError):
    """Usher asks about so many names already that this one would wait for `wait` seconds."""

    wait: int


# Access


@_refusal
class NothingToRevoke(UserError):
    """Nobody of that name has access to that script."""

    script: Script
    username: str


@_refusal
class AlreadyPutBack(UserError):
    """What was taken away is back already."""


@_refusal
class PutBackTooLate(UserError):
    """The 24 hours in which it could be put back are over."""


@_refusal
class OvertakenSince(UserError):
    """A later order ended or set the same access; that one is put back first."""


# The server's own settings


class RoleProblem(enum.StrEnum):
    """Why a role cannot be given a level."""

    EVERYONE = "everyone"
    MANAGED = "managed"


@_refusal
class RoleUnusable(UserError):
    """That role cannot be given a level."""

    problem: RoleProblem


@_refusal
class RoleNotSet(UserError):
    """That role had no such level, so there is nothing to remove."""

    role_id: int


@_refusal
class ChannelClosed(UserError):
    """The bot may not write there; `missing`: the names of the permissions it lacks."""

    channel_id: int
    missing: tuple[str, ...]


# Questions: asked again with a yes, they are done


@_refusal
class NeedsYes(UserError):
    """Nothing is wrong, but somebody must say yes first."""

    def agreed(self, consent: Consent) -> Consent:
        """Return the consent with a yes to this; asked again with it, it is done."""
        return replace(consent, confirmed=True)

    @property
    def needs_manager(self) -> bool:
        """Return whether the yes of staff is not enough."""
        return False


@_refusal
class Shortens(NeedsYes):
    """The new end lies before the old one."""

    script: Script
    username: str
    before: End | None
    after: End | None


@_refusal
class EndsSeveral(NeedsYes):
    """More than one reason ends, or one that has no end."""

    script: Script
    username: str
    reasons: tuple[Entitlement, ...]


@_refusal
class OverTheLine(NeedsYes):
    """Whoever is new makes it `seats` people at the month's end, and TradingView charges from 101 on.

    Only a manager can say yes.
    """

    seats: int
    more: int = 1  # how many of them are new

    def agreed(self, consent: Consent) -> Consent:
        """Return the consent with a yes to so many seats."""
        return replace(consent, seats=self.seats)

    @property
    def needs_manager(self) -> bool:
        """Return True: it costs money."""
        return True
