"""Keeps what the whole program holds in memory small: the limit is 90 MB, beside servers of any size."""

import ctypes
import gc
import sys
from types import CodeType, FunctionType
from typing import Any

# The two largest libraries: 2.5 MB of text that only people read, who do so elsewhere.
_WITH_DOCSTRINGS = ("discord", "sqlalchemy")
_ARENA_MAX = -8  # of mallopt(3), as the two below
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_KIB = 1024


def hold_little() -> None:
    """Have the C library keep one heap for all threads, and little of what was freed; once, at the start.

    Where it is another library than glibc it decides for itself.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is not None and hasattr(library, "mallopt"):
        library.mallopt(_ARENA_MAX, 1)
        library.mallopt(_TRIM_THRESHOLD, 64 * _KIB)
        library.mallopt(_MMAP_THRESHOLD, 32 * _KIB)


def spare_what_is_loaded() -> None:
    """Have the garbage collector pass over what the start loaded, which stays until the end.

    Else each full collection looks through all of it, and holds the loop for 80 ms.
    """
    _forget_docstrings()
    gc.collect()
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is not None and hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
    gc.freeze()


def _forget_docstrings() -> None:
    for thing in gc.get_objects():
        if _is_of_a_library(thing):
            if isinstance(thing, FunctionType):
                thing.__code__ = _without_docstring(thing.__code__, thing.__doc__)
                thing.__doc__ = None
            else:
                type.__setattr__(thing, "__doc__", None)  # some refuse to be changed as others are


def _is_of_a_library(thing: Any) -> bool:
    if not isinstance(thing, FunctionType | type) or not isinstance(thing.__doc__, str):
        return False
    return str(thing.__module__).partition(".")[0] in _WITH_DOCSTRINGS


def _without_docstring(code: CodeType, docstring: str | None) -> CodeType:
    """Return the code of a function without the text, which is its first constant."""
    if not code.co_consts or code.co_consts[0] is not docstring:
        return code
    return code.replace(co_consts=(None, *code.co_consts[1:]))
