"""What was found out, one thing at a time: `usher check` prints it, the dashboard shows it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding asks for."""

    WRONG = "wrong"  # something has to be done
    NOTE = "note"  # worth knowing
    FINE = "fine"


class Place(StrEnum):
    """Where the dashboard mends it; the value is the page's address below the server's own."""

    LOGIN = "login"
    SETTINGS = "settings"
    ITEMS = "items"
    STUCK = "people?show=stuck"
    DIFFERENCES = "differences"
    BACKUPS = "backups"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: fine, worth knowing, or wrong with its repair."""

    subject: str
    text: str
    remedy: str | None = None  # given: it is wrong
    note: bool = False
    place: Place | None = None  # where the dashboard mends it
    retry: str | None = None  # the short name of a script for which `/sync retry` mends it

    @property
    def wrong(self) -> bool:
        """Return whether something has to be done about it."""
        return self.remedy is not None

    @property
    def severity(self) -> Severity:
        """Return what it asks for."""
        if self.wrong:
            return Severity.WRONG
        return Severity.NOTE if self.note else Severity.FINE

    def __str__(self) -> str:
        mark = {Severity.WRONG: "WRONG", Severity.NOTE: "note ", Severity.FINE: "ok   "}
        line = f"{mark[self.severity]}  {self.subject}: {self.text}"
        return f"{line}\n       What to do: {self.remedy}" if self.remedy else line
