"""Refusals about who may ask, and about a server's own settings, in sentences."""

import math

from bot.access import errors as refusals
from bot.access.orders.errors import TesterHasAccess
from bot.access.people import settings_errors as settings
from bot.errors import DatabaseBusyError, DiskFullError
from bot.replies.channel_trouble import rights
from bot.replies.errors.sentence import AGAIN, sentence
from bot.replies.text import bold, did_you_mean, title, typed
from bot.store.kinds import RoleLevel

_LEVELS = {
    RoleLevel.STAFF: "staff of this server",
    RoleLevel.MANAGER: "those who manage this server's scripts",
    "manage_server": "members with Discord's right *Manage Server*",
}


@sentence.register
def _(error: refusals.NotAllowed) -> str:
    return f"**Only {_LEVELS[error.level]} can do that.** Nothing was changed."


@sentence.register
def _(_: refusals.OnlyInServer) -> str:
    return "**That works only in a server.** Go there and run it again."


@sentence.register
def _(_: refusals.HalfCharacter) -> str:
    return "**A character in that is broken**, so I cannot read it. Nothing was changed; type it by hand."


@sentence.register
def _(_: refusals.DiscordSilent) -> str:
    return (
        f"**Discord does not tell me just now what you may do here.** Nothing was changed. {AGAIN}"
    )


@sentence.register
def _(_: refusals.DiscordShopSilent) -> str:
    return f"**Discord does not answer just now, and I need its answer for this.** Nothing was changed. {AGAIN}"


@sentence.register
def _(error: refusals.MembersSilent) -> str:
    again = AGAIN if error.wait is None else f"Please try again in {math.ceil(error.wait)} seconds."
    return f"**Discord does not list the members of this server just now.** Nothing was changed. {again}"


@sentence.register
def _(error: refusals.MemberNotFound) -> str:
    if error.several:
        return (
            f"**Several members of this server are called {typed(error.text)}.** Nothing was changed. Type "
            "the Discord id instead: in Discord, *Copy User ID* in the member's menu."
        )
    return (
        f"**I find no member called {typed(error.text)}.** Nothing was changed. Type the name as Discord "
        "shows it in this server, or the Discord id: *Copy User ID* in the member's menu."
    )


@sentence.register
def _(_: refusals.ButtonGone) -> str:
    return "**That button is too old.** Nothing was changed; run the command again."


@sentence.register
def _(_: refusals.Answered) -> str:
    return (
        "**That is answered already.** The message above says how it stands, or will in a moment."
    )


@sentence.register
def _(_: refusals.NotYourButton) -> str:
    return "**Somebody else was asked.** Run the command yourself."


@sentence.register
def _(_: DiskFullError) -> str:
    return (
        "**This computer's disk is full, nothing was recorded.** Nothing was ordered or changed. Whoever "
        "runs this bot has to make room; then run the command again."
    )


@sentence.register
def _(_: DatabaseBusyError) -> str:
    return (
        "**My database is busy:** another program on my computer holds it, so I cannot write "
        "anything down just now. If that stays so, tell whoever runs this bot."
    )


# The server's own settings


@sentence.register
def _(error: settings.RoleUnusable) -> str:
    match error.problem:
        case settings.RoleProblem.EVERYONE:
            return "**Everybody has that role**, so it cannot be used. Choose another role."
        case settings.RoleProblem.MANAGED:
            return (
                "**That role belongs to an app or to Discord itself** and cannot be handed out. "
                "Choose a role that you give to people yourself."
            )
        case settings.RoleProblem.PRODUCTS:
            return (
                "**I give that role to everybody who has one of your products** (`/product list`), so every "
                "customer could manage your customers. Nothing was changed. Choose another role."
            )


@sentence.register
def _(error: settings.RoleNotSet) -> str:
    return (
        f"**<@&{error.role_id}> did not have that level.** `/setup show` lists the roles that do."
    )


@sentence.register
def _(error: settings.ChannelClosed) -> str:
    return (
        f"**I may not write in <#{error.channel_id}>.** In that channel's settings, allow me: "
        f"{rights(error.missing)}. Then run the command again."
    )


@sentence.register
def _(error: settings.ReminderDaysUnreadable) -> str:
    return (
        f"**I cannot read {typed(error.text)} as days.** Nothing was changed. Write up to ten numbers "
        "from 1 to 90 with commas between them, such as `7, 3, 1`, or nothing for no reminders."
    )


@sentence.register
def _(error: settings.TimeZoneUnknown) -> str:
    return (
        f"**I know no time zone called {typed(error.text)}.** Nothing was changed. Write it as "
        f"`Europe/Berlin`, `America/New_York` or `UTC`.{did_you_mean(error.near)}"
    )


@sentence.register
def _(error: TesterHasAccess) -> str:
    return (
        f"{bold(error.username)} has access to {title(error.script)} already, and a proof touches nobody's. "
        "**Nothing was changed.** Take somebody who has none."
    )
