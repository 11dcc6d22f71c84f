"""Finds out which column of a vendor's list names whom, from what stands above it; pure, no I/O.

A column that says TradingView counts before one that says only "username", which may be the name on
Discord or in a shop. Where several may be meant, the reader learns all of them.
"""

import re
import unicodedata
from collections.abc import Sequence

from bot.access.people.import_records import Columns
from bot.tradingview import visible

# Titles in full, the best first.
_TRADINGVIEW = (
    "tradingviewusername", "tradingviewname", "tvusername", "tvname", "tradingviewuser", "tvuser",
    "tradingview", "tv", "tradingviewhandle", "tradingviewprofile", "tradingviewaccount",
    "tradingviewid", "tvid",
)  # fmt: skip
_DISCORD_ID = ("discordid", "discorduserid", "discordmemberid")
_DISCORD_NAME = ("discord", "discordname", "discordusername", "discorduser", "discordtag")
_PLAIN_NAME = ("username",)
# What may be the shop's own counts only where nothing says Discord.
_PERHAPS_ID = ("memberid", "userid")
_PERHAPS_NAME = ("member",)

# In a longer title, as a form's question: words that ask who, and words that ask something else.
_WHO = frozenset(("username", "usernames", "name", "names", "handle", "nick", "nickname", "tag"))
_WHO_PERHAPS = frozenset(("user", "id", "ids", "account", "profile"))
_OTHER = frozenset(
    (
        "access", "agree", "avatar", "date", "email", "end", "ends", "expires", "expiry", "indicator",
        "invite", "join", "joined", "mail", "paid", "password", "plan", "price", "role", "roles",
        "script", "scripts", "server", "status", "subscription", "until",
    )
)  # fmt: skip
_QUESTION = 20
_LONGEST_TITLE = 300
_MAX_COLUMNS = 200


def is_question(rank: int) -> bool:
    """Return whether a title of that rank only sounds as if it names somebody, as a form's question."""
    return _QUESTION <= rank < 2 * _QUESTION


def find_columns(header: Sequence[str]) -> Columns | None:
    """Return the columns that this line names; None unless it names both a member and TradingView."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place, title in enumerate(header[:_MAX_COLUMNS]):
        if kind_and_rank := who(title):
            kind, rank = kind_and_rank
            found.setdefault(kind, []).append((rank, place))
    ids, names = found.get("id", []), found.get("member", [])
    if not ids and not names:
        ids, names = found.get("perhaps_id", []), found.get("perhaps_member", [])
    usernames = found.get("username", [])
    if not usernames or not (ids or names):
        return None
    doubt = min(usernames)[0] + min(ids or names)[0]
    return Columns(tuple(header), _places(usernames), _places(ids), _places(names), doubt)


def fold(name: str) -> str:
    """Return a name as it is compared: any case, any width, single spaces, nothing that does not show."""
    return " ".join(unicodedata.normalize("NFKC", visible(name)).casefold().split())


def _places(ranked: list[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(place for _, place in sorted(ranked))


def compact(title: str) -> str:
    """Return a title as it is compared: its letters and digits alone, in any case."""
    return re.sub(r"[^a-z0-9]", "", fold(title[:_LONGEST_TITLE]))


def who(title: str) -> tuple[str, int] | None:
    """Return how a column with that title names people, and its rank: less is better.

    It is "username" (on TradingView), "id" or "member" (on Discord), or perhaps one of these, as a
    shop's own: "perhaps_id", "perhaps_member". None: it names nobody.
    """
    letters = compact(title)
    known = (
        ("username", _TRADINGVIEW, 0),
        ("id", _DISCORD_ID, 0),
        ("member", _DISCORD_NAME, 0),
        ("perhaps_id", _PERHAPS_ID, 2 * _QUESTION),
        ("perhaps_member", _PERHAPS_NAME, 2 * _QUESTION),
        ("username", _PLAIN_NAME, 2 * _QUESTION),
    )
    for kind, titles, rank in known:
        if letters in titles:
            return kind, rank + titles.index(letters)
    return _asked(re.findall(r"[^\W_]+", fold(title[:_LONGEST_TITLE])), letters)


def _asked(words: list[str], letters: str) -> tuple[str, int] | None:
    """Return the same for a longer title, as "What is your TradingView username?"."""
    discord, tradingview = letters.find("discord"), letters.find("tradingview")
    if tradingview < 0 and "tv" in words:
        tradingview = letters.find("tv")
    if discord < 0 and tradingview < 0:
        return None
    rank = _QUESTION
    present = set(words)
    if not present & _WHO:
        if present & _OTHER:
            return None
        rank += 2 if present & _WHO_PERHAPS else 4
    elif present & _OTHER:
        rank += 4
    if discord >= 0 and tradingview >= 0:  # the first is asked for, the second explains
        rank += 8
    if discord < 0 or 0 <= tradingview < discord:
        return "username", rank
    asks_id = present & {"id", "ids"} or re.search(r"discord(user|member)?id", letters)
    return ("id" if asks_id else "member"), rank
