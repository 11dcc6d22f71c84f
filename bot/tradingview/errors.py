"""Every way a call to TradingView can fail: one class for each thing the caller would do about it.

No library's exception leaves the package: those of aiohttp carry the request's headers, cookies
included.
"""
# ruff: noqa: N818 - each is named for what it says; the root carries the suffix

import enum


class Trouble(enum.StrEnum):
    """What kind of non-answer came."""

    NETWORK = "the connection failed"
    CERTIFICATE = "its certificate cannot be verified"
    TIMEOUT = "no answer in time"
    STATUS = "an error on its side"
    PAGE = "a web page instead of data"
    TRUNCATED = "an answer cut short"
    TOO_LARGE = "an answer far too large"
    SHAPE = "an answer of an unknown form"


class TradingViewError(Exception):
    """The root. `code` and `detail` are TradingView's own words, for staff only; no secrets."""

    summary = "TradingView did not do it"

    def __init__(
        self,
        *,
        code: str | None = None,
        detail: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__()
        self.code = code
        self.detail = detail
        self.status = status

    def __str__(self) -> str:
        status = None if self.status is None else f"HTTP {self.status}"
        facts = [fact for fact in (status, self.code, self.detail) if fact]
        return f"{self.summary} ({'; '.join(facts)})" if facts else self.summary

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class SlowDown(TradingViewError):
    """Too many requests (429). `retry_after`: seconds TradingView asked for, None when it did not."""

    summary = "TradingView asks to slow down"

    def __init__(
        self,
        *,
        retry_after: float | None = None,
        code: str | None = None,
        detail: str | None = None,
        status: int | None = 429,
    ) -> None:
        super().__init__(code=code, detail=detail, status=status)
        self.retry_after = retry_after


class SessionRefused(TradingViewError):
    """The login looks dead, or there is none: probe before believing it (wire §13.3 to §13.5).

    `outdated` is true when other cookies took the place of those refused: ask again, suspect nothing.
    """

    summary = "TradingView does not accept the login"
    outdated = False


class Denied(TradingViewError):
    """A 403: a dead login or a lack of rights; only a probe tells which (wire §13.5).

    `page` is true when it came as a web page: perhaps a robot check, which says nothing of the login.
    `outdated` is as in SessionRefused.
    """

    summary = "TradingView refuses this"
    outdated = False

    def __init__(
        self,
        *,
        page: bool = False,
        code: str | None = None,
        detail: str | None = None,
        status: int | None = 403,
    ) -> None:
        super().__init__(code=code, detail=detail, status=status)
        self.page = page


class NoAnswer(TradingViewError):
    """What the two errors without a usable answer share: the `kind` of trouble."""

    summary = "TradingView gave no usable answer"

    def __init__(
        self,
        kind: Trouble = Trouble.SHAPE,
        *,
        code: str | None = None,
        detail: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(code=code, detail=detail, status=status)
        self.kind = kind

    def __str__(self) -> str:
        return f"{super().__str__()}: {self.kind.value}"


class UpstreamTrouble(NoAnswer):
    """TradingView is down, unreachable or talks in riddles: try again later, conclude nothing.

    A write that ended so may still have been carried out when a status is given: read first.
    """


class Uncertain(NoAnswer):
    """A write may or may not have been carried out: read back before anything else."""

    summary = "It is not known whether TradingView did it"


class NoSuchUser(TradingViewError):
    """TradingView knows nobody of that name (wire §13.6)."""

    summary = "TradingView knows no such user"


class NoSuchScript(TradingViewError):
    """The script is unknown, malformed or somebody else's (wire §13.7)."""

    summary = "TradingView knows no such script of this account"


class BadPagination(TradingViewError):
    """The page size was refused (wire §13.8); `TradingView.pages` handles it once by itself."""

    summary = "TradingView refused the page size"


class Refused(TradingViewError):
    """Any other refusal; `code` and `detail` say why, if anything does (wire §13.9)."""

    summary = "TradingView refused the request"
