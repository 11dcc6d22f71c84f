"""What is said of copies of the database."""

from bot.replies.message import Message
from bot.replies.text import typed
from bot.replies.tone import Tone


def made(name: str) -> Message:
    """Return that a copy was made."""
    return Message(f"✅ **The copy {typed(name)} is made.**", tone=Tone.DONE)
