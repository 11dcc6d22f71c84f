"""What people paste: TradingView names and pine ids, made clean without asking anybody."""

import enum
import re
from urllib.parse import unquote

# Copied along with text from web pages and chats, and never part of a name.
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_WRAPPING = " \t\r\n\u00a0<>\"'`"
_USERNAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_PROFILE = re.compile(r"(?:^|/)u/([^/?#]*)", re.IGNORECASE)
_MENTION = re.compile(r"<@[!&]?\d+>")
_PINE_ID = re.compile(r"PUB;([A-Za-z0-9]{8,64})", re.ASCII)
_USUAL_LENGTH = 32
_MAX_PASTE = 500


def clean_username(text: str) -> str:
    """The TradingView name in `text`: `@name`, a profile link, spaces around it (wire §4).

    Raises ValueError for what cannot be a name. Whether it exists is for TradingView to say.
    """
    name = _bare(text)
    if _MENTION.search(text):
        name = ""  # Discord's way to write a member, whose number would pass for a name
    if profile := _PROFILE.search(name):
        name = unquote(profile[1])
    name = name.strip(_WRAPPING).removeprefix("@").strip(_WRAPPING)
    if not _USERNAME.fullmatch(name) or not name.strip("."):
        raise ValueError("that cannot be a TradingView username")
    return name


class PineIdProblem(enum.StrEnum):
    """Why a text is not the pine id of an invite-only script."""

    USER_SCRIPT = "a saved private script has no access list"
    BUILT_IN = "a built-in script has no access list"
    ADDRESS = "that is the address of a page; the id in it is another one"
    BAD = "a pine id looks like PUB; and 32 letters and digits"


class BadPineId(ValueError):  # noqa: N818 - named for what it says
    """A text that is not the pine id of an invite-only script; `problem` says in which way."""

    def __init__(self, problem: PineIdProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def clean_pine_id(text: str) -> str:
    """The pine id in `text`, with or without quotes or percent-encoding (wire §11).

    Raises BadPineId. The proof that it is the vendor's own is a list_users call that answers.
    """
    pine_id = unquote(_bare(text).rstrip(",")).strip(_WRAPPING)
    kind, mark, rest = pine_id.partition(";")
    kind = kind.upper()
    if mark and kind == "USER":
        raise BadPineId(PineIdProblem.USER_SCRIPT)
    if mark and kind == "STD":
        raise BadPineId(PineIdProblem.BUILT_IN)
    pine_id = f"{kind}{mark}{rest}"
    if _PINE_ID.fullmatch(pine_id):
        return pine_id
    if "/" in pine_id or "tradingview.com" in pine_id.lower():
        raise BadPineId(PineIdProblem.ADDRESS)
    raise BadPineId(PineIdProblem.BAD)


def has_usual_length(pine_id: str) -> bool:
    """Whether a clean pine id is 32 long behind `PUB;`; others deserve a warning (wire §11)."""
    return len(pine_id.partition(";")[2]) == _USUAL_LENGTH


def _bare(text: str) -> str:
    return text[:_MAX_PASTE].translate(_INVISIBLE).strip(_WRAPPING)
