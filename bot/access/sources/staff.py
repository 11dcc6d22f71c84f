"""What staff grant with `/access`."""

from bot.access.request import STAFF
from bot.access.sources import Source

SOURCE = Source(STAFF, "given by staff")
