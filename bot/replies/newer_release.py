"""That there is a newer Usher."""

from collections.abc import Mapping
from typing import Any

from bot.replies.message import Message
from bot.replies.text import bold
from bot.replies.tone import Tone
from bot.store.records import NewerRelease


def told(facts: Mapping[str, Any]) -> str:
    """Return the line of the log channel, from what the history keeps."""
    version, running, address = (facts.get(each) for each in ("version", "running", "address"))
    named = f", {bold(str(version))}" if version else ""
    here = f" ({bold(str(running))} runs here)" if running else ""
    notes = f" What is new: <{address}>." if address else ""
    return (
        f"There is a newer Usher{named}{here}.{notes} "
        "Nothing changes by itself: whoever runs the bot installs it when it suits"
    )


def notice(release: NewerRelease) -> Message:
    """Return the same for those who look at today, with the release that is known now."""
    facts = {"version": release.version, "address": release.address}
    return Message(f"⬆️ {told(facts)}.", tone=Tone.LOOK)
