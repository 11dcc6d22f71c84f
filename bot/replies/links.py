"""What members read who are to link their TradingView name, because access waits for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.access.sources import REGISTRY
from bot.replies.message import Message, Ping
from bot.replies.own import link_button
from bot.replies.text import bold, kept_member, listed
from bot.replies.tone import Tone

_MAX_NAMED = 10


def to_unlinked(
    titles: Sequence[str], source: str, role_name: str, server: str | None, guild_id: int
) -> Message:
    """Return the one direct message to somebody who gained access and has no TradingView name yet."""
    where = bold(server or "the server")
    has = REGISTRY[source].has.format(role=bold(role_name), server=where)
    what = listed(map(bold, titles))
    return Message(
        f"🎉 {what} {'is' if len(titles) == 1 else 'are'} yours, because {has}.\n"
        "One step is left: I do not know your TradingView name yet. Press the button and type it: "
        "it stands at the top of TradingView's menu. Then you have it within a minute; nothing is lost until "
        "then. (In the server, `/link` does the same.)",
        buttons=(link_button(guild_id),),
    )


def call_to_link(members: Sequence[int]) -> Message:
    """Return the call to those who take no direct messages, for a channel that they read."""
    return Message(
        "**Access is waiting for you.** One step is left: type `/link` here, with your TradingView "
        "name: it stands at the top of TradingView's menu.",
        tone=Tone.PLAIN,
        ping=Ping(members=tuple(members)),
    )


def called(facts: Mapping[str, Any]) -> str:
    """Return, for the history, who waits with access but no name and takes no direct messages."""
    members = [kept_member(str(each)) for each in facts.get("members", ())]
    who = listed(members[:_MAX_NAMED]) or "some members"
    if len(members) > _MAX_NAMED:
        who = f"{', '.join(members[:_MAX_NAMED])} and {len(members) - _MAX_NAMED:,} more"
    text = f"Access waits for the TradingView name of {who}, who take no direct messages"
    if channel_id := facts.get("channel_id"):
        return f"{text}; they were called in <#{channel_id}>"
    return f"{text}: please ask them to type `/link`"
