"""What everybody who calls TradingView for one account must know of each other, to keep one pace.

A `Book` is for one program. A `SharedBook` lies in a small file, so that what is run beside the bot
(`usher check`, `usher session set`) counts with it. Windows has no locks on parts of a file that end
with their program and keep nobody from reading: there each program has a book of its own.
"""

import contextlib
import logging
import os
import struct
import sys
import threading
import weakref
from pathlib import Path

from bot import clock

if sys.platform != "win32":
    import fcntl

log = logging.getLogger(__name__)

NEVER = float("-inf")
# Seconds ahead that an entry may be; further, a clock was wrong, and must not stop anybody.
FURTHEST = 25 * 3600.0
OVERTAKEN = -1  # no slot: another program has kept all of them for longer than any request lasts


class Book:
    """In memory. `due` and `held_until` are moments of `clock.monotonic()`; see `Pace` for their sense.

    They are read at `begin` and `look`, and may be changed between `begin` and `end`.
    """

    def __init__(self) -> None:
        self.due = self.held_until = NEVER
        self._taken: set[int] = set()

    def begin(self) -> bool:
        """Nobody else changes anything until `end`; False when another program is just at it."""
        return True

    def end(self) -> None:
        """What was changed counts for everybody from now on. Always follows `begin`."""

    def look(self) -> None:
        """Read what others wrote."""

    def take(self, most: int) -> int | None:
        """One of `most` slots; None when all are taken. A slot ends with its program."""
        for slot in range(most):
            if slot not in self._taken and self._lock(slot):
                self._taken.add(slot)
                return slot
        return None

    def free(self, slot: int) -> None:
        """Give a slot back."""
        if slot != OVERTAKEN:
            self._taken.discard(slot)
            self._unlock(slot)

    def _lock(self, slot: int) -> bool:  # noqa: ARG002 - nobody else is there
        return True

    def _unlock(self, slot: int) -> None:
        """Let others have it."""


def _known(moment: float, now: float) -> float:
    return moment if moment <= now + FURTHEST else NEVER  # what is no number, neither


if sys.platform != "win32":
    _ENTRY = struct.Struct("<3d")  # due, held until, written at: seconds since 1970
    _WRITING, _SLOTS, _NOBODYS = 0, 1, 1 << 20  # the locked bytes; they need not exist
    _TRIES = 50  # another program is done within some microseconds

    class SharedBook(Book):
        """In a file, which is read and written at once: a hundred microseconds at the very most.

        One object for each file in a program, as closing a second one would end the locks of the first.
        """

        def __init__(self, file: int) -> None:
            super().__init__()
            self._file = file
            self._alone = False
            self._read = (NEVER, NEVER)
            weakref.finalize(self, os.close, file)

        def begin(self) -> bool:
            self._alone = any(self._locked(_WRITING) for _ in range(_TRIES))
            self.look()
            return self._alone

        def end(self) -> None:
            if (self.due, self.held_until) != self._read:
                offset = clock.now().timestamp() - clock.monotonic()
                entry = _ENTRY.pack(
                    self.due + offset, self.held_until + offset, clock.monotonic() + offset
                )
                with contextlib.suppress(OSError):  # a full disk: the others know less, no more
                    os.pwrite(self._file, entry, 0)
            if self._alone:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _WRITING)

        def look(self) -> None:
            try:
                entry = os.pread(self._file, _ENTRY.size, 0)
            except OSError:
                return  # a broken disk: this program still keeps to what it knows
            if len(entry) < _ENTRY.size:
                return  # nobody wrote yet
            now, wall = clock.monotonic(), clock.now().timestamp()
            due, held_until, written_at = _ENTRY.unpack(entry)
            # Of a clock that was put back since, the entry is as far ahead as it was then.
            put_back = max(0.0, written_at - wall)
            offset = wall - now + put_back
            self.due, self.held_until = _known(due - offset, now), _known(held_until - offset, now)
            self._read = (NEVER, NEVER) if put_back else (self.due, self.held_until)

        def _locked(self, place: int) -> bool:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError:
                return False
            return True

        def _lock(self, slot: int) -> bool:
            return self._locked(_SLOTS + slot)

        def _unlock(self, slot: int) -> None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _SLOTS + slot)

    def _opened(path: Path) -> int:
        """The open file. Raises OSError, also where nothing in it can be locked, as on some networks."""
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _NOBODYS)
        except (BlockingIOError, PermissionError):
            pass  # another program tries the same just now
        except OSError:
            os.close(file)
            raise
        else:
            fcntl.lockf(file, fcntl.LOCK_UN, 1, _NOBODYS)
        return file


_open: "weakref.WeakValueDictionary[Path, Book]" = weakref.WeakValueDictionary()
_opening = threading.Lock()


def open_book(path: Path, beside: Path) -> Book:
    """The book in that file, for the owner of `beside` alone (blocking: call it in a thread).

    One in memory where the file cannot be used, which is logged: the bot must not stop for that.
    """
    if sys.platform == "win32":
        return Book()
    path = path.resolve()
    with _opening:
        book = _open.get(path)
        if book is not None:
            return book
        try:
            file = _opened(path)
        except OSError as error:
            log.warning("%s cannot be used (%s): programs beside keep their own pace", path, error)
            return Book()
        with contextlib.suppress(OSError):  # made by root, it must still be the bot's
            owner = beside.stat()
            os.fchown(file, owner.st_uid, owner.st_gid)
        book = _open[path] = SharedBook(file)
        return book
