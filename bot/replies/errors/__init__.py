"""The one table from an error to a sentence that says what to do next."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import discord
from discord import app_commands

from bot.access import errors as no
from bot.errors import UserError
from bot.replies import seats
from bot.replies.errors import confirmations, logins, sweeps
from bot.replies.text import bold, day, escape, fixed, listed, member, staff_words, typed
from bot.tradingview import errors as tv
from bot.tradingview.names import PineIdProblem

# Without letters and digits that look alike: people read it out to each other.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

_LEVELS = {
    "staff": "staff of this server",
    "manager": "those who manage this server's scripts",
    "manage_server": "members with Discord's right *Manage Server*",
}
_PINE_IDS = {
    PineIdProblem.USER_SCRIPT: "That id belongs to a saved private script (`USER;…`), which has no "
    "list of people. Publish it as invite-only and use the id that starts with `PUB;`.",
    PineIdProblem.BUILT_IN: "That id belongs to one of TradingView's own scripts. Use the id of an "
    "invite-only script of yours; it starts with `PUB;`.",
    PineIdProblem.ADDRESS: "That is the address of a page, and its id is another one. I need the "
    "pine id: `PUB;` and 32 letters and digits.",
    PineIdProblem.BAD: "That is no pine id. It looks like `PUB;` and 32 letters and digits.",
}
_DURATIONS = "`7D`, `2W`, `1M`, `1Y`, `1Y 6M` or `L` for lifetime (M is months)"
_DATES = "a date such as `2026-04-30`, a time from now such as `30D`, or `lifetime`"
_AGAIN = "Please try again in a minute."
_OWN = "TradingView refused the script: it is unknown there or belongs to another account."


@dataclass(frozen=True, slots=True)
class Explained:
    """What is said about an error, and the reference that stands in the log too."""

    sentence: str
    reference: str
    expected: bool  # a refusal by the rules; everything else belongs in the log in full
    kind: str  # the class of the error, for the log

    @property
    def text(self) -> str:
        """The sentence with the reference under it."""
        return f"{self.sentence}\n-# Reference {self.reference}"


def explain(error: BaseException) -> Explained:
    """The sentence for any error; an unknown one gets a fixed sentence and none of its own text."""
    cause = _unwrapped(error)
    reference = "".join(secrets.choice(_ALPHABET) for _ in range(4))
    for kind in type(cause).__mro__:
        if say := SENTENCES.get(kind):
            expected = isinstance(cause, UserError)
            return Explained(say(cause), reference, expected, type(cause).__name__)
    return Explained(UNEXPECTED, reference, expected=False, kind=type(cause).__name__)


UNEXPECTED = (
    "**Something went wrong here**, and it is not your fault. Please try again; if it happens "
    "again, tell whoever runs this bot the reference below."
)


def _unwrapped(error: BaseException) -> BaseException:
    """What a command really raised; discord.py wraps it."""
    while isinstance(error, (app_commands.CommandInvokeError, app_commands.TransformerError)):
        inner = getattr(error, "original", None) or error.__cause__
        if inner is None:
            break
        error = inner
    return error


def _near(names: tuple[str, ...]) -> str:
    return f" Did you mean {listed((bold(name) for name in names), 'or')}?" if names else ""


def _user_unknown(error: no.UserUnknown) -> str:
    return (
        f"**TradingView knows nobody called {typed(error.text)}.**"
        f"{_near(error.near)} Ask for the name exactly as it stands on their TradingView profile."
    )


def _own_name_unknown(error: no.OwnNameUnknown) -> str:
    return (
        f"**TradingView knows nobody called {typed(error.text)}.**"
        f"{_near(error.near)} Type your name exactly as it stands on your TradingView profile."
    )


def _date_ambiguous(error: no.DateAmbiguous) -> str:
    if error.only is not None:
        return f"**I did not take {typed(error.text)}.** Type the year first: `{error.only}`."
    return f"**{typed(error.text)} can be read in two ways.** Type the year first: `2026-04-30`."


def _item_unknown(error: no.ItemUnknown) -> str:
    return (
        f"**There is no script called {typed(error.text)} here.**{_near(error.near)} "
        "Pick one from the list that opens while you type."
    )


def _name_taken(error: no.NameTaken) -> str:
    whose = f" {member(error.member_id)}" if error.member_id else " another member"
    return (
        f"**{escape(error.username)} belongs to{whose} already.** Check the spelling; if it really "
        "changed hands, ask that member to use `/unlink` first."
    )


def _script_not_yours(error: no.ScriptNotYours) -> str:
    return f"**That script was not added.** {_OWN} Check the pine id and `/session status`." + (
        staff_words(error.detail)
    )


def _claim_decided(error: no.ClaimDecided) -> str:
    if error.by is None:
        return "**Too late:** the member took that request back, so there is nothing to decide."
    how = "accepted" if error.accepted else "refused"
    return f"**That is decided already:** {member(error.by)} {how} it."


def _slug_taken(error: no.SlugTaken) -> str:
    state = " (an archived script)" if error.archived else ""
    return f"**The short name {typed(error.slug)} is taken**{state}. Choose another one."


def _role_unusable(error: no.RoleUnusable) -> str:
    match error.problem:
        case no.RoleProblem.EVERYONE:
            return "**Everybody has that role**, so it cannot be used. Choose another role."
        case no.RoleProblem.MANAGED:
            return (
                "**That role belongs to an app or to Discord itself** and cannot be handed out. "
                "Choose a role that you give to people yourself."
            )


def _channel_closed(error: no.ChannelClosed) -> str:
    missing = listed(bold(name.replace("_", " ").title()) for name in error.missing)
    return (
        f"**I may not write in <#{error.channel_id}>.** In that channel's settings, allow me: "
        f"{missing}. Then run the command again."
    )


SENTENCES: Mapping[type[BaseException], Callable[[Any], str]] = MappingProxyType(
    {
        no.NotAllowed: lambda e: f"**Only {_LEVELS[e.level]} can do that.** Nothing was changed.",
        no.OnlyInServer: fixed("**That works only in a server.** Go there and run it again."),
        no.ButtonGone: fixed(
            "**That button is too old.** Nothing was changed; run the command again."
        ),
        no.Answered: fixed(
            "**That is answered already.** The message above says how it stands, or will in a moment."
        ),
        no.NotYourButton: fixed("**Somebody else was asked.** Run the command yourself."),
        no.NobodyNamed: fixed(
            "**Who is it for?** Fill in `member`, `username` (the TradingView name) or both."
        ),
        no.NameUnreadable: lambda e: (
            f"**{typed(e.text)} cannot be a TradingView name.** Type it as on their profile, "
            "or paste the address of the profile: `tradingview.com/u/Their_Name`."
        ),
        no.NameHasLongDash: lambda e: (
            f"**{typed(e.text)} has a long dash in it.** Phones put one in where TradingView has `-` "
            "or `_`, and I do not guess which. Type the name with the right one; nothing was changed."
        ),
        no.NameHasHiddenMark: fixed(
            "**There is an invisible character inside that name**, copied along with it. Nothing was "
            "changed; type the name by hand."
        ),
        no.UserUnknown: _user_unknown,
        no.OwnNameUnknown: _own_name_unknown,
        no.MemberHasNoName: lambda e: (
            f"**I do not know {member(e.member_id)}'s TradingView name.** Fill in `username` too, "
            "or ask them to use `/link`."
        ),
        no.MemberHasOtherName: lambda e: (
            f"**{member(e.member_id)} has another TradingView name: {escape(e.username)}.** "
            "Leave `username` out, or ask them to use `/unlink` first."
        ),
        no.NameTaken: _name_taken,
        no.HaveOtherName: lambda e: (
            f"**You have linked {escape(e.username)} already.** Use `/unlink` first to change it."
        ),
        no.ClaimWaits: lambda e: (
            f"**A member of staff still looks at {escape(e.username)}.** You need not do anything; you "
            "hear from me by direct message. To take the request back, use `/unlink`."
        ),
        no.HaveNoName: fixed("**You have not linked a TradingView name.** `/link` does it."),
        no.ClaimUnknown: fixed("**There is no such request any more.** Nothing was changed."),
        no.ClaimDecided: _claim_decided,
        no.FileTooLarge: fixed(
            "**That file is too large.** Up to 2 MB and 20,000 lines work; split it into several."
        ),
        no.LinesRunTogether: lambda e: (
            f"**A quotation mark in line {e.line:,} is not closed in that line**, so it and the next "
            "lines run together. Nothing was changed. Take the mark out, or the line break between "
            "two marks, and send the file again."
        ),
        no.FileUnreadable: fixed(
            "**That file cannot be read as a table.** Save it as CSV (in a spreadsheet: *Save as*, "
            "then *CSV*) and send it again."
        ),
        no.ColumnsMissing: fixed(
            "**I miss the names of the columns.** The first line must hold `discord_id` (or "
            "`discord`, the member's name) and `username`, the TradingView name."
        ),
        no.DurationUnreadable: lambda e: (
            f"**{typed(e.text)} is not a duration that I understand.** Type {_DURATIONS}. "
            "For an exact date, use `/access set`."
        ),
        no.DateUnreadable: lambda e: (
            f"**{typed(e.text)} is not a date that I understand.** Type {_DATES}."
        ),
        no.DateAmbiguous: _date_ambiguous,
        no.DatePast: lambda e: (
            f"**{day(e.when)} is over.** Type a later date; to end access now, use `/access revoke`."
        ),
        no.TooFar: lambda e: f"**{typed(e.text)} is too far away.** For no end at all, type `L`.",
        no.ItemUnknown: _item_unknown,
        no.PineIdUnusable: lambda e: f"**That script was not added.** {_PINE_IDS[e.kind]}",
        no.PineIdElsewhere: fixed(
            "**Another server of this bot keeps that script.** One script belongs to one server."
        ),
        no.ScriptThere: lambda e: f"**That script is here already**, as {typed(e.slug)}.",
        no.ScriptNotYours: _script_not_yours,
        no.SlugUnusable: lambda e: (
            f"**{typed(e.text)} cannot be a short name.** Use 1 to 32 small letters, digits and "
            "hyphens, such as `trend-pro`."
        ),
        no.SlugTaken: _slug_taken,
        no.TitleUnusable: lambda e: (
            f"**That title does not fit.** Type 1 to {e.longest} characters."
        ),
        **logins.SENTENCES,
        **sweeps.SENTENCES,
        no.TradingViewSilent: fixed(
            f"**TradingView does not answer just now.** Nothing was changed. {_AGAIN}"
        ),
        no.NothingToRevoke: fixed(
            "**There is nothing to end:** they have no access to that script. Nothing was changed."
        ),
        no.AlreadyPutBack: fixed("**It is back already.** Nothing was changed."),
        no.PutBackTooLate: fixed(
            "**The 24 hours for that are over.** Use `/access grant` or `/access set` instead."
        ),
        no.OvertakenSince: fixed(
            "**A later order counts there now**, so nothing was put back. Put that one back first, "
            "or use `/access grant`."
        ),
        no.RoleUnusable: _role_unusable,
        no.RoleNotSet: lambda e: (
            f"**<@&{e.role_id}> did not have that level.** `/setup show` lists the roles that do."
        ),
        no.ChannelClosed: _channel_closed,
        no.Shortens: confirmations.shortens,
        no.EndsSeveral: confirmations.ends_several,
        no.OverTheLine: seats.over_the_line,
        # Rare, because access reads and writes are repeated in the background until they succeed.
        tv.SlowDown: fixed(f"**TradingView asks me to slow down.** {_AGAIN}"),
        tv.SessionRefused: fixed(
            "**TradingView does not accept the login.** A manager renews it with `/session update`."
        ),
        tv.Denied: fixed(
            "**TradingView refuses this to the account in use.** `/session status` says more."
        ),
        tv.UpstreamTrouble: fixed(f"**TradingView does not answer properly just now.** {_AGAIN}"),
        tv.Uncertain: fixed(
            "**TradingView did not say whether it did it.** `/access check` shows what is there."
        ),
        tv.NoAnswer: fixed(f"**TradingView gave no usable answer.** {_AGAIN}"),
        tv.NoSuchUser: fixed("**TradingView knows nobody of that name.** Check the spelling."),
        tv.NoSuchScript: fixed(f"**{_OWN}** `/script list` shows the pine ids in use."),
        tv.BadPagination: fixed(f"**TradingView did not show its list.** {_AGAIN}"),
        tv.Refused: fixed("**TradingView refused this.** `/sync status` may say more."),
        discord.Forbidden: fixed(
            "**Discord does not let me do that.** Check my role and the channel's settings, "
            "then run the command again."
        ),
        app_commands.TransformerError: fixed(
            "**That is nobody in this server.** Pick a member from the list, or leave `member` out "
            "and fill in `username`."
        ),
        app_commands.CommandNotFound: fixed(
            "**That command has changed.** Reload Discord (Ctrl+R) and type it again."
        ),
        app_commands.CommandSignatureMismatch: fixed(
            "**That command has changed.** Reload Discord (Ctrl+R) and type it again."
        ),
    }
)
