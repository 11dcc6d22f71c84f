"""One change of a product's scripts, as its statements know it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Press:
    """One change of a product's scripts: of which server and product, when, and its idempotency key."""

    guild_id: int
    product_id: int
    at: datetime
    key: str
