# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused wherever it is asked: one class for each sentence, holding the facts and no words.

Each room below has an `errors` of its own with what only it refuses. `bot.replies` says them; nothing was
changed when one of these is raised. No field holds a secret.
"""

from dataclasses import dataclass, replace

from bot.access.request import Consent
from bot.errors import UserError

# Who may ask


@dataclass(eq=False)
class NotAllowed(UserError):
    """Whoever asks lacks the level: staff, manager or manage_server."""

    level: str


@dataclass(eq=False)
class OnlyInServer(UserError):
    """That works only inside a Discord server."""


@dataclass(eq=False)
class HalfCharacter(UserError):
    """What was typed holds half a character, which JSON can spell and nothing can store."""


@dataclass(eq=False)
class DiscordSilent(UserError):
    """Discord does not say whether that person may do this."""


@dataclass(eq=False)
class DiscordShopSilent(DiscordSilent):
    """Discord does not say what the application sells, or what of it counts."""


@dataclass(eq=False)
class MembersSilent(UserError):
    """Discord does not list the members of the server now; `wait`: seconds until it does, where known."""

    wait: float | None = None


@dataclass(eq=False)
class ButtonGone(UserError):
    """The button or form belongs to a question that is over, or to an older Usher."""


@dataclass(eq=False)
class Answered(UserError):
    """The question was answered with an earlier press."""


@dataclass(eq=False)
class NotYourButton(UserError):
    """Somebody else was asked."""


@dataclass(eq=False)
class MemberNotFound(UserError):
    """Neither an id nor the name that was typed is that of one member; `several`: of more than one."""

    text: str
    several: bool = False


# TradingView


@dataclass(eq=False)
class TradingViewSilent(UserError):
    """TradingView did not answer a read that cannot wait."""


# Questions: asked again with a yes, they are done


@dataclass(eq=False)
class NeedsYes(UserError):
    """Nothing is wrong, but somebody must say yes first."""

    def agreed(self, consent: Consent) -> Consent:
        """Return the consent with a yes to this; asked again with it, it is done."""
        return replace(consent, confirmed=True)

    @property
    def needs_manager(self) -> bool:
        """Return whether the yes of staff is not enough."""
        return False


@dataclass(eq=False)
class FileNotFetched(UserError):
    """Discord did not hand over the file that was attached."""
