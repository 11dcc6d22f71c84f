"""Rows about people."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.store.kinds import (
    ClaimState,
    Tie,
)
from bot.store.records.base import Record


@dataclass(frozen=True, slots=True)
class Customer(Record):
    """A person: a member, a TradingView user, or both."""

    id: int
    guild_id: int
    member_id: int | None
    username: str | None
    name_folded: str | None
    tv_user_id: int | None
    linked_at: datetime | None
    linked_by: int | None
    tie: Tie | None = None
    blocked_at: datetime | None = None
    blocked_by: int | None = None
    block_reason: str | None = None
    forget_at: datetime | None = None  # to be erased once TradingView shows no access
    forget_by: int | None = None
    forgotten: int | None = None  # the number that stands for the erased person

    @property
    def merely_claims(self) -> bool:
        """Return whether the name is a member's by nothing but their own word."""
        return self.member_id is not None and self.tie is Tie.CLAIMED


@dataclass(frozen=True, slots=True)
class Proof(Record):
    """A code that a member is to put on the public profile of a TradingView name."""

    id: int
    guild_id: int
    member_id: int
    username: str
    code_hash: bytes = field(repr=False)
    made_at: datetime
    looks: int


@dataclass(frozen=True, slots=True)
class Claim(Record):
    """A member's request for a name, which staff decide."""

    id: int
    guild_id: int
    member_id: int
    username: str
    asked_at: datetime
    state: ClaimState
    decided_by: int | None
    channel_id: int | None = None  # of the message that asks staff, while it has buttons
    message_id: int | None = None
    instead_of: str | None = None  # the member's name when they asked, whose access goes along
