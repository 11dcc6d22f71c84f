"""The process `usher`: from its first moment on, a wish to stop it ends it quietly."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

_INTERRUPTED = 130  # what shells expect after Ctrl-C
_UNTIL_STOPPED = ("run", "sandbox")  # to stop these is no failure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the process's exit code. Without `arguments`, those of the process."""
    if arguments is not None:
        from bot.cli.process import run_command  # noqa: PLC0415 - as below

        return run_command(arguments)
    typed = sys.argv[1:]
    stoppable = typed[:1] and typed[0] in _UNTIL_STOPPED
    if stoppable:
        _on_stop(_end)
    try:
        from bot.cli.process import run_command  # noqa: PLC0415 - it takes long; a signal may come before

        return run_command(typed)
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        if stoppable:  # everything is closed, and the exit code is decided
            _on_stop(signal.SIG_IGN)


def _on_stop(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, handler)


def _end(_: int, __: FrameType | None) -> None:
    """End at once: nothing is open yet. The commands take over once something is."""
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
