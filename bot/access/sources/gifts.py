"""What staff give away with `/access gift`: no automation ends it."""

from bot.access.request import GIFT
from bot.access.sources import Source

SOURCE = Source(GIFT, "a gift")
