"""A TradingView of one's own on a loopback socket, faithful to what is known of the wire."""

from bot.sandbox.tradingview.calls import Call
from bot.sandbox.tradingview.samples import Sample, furnish, picture
from bot.sandbox.tradingview.server import FakeTradingView
from bot.sandbox.tradingview.switchboard import FaultRule
from bot.sandbox.tradingview.switches import Switches
from bot.sandbox.tradingview.world import Grant, Script, Session, User, Vendor, World, utc_now

__all__ = [
    "Call",
    "FakeTradingView",
    "FaultRule",
    "Grant",
    "Sample",
    "Script",
    "Session",
    "Switches",
    "User",
    "Vendor",
    "World",
    "furnish",
    "picture",
    "utc_now",
]
