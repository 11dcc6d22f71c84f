"""Where the log goes and what never gets into it."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, TextIO
from urllib.parse import quote

HIDDEN = "[hidden]"

# Anything else may write whole forms, cookies or SQL parameters when it is talkative.
_OURS = ("bot", "cogs", "__main__")
_FLOORS = {
    "aiohttp": logging.INFO,
    "aiosqlite": logging.INFO,
    "alembic": logging.WARNING,  # at info it lists its own parts; bot.store.engine.migrate says what matters
    "asyncio": logging.INFO,
    "discord": logging.INFO,
    "sqlalchemy": logging.WARNING,  # at info it prints every statement with its values
}
_SHORTEST = 4  # a shorter secret would blacken ordinary words

_VALUE = r"[^\s;,&'\"<>\\)\]}]+"
_QUOTED_NAME = r"\\*[\"']?\s*[:=]\s*(?:\\*[\"'])?"
_SHAPES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # cookies, headers and form fields: name=value, "name": "value", 'name': 'value'
        (
            rf"(?:\b|(?<=_))(sessionid(?:_sign)?|device_t|csrftoken)({_QUOTED_NAME}){_VALUE}",
            rf"\1\2{HIDDEN}",
        ),
        (
            rf"(?:\b|(?<=_))(password|passwd|secret_key|client_secret|access_token)({_QUOTED_NAME}){_VALUE}",
            rf"\1\2{HIDDEN}",
        ),
        # not "token: ", which sentences have
        (rf"(?:\b|(?<=_))(token)(\\*[\"']\s*[:=]\s*\\*[\"']|=){_VALUE}", rf"\1\2{HIDDEN}"),
        (r"\b((?:Bot|Bearer|Basic)\s+)[\w.~+/=-]{16,}", rf"\1{HIDDEN}"),
        # a signed TradingView session, wherever it stands
        (r"\bv[1-9](?::|%3A)(?:[A-Za-z0-9/+_-]|%2[BF]){20,}(?:=|%3D)*", HIDDEN),
        # a Discord bot token: id, moment, signature
        (r"(?<![\w-])[\w-]{17,40}\.[\w-]{5,8}\.[\w-]{25,60}(?![\w-])", HIDDEN),
        # webhook and interaction tokens in addresses, and interaction tokens anywhere
        (r"(/(?:webhooks|interactions)/\d+/)[\w.%=-]+", rf"\1{HIDDEN}"),
        (r"\baW50ZXJhY3Rpb246[\w=-]+", HIDDEN),
        # name:password@ in an address
        (r"(\w://[^\s/:@]+:)[^\s/@]+@", rf"\1{HIDDEN}@"),
    )
)


class _Vault:
    """The secrets known so far, as one pattern."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        secret = secret.strip()
        if len(secret) < _SHORTEST or secret in self._known:
            return
        shown = {
            secret,
            quote(secret),
            quote(secret, safe=""),
        }  # as itself and as addresses carry it
        shown |= {repr(secret)[1:-1], json.dumps(secret)[1:-1]}
        self._known |= shown
        # Longest first, so that a secret that contains another leaves nothing behind.
        ordered = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE)

    def clean(self, text: str) -> str:
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


_vault = _Vault()


def keep_out(secret: str | None) -> None:
    """From now on `secret` is hidden wherever it would be logged (new cookies, new keys)."""
    if secret:
        _vault.add(secret)


def cleaned(text: str) -> str:
    """`text` with every known secret, and whatever looks like one, hidden."""
    text = _vault.clean(text)
    for pattern, replacement in _SHAPES:
        text = pattern.sub(replacement, text)
    return text


def printable_line(text: str) -> str:
    """Return the text as one line, each character that cannot be printed replaced by a space."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


class _Handler(logging.StreamHandler[TextIO]):
    """Drops what is too talkative, and writes a cleaned copy of everything else."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < _floor(record.name):  # a child logger may have a level of its own
            return
        # A copy: other handlers (tests, a host program) keep the record they were given.
        clean = logging.makeLogRecord(record.__dict__)
        clean.msg, clean.args = cleaned(_message(record)), None
        if record.exc_info and not record.exc_text:
            clean.exc_text = logging.Formatter().formatException(record.exc_info)
        clean.exc_info = None
        clean.exc_text = cleaned(clean.exc_text) if clean.exc_text else None
        clean.stack_info = cleaned(record.stack_info) if record.stack_info else None
        super().emit(clean)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - logging itself would print the arguments unfiltered
        return f"{record.msg} (its arguments do not fit: {type(error).__name__})"


def _floor(name: str) -> int:
    top = name.partition(".")[0]
    return logging.DEBUG if top in _OURS else _FLOORS.get(top, logging.INFO)


class _Text(logging.Formatter):
    """For people: one line for each message, tracebacks below it."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        # Escaped, so that nobody's text can pass for a line of the log.
        message = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in record.getMessage())
        return "\n".join((f"{at} {record.levelname:<8} {record.name}: {message}", *_traces(record)))


class _Json(logging.Formatter):
    """For collectors: one object for each line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if traces := _traces(record):
            entry["exception"] = "\n".join(traces)
        return json.dumps(entry, ensure_ascii=False)


def _traces(record: logging.LogRecord) -> list[str]:
    return [text for text in (record.exc_text, record.stack_info) if text]


def set_up(
    level: str = "info",
    format: Literal["text", "json"] = "text",  # noqa: A002 - the name of the setting
    secrets: Iterable[str] = (),
) -> None:
    """Send the log to standard error, `level` for our own loggers; done again it replaces itself."""
    for secret in secrets:
        keep_out(secret)
    handler = _Handler(sys.stderr)
    handler.setFormatter(_Json() if format == "json" else _Text())
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(wanted, logging.INFO))
    for name in _OURS:
        logging.getLogger(name).setLevel(wanted)
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(wanted, floor))
    logging.captureWarnings(capture=True)
