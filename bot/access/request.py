"""Who asks for what, and for whom: the facts that travel with every order."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request by somebody: `reference` is the same when it is delivered twice."""

    guild_id: int
    by: int
    reference: str
    at: datetime
    token: str | None = field(default=None, repr=False)  # lets the answer be completed later


@dataclass(frozen=True, slots=True)
class Subject:
    """The person meant: a member, a TradingView name as it was typed, or both."""

    member_id: int | None = None
    username: str | None = None
