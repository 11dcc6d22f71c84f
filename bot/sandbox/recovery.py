"""When the bot tries again what it could not do, as its own log tells."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

_NEXT = re.compile(r"(?:permission (\d+) waits|TradingView does not answer).*next try in (\d+) s")
_DONE = re.compile(r"permission (\d+) agrees")


class Recovery:
    """Keeps the next tries that the log named, until their time has come."""

    def __init__(self) -> None:
        self._orders: dict[str, datetime] = {}
        self._everything: datetime | None = None

    def read(self, line: str) -> bool:
        """Take what a line of the log says; returns whether that changed anything."""
        if found := _NEXT.search(line):
            due = datetime.now(UTC) + timedelta(seconds=int(found[2]))
            if found[1]:
                self._orders[found[1]] = due
            else:
                self._everything = due
            return True
        if found := _DONE.search(line):
            self._everything = None
            return self._orders.pop(found[1], None) is not None
        return False

    def describe(self) -> dict[str, Any] | None:
        """Return when the first of the waiting orders is tried again, as JSON; None when none waits."""
        now = datetime.now(UTC)
        self._orders = {number: due for number, due in self._orders.items() if due > now}
        if not self._orders:
            return None
        first = min(self._orders.values())
        if self._everything is not None:
            first = max(first, self._everything)
        return {"next_try": first.isoformat()}
