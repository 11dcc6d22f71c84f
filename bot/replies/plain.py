"""The same sentences for a web page, which knows none of Discord's signs."""

import re
from datetime import UTC, datetime

_TIME = re.compile(r"<t:(\d+)(?::\w)?>")
_SIGNS = re.compile(r"(?<!\\)(\*\*|`)")
_ESCAPED = re.compile(r"\\([\\*_~`|<>\[\]#])")


def plain(text: str) -> str:
    """Return the text without Discord's markup."""
    text = _TIME.sub(_moment, text)
    text = _SIGNS.sub("", text)
    return _ESCAPED.sub(r"\1", text)


def _moment(found: re.Match[str]) -> str:
    return f"{datetime.fromtimestamp(int(found[1]), UTC):%Y-%m-%d %H:%M} UTC"
