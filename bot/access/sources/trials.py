"""What members try with `/trial`; a trial is over at its end, and never returns."""

from bot.access.request import TRIAL
from bot.access.sources import Source

SOURCE = Source(TRIAL, "a trial")
