"""What `usher check` found out, one thing at a time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: fine, worth knowing, or wrong with its repair."""

    subject: str
    text: str
    remedy: str | None = None  # given: it is wrong
    note: bool = False

    @property
    def wrong(self) -> bool:
        """Return whether something has to be done about it."""
        return self.remedy is not None

    def __str__(self) -> str:
        mark = "WRONG" if self.wrong else "note " if self.note else "ok   "
        line = f"{mark}  {self.subject}: {self.text}"
        return f"{line}\n       What to do: {self.remedy}" if self.remedy else line
