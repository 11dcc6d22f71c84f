"""What was found on TradingView and taken over."""

from bot.access.request import FOUND
from bot.access.sources import Source

SOURCE = Source(FOUND, "found on TradingView")
