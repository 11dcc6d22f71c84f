"""Rows about the HTTP API."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.store.records.base import Record


@dataclass(frozen=True, slots=True)
class ApiKey(Record):
    """A key of the HTTP API; of its secret, only a keyed digest is kept."""

    id: int
    guild_id: int
    name: str
    scopes: str
    digest: bytes = field(repr=False)
    hash_key: bytes | None = field(repr=False)  # encrypted; None: lost
    made_by: int
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None
    alarmed_at: datetime | None

    @property
    def allows(self) -> frozenset[str]:
        """Return what may be done with it."""
        return frozenset(self.scopes.split(","))

    def works(self, now: datetime) -> bool:
        """Return whether it opens anything at that moment."""
        is_over = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and self.hash_key is not None and not is_over


@dataclass(frozen=True, slots=True)
class ApiRequest(Record):
    """One change that was asked for with a key."""

    id: int
    guild_id: int
    key_id: int
    fingerprint: bytes = field(repr=False)
    username: str
    parts: list[dict[str, Any]]
    at: datetime
