"""Everything that is said to people, and the one table from an error to its sentence."""

from bot.replies.answer import Answer, Button, key
from bot.replies.errors import Explained, explain

__all__ = ["Answer", "Button", "Explained", "explain", "key"]
