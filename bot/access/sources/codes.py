"""What members got for a code of `/code create`; a code gives its time once, and never returns."""

from bot.access.request import CODE
from bot.access.sources import Source

SOURCE = Source(CODE, "a code")
