"""What people paste: TradingView names and pine ids, made clean without asking anybody."""

import enum
import re
from urllib.parse import unquote

# Copied along with text from web pages and chats, and never part of a name.
_DIRECTIONS = (0x61C, *range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_WIDTHLESS = (0xAD, 0x34F, 0x180E, *range(0x200B, 0x200E), *range(0x2060, 0x2066), 0xFEFF)
_FILLERS = (0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0)  # shown as nothing, too
_VARIANTS = (*range(0xFE00, 0xFE10), *range(0xE0020, 0xE0080))  # of the character before them
_HIDDEN = dict.fromkeys((*_DIRECTIONS, *_WIDTHLESS, *_FILLERS, *_VARIANTS))
_SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›′″"
_AROUND = "".join(map(chr, _HIDDEN)) + _SPACES + _QUOTES + "<>*~|,;"
# What phones and word processors put in place of a hyphen, and perhaps of an underscore.
_LONG_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")
_ESCAPED = re.compile(r"\\(?=[_.-])")  # a copied message has `Ann\_Trades`
_USERNAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_PROFILE = re.compile(
    r"(?:(?:(?:https?:)?//)?(?:[a-z0-9-]+\.)*tradingview\.com/(?:u/|@)|/?u/)([^/?#]*)",
    re.IGNORECASE | re.ASCII,
)
_PAGE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//\S|[a-z0-9-]+(?:\.[a-z0-9-]+)+/\S", re.IGNORECASE | re.ASCII
)
_MENTION = re.compile(r"<@[!&]?\d+>")
_PINE_ID = re.compile(r"PUB;([A-Za-z0-9]{8,64})", re.ASCII)
_USUAL_LENGTH = 32
_MAX_PASTE = 500


class LongDash(ValueError):  # noqa: N818 - named for what it says
    """A name but for a long dash, which may stand for `-` or for `_`."""


class HiddenMark(ValueError):  # noqa: N818 - named for what it says
    """A name but for an invisible character inside it."""


class OtherPage(ValueError):  # noqa: N818 - named for what it says
    """The address of a page that is no profile on TradingView."""


def visible(text: str) -> str:
    """Return the text without the characters that turn its direction or show nothing."""
    return text.translate(_HIDDEN)


def clean_username(text: str) -> str:
    """Return the TradingView name in `text`: `@name`, a profile link, what chats put around it (wire §4).

    Raises LongDash, HiddenMark, OtherPage, or another ValueError for what cannot be a name. Whether
    it exists is for TradingView to say.
    """
    if _is_username(text):  # as programs write it
        return text
    # Discord's way to write a member, whose number would pass for a name.
    name = "" if _MENTION.search(text) else _name_in(text[:_MAX_PASTE])
    if _is_username(name):
        return name
    shown = name if visible(name) == name else _name_in(visible(name))
    if _is_username(shown):
        raise HiddenMark("an invisible character stands inside that name")
    if _is_username(shown.translate(_LONG_DASHES)):
        raise LongDash("a long dash stands where a TradingView username has - or _")
    refusal = OtherPage if _PAGE.match(shown) else ValueError
    raise refusal("that cannot be a TradingView username")


def _name_in(text: str) -> str:
    """What stands where a name belongs, without what was copied along."""
    name = text.strip(_AROUND)
    if profile := _PROFILE.match(name):
        name = unquote(profile[1]).strip(_AROUND)
    return _ESCAPED.sub("", name.removeprefix("@").strip(_AROUND))


def _is_username(text: str) -> bool:
    return bool(_USERNAME.fullmatch(text) and text.strip("."))


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
    pasted = visible(text[:_MAX_PASTE]).strip(_AROUND)
    pine_id = unquote(pasted).strip(_AROUND)
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
