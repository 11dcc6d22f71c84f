"""What members buy from Discord itself: Discord tells the bot of it, and renews, ends and refunds it."""

from bot.access.request import PREMIUM
from bot.access.sources import Source

SOURCE = Source(
    PREMIUM,
    "a Discord purchase",
    returns_by_itself=True,
    has="you bought it from {server} on Discord",
    lost="your purchase on Discord is over",
    again="Buy it again and it returns by itself.",
    lasts="your subscription on Discord goes on",
)
