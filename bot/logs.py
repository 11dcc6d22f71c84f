"""Where the log goes and what never gets into it."""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Literal, NamedTuple, TextIO
from urllib.parse import quote

from bot.log_excerpt import EXCERPT

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
_REMEMBERED = 200  # lines
_SHORTEST = 4  # a shorter secret would blacken ordinary words

_VALUE = r"[^\s;,&'\"<>\\)\]}]+"
_QUOTED_NAME = r"\\*[\"']?\s*[:=]\s*(?:\\*[\"'])?"


class _Shape(NamedTuple):
    """What a secret looks like; no text without one of the `marks` (in small letters) has it."""

    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str


def _shape(marks: str, pattern: str, replacement: str = HIDDEN) -> _Shape:
    return _Shape(tuple(marks.split()), re.compile(pattern, re.IGNORECASE), replacement)


_SHAPES = (
    # cookies, headers and form fields: name=value, "name": "value", 'name': 'value'
    _shape(
        "sessionid device_t csrftoken",
        rf"(?:\b|(?<=_))(sessionid(?:_sign)?|device_t|csrftoken)({_QUOTED_NAME}){_VALUE}",
        rf"\1\2{HIDDEN}",
    ),
    _shape(
        "password passwd secret access_token",
        rf"(?:\b|(?<=_))(password|passwd|secret_key|client_secret|access_token)({_QUOTED_NAME}){_VALUE}",
        rf"\1\2{HIDDEN}",
    ),
    # not "token: ", which sentences have
    _shape(
        "token", rf"(?:\b|(?<=_))(token)(\\*[\"']\s*[:=]\s*\\*[\"']|=){_VALUE}", rf"\1\2{HIDDEN}"
    ),
    _shape("bot bearer basic", r"\b((?:Bot|Bearer|Basic)\s+)[\w.~+/=-]{16,}", rf"\1{HIDDEN}"),
    # a signed TradingView session, wherever it stands
    _shape(": %3a", r"\bv[1-9](?::|%3A)(?:[A-Za-z0-9/+_-]|%2[BF]){20,}(?:=|%3D)*"),
    # a Discord bot token: id, moment, signature
    _shape(".", r"(?<![\w-])[\w-]{17,40}\.[\w-]{5,8}\.[\w-]{25,60}(?![\w-])"),
    # webhook and interaction tokens in addresses, and interaction tokens anywhere
    _shape(
        "/webhooks/ /interactions/", r"(/(?:webhooks|interactions)/\d+/)[\w.%=-]+", rf"\1{HIDDEN}"
    ),
    _shape("aw50zxjhy3rpb246", r"\baW50ZXJhY3Rpb246[\w=-]+"),
    # a web page where a short answer was expected, as of whoever blocks an address: no secret, but no line
    _shape("<!doctype <html", r"<(?:!doctype\s+html|html\b)[\s\S]*?(?:</html>|\Z)", "[a web page]"),
    # name:password@ in an address
    _shape("://", r"(\w://[^\s/:@]+:)[^\s/@]+@", rf"\1{HIDDEN}@"),
)
_MARKS = tuple({mark for shape in _SHAPES for mark in shape.marks})


class _Vault:
    """The secrets known so far, as one pattern."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        # To look for secrets costs more than all the rest of a line, and many lines are the same. Only
        # what holds none is remembered.
        self._harmless: dict[str, None] = {}

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
        # A thread that cleans a line meanwhile remembers it in the dict that is thrown away here.
        self._harmless = {}

    def clean_line(self, text: str) -> str:
        """Return the line without secrets; one that held none a moment ago is not searched again."""
        harmless = self._harmless
        if text in harmless:
            return text
        cleaned = self.clean(text)
        if cleaned == text:
            if len(harmless) >= _REMEMBERED:
                harmless.clear()
            harmless[text] = None
        return cleaned

    def clean(self, text: str) -> str:
        if self._pattern:
            text = self._pattern.sub(HIDDEN, text)
        # Beyond ASCII there are letters that pass for others in a pattern.
        if text.isascii() and not any(map(text.lower().__contains__, _MARKS)):
            return text
        for shape in _SHAPES:
            text = shape.pattern.sub(shape.replacement, text)
        return text


_vault = _Vault()


def keep_out(secret: str | None) -> None:
    """From now on `secret` is hidden wherever it would be logged (new cookies, new keys)."""
    if secret:
        _vault.add(secret)


def cleaned(text: str) -> str:
    """`text` with every known secret, and whatever looks like one, hidden."""
    return _vault.clean(text)


def printable_line(text: str) -> str:
    """Return the text as one line, each character that cannot be printed replaced by a space."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


class _Handler(logging.StreamHandler[TextIO]):
    """Drops what is too talkative, and writes everything else as a clean line."""

    def __init__(self, stream: TextIO, written: Callable[..., str]) -> None:
        super().__init__(stream)
        self._written = written

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < _floor(record.name):  # a child logger may have a level of its own
            return
        try:
            self.stream.write(f"{self.format(record)}\n")  # a whole line needs no flush there
        except Exception:  # noqa: BLE001 - as every handler does: the program goes on without a log
            self.handleError(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the record stays as it is for other handlers (tests, a host program)."""
        return self._written(record, _vault.clean_line(_message(record)), *_traces(record))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - logging itself would print the arguments unfiltered
        return f"{record.msg} (its arguments do not fit: {type(error).__name__})"


@cache
def _floor(name: str) -> int:
    top = name.partition(".")[0]
    return logging.DEBUG if top in _OURS else _FLOORS.get(top, logging.INFO)


def _traces(record: logging.LogRecord) -> list[str]:
    """The traceback and the stack of a record, clean, as far as it has them."""
    if not (record.exc_info or record.exc_text or record.stack_info):
        return []
    exception = record.exc_text
    if record.exc_info and not exception:
        exception = logging.Formatter().formatException(record.exc_info)
    said = _sayings(record.exc_info[1]) if record.exc_info else ()
    return [_trace(text, said) for text in (exception, record.stack_info) if text]


def _trace(text: str, said: Iterable[str]) -> str:
    """Return a traceback without secrets, in lines of which none can pass for a line of the log.

    Each is indented, and what an exception said stays on one line, whatever stood in it.
    """
    text = cleaned(text)
    for saying in said:
        text = text.replace(saying, saying.replace("\n", "\\n"))
    return "\n".join(f"  {_escaped(line)}" for line in text.split("\n"))


def _sayings(error: BaseException | None) -> list[str]:
    """Return what the exception and those that it came from said in several lines, without secrets."""
    found: list[str] = []
    seen: set[int] = set()
    ahead = [error]
    while ahead:
        one = ahead.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        with suppress(Exception):  # as a traceback does where an exception cannot say itself
            found.append(cleaned(str(one)))
        ahead += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return [saying for saying in found if "\n" in saying]


def _escaped(text: str) -> str:
    """Return the text with every character escaped that cannot be printed."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _text(record: logging.LogRecord, message: str, *traces: str) -> str:
    """For people: one line for each message, tracebacks below it."""
    at = _second(int(record.created))
    # Escaped, so that nobody's text can pass for a line of the log.
    return "\n".join((f"{at} {record.levelname:<8} {record.name}: {_escaped(message)}", *traces))


@lru_cache(1)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _json(record: logging.LogRecord, message: str, *traces: str) -> str:
    """For collectors: one object for each line."""
    entry = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": message,
    }
    if traces:
        entry["exception"] = "\n".join(traces)
    line = json.dumps(entry, ensure_ascii=False)
    if line.isprintable():
        return line
    # JSON lets through what others end a line at, or what a terminal obeys.
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)


def set_up(
    level: str = "info",
    format: Literal["text", "json"] = "text",  # noqa: A002 - the name of the setting
    secrets: Iterable[str] = (),
) -> None:
    """Send the log to standard error, `level` for our own loggers; done again it replaces itself."""
    for secret in secrets:
        keep_out(secret)
    handler = _Handler(sys.stderr, _json if format == "json" else _text)
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, _Handler)]:
        root.removeHandler(old)
    root.addHandler(EXCERPT)
    root.addHandler(handler)
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(wanted, logging.INFO))
    for name in _OURS:
        logging.getLogger(name).setLevel(wanted)
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(wanted, floor))
    # No line says any of these.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(capture=True)
