"""Which members a session is told of: with its guilds, and when it asks."""

from collections.abc import Iterator
from itertools import islice

from bot.sandbox.discord import payloads
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.intents import MEMBERS, PRESENCES
from bot.sandbox.discord.world import Guild, Member, User

_CHUNK = 1000
_SOME = 100  # at most so many for a name, or for ids
_NEVER_LISTED = 75_000  # larger guilds list nobody, also for those who have the presences intent
FULL_EVERY = 30.0  # seconds between two requests of a session for all members of one guild


def guild_create(guild: Guild, bot: User, *, intents: int, large_threshold: int) -> Json:
    """The GUILD_CREATE body for a session: with few exceptions the bot itself is the only member listed."""
    me = guild.members[bot.id]
    large = len(guild.members) > large_threshold
    listed = [me]
    if intents & PRESENCES and len(guild.members) <= _NEVER_LISTED:
        listed = [
            each
            for each in guild.members.values()
            if not large or each is me or each.roles or each.nick is not None
        ]
    return payloads.guild_create(guild, listed, joined_at=me.joined_at, large=large)


def may_ask(asked: Json, intents: int) -> bool:
    """Whether a session may ask this: the list of everybody needs the members intent."""
    everybody = asked.get("user_ids") is None and not asked.get("query")
    return not everybody or bool(intents & MEMBERS)


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


def named(guild: Guild, query: str, limit: int | None) -> list[Member]:
    """Members whose username, display name or nickname begins with the query."""
    start = query.casefold()
    hits = (
        each
        for each in guild.members.values()
        if each.user.name.casefold().startswith(start)
        or (each.user.display_name or "").casefold().startswith(start)
        or (each.nick or "").casefold().startswith(start)
    )
    return list(islice(hits, limit))


def _chosen(guild: Guild, asked: Json) -> tuple[list[Member], list[str]]:
    ids = asked.get("user_ids")
    if ids is None:
        query, limit = asked.get("query") or "", int(asked.get("limit") or 0)
        return named(guild, query, min(limit or _SOME, _SOME) if query else limit or None), []
    wanted = [str(each) for each in (ids if isinstance(ids, list) else [ids])][:_SOME]
    found = [guild.members[int(each)] for each in wanted if int(each) in guild.members]
    return found, [each for each in wanted if int(each) not in guild.members]
