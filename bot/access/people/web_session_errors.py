# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about the dashboard's links, sessions and copies; `bot.replies` says it."""

from dataclasses import dataclass

from bot.errors import UserError


@dataclass(eq=False)
class NoDashboardAddress(UserError):
    """The pages have no address that reaches them from outside."""


@dataclass(eq=False)
class DashboardLinkOver(UserError):
    """The link was used, is older than ten minutes, or is none."""


@dataclass(eq=False)
class NotSignedIn(UserError):
    """The browser has no living session for that server."""


@dataclass(eq=False)
class SessionNotFresh(UserError):
    """That needs a session which is not older than a quarter of an hour."""


@dataclass(eq=False)
class PageGone(UserError):
    """What the page or its button is about is not there, or is another server's."""


@dataclass(eq=False)
class FormForeign(UserError):
    """The form does not come from a page of this session."""


@dataclass(eq=False)
class FormTooLarge(UserError):
    """What was typed into the fields of a form is longer than all of them may hold."""


@dataclass(eq=False)
class UploadBroken(UserError):
    """A form with a file did not come whole, or not as browsers send it."""


@dataclass(eq=False)
class SeveralFiles(UserError):
    """More than one file came with a form."""


@dataclass(eq=False)
class UploadsBusy(UserError):
    """As many files as may be are being worked on already."""


@dataclass(eq=False)
class OperatorNeeded(UserError):
    """It belongs to every server in the database, so managers of one cannot have it."""


@dataclass(eq=False)
class BackupNotMade(UserError):
    """The database could not be copied; says in a few words why."""

    reason: str
