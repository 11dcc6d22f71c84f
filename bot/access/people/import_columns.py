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


def find_columns(header: Sequence[str]) -> Columns | None:
    """Return the columns that this line names; None unless it names both a member and TradingView."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place, title in enumerate(header[:_MAX_COLUMNS]):
        if kind_and_rank := _kind(title):
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


def _kind(title: str) -> tuple[str, int] | None:
    """Return what a column with that title names, and how far down the list of titles that stands."""
    folded = fold(title[:_LONGEST_TITLE])
    compact = re.sub(r"[^a-z0-9]", "", folded)
    known = (
        ("username", _TRADINGVIEW, 0),
        ("id", _DISCORD_ID, 0),
        ("member", _DISCORD_NAME, 0),
        ("perhaps_id", _PERHAPS_ID, 2 * _QUESTION),
        ("perhaps_member", _PERHAPS_NAME, 2 * _QUESTION),
        ("username", _PLAIN_NAME, 2 * _QUESTION),
    )
    for kind, titles, rank in known:
        if compact in titles:
            return kind, rank + titles.index(compact)
    return _asked(re.findall(r"[^\W_]+", folded), compact)


def _asked(words: list[str], compact: str) -> tuple[str, int] | None:
    """Return the same for a longer title, as "What is your TradingView username?"."""
    discord, tradingview = compact.find("discord"), compact.find("tradingview")
    if tradingview < 0 and "tv" in words:
        tradingview = compact.find("tv")
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
    asks_id = present & {"id", "ids"} or re.search(r"discord(user|member)?id", compact)
    return ("id" if asks_id else "member"), rank
