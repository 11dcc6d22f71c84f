# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about people, and what needs a yes first; `bot.replies` says it."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.access.errors import NeedsYes
from bot.access.request import Consent
from bot.errors import UserError
from bot.store.kinds import AttemptKind

# Who is meant


@dataclass(eq=False)
class NobodyNamed(UserError):
    """Neither a member nor a TradingView name was given."""


@dataclass(eq=False)
class NameUnreadable(UserError):
    """The text cannot be a TradingView name."""

    text: str


@dataclass(eq=False)
class NameHasLongDash(NameUnreadable):
    """The text would be a name, but for a long dash that may stand for `-` or for `_`."""


@dataclass(eq=False)
class NameHasHiddenMark(NameUnreadable):
    """The text would be a name, but for an invisible character inside it."""


@dataclass(eq=False)
class NameIsOtherPage(NameUnreadable):
    """The text is the address of a page that is no TradingView profile."""


@dataclass(eq=False)
class UserUnknown(UserError):
    """TradingView has nobody of that name; `near` are names that it suggests instead."""

    text: str
    near: tuple[str, ...] = ()


@dataclass(eq=False)
class OwnNameUnknown(UserUnknown):
    """The same, said to whoever typed their own name."""


@dataclass(eq=False)
class NewNameUnknown(OwnNameUnknown):
    """The same, said to a member who linked a name before: they may have renamed their account just now."""


@dataclass(eq=False)
class MemberHasNoName(UserError):
    """Only a member was given, and no TradingView name is tied to them."""

    member_id: int


@dataclass(eq=False)
class MemberHasOtherName(UserError):
    """The member is tied to another TradingView name (said to staff)."""

    member_id: int
    username: str


@dataclass(eq=False)
class NameTaken(UserError):
    """The TradingView name is tied to another member, `member_id` (said to staff)."""

    username: str
    member_id: int | None


@dataclass(eq=False)
class HaveOtherName(UserError):
    """Whoever asks has linked another TradingView name of their own already."""

    username: str


@dataclass(eq=False)
class HaveNoName(UserError):
    """Whoever asks has linked no TradingView name."""


@dataclass(eq=False)
class ClaimUnknown(UserError):
    """There is no such claim here."""


@dataclass(eq=False)
class ClaimDecided(UserError):
    """The claim was decided already, by `by` (nobody: it was withdrawn)."""

    accepted: bool
    by: int | None


@dataclass(eq=False)
class OtherAccount(UserError):
    """The two names belong to two TradingView users, so one is no new name of the other."""

    old_name: str
    username: str


@dataclass(eq=False)
class MovedLately(UserError):
    """The member's access moved to another account within a week; staff were asked about this one."""

    again_at: datetime


@dataclass(eq=False)
class TooOften(UserError):
    """Whoever asks did that as often as a day allows; from `again_at` on it works again."""

    attempt: AttemptKind
    again_at: datetime


@dataclass(eq=False)
class LookedJustNow(UserError):
    """TradingView was looked at for that member a moment ago."""

    again_at: datetime


@dataclass(eq=False)
class LookedUpTooOften(UserError):
    """Whoever asks looked up many names within a short while; it works again in `wait` seconds."""

    wait: int


# Proof that a name is one's own


@dataclass(eq=False)
class NothingToProve(UserError):
    """No name waits for a proof by whoever asks: there is none, or it is known to be theirs."""


@dataclass(eq=False)
class ProofOver(UserError):
    """The code is too old, was looked for too often, or another one took its place."""


@dataclass(eq=False)
class CodeMissing(UserError):
    """The public profile does not show the code."""

    username: str
    left: int  # how often it may still be looked for


@dataclass(eq=False)
class NameChangedHands(UserError):
    """The code is there, but here the name stands for another TradingView user: staff must look."""

    username: str


@dataclass(eq=False)
class TooManyLookUps(UserError):
    """Usher asks about so many names already that this one would wait for `wait` seconds."""

    wait: int


# What staff do with a customer


@dataclass(eq=False)
class CustomerUnknown(UserError):
    """No record here is about that member, or that TradingView name."""

    member_id: int | None
    username: str | None


@dataclass(eq=False)
class GuidedAlready(UserError):
    """That member was sent where to find what they have, not a day ago."""

    member_id: int
    when: datetime


@dataclass(eq=False)
class NotTied(UserError):
    """There is no name and member to be untied from each other."""

    member_id: int | None
    username: str | None


@dataclass(eq=False)
class SamePerson(UserError):
    """Both sides are the same customer already."""

    member_id: int | None
    username: str | None


@dataclass(eq=False)
class BothHaveNames(UserError):
    """Two customers cannot become one: each has a TradingView name with another account there."""

    username: str
    other: str


@dataclass(eq=False)
class TargetHasName(UserError):
    """The member who is to get everything of another one has a TradingView name: `username`."""

    member_id: int
    username: str


@dataclass(eq=False)
class NotBlocked(UserError):
    """That customer is not blocked."""

    member_id: int | None
    username: str | None


@dataclass(eq=False)
class YouAreBlocked(UserError):
    """Whoever asks is blocked in that server, and learns no more than that it does not go on."""


@dataclass(eq=False)
class CustomerBlocked(UserError):
    """A customer who is blocked gets nothing from automations."""


@dataclass(eq=False)
class BeingForgotten(UserError):
    """A customer who is being forgotten, or was, gets nothing new."""


@dataclass(eq=False)
class GivesToBlocked(NeedsYes):
    """Staff would give something to a customer who is blocked for that reason."""

    member_id: int | None
    username: str | None
    reason: str | None

    def agreed(self, consent: Consent) -> Consent:
        """Return the consent to give something to a blocked customer."""
        return replace(consent, blocked=True)


@dataclass(eq=False)
class UnlinkKeepsAccess(NeedsYes):
    """The name is untied from the member, and what it may use stays."""

    member_id: int
    username: str


@dataclass(eq=False)
class MovesCustomer(NeedsYes):
    """Everything of one customer goes to another member; `number`: accesses that go along."""

    from_id: int | None
    username: str | None
    to_id: int
    number: int


@dataclass(eq=False)
class MergesCustomers(NeedsYes):
    """Two records become one: the `names` and members that were known, and how many accesses each has."""

    member_id: int | None
    username: str | None
    numbers: tuple[int, int]

    @property
    def needs_manager(self) -> bool:
        """Return True: the two cannot be told apart afterwards."""
        return True


@dataclass(eq=False)
class ForgetsCustomer(NeedsYes):
    """Everything that names the person is erased, for good; `number`: accesses that are ended first."""

    member_id: int | None
    username: str | None
    number: int

    @property
    def needs_manager(self) -> bool:
        """Return True: it cannot be undone."""
        return True
