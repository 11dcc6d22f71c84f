"""What TradingView refuses or leaves open, in sentences.

They are rare, because access reads and writes are repeated in the background until they succeed.
"""

from bot.access.errors import TradingViewSilent
from bot.access.people.errors import TooManyLookUps
from bot.replies.errors.sentence import AGAIN, sentence
from bot.tradingview import errors


@sentence.register
def _(_: TradingViewSilent) -> str:
    return f"**TradingView does not answer just now.** Nothing was changed. {AGAIN}"


@sentence.register
def _(error: TooManyLookUps) -> str:
    return (
        "**Too many names are being looked up right now.** Nothing was changed. "
        f"Try again in {error.wait} s."
    )


@sentence.register
def _(_: errors.SlowDown) -> str:
    return f"**TradingView asks me to slow down.** {AGAIN}"


@sentence.register
def _(_: errors.SessionRefused) -> str:
    return "**TradingView does not accept the login.** A manager renews it with `/session update`."


@sentence.register
def _(_: errors.Denied) -> str:
    return "**TradingView refuses this to the account in use.** `/session status` says more."


@sentence.register
def _(error: errors.UpstreamTrouble) -> str:
    if error.kind is errors.Trouble.CERTIFICATE:
        return (
            "**The connection to TradingView cannot be trusted**, so nothing was sent. Whoever runs this "
            "bot finds the mend with `usher check`."
        )
    return f"**TradingView does not answer properly just now.** {AGAIN}"


@sentence.register
def _(_: errors.Uncertain) -> str:
    return "**TradingView did not say whether it did it.** `/access check` shows what is there."


@sentence.register
def _(_: errors.NoAnswer) -> str:
    return f"**TradingView gave no usable answer.** {AGAIN}"


@sentence.register
def _(_: errors.NoSuchUser) -> str:
    return "**TradingView knows nobody of that name.** Check the spelling."


@sentence.register
def _(_: errors.BadPagination) -> str:
    return f"**TradingView did not show its list.** {AGAIN}"


@sentence.register
def _(_: errors.Refused) -> str:
    return "**TradingView refused this.** `/sync status` may say more."
