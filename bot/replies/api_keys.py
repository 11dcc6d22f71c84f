"""What managers read of the keys of the HTTP API, and the history says of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.access.people.api_keys import ORPHANED, MadeKey
from bot.access.rules.api_keys import Scope
from bot.replies.message import Message
from bot.replies.text import (
    embed,
    end_day,
    listed as in_words,
    member,
    relative,
    short_day,
    typed,
)
from bot.store.records import ApiKey

# What each scope allows, in words.
MAY = {
    Scope.VALIDATE: "check many names",
    Scope.READ: "read who has access",
    Scope.WRITE: "give and end access",
    Scope.METRICS: "read the figures of the bot",
}


def made(made: MadeKey) -> Message:
    """Return a new key; it is shown this once."""
    key = made.key
    name = typed(key.name)
    where = f"`{made.public_url.rstrip('/')}/access/…`" if made.public_url else "`/access/…`"
    here = (
        ""
        if made.public_url
        else "\nNo public address is set (`PUBLIC_URL`), so only programs on the bot's own computer "
        "reach it. The README says how to open it."
    )
    return Message(
        f"✅ **The key {name} is made:** with it a program may {_allowed(key)}. {_end(key)}\n"
        f"```\n{made.text}\n```\n"
        "**Copy it now: I show it only this once**, and keep nothing by which I could show it again. "
        "Whoever has it can do that in this server, so give it to no person and put it into no address.\n"
        f"A program sends it in the header `X-Admin-Token` to {where}. "
        f"`/apikey revoke` ends it at once.{here}"
    )


def listed(keys: Sequence[ApiKey]) -> Message:
    """Return a server's keys."""
    if not keys:
        return Message(
            "There are no keys here. `/apikey create` makes one for a shop or a program."
        )
    return Message(
        "The keys of this server. The keys themselves were shown once; `/apikey revoke` ends one.",
        (embed("Keys", "\n".join(map(_line, keys))),),
    )


def revoked(key: ApiKey) -> Message:
    """Return that a key opens nothing any more."""
    return Message(
        f"✅ **The key {typed(key.name)} works no more.** What was ordered with it stays. "
        "A program that still uses it is refused; for a new key use `/apikey create`."
    )


def made_before() -> Message:
    """Return that a request that came twice made its key the first time."""
    return Message(
        "That key is made already; it was shown then. `/apikey list` shows what there is."
    )


def _line(key: ApiKey) -> str:
    used = "never used" if key.used_at is None else f"last used {relative(key.used_at)}"
    parts = [f"- **{typed(key.name)}** (key {key.id}): may {_allowed(key)}", used]
    if key.hash_key is None:
        parts.append("works no more, as the key of the bot's database was lost; make a new one")
    elif key.expires_at is not None:
        parts.append(f"until {end_day(key.expires_at)} ({relative(key.expires_at)})")
    if key.alarmed_at is not None:
        parts.append("⚠️ its maker is no manager any more")
    return f"{', '.join(parts)}; made by {member(key.made_by)}, {short_day(key.made_at)}"


def _allowed(key: ApiKey) -> str:
    return in_words(words for scope, words in MAY.items() if scope in key.allows)


def _end(key: ApiKey) -> str:
    if key.expires_at is None:
        return "It works until you revoke it."
    return f"It works until {end_day(key.expires_at)} ({relative(key.expires_at)})."


def _of(f: Any) -> str:
    name = f.after.get("name")
    return f"the API key {typed(str(name))}" if name else "an API key"


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "api_key_made": lambda f: f"{f.who} made {_of(f)}{_scopes(f)}",
    "api_key_revoked": lambda f: f"{f.who} ended {_of(f)}",
    ORPHANED: lambda f: (
        f"⚠️ **{f.member}, who made {_of(f)}, is no manager here any more.** The key goes on working{_scopes(f)}. "
        "If that person still has it, end it with `/apikey revoke` and make a new one with "
        "`/apikey create`; if not, nothing is to do"
    ),
}


def _scopes(f: Any) -> str:
    scopes = str(f.after.get("scopes", ""))
    return f" ({scopes.replace(',', ', ')})" if scopes else ""
