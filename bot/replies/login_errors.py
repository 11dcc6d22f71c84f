"""What can go wrong with one-time pages, signing in and spare logins, in sentences."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.access import refusals as no
from bot.replies.words import bold, count, escape
from bot.tradingview import signin


def _fixed(text: str) -> Callable[[Any], str]:
    return lambda _: text


SENTENCES: Mapping[type[BaseException], Callable[[Any], str]] = MappingProxyType(
    {
        no.SpareOfOther: lambda e: (
            f"**These cookies belong to {escape(e.username) if e.username else 'another account'}**, "
            f"and a spare must belong to {bold(e.wanted) if e.wanted else 'the account in use'}. "
            "Nothing was kept. Copy them while logged in to that account."
        ),
        no.SpareKnown: _fixed(
            "**That login is here already.** A spare must be another one: log in once more in a new "
            "private window and copy its cookies."
        ),
        no.SparesFull: lambda e: (
            f"**There are {e.most} spare logins already**, which is as many as I keep. "
            "They are tested daily; you need not do anything."
        ),
        no.NoPublicPage: _fixed(
            "**I have no web address that a browser can open safely**, so I cannot make that page. "
            "Use `/session update` to paste the two cookies here, or `usher session set` on the "
            "computer where I run. To get the page, whoever runs me sets PUBLIC_URL to an address "
            "that starts with https://."
        ),
        no.LinkOver: _fixed(
            "**This page is over:** it works once, for ten minutes, and only for whoever asked for "
            "it. Run `/session link` in Discord for a new one."
        ),
        no.PageRefused: _fixed(
            "**That did not come from my own page**, so nothing was done. Open the link from Discord "
            "again, in an ordinary browser."
        ),
        no.FieldMissing: lambda e: f"**Something is missing:** please fill in {escape(e.which)}.",
        no.CodeUnreadable: _fixed(
            "**That is no code from an authenticator app.** It is six digits; type them as the app "
            "shows them, zeros at the front too."
        ),
        no.TooManyPresses: lambda e: (
            f"**That was often.** Please wait {count(e.wait, 'second')} and try again."
        ),
        signin.SignInFailed: _fixed(
            "**TradingView did not let me sign in.** Log in in your own browser and give me the two "
            "cookies instead."
        ),
        signin.WrongPassword: _fixed(
            "**TradingView does not accept this name and password.** Check both and press once more; "
            "after a few wrong ones TradingView stops listening. If you log in with Google, Apple or "
            "the like there, use the two cookies instead."
        ),
        signin.CaptchaAsked: _fixed(
            "**TradingView wants to see a person,** and I cannot pass that test for you. Log in in "
            "your own browser and give me the two cookies instead. Please do not press again: each "
            "try makes it last longer."
        ),
        signin.TooManySignIns: _fixed(
            "**TradingView has seen too many attempts.** Wait at least ten minutes before the next "
            "one, or log in in your own browser and give me the two cookies instead."
        ),
        signin.SecondFactorNeeded: _fixed(
            "**Name and password are right.** TradingView also asks for the code from your "
            "authenticator app: type it and press once more."
        ),
        signin.SecondFactorOther: _fixed(
            "**This account gets its code by text message or e-mail,** which I cannot use. Log in in "
            "your own browser and give me the two cookies instead."
        ),
        signin.WrongCode: _fixed(
            "**TradingView does not accept this code.** Codes last half a minute: wait for the next "
            "one in your app, type it and press once more."
        ),
    }
)
