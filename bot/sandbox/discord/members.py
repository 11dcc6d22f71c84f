"""Answers to the gateway's requests for members."""

from collections.abc import Iterator

from bot.sandbox.discord import payloads
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.world import Guild, Member

_CHUNK = 1000
_MAX_FOUND = 100  # of a request by name or by ids, which the members intent is not needed for
FULL_EVERY = 30.0  # seconds between two requests of a session for all members of one guild


def is_full(asked: Json) -> bool:
    """Whether a request is for all members of its guild, which Discord limits."""
    return asked.get("user_ids") is None and asked.get("query") == "" and not asked.get("limit")


def rate_limited(asked: Json, retry_after: float) -> Json:
    """The RATE_LIMITED body for a request that came too early."""
    meta = {"guild_id": str(asked["guild_id"])}
    if asked.get("nonce"):
        meta["nonce"] = asked["nonce"]
    return {"opcode": 8, "retry_after": retry_after, "meta": meta}


def chunks(guild: Guild, asked: Json) -> Iterator[Json]:
    """The GUILD_MEMBERS_CHUNK bodies for one request."""
    found, missing = _chosen(guild, asked)
    count = max(1, -(-len(found) // _CHUNK))
    for index in range(count):
        part = found[index * _CHUNK : (index + 1) * _CHUNK]
        chunk: Json = {
            "guild_id": str(guild.id),
            "members": [payloads.member(each) for each in part],
            "chunk_index": index,
            "chunk_count": count,
        }
        if missing:
            chunk["not_found"] = missing
        if asked.get("nonce"):
            chunk["nonce"] = asked["nonce"]
        yield chunk


def named(guild: Guild, query: str, limit: int) -> list[Member]:
    """Members whose name begins with the query."""
    start = query.casefold()
    hits = [
        each
        for each in guild.members.values()
        if each.user.name.casefold().startswith(start)
        or (each.user.display_name or "").casefold().startswith(start)
    ]
    return hits[: limit or None]


def _chosen(guild: Guild, asked: Json) -> tuple[list[Member], list[str]]:
    ids = asked.get("user_ids")
    if ids is None:
        query, limit = asked.get("query") or "", int(asked.get("limit") or 0)
        return named(guild, query, min(limit or _MAX_FOUND, _MAX_FOUND) if query else limit), []
    wanted = [str(each) for each in (ids if isinstance(ids, list) else [ids])][:_MAX_FOUND]
    found = [guild.members[int(each)] for each in wanted if int(each) in guild.members]
    return found, [each for each in wanted if int(each) not in guild.members]
