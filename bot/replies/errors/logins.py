"""What can go wrong with the TradingView login, however it is handed over, in sentences."""

import math

from bot.access.logins import errors as refusals
from bot.replies.errors.sentence import sentence
from bot.replies.text import bold, count, escape, staff_words
from bot.tradingview import signin


@sentence.register
def _(_: refusals.NoLogin) -> str:
    return "**There is no TradingView login yet.** A manager adds it with `/session update`."


@sentence.register
def _(error: refusals.LoginNotWorking) -> str:
    return (
        "**TradingView does not accept the stored login.** A manager renews it with "
        f"`/session update`.{staff_words(error.reason)}"
    )


@sentence.register
def _(error: refusals.CookiesUnreadable) -> str:
    return (
        f"**That cannot be the value of `{error.which}`.** Copy only the value, without its name, "
        "spaces or semicolons, or all that a cookie extension exports for TradingView. The old "
        "login stays."
    )


@sentence.register
def _(error: refusals.CookiesRefused) -> str:
    hint = (
        " The second one, `sessionid_sign`, was left out: most accounts need it."
        if error.without_sign
        else ""
    )
    return (
        f"**TradingView does not accept these cookies, so the old ones stay.**{hint} Log in in a "
        "private window, copy both values, close the window without logging out, and try again."
    )


@sentence.register
def _(error: refusals.AccountElsewhere) -> str:
    return (
        f"**Another server of this bot uses {escape(error.username)} already.** One TradingView "
        "account belongs to one server. The old login stays."
    )


@sentence.register
def _(error: refusals.SpareOfOther) -> str:
    return (
        f"**These cookies belong to {escape(error.username) if error.username else 'another account'}**, "
        f"and a spare must belong to {bold(error.wanted) if error.wanted else 'the account in use'}. "
        "Nothing was kept. Copy them while logged in to that account."
    )


@sentence.register
def _(_: refusals.SpareKnown) -> str:
    return (
        "**That login is here already.** A spare must be another one: log in once more in a new "
        "private window and copy its cookies."
    )


@sentence.register
def _(error: refusals.SparesFull) -> str:
    return (
        f"**There are {error.most} spare logins already**, which is as many as I keep. "
        "They are tested daily; you need not do anything."
    )


# The one-time page


@sentence.register
def _(_: refusals.NoPublicPage) -> str:
    return (
        "**I have no web address that a browser can open safely**, so I cannot make that page. "
        "Use `/session update` to paste the two cookies here, or `usher session set` on the "
        "computer where I run. To get the page, whoever runs me sets PUBLIC_URL to an address "
        "that starts with https://."
    )


@sentence.register
def _(_: refusals.LinkOver) -> str:
    return (
        "**This page is over:** it works once, for ten minutes, and only for whoever asked for "
        "it. Run `/session link` in Discord for a new one."
    )


@sentence.register
def _(_: refusals.PageRefused) -> str:
    return (
        "**That did not come from my own page**, so nothing was done. Open the link from Discord "
        "again, in an ordinary browser."
    )


@sentence.register
def _(error: refusals.FieldMissing) -> str:
    return f"**Something is missing:** please fill in {escape(error.which)}."


@sentence.register
def _(_: refusals.CodeUnreadable) -> str:
    return (
        "**That is no code from an authenticator app.** It is six digits; type them as the app "
        "shows them, zeros at the front too."
    )


@sentence.register
def _(error: refusals.TooManyPresses) -> str:
    return f"**That was often.** Please wait {count(error.wait, 'second')} and try again."


# Signing in with name and password


@sentence.register
def _(_: signin.SignInFailed) -> str:
    return (
        "**TradingView did not let me sign in.** Log in in your own browser and give me the two "
        "cookies instead."
    )


@sentence.register
def _(_: signin.WrongPassword) -> str:
    return (
        "**TradingView does not accept this name and password.** Check both and try again; "
        "after a few wrong ones TradingView stops listening. If you log in with Google, Apple or "
        "the like there, use the two cookies instead."
    )


@sentence.register
def _(_: signin.CaptchaAsked) -> str:
    return (
        "**TradingView wants to see a person,** and I cannot pass that test for you. Log in in "
        "your own browser and give me the two cookies instead. Please do not try again at once: each "
        "try makes it last longer."
    )


@sentence.register
def _(error: signin.TooManySignIns) -> str:
    return (
        "**TradingView has seen too many attempts.** Wait at least "
        f"{count(math.ceil(error.retry_after / 60), 'minute')} before the next one, or log in in your "
        "own browser and give me the two cookies instead."
    )


@sentence.register
def _(_: signin.SecondFactorNeeded) -> str:
    return (
        "**Name and password are right.** TradingView also asks for the code from your "
        "authenticator app: type it and try again."
    )


@sentence.register
def _(_: signin.SecondFactorOther) -> str:
    return (
        "**This account gets its code by text message or e-mail,** which I cannot use. Log in in "
        "your own browser and give me the two cookies instead."
    )


@sentence.register
def _(_: signin.WrongCode) -> str:
    return (
        "**TradingView does not accept this code.** Codes last half a minute: wait for the next "
        "one in your app and try again."
    )
