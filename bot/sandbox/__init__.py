"""`usher sandbox`: the real bot against stand-ins for Discord and TradingView, and a page to drive them."""

from bot.sandbox.running import opened, run

__all__ = ["opened", "run"]
