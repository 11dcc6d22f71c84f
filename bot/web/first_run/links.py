"""The one-time link that the terminal shows, and the browser that opened it; both are kept in memory alone."""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable

from bot import clock
from bot.access.people.web_sessions import LASTS

LINK_LASTS = 3600.0  # seconds
_SESSION_LASTS = LASTS.total_seconds()
_REMEMBERED = 50  # links that were shown before
_TOKEN_BYTES = 32


class LinkOver(Exception):  # noqa: N818 - named for what it says
    """The link is no link of ours, or not any more; `is_shown_anew`: the terminal shows another one."""

    def __init__(self, *, is_shown_anew: bool) -> None:
        super().__init__("the link is over")
        self.is_shown_anew = is_shown_anew


class Links:
    """Opens the first-run page to one browser at a time; `show` shows the token of a new link in the terminal.

    A link that was used or is too old opens nothing, and has a new one shown: whoever has it saw the
    terminal. What was no link of ours changes nothing.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._current: bytes | None = None  # hashes, as all that is kept here
        self._earlier: deque[bytes] = deque(maxlen=_REMEMBERED)
        self._ends_at = 0.0  # by clock.monotonic()
        self._session: bytes | None = None
        self._session_ends_at = 0.0

    def show_new(self) -> None:
        """Show a new link; the one before ends."""
        self._end_link()
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._current, self._ends_at = _hash(token), clock.monotonic() + LINK_LASTS
        self._show(token)

    def open(self, token: str) -> str:
        """Use the link up; return what the browser keeps, which ends the session before. Raises LinkOver."""
        hashed = _hash(token)
        if self._current is not None and hmac.compare_digest(hashed, self._current):
            if clock.monotonic() < self._ends_at:
                self._end_link()
                secret = secrets.token_urlsafe(_TOKEN_BYTES)
                self._session = _hash(secret)
                self._session_ends_at = clock.monotonic() + _SESSION_LASTS
                return secret
            self.show_new()
            raise LinkOver(is_shown_anew=True)
        is_ours = hashed in self._earlier
        if is_ours and (self._current is None or clock.monotonic() >= self._ends_at):
            self.show_new()
        raise LinkOver(is_shown_anew=is_ours)

    def knows(self, secret: str) -> bool:
        """Return whether it is what the browser keeps that opened the last link."""
        is_it = self._session is not None and hmac.compare_digest(_hash(secret), self._session)
        return is_it and clock.monotonic() < self._session_ends_at

    def _end_link(self) -> None:
        if self._current is not None:
            self._earlier.append(self._current)
        self._current = None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
