# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about full reads and what they found; `bot.replies` says it."""

from dataclasses import dataclass, replace

from bot.access.errors import NeedsYes
from bot.access.request import Consent
from bot.errors import UserError
from bot.store.records import Script

MAX_BY_STAFF = 25  # people; above, a manager must say yes


@dataclass(eq=False)
class CheckRunning(UserError):
    """That script's list is being read already."""

    script: Script


@dataclass(eq=False)
class FormChanged(UserError):
    """TradingView answers in another form than the known one: what a list shows may be wrong."""


@dataclass(eq=False)
class NothingDiffers(UserError):
    """What the button was about is in order by now, or gone."""


@dataclass(eq=False)
class IgnoresMany(NeedsYes):
    """It leaves so many differences alone that staff may want to look at them first."""

    script: Script
    number: int
    new: bool = False  # they are people who were not taken over yet


@dataclass(eq=False)
class NothingUndecided(UserError):
    """Somebody decided about those orders already, or they are gone."""


@dataclass(eq=False)
class TakesFromMany(NeedsYes):
    """It ends the access of `ends` people and shortens that of `shortens`, of `total`."""

    script: Script
    ends: int
    shortens: int
    total: int

    @property
    def people(self) -> int:
        return self.ends + self.shortens

    def agreed(self, consent: Consent) -> Consent:
        """Return the consent with a yes to so many people."""
        return replace(consent, removals=self.people)

    @property
    def needs_manager(self) -> bool:
        """Return whether these are so many that one of the staff could end a whole business."""
        return self.people > MAX_BY_STAFF
