"""Which events a session gets, and what of a message it may read."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.discord.world import User

GUILDS = 1 << 0
MEMBERS = 1 << 1
MODERATION = 1 << 2
PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = MEMBERS | PRESENCES | MESSAGE_CONTENT
KNOWN = (1 << 26) - 1

_NEEDED = {
    "GUILD_MEMBER_ADD": MEMBERS,
    "GUILD_MEMBER_UPDATE": MEMBERS,
    "GUILD_MEMBER_REMOVE": MEMBERS,
    "GUILD_BAN_ADD": MODERATION,
    "GUILD_BAN_REMOVE": MODERATION,
    "GUILD_UPDATE": GUILDS,
    "GUILD_DELETE": GUILDS,
    "GUILD_ROLE_CREATE": GUILDS,
    "GUILD_ROLE_UPDATE": GUILDS,
    "GUILD_ROLE_DELETE": GUILDS,
    "CHANNEL_CREATE": GUILDS,
    "CHANNEL_UPDATE": GUILDS,
    "CHANNEL_DELETE": GUILDS,
}


@dataclass(frozen=True)
class Scope:
    """Where an event happened, as far as intents care."""

    dm: bool = False
    about_bot: bool = False


EVERYWHERE = Scope()


def filtered(event: str, data: Any, scope: Scope, intents: int, bot: User) -> Any | None:
    """The event's data as this session may see it, or None when it may not."""
    if event.startswith("MESSAGE_"):
        if not intents & (DIRECT_MESSAGES if scope.dm else GUILD_MESSAGES):
            return None
        return data if _may_read(data, scope, intents, bot) else _emptied(data)
    needed = _NEEDED.get(event, 0)
    if event == "GUILD_MEMBER_UPDATE" and scope.about_bot:
        needed = 0  # a bot always hears of itself
    return data if not needed or intents & needed else None


def _may_read(data: Any, scope: Scope, intents: int, bot: User) -> bool:
    if intents & MESSAGE_CONTENT or scope.dm or "author" not in data:
        return True
    mentioned = f"<@{bot.id}>" in data.get("content", "")
    return mentioned or data["author"]["id"] == str(bot.id)


def _emptied(data: Any) -> Any:
    return {**data, "content": "", "embeds": [], "attachments": [], "components": []}
