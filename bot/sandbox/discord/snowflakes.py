"""Ids as Discord makes them: milliseconds since 2015 in the upper bits, always growing."""

import base64
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)


class Snowflakes:
    """Hands out ids that carry the moment of the injected clock (aware, UTC)."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> int:
        moment = (self._now() - EPOCH) // timedelta(milliseconds=1) << 22
        self._last = max(self._last + 1, moment)
        return self._last


def bot_token(bot_id: int) -> str:
    """A token in Discord's form: the id in base64, a moment, a secret."""
    head = base64.urlsafe_b64encode(str(bot_id).encode()).decode().rstrip("=")
    return f"{head}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"


def interaction_token(interaction_id: int) -> str:
    """A token in the form that interactions carry."""
    raw = f"interaction:{interaction_id}:{secrets.token_urlsafe(48)}"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def parse_id(text: object) -> int | None:
    """An id as it stands in a path or a body, or None when it is no id."""
    value = str(text)
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 20 else None
