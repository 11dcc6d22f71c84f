"""Refusals about the dashboard's links, sessions and forms, in sentences."""

from bot.access.people import web_session_errors as refusals
from bot.replies.errors.sentence import sentence
from bot.replies.message import shorten
from bot.replies.text import escape


@sentence.register
def _(_: refusals.NoDashboardAddress) -> str:
    return (
        "**The dashboard has no address that reaches it from here.** Whoever runs the bot opens it with "
        "`usher dashboard` on the bot's computer, or gives it an address with `PUBLIC_URL`."
    )


@sentence.register
def _(_: refusals.DashboardLinkOver) -> str:
    return (
        "**This link does not open anything any more.** A link works once, for ten minutes, and a newer one "
        "ends it. Ask for a new one with `/dashboard` in Discord, or `usher dashboard` on the bot's computer."
    )


@sentence.register
def _(_: refusals.NotSignedIn) -> str:
    return (
        "**You are not signed in here.** Run `/dashboard` in your Discord server and open the link that "
        "comes; on the bot's own computer, `usher dashboard` prints one. Nothing was changed."
    )


@sentence.register
def _(_: refusals.SessionNotFresh) -> str:
    return (
        "**Please sign in again for this.** What takes access away, the TradingView login and copies of the "
        "database ask for a sign-in of the last 15 minutes. Open a new link with `/dashboard` (or `usher dashboard`), then press "
        "it once more. Nothing was changed."
    )


@sentence.register
def _(_: refusals.PageGone) -> str:
    return (
        "**There is nothing here.** What this page or button is about is gone, or never was in this server. "
        "Nothing was changed."
    )


@sentence.register
def _(_: refusals.FormForeign) -> str:
    return (
        "**That did not come from a page of yours.** Load the page again and press once more. Nothing was "
        "changed."
    )


@sentence.register
def _(_: refusals.FormTooLarge) -> str:
    return (
        "**That is more text than this form takes.** Shorten what you typed and send it again. Nothing was "
        "changed."
    )


@sentence.register
def _(_: refusals.UploadBroken) -> str:
    return (
        "**That file did not arrive whole.** Go back, load the page again, choose the file once more and "
        "send it. Nothing was changed."
    )


@sentence.register
def _(_: refusals.SeveralFiles) -> str:
    return (
        "**One file at a time, please.** Choose one of them and send it again. Nothing was changed."
    )


@sentence.register
def _(_: refusals.UploadsBusy) -> str:
    return (
        "**I am reading several other files just now.** Send yours again in a minute. Nothing was "
        "changed."
    )


@sentence.register
def _(_: refusals.OperatorNeeded) -> str:
    return (
        "**That is for whoever runs the bot.** It works for other servers too, and a copy of the database holds "
        "theirs as well. On the bot's own computer, `usher dashboard` opens this page. Nothing was changed."
    )


@sentence.register
def _(error: refusals.BackupNotMade) -> str:
    return (
        f"**The copy could not be made:** {escape(shorten(error.reason, 200))}. Nothing was changed, and the earlier copies are "
        "still there."
    )
