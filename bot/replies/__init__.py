"""Everything that people read, and the one way from an error to its sentence."""

from bot.replies.errors import Explained, explain
from bot.replies.message import Button, Message, key

__all__ = ["Button", "Explained", "Message", "explain", "key"]
