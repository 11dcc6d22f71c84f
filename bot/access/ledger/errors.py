# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about orders, and what needs a yes first; `bot.replies` says it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.access.errors import NeedsYes
from bot.access.request import Consent
from bot.errors import UserError
from bot.store.records import Affected, Entitlement, Product, Script
from bot.tradingview.models import End


@dataclass(eq=False)
class NothingToRevoke(UserError):
    """Nobody of that name has access to that item."""

    item: Script | Product
    username: str


@dataclass(eq=False)
class NothingToMove(UserError):
    """There is no time of that item that could go along; `stays`: what lasts as long as its source."""

    item: Script | Product
    username: str
    stays: tuple[Entitlement, ...] = ()


@dataclass(eq=False)
class SameItem(UserError):
    """Both items of a move are the same."""

    item: Script | Product


@dataclass(eq=False)
class NothingToPause(UserError):
    """Nothing of that person runs, of that item or at all."""

    item: Script | Product | None
    username: str


@dataclass(eq=False)
class NothingPaused(UserError):
    """Nothing of that person stands still, of that item or at all."""

    item: Script | Product | None
    username: str


@dataclass(eq=False)
class PutBackTooLate(UserError):
    """The 24 hours in which it could be put back are over."""


@dataclass(eq=False)
class OvertakenSince(UserError):
    """A later order ended or set the same access; that one is put back first."""


# Questions: asked again with a yes, they are done


@dataclass(eq=False)
class Shortens(NeedsYes):
    """The new end lies before the old one."""

    item: Script | Product
    username: str
    before: End | None
    after: End | None


@dataclass(eq=False)
class MoveLeavesOpen(NeedsYes):
    """Something of the old item lasts as long as its source does: it stays where it is."""

    item: Script | Product
    username: str
    stays: tuple[Entitlement, ...]


@dataclass(eq=False)
class StopsEverything(NeedsYes):
    """No item was named: all that the person has stops, or all that stands still goes on."""

    username: str
    titles: tuple[str, ...]
    goes_on: bool = False


@dataclass(eq=False)
class EndsSeveral(NeedsYes):
    """More than one reason ends, or one that has no end."""

    item: Script | Product
    username: str
    reasons: tuple[Entitlement, ...]


@dataclass(eq=False)
class NameOnlyClaimed(NeedsYes):
    """The name is given access, and only the word of a member says that it is theirs."""

    username: str
    member_id: int

    def agreed(self, consent: Consent) -> Consent:
        """Return the consent with a yes to the name alone: that member is not to know of it."""
        return replace(consent, bare_name=True)

    def vouched(self, consent: Consent) -> Consent:
        """Return the consent with the word that the name is that member's."""
        return replace(consent, vouched=self.member_id)


@dataclass(eq=False)
class ChangesProduct(NeedsYes):
    """Scripts come to a product or leave it: by script, who gains it and who loses it."""

    product: Product
    gains: tuple["Effect", ...]
    losses: tuple["Effect", ...]

    @property
    def gain(self) -> int:
        """Count the people who get something more."""
        return people_of(self.gains)

    @property
    def lose(self) -> int:
        """Count the people who lose something."""
        return people_of(self.losses)

    def agreed(self, consent: Consent) -> Consent:
        """Return the consent with a yes to so many people."""
        return replace(consent, confirmed=True, gains=self.gain, removals=self.lose)


@dataclass(frozen=True, slots=True)
class Effect:
    """One script that comes or goes, and the people who gain or lose it by that."""

    script: Script
    people: tuple[Affected, ...]


def people_of(effects: Iterable[Effect]) -> int:
    """Count the people of all of these, each once."""
    return len({person.customer_id for effect in effects for person in effect.people})


@dataclass(eq=False)
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
