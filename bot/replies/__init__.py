"""Everything that is said to people, and the one table from an error to its sentence."""

from bot.replies.errors import Explained, explain
from bot.replies.message import Button, Message, key

__all__ = ["Button", "Explained", "Message", "explain", "key"]
