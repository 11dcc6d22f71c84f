"""The one wiring: every object of which a program has one, made from what was opened before."""

from bot.services.services import Services
from bot.services.wiring import build

__all__ = ["Services", "build"]
