# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about what sources give; `bot.replies` says it."""

from dataclasses import dataclass

from bot.errors import UserError
from bot.store.records import RoleLoss


@dataclass(eq=False)
class RoleLossDecided(UserError):
    """Somebody decided already what becomes of those who lost the role."""

    loss: RoleLoss
