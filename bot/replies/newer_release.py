"""That there is a newer Usher."""

from collections.abc import Mapping
from typing import Any

from bot.replies.text import bold
from bot.store.records import NewerRelease


def notice(release: NewerRelease) -> str:
    """Return the line beside a server's day."""
    notes = f" What is new: <{release.address}>." if release.address else ""
    return (
        f"There is a newer Usher, {bold(release.version)}.{notes} "
        "Whoever runs the bot installs it when it suits."
    )


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
