"""Refusals about who is meant, and about a file of customers, in sentences."""

from bot.access.people import errors as refusals
from bot.replies.errors.sentence import sentence
from bot.replies.text import did_you_mean, escape, member, typed


@sentence.register
def _(_: refusals.NobodyNamed) -> str:
    return "**Who is it for?** Fill in `member`, `username` (the TradingView name) or both."


@sentence.register
def _(error: refusals.NameUnreadable) -> str:
    return (
        f"**{typed(error.text)} cannot be a TradingView name.** Type it as on their profile, "
        "or paste the address of the profile: `tradingview.com/u/Their_Name`."
    )


@sentence.register
def _(error: refusals.NameHasLongDash) -> str:
    return (
        f"**{typed(error.text)} has a long dash in it.** Phones put one in where TradingView has `-` "
        "or `_`, and I do not guess which. Type the name with the right one; nothing was changed."
    )


@sentence.register
def _(_: refusals.NameHasHiddenMark) -> str:
    return (
        "**There is an invisible character inside that name**, copied along with it. Nothing was "
        "changed; type the name by hand."
    )


@sentence.register
def _(error: refusals.NameIsOtherPage) -> str:
    return (
        f"**{typed(error.text)} is no profile on TradingView**, so it cannot be a TradingView name. "
        "Paste the address of the profile, `tradingview.com/u/Their_Name`, or type the name. Nothing "
        "was changed."
    )


@sentence.register
def _(error: refusals.UserUnknown) -> str:
    return (
        f"**TradingView knows nobody called {typed(error.text)}.**"
        f"{did_you_mean(error.near)} Ask for the name exactly as it stands on their TradingView profile."
    )


@sentence.register
def _(error: refusals.OwnNameUnknown) -> str:
    return (
        f"**TradingView knows nobody called {typed(error.text)}.**"
        f"{did_you_mean(error.near)} Type your name exactly as it stands on your TradingView profile."
    )


@sentence.register
def _(error: refusals.MemberHasNoName) -> str:
    return (
        f"**I do not know {member(error.member_id)}'s TradingView name.** Fill in `username` too, "
        "or ask them to use `/link`."
    )


@sentence.register
def _(error: refusals.MemberHasOtherName) -> str:
    return (
        f"**{member(error.member_id)} has another TradingView name: {escape(error.username)}.** "
        "Leave `username` out, or untie that name first with `/customer unlink`."
    )


@sentence.register
def _(error: refusals.NameTaken) -> str:
    whose = f" {member(error.member_id)}" if error.member_id else " another member"
    return (
        f"**{escape(error.username)} belongs to{whose} already.** Check the spelling; if it really "
        "changed hands, `/customer move` gives it to another member, with everything it may use."
    )


@sentence.register
def _(error: refusals.HaveOtherName) -> str:
    return (
        f"**You have linked {escape(error.username)} already.** Use `/unlink` first to change it."
    )


@sentence.register
def _(error: refusals.ClaimWaits) -> str:
    return (
        f"**A member of staff still looks at {escape(error.username)}.** You need not do anything; you "
        "hear from me by direct message. To take the request back, use `/unlink`."
    )


@sentence.register
def _(_: refusals.HaveNoName) -> str:
    return "**You have not linked a TradingView name.** `/link` does it."


@sentence.register
def _(_: refusals.ClaimUnknown) -> str:
    return "**There is no such request any more.** Nothing was changed."


@sentence.register
def _(error: refusals.ClaimDecided) -> str:
    if error.by is None:
        return "**Too late:** the member took that request back, so there is nothing to decide."
    how = "accepted" if error.accepted else "refused"
    return f"**That is decided already:** {member(error.by)} {how} it."


# A file of customers


@sentence.register
def _(_: refusals.FileTooLarge) -> str:
    return "**That file is too large.** Up to 2 MB and 20,000 lines work; split it into several."


@sentence.register
def _(error: refusals.LinesRunTogether) -> str:
    return (
        f"**A quotation mark in line {error.line:,} is not closed in that line**, so it and the next "
        "lines run together. Nothing was changed. Take the mark out, or the line break between "
        "two marks, and send the file again."
    )


@sentence.register
def _(_: refusals.FileUnreadable) -> str:
    return (
        "**That file cannot be read as a table.** Save it as CSV (in a spreadsheet: *Save as*, "
        "then *CSV*) and send it again."
    )


@sentence.register
def _(_: refusals.EncodingUnclear) -> str:
    return (
        "**I cannot tell which letters that file means**, so I read none of it: a wrong guess could "
        "name the wrong person. Save it as **CSV UTF-8** and send it again. In Excel: *Save as*, "
        "file type *CSV UTF-8*. In LibreOffice: *Save as*, *Text CSV*, tick *Edit filter "
        "settings*, character set *Unicode (UTF-8)*. Google Sheets does it by itself: *Download*, "
        "*CSV*."
    )


@sentence.register
def _(_: refusals.MembersUnseen) -> str:
    return (
        "**Discord does not show me who is in this server**, so I cannot tell who is meant, and I do "
        "not guess. Nothing was changed. Whoever runs me switches on *Server Members Intent* for me "
        "in Discord's developer portal (page *Bot*). Until then, `/customer link` ties one name "
        "at a time."
    )


@sentence.register
def _(_: refusals.ColumnsMissing) -> str:
    return (
        "**I miss the names of the columns.** A line at the top must hold `discord_id` (or "
        "`discord`, the member's name) and `tradingview` (or `username`), the TradingView name."
    )
