"""Refusals about who is meant, and about a file of customers, in sentences."""

from bot.access.people import errors as refusals, import_errors
from bot.replies.errors.sentence import sentence
from bot.replies.message import shorten
from bot.replies.text import count, did_you_mean, escape, listed, member, relative, typed
from bot.store.kinds import AttemptKind

_TOO_OFTEN = {
    AttemptKind.LINK: "You used `/link` three times within a day: that is the most.",
    AttemptKind.PROOF: "You asked for five codes within a day: that is the most.",
    AttemptKind.LOOK: "I looked on TradingView for you ten times within a day: that is the most.",
}


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
def _(error: refusals.NewNameUnknown) -> str:
    return (
        f"**TradingView knows nobody called {typed(error.text)} yet.**{did_you_mean(error.near)} After you "
        "renamed your account there, TradingView shows a new name after some minutes: try again in ten "
        "minutes. Nothing was changed."
    )


@sentence.register
def _(error: refusals.OtherAccount) -> str:
    return (
        f"**TradingView shows {escape(error.old_name)} and {escape(error.username)} as two accounts.** If you "
        "renamed yours just now: TradingView shows a new name after some minutes, so try again in ten "
        "minutes. Nothing was changed."
    )


@sentence.register
def _(error: refusals.MovedLately) -> str:
    return (
        "**You moved to another TradingView account within the last week.** It works again "
        f"{relative(error.again_at)}. A member of staff can do it sooner: I asked them, and you hear from me by "
        "direct message. Until then everything stays as it is."
    )


@sentence.register
def _(error: refusals.TooOften) -> str:
    what = _TOO_OFTEN[error.attempt]
    return f"**{what}** It works again {relative(error.again_at)}. Nothing was changed."


@sentence.register
def _(error: refusals.LookedJustNow) -> str:
    return (
        "**I looked on TradingView for you a moment ago.** You can press again "
        f"{relative(error.again_at)}. Nothing was changed."
    )


@sentence.register
def _(error: refusals.LookedUpTooOften) -> str:
    return f"**You looked up many names within a short while.** Try again in {error.wait} s."


@sentence.register
def _(_: refusals.NothingToProve) -> str:
    return (
        "**There is no name to prove.** `/link` tells me your TradingView name, and `/me` shows it."
    )


@sentence.register
def _(_: refusals.ProofOver) -> str:
    return (
        "**That code is no longer good.** A code is good for 30 minutes, and the newest one counts. Press "
        "*Prove that it is mine* under `/me` for a new one; nothing was changed."
    )


@sentence.register
def _(error: refusals.CodeMissing) -> str:
    more = (
        "Look whether it is saved and whether everybody can see it, wait a minute, and press again "
        f"({count(error.left, 'more try', 'more tries')})."
        if error.left
        else "For a new code, press *Prove that it is mine* under `/me`."
    )
    return f"**I do not see the code on the page of {escape(error.username)} yet.** {more} Nothing was changed."


@sentence.register
def _(error: refusals.NameChangedHands) -> str:
    return (
        f"**I found the code, but {escape(error.username)} belonged to another TradingView account before.** So "
        "a member of staff looks at it first; you hear from me by direct message."
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
def _(error: import_errors.FileTooLarge) -> str:
    return (
        f"**That file is too large.** Up to {error.most} MB and 20,000 lines work; "
        "split it into several. Nothing was changed."
    )


@sentence.register
def _(error: import_errors.LinesRunTogether) -> str:
    return (
        f"**A quotation mark in line {error.line:,} is not closed in that line**, so it and the next "
        "lines run together. Nothing was changed. Take the mark out, or the line break between "
        "two marks, and send the file again."
    )


@sentence.register
def _(_: import_errors.FileUnreadable) -> str:
    return (
        "**That file cannot be read as a table.** Save it as CSV (in a spreadsheet: *Save as*, "
        "then *CSV*) and send it again."
    )


@sentence.register
def _(_: import_errors.EncodingUnclear) -> str:
    return (
        "**I cannot tell which letters that file means**, so I read none of it: a wrong guess could "
        "name the wrong person. Save it as **CSV UTF-8** and send it again. In Excel: *Save as*, "
        "file type *CSV UTF-8*. In LibreOffice: *Save as*, *Text CSV*, tick *Edit filter "
        "settings*, character set *Unicode (UTF-8)*. Google Sheets does it by itself: *Download*, "
        "*CSV*."
    )


@sentence.register
def _(error: import_errors.LineTooLong) -> str:
    return (
        f"**Line {error.line:,} of that file is far too long** for a list of people, so I read none of "
        "it. Each person needs a line of their own. Save the list as CSV (in a spreadsheet: "
        "*Save as*, then *CSV*) and send it again."
    )


@sentence.register
def _(error: import_errors.TooManyColumns) -> str:
    return (
        f"**That file has {error.number:,} columns**, too many for a list of people, so I read none of "
        "it. Keep those that are needed, and send it again."
    )


@sentence.register
def _(_: import_errors.MembersUnseen) -> str:
    return (
        "**Discord does not show me who is in this server**, so I cannot tell who is meant, and I do "
        "not guess. Nothing was changed. Whoever runs me switches on *Server Members Intent* for me "
        "in Discord's developer portal (page *Bot*). Until then, `/customer link` ties one name "
        "at a time."
    )


@sentence.register
def _(_: import_errors.ColumnsMissing) -> str:
    return (
        "**I miss the names of the columns.** A line at the top must hold `discord_id` (or "
        "`discord`, the member's name) and `tradingview` (or `username`), the TradingView name."
    )


@sentence.register
def _(error: import_errors.WhoColumnMissing) -> str:
    shown = listed(typed(shorten(title, 40)) for title in error.titles[:8])
    found = f" The first line of that file holds {shown}." if error.titles else ""
    return (
        f"**No column says who is meant**, so I read none of that file.{found} A line at the top must "
        "name the columns, and one of them `username` (the TradingView name) or `discord_id`; `item`, "
        "`duration`, `until` and `note` may be others, as in:\n"
        "```\nusername,item,duration\nTrader_Joe,gold,30D\n```"
    )


@sentence.register
def _(_: import_errors.NoRows) -> str:
    return (
        "**That file has the names of its columns, and no row below them**, so there is nothing to do. "
        "Add a row for each person, and send it again."
    )
