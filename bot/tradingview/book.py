"""What everybody who calls TradingView for one account must know of each other, to keep one pace.

A `Book` is for one program. A `SharedBook` lies in a small file, so that what is run beside the bot
(`usher check`, `usher session set`) counts with it. Windows has no locks on parts of a file that end
with their program and keep nobody from reading: there each program has a book of its own.
"""

import contextlib
import logging
import math
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
_SAME = 0.001  # seconds: two clocks are read one after the other, with more or less time between
MOMENT = 0.1  # seconds: who waited less than that for longer need not go first
OVERTAKEN = -1  # no slot: another program has kept all of them for longer than any request lasts


class Book:
    """In memory. `due` and `held_until` are moments of `clock.monotonic()`; see `Pace` for their sense.

    They are read at `begin` and `look`, and may be changed between `begin` and `end`.
    """

    def __init__(self) -> None:
        self.due = self.held_until = NEVER
        self._taken: set[int] = set()
        self._waiting: list[float] = []

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

    def wait(self, since: float) -> None:
        """Whoever shares the book sees from now on that somebody waits since then."""
        self._waiting.append(since)

    def wait_no_more(self, since: float) -> None:
        """Take back what was said to `wait`, which also ends with the program."""
        self._waiting.remove(since)

    def is_next(self, since: float) -> bool:
        """Nobody else waits since more than a `MOMENT` before; to be asked when alone."""
        return not any(other < since - MOMENT for other in self._waiting)

    def _lock(self, slot: int) -> bool:  # noqa: ARG002 - nobody else is there
        return True

    def _unlock(self, slot: int) -> None:
        """Let others have it."""


def _known(moment: float, now: float) -> float:
    return moment if moment <= now + FURTHEST else NEVER  # what is no number, neither


def _later(own: float, told: float) -> float:
    return own if own > told + _SAME else told


if sys.platform != "win32":
    _ENTRY = struct.Struct("<3d")  # due, held until, written at: seconds since 1970
    _WRITING, _SLOTS, _NOBODYS = 0, 1, 1 << 20  # the locked bytes; they need not exist
    # One for each millisecond, however the clock that counts from the computer's start stands.
    _LINE, _NOW = 1 << 40, 1 << 41
    _TRIES = 50  # another program is done within some microseconds
    _MOVED = 1.0  # seconds; by less, nothing is worth writing anew

    class SharedBook(Book):
        """In a file, which is read and written at once: a hundred microseconds at the very most.

        The clock of the entry may be put forward and back at any time; so each entry is read once, and
        from then on what it said is kept by this program's own seconds, as is what it could not write.

        One object for each file in a program, as closing a second one would end the locks of the first.
        """

        def __init__(self, file: int) -> None:
            super().__init__()
            self._file = file
            self._alone = False
            self._entry = b""  # as last read or written
            self._offset = 0.0  # from this program's seconds to those since 1970, then
            # What it tells others; None when they would misread it.
            self._told: tuple[float, float] | None = (NEVER, NEVER)
            self._is_broken = False
            weakref.finalize(self, os.close, file)

        def begin(self) -> bool:
            self._alone = any(self._locked(_WRITING) for _ in range(_TRIES))
            self._read()
            return self._alone

        def end(self) -> None:
            if (self.due, self.held_until) != self._told:
                self._write()
            if self._alone:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _WRITING)
                self._alone = False

        def look(self) -> None:
            self._read()
            if (self.due, self.held_until) != self._told:
                self.begin()
                self.end()

        def _read(self) -> None:
            try:
                entry = os.pread(self._file, _ENTRY.size, 0)
            except OSError:
                return  # a broken disk: this program still keeps to what it knows
            if len(entry) < _ENTRY.size:
                return  # nobody wrote yet
            now, wall = clock.monotonic(), clock.now().timestamp()
            moved = abs(wall - now - self._offset) > _MOVED
            self._offset = wall - now
            if entry == self._entry:
                if moved:
                    self._told = None
                return
            self._entry = entry
            due, held_until, written_at = _ENTRY.unpack(entry)
            # Of a clock that was put back since, the entry is as far ahead as it was then.
            put_back = max(0.0, written_at - wall)
            offset = wall - now + put_back
            told = _known(due - offset, now), _known(held_until - offset, now)
            self._told = None if put_back else told
            self.due = _later(self.due, told[0])
            self.held_until = _later(self.held_until, told[1])

        def _write(self) -> None:
            now, wall = clock.monotonic(), clock.now().timestamp()
            offset = wall - now
            entry = _ENTRY.pack(self.due + offset, self.held_until + offset, wall)
            try:
                os.pwrite(self._file, entry, 0)
            except OSError as error:
                if not self._is_broken:
                    log.warning(
                        "a pace cannot be written (%s): programs beside keep their own", error
                    )
                self._is_broken = True
                return  # tried again at the next end
            self._is_broken = False
            self._entry, self._offset, self._told = entry, offset, (self.due, self.held_until)

        def wait(self, since: float) -> None:
            super().wait(since)
            self._locked(_place(since), how=fcntl.LOCK_SH)

        def wait_no_more(self, since: float) -> None:
            super().wait_no_more(since)
            if since not in self._waiting:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _place(since))

        def is_next(self, since: float) -> bool:
            before = _place(since - MOMENT) - _LINE
            # In this order: nobody of this program has a lock there, who would lose it.
            if not super().is_next(since) or not self._locked(_LINE, before):
                return False
            fcntl.lockf(self._file, fcntl.LOCK_UN, before, _LINE)
            return True

        def _locked(self, place: int, length: int = 1, how: int = fcntl.LOCK_EX) -> bool:
            try:
                fcntl.lockf(self._file, how | fcntl.LOCK_NB, length, place)
            except OSError:
                return False
            return True

        def _lock(self, slot: int) -> bool:
            return self._locked(_SLOTS + slot)

        def _unlock(self, slot: int) -> None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _SLOTS + slot)

    def _place(since: float) -> int:
        return _NOW + math.floor(since * 1000)

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
