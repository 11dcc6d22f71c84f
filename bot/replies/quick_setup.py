"""What `/setup quick` made, what it did not, and what to do next."""

import enum
from dataclasses import dataclass

import discord

from bot.replies.channel_trouble import rights
from bot.replies.message import Button, Message, key
from bot.replies.setup import QUICK, followed_by, hidden_commands
from bot.replies.text import listed
from bot.store.kinds import RoleLevel


class Outcome(enum.Enum):
    """What became of the role, or of the channel."""

    KEPT = enum.auto()  # there is one already
    MADE = enum.auto()
    FULL = enum.auto()  # the server has as many as Discord allows
    REFUSED = enum.auto()  # Discord says that the bot may not
    SILENT = enum.auto()  # Discord did not answer, or not in a way that says anything
    LEFT = enum.auto()  # not tried, as something else has to come first


@dataclass(frozen=True, slots=True)
class Quick:
    """What there is now; `missing`: the rights that were lacking, so that nothing was tried."""

    role: Outcome
    channel: Outcome
    role_ids: tuple[int, ...] = ()
    channel_id: int | None = None
    missing: tuple[str, ...] = ()
    invite: str | None = None  # adds the missing rights
    unseen_by: tuple[
        int, ...
    ] = ()  # roles of staff that cannot see a channel that was there already

    @property
    def is_whole(self) -> bool:
        """Return whether both are there."""
        return {self.role, self.channel} <= {Outcome.KEPT, Outcome.MADE}


_NO_ROLE = {
    Outcome.FULL: (
        "this server has 250 roles, the most that Discord allows. Delete one that you do not need and "
        "press *Try again*, or choose one that you have with `/setup staff`."
    ),
    Outcome.REFUSED: (
        "Discord does not let me. Look whether my role has the right **Manage Roles** and press *Try again*, "
        "or choose a role that you have with `/setup staff`."
    ),
    Outcome.SILENT: (
        "Discord does not answer just now. Press *Try again* in a moment; nothing is made twice."
    ),
}
_NO_CHANNEL = {
    Outcome.FULL: (
        "this server has 500 channels, the most that Discord allows. Delete one that you do not need and "
        "press *Try again*, or choose one that you have with `/setup log`."
    ),
    Outcome.REFUSED: (
        "Discord does not let me. Look whether my role has the right **Manage Channels** and press *Try again*, "
        "or choose a channel that you have with `/setup log`."
    ),
    Outcome.SILENT: _NO_ROLE[Outcome.SILENT],
    Outcome.LEFT: "it is for the staff, so the role comes first.",
}


def result(quick: Quick, checklist: Message, guild_id: int) -> Message:
    """Return what was made and what not; once both are there, with the checklist under it."""
    if quick.missing:
        return _asking(quick, guild_id)
    text = "\n".join([_role(quick), _channel(quick), *_unseen(quick)])
    if quick.is_whole:
        return followed_by(Message(text), checklist)
    return Message(text, buttons=(_again(guild_id),))


def _asking(quick: Quick, guild_id: int) -> Message:
    """Return which rights are needed, why only for this, and how to give them."""
    open_ = [
        name
        for name, outcome in (("the staff role", quick.role), ("the log channel", quick.channel))
        if outcome is Outcome.LEFT
    ]
    several = len(quick.missing) > 1
    right, them = ("rights", "them") if several else ("right", "it")
    link = Button(f"Give me the {right}", url=quick.invite)
    return Message(
        f"To make {listed(open_)} I need Discord's {right} {rights(quick.missing)}, for nothing else: "
        f"afterwards you may take {them} from me again. Nothing was made yet.\n"
        f"Press *{link.label}* and say yes on Discord's page; then I go on here by myself. (If nothing "
        "happens, press *Try again*.) Or choose what you have: `/setup staff` and `/setup log`.",
        buttons=(link, _again(guild_id)),
    )


def _again(guild_id: int) -> Button:
    return Button("Try again", key(QUICK, guild_id), discord.ButtonStyle.primary)


def _role(quick: Quick) -> str:
    mentions = listed(f"<@&{each}>" for each in quick.role_ids)
    match quick.role:
        case Outcome.KEPT:
            return f"✅ Role for staff: {mentions}, as before."
        case Outcome.MADE:
            return (
                f"✅ **I made the role {mentions} for your staff.** Nobody has it yet: give it to those who help "
                "you. You need not have it, as *Manage Server* counts already.\n"
                f"{hidden_commands(RoleLevel.STAFF)}"
            )
        case _:
            return f"❌ **The role for staff was not made:** {_NO_ROLE[quick.role]}"


def _channel(quick: Quick) -> str:
    match quick.channel:
        case Outcome.KEPT:
            return f"✅ Channel for the history: <#{quick.channel_id}>, as before."
        case Outcome.MADE:
            return (
                f"✅ **I made the channel <#{quick.channel_id}>.** The history and warnings appear there from now "
                "on; only you, your staff and your managers see it."
            )
        case _:
            return f"❌ **The channel for the history was not made:** {_NO_CHANNEL[quick.channel]}"


def _unseen(quick: Quick) -> list[str]:
    if not quick.unseen_by:
        return []
    roles = listed(f"<@&{each}>" for each in quick.unseen_by)
    return [f"⚠️ {roles} cannot see that channel. Its settings can open it to them."]
