"""The alarm about a full disk, and its end."""

from bot.replies.message import Message


def disk_full() -> Message:
    """Return the alarm."""
    return Message(
        "⚠️ **The disk of the computer that I run on is full.** Nothing new can be recorded, so I refuse "
        "new orders; what was ordered before is kept and waits. Nobody lost access. Whoever runs "
        "me: make room on that computer. Everything goes on by itself then."
    )


def disk_has_room() -> Message:
    """Return the end of the alarm."""
    return Message("✅ The disk has room again; what waited goes on by itself.")
