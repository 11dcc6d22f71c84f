"""Who asks for what, for whom, and what they said yes to: the facts that travel with every order."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.store.records import Actor

# The sources that the ledger itself knows of; `bot.access.sources` says what each is.
STAFF = "staff"
GIFT = "gift"
FOUND = "found"
CODE = "code"
TRIAL = "trial"
PREMIUM = "premium"
PAYMENT = "payment"
API = "api"
# What a member orders for themselves: who asks and who is given to are one, and told once.
BY_CUSTOMERS = frozenset({CODE, TRIAL})
# What was sold for a length counts from its payment, also where its buyer is known only later.
FROM_PAYMENT = frozenset({PAYMENT})
AGAIN = "again"  # no source: what a member has and does not see is sent once more
# Sources by which staff give something, knowing whom to; all others are automations. What they give to
# a name counts as given to nobody else by it, unless they say whose the name is.
GIVEN_BY_STAFF = frozenset({STAFF, GIFT})

# Whether that member may manage the scripts of that server: first the server, then the member.
May = Callable[[int, int], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person who asks has said yes to so far; each yes was to a question that named it."""

    confirmed: bool = False  # it takes something away, or changes the account
    unknown_name: bool = False  # TradingView suggests nobody of that name
    removals: int = 0  # so many people lose access or time
    gains: int = 0  # so many people get more
    seats: int = 0  # so many people at the month's end, although TradingView's fee begins below
    blocked: bool = False  # staff know that the customer is blocked
    username: str | None = None  # the near name that was picked instead of the typed one
    bare_name: bool = False  # a member merely claims the name, and is not to know of it
    vouched: int | None = None  # the name is that member's, who claims it


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request: delivered twice, it has the same idempotency key; `at` is aware, in UTC."""

    guild_id: int
    actor: Actor
    idempotency_key: str
    at: datetime
    token: str | None = field(default=None, repr=False)  # lets the answer be completed later
    consent: Consent = Consent()

    @property
    def member_id(self) -> int:
        """Return the Discord member who asks. Raises LookupError where nobody in Discord does."""
        if self.actor.member_id is None:
            raise LookupError(self.actor)
        return self.actor.member_id


@dataclass(frozen=True, slots=True)
class Subject:
    """The person meant: a member, a TradingView name as it was typed, or both."""

    member_id: int | None = None
    username: str | None = None
