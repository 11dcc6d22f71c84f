"""A log channel that takes nothing: why, and how to mend it."""

from dataclasses import dataclass

from bot.replies.message import Message
from bot.replies.text import bold, listed


@dataclass(frozen=True, slots=True)
class ChannelTrouble:
    """Why a channel takes nothing: it is gone, rights are `missing`, or Discord refuses without saying why."""

    channel_id: int
    is_gone: bool = False
    missing: tuple[str, ...] = ()


def why(trouble: ChannelTrouble) -> str:
    """Return what is wrong with the channel, and how to mend it."""
    if trouble.is_gone:
        return "the channel is gone. Choose another one with `/setup log`."
    if trouble.missing:
        return (
            f"I may not write in <#{trouble.channel_id}>. In that channel's settings, allow me: "
            f"{rights(trouble.missing)}; or choose another one with `/setup log`."
        )
    return (
        f"Discord refuses what I write in <#{trouble.channel_id}>. Look at my role, and whether I am "
        "timed out; or choose another channel with `/setup log`."
    )


def rights(names: tuple[str, ...]) -> str:
    """Return Discord's rights by the names that its settings show."""
    return listed(bold(name.replace("_", " ").title()) for name in names)


def to_chooser(trouble: ChannelTrouble, server_name: str) -> Message:
    """Return the direct message to whoever chose the channel."""
    return Message(
        f"⚠️ The history and warnings of {bold(server_name)} reach nobody: {why(trouble)}\n"
        "Nothing is lost: what should stand there waits, and goes on by itself. Meanwhile "
        "`/sync status` in the server shows what your members ask."
    )
