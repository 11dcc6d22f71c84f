"""The panel: one message with buttons by which members help themselves."""

from collections.abc import Mapping
from typing import Any

from bot.replies.message import Message
from bot.replies.own import panel_buttons
from bot.replies.tone import Tone

MAX_TEXT = 1_500
DEFAULT = (
    "**Your TradingView access, in three steps**\n"
    "1. Press *Link TradingView* and type your user name there: it stands at the top of TradingView's menu.\n"
    "2. Wait for my message: it says when you can use it, and until when.\n"
    "3. On TradingView open a chart, then **Indicators → Invite-only scripts**.\n"
    "-# Only you see the answers."
)


def panel(text: str | None, guild_id: int) -> Message:
    """Return the panel, with the vendor's own text where there is one; it calls nobody."""
    # Discord's field for a command takes no line break: it is typed as \\n there.
    own = (text or "").replace("\\n", "\n").strip()
    return Message(own[:MAX_TEXT] or DEFAULT, buttons=panel_buttons(guild_id), tone=Tone.PLAIN)


def posted(channel_id: int, *, left_behind: int | None) -> Message:
    """Return that the panel stands; `left_behind`: the channel of an earlier one that could not be removed."""
    text = (
        f"✅ **The panel stands in <#{channel_id}>.** Its buttons work for months and after restarts. Posting "
        "it again takes the place of this one."
    )
    if left_behind is not None:
        text += (
            f"\n⚠️ I could not remove the earlier one in <#{left_behind}>: please delete it there."
        )
    return Message(text)


def described(who: str, facts: Mapping[str, Any]) -> str:
    """Return, for the history, who posted it and where."""
    return f"{who} posted the panel in <#{facts.get('channel_id', 0)}>"
