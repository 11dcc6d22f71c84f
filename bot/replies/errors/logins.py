"""What can go wrong with the TradingView login, however it is handed over, in sentences."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.access.logins import errors as no
from bot.replies.errors import confirmations
from bot.replies.text import bold, count, escape, fixed, staff_words
from bot.tradingview import signin


def _cookies_refused(error: no.CookiesRefused) -> str:
    hint = (
        " The second one, `sessionid_sign`, was left out: most accounts need it."
        if error.without_sign
        else ""
    )
    return (
        f"**TradingView does not accept these cookies, so the old ones stay.**{hint} Log in in a "
        "private window, copy both values, close the window without logging out, and try again."
    )


SENTENCES: Mapping[type[BaseException], Callable[[Any], str]] = MappingProxyType(
    {
        no.NoLogin: fixed(
            "**There is no TradingView login yet.** A manager adds it with `/session update`."
        ),
        no.LoginNotWorking: lambda e: (
            "**TradingView does not accept the stored login.** A manager renews it with "
            f"`/session update`.{staff_words(e.reason)}"
        ),
        no.CookiesUnreadable: lambda e: (
            f"**That cannot be the value of `{e.which}`.** Copy only the value, without its name, "
            "spaces or semicolons. The old login stays."
        ),
        no.CookiesRefused: _cookies_refused,
        no.CookiesOfOther: confirmations.cookies_of_other,
        no.AccountElsewhere: lambda e: (
            f"**Another server of this bot uses {escape(e.username)} already.** One TradingView "
            "account belongs to one server. The old login stays."
        ),
        no.SpareOfOther: lambda e: (
            f"**These cookies belong to {escape(e.username) if e.username else 'another account'}**, "
            f"and a spare must belong to {bold(e.wanted) if e.wanted else 'the account in use'}. "
            "Nothing was kept. Copy them while logged in to that account."
        ),
        no.SpareKnown: fixed(
            "**That login is here already.** A spare must be another one: log in once more in a new "
            "private window and copy its cookies."
        ),
        no.SparesFull: lambda e: (
            f"**There are {e.most} spare logins already**, which is as many as I keep. "
            "They are tested daily; you need not do anything."
        ),
        no.NoPublicPage: fixed(
            "**I have no web address that a browser can open safely**, so I cannot make that page. "
            "Use `/session update` to paste the two cookies here, or `usher session set` on the "
            "computer where I run. To get the page, whoever runs me sets PUBLIC_URL to an address "
            "that starts with https://."
        ),
        no.LinkOver: fixed(
            "**This page is over:** it works once, for ten minutes, and only for whoever asked for "
            "it. Run `/session link` in Discord for a new one."
        ),
        no.PageRefused: fixed(
            "**That did not come from my own page**, so nothing was done. Open the link from Discord "
            "again, in an ordinary browser."
        ),
        no.FieldMissing: lambda e: f"**Something is missing:** please fill in {escape(e.which)}.",
        no.CodeUnreadable: fixed(
            "**That is no code from an authenticator app.** It is six digits; type them as the app "
            "shows them, zeros at the front too."
        ),
        no.TooManyPresses: lambda e: (
            f"**That was often.** Please wait {count(e.wait, 'second')} and try again."
        ),
        signin.SignInFailed: fixed(
            "**TradingView did not let me sign in.** Log in in your own browser and give me the two "
            "cookies instead."
        ),
        signin.WrongPassword: fixed(
            "**TradingView does not accept this name and password.** Check both and try again; "
            "after a few wrong ones TradingView stops listening. If you log in with Google, Apple or "
            "the like there, use the two cookies instead."
        ),
        signin.CaptchaAsked: fixed(
            "**TradingView wants to see a person,** and I cannot pass that test for you. Log in in "
            "your own browser and give me the two cookies instead. Please do not try again at once: each "
            "try makes it last longer."
        ),
        signin.TooManySignIns: lambda e: (
            "**TradingView has seen too many attempts.** Wait at least "
            f"{count(math.ceil(e.retry_after / 60), 'minute')} before the next one, or log in in your "
            "own browser and give me the two cookies instead."
        ),
        signin.SecondFactorNeeded: fixed(
            "**Name and password are right.** TradingView also asks for the code from your "
            "authenticator app: type it and try again."
        ),
        signin.SecondFactorOther: fixed(
            "**This account gets its code by text message or e-mail,** which I cannot use. Log in in "
            "your own browser and give me the two cookies instead."
        ),
        signin.WrongCode: fixed(
            "**TradingView does not accept this code.** Codes last half a minute: wait for the next "
            "one in your app and try again."
        ),
    }
)
