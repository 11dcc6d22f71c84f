"""What can be made to go wrong between the bot and this Discord."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Literal

Target = Literal[
    "any",
    "callback",
    "followup",
    "original",
    "message",
    "edit",
    "dm",
    "roles",
    "creation",
    "commands",
    "member",
    "search",
    "gateway",
    "premium",
    "consume",
    "other",
]

# What Cloudflare shows in Discord's place to an address that it blocks.
BLOCK_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Access denied | discord.com used Cloudflare to restrict access"
    "</title></head>\n<body><h1>Error 1015</h1><p>You are being rate limited.</p></body></html>\n"
)


@dataclass(eq=False)
class Fault:
    """One thing that goes wrong, for the next `times` requests to `target` (None: until removed).

    `kind` lose: the request takes effect, then the connection breaks with no answer;
    status: answered with `status` and no effect; delay: takes effect after `seconds` (real) or
    when released.
    """

    kind: Literal["lose", "status", "delay"]
    target: Target
    times: int | None = 1
    status: int = 500
    code: int | None = None  # Discord's own code, in a JSON body
    page: bool = False  # answered by Cloudflare, with a page of HTML
    retry_after: float = 0.0
    via: bool = True
    seconds: float | None = None
    hit: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let held requests go on; later ones pass untouched."""
        self.times = 0
        self.released.set()


@dataclass
class _Window:
    """What one channel, webhook or guild used of its limit, until `resets_at` (Unix seconds)."""

    resets_at: float
    used: int = 0


@dataclass(eq=False)
class Bucket:
    """A rate limit: so many requests in so many real seconds, for each channel, webhook or guild apart.

    discord.py waits by itself.
    """

    limit: int
    per: float
    _windows: dict[str, _Window] = field(default_factory=dict)

    def take(self, major: str) -> dict[str, str] | None:
        """Count one request to that channel, webhook or guild; Discord's headers, or None when it is one too many."""
        moment = time.time()
        self._windows = {
            key: each for key, each in self._windows.items() if moment < each.resets_at
        }
        window = self._windows.setdefault(major, _Window(moment + self.per))
        if window.used >= self.limit:
            return None
        window.used += 1
        return self.headers(major)

    def headers(self, major: str) -> dict[str, str]:
        """Return what Discord says of the limit, as it stands there."""
        window = self._windows[major]
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - window.used),
            "X-RateLimit-Reset": f"{window.resets_at:.3f}",
            "X-RateLimit-Reset-After": f"{self.wait(major):.3f}",
            "X-RateLimit-Bucket": f"{id(self):x}",
        }

    def wait(self, major: str) -> float:
        """Return for how many seconds nothing more is taken there."""
        return max(0.0, self._windows[major].resets_at - time.time())


class Switches:
    """The faults and rate limits that are set now; none at first.

    `member_limit`: as Discord does, a second request for all members of a guild within 30 s is refused
    with RATE_LIMITED; `members_silent`: requests for members are never answered.
    `quiet_role_deletion`: who had a deleted role loses it without an event of their own.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.buckets: dict[str, Bucket] = {}
        self.member_limit = True
        self.members_silent = False
        self.quiet_role_deletion = False

    def limit(self, target: Target, requests: int, per: float) -> Bucket:
        """Allow so many requests to the target in `per` real seconds, for each channel, webhook or guild; the rest get 429."""
        self.buckets[target] = Bucket(requests, per)
        return self.buckets[target]

    def lose_answers(self, target: Target = "callback", times: int | None = 1) -> Fault:
        """The effect happens, the answer is lost."""
        return self._add(Fault("lose", target, times))

    def fail(self, target: Target = "any", status: int = 502, times: int | None = 1) -> Fault:
        """Answer with that status; nothing takes effect."""
        return self._add(Fault("status", target, times, status=status))

    def refuse(self, target: Target, code: int, status: int = 403, times: int | None = 1) -> Fault:
        """Answer with one of Discord's own codes, such as 20026; nothing takes effect."""
        return self._add(Fault("status", target, times, status=status, code=code))

    def block(
        self, target: Target = "any", retry_after: float = 82721.0, times: int | None = None
    ) -> Fault:
        """Block the bot's address as Cloudflare does: 429, Retry-After and a page of HTML."""
        fault = Fault("status", target, times, status=429, retry_after=retry_after, page=True)
        return self._add(fault)

    def slow_down(
        self,
        target: Target = "any",
        retry_after: float = 0.05,
        times: int | None = 1,
        *,
        via: bool = True,
    ) -> Fault:
        """Answer 429; without `via` as Cloudflare does when it has banned an address."""
        return self._add(
            Fault("status", target, times, status=429, retry_after=retry_after, via=via)
        )

    def delay(self, seconds: float, target: Target = "any", times: int | None = None) -> Fault:
        """Wait that many real seconds before anything happens."""
        return self._add(Fault("delay", target, times, seconds=seconds))

    def hold(self, target: Target = "any", times: int | None = None) -> Fault:
        """Hold requests before anything happens, until the fault's `release()`."""
        return self._add(Fault("delay", target, times))

    def remove(self, fault: Fault) -> None:
        fault.release()
        if fault in self.faults:
            self.faults.remove(fault)

    def clear(self) -> None:
        """Everything works again; held requests go on."""
        self.buckets.clear()
        self.member_limit, self.members_silent = True, False
        self.quiet_role_deletion = False
        for fault in [*self.faults]:
            self.remove(fault)

    def take(self, target: str) -> list[Fault]:
        """The faults that strike this request; each counts as used once."""
        struck = [
            fault
            for fault in self.faults
            if fault.target in ("any", target) and (fault.times is None or fault.hit < fault.times)
        ]
        for fault in struck:
            fault.hit += 1
        return struck

    def _add(self, fault: Fault) -> Fault:
        self.faults.append(fault)
        return fault
