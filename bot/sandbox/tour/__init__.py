"""Tours through the sandbox, ticked off by what really happened in the two worlds."""

from bot.sandbox.tour.tour import Tour

__all__ = ["Tour"]
