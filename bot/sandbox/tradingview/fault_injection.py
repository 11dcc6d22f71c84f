"""What meets a request before it is answered, and what becomes of the answer: the outages."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime

from bot.sandbox.tradingview import answers
from bot.sandbox.tradingview.answers import Answer
from bot.sandbox.tradingview.calls import Call
from bot.sandbox.tradingview.schema_mutations import reshaped
from bot.sandbox.tradingview.switches import Switches

_NEEDED = {
    "none": (),
    "browser": (),
    "all": ("x-requested-with", "x-language", "origin", "referer"),
}


class FaultInjection:
    """Decides by the switches, and counts who comes how fast."""

    def __init__(self, switches: Switches, now: Callable[[], datetime]) -> None:
        self._switches = switches
        self._now = now
        self._recent: deque[datetime] = deque()
        self._tokens = 0.0
        self._filled_at: datetime | None = None
        self._inside = 0

    @contextmanager
    def inside(self, call: Call) -> Iterator[None]:
        """Counts the call among those under way."""
        counted = bool(call.name)
        self._inside += counted
        try:
            yield
        finally:
            self._inside -= counted

    def cuts(self, call: Call) -> bool:
        """Whether the connection drops before anything happens."""
        if self._switches.down and self._switches.down_how == "no answer":
            return True
        return self._switches.take("dropped_requests", call)

    def refusal(self, call: Call) -> Answer | None:
        """The answer that comes instead of the real one; nothing has been changed then."""
        if self._switches.down:
            if self._switches.down_how == "500":
                return answers.server_error()
            return answers.gateway_page()
        if self._too_fast() or self._switches.take("too_many", call):
            return answers.too_many(self._switches.too_many_body, self._retry_after())
        instead: dict[str, Callable[[], Answer]] = {
            "redirects": lambda: answers.redirect(call.path),
            "errors_500": answers.server_error,
            "pages_502": answers.gateway_page,
            "pages_400": answers.delivery_network_page,
            "challenges": answers.challenge_page,
            "logged_out_pages": answers.logged_out_page,
        }
        for name, answer in instead.items():
            if self._switches.take(name, call):
                return answer()
        if call.path.startswith("/pine_perm/") and not self._looks_right(call):
            return answers.browser_only_page()
        return None

    def _retry_after(self) -> str:
        """The header's value; empty when no wait is named."""
        seconds = self._switches.retry_after
        if not seconds:
            return ""
        if self._switches.retry_after_as == "date":
            return format_datetime(self._now() + timedelta(seconds=seconds), usegmt=True)
        return f"{seconds:g}"

    def count_logged_in(self) -> None:
        """Count down to the end of the login."""
        if self._switches.logged_out_after:
            self._switches.logged_out_after -= 1
            if not self._switches.logged_out_after:
                self._switches.logged_out = True

    def spoilt(self, answer: Answer, call: Call) -> Answer:
        """The answer as it leaves; whatever was to change has changed."""
        if self._switches.take("late_errors", call):
            return answers.server_error()
        if self._switches.take("odd_answers", call):
            return answers.as_json(200, {"outcome": "fine"})
        if self._switches.take("cut_json", call):
            return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.content_type)
        return reshaped(answer, call.name, self._switches.form)

    def _too_fast(self) -> bool:
        parallel = self._switches.parallel_limit
        if parallel and self._inside > parallel:
            return True
        if not self._switches.rate_limit:
            return False
        now = self._now()
        if self._switches.rate_burst:
            return self._bucket_is_empty(now)
        while self._recent and self._recent[0] <= now - timedelta(seconds=1):
            self._recent.popleft()
        if len(self._recent) >= self._switches.rate_limit:
            return True
        self._recent.append(now)
        return False

    def _bucket_is_empty(self, now: datetime) -> bool:
        """Whether no token is left; a refusal costs none."""
        burst, rate = self._switches.rate_burst, self._switches.rate_limit
        rest = 0.0 if self._filled_at is None else (now - self._filled_at).total_seconds()
        filled = burst if self._filled_at is None else min(burst, self._tokens + rest * rate)
        self._filled_at = now
        # A hair less than a token is one: moments are rounded.
        taken = filled > 1 - 1e-6
        self._tokens = filled - 1 if taken else filled
        return not taken

    def _looks_right(self, call: Call) -> bool:
        if self._switches.headers_needed == "none":
            return True
        sent = {name.lower(): value for name, value in call.headers.items()}
        if not sent.get("user-agent", "").startswith("Mozilla/"):
            return False
        return all(sent.get(name) for name in _NEEDED[self._switches.headers_needed])
