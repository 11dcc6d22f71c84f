"""Keeps what the whole program holds in memory small: the limit is 90 MB, beside servers of any size."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import FrozenInstanceError, fields
from importlib import import_module
from reprlib import recursive_repr
from types import CodeType, FunctionType, ModuleType
from typing import Any

# What is loaded one after the other: the largest libraries with what the bot uses of each, then the bot.
_PARTS = (
    "aiohttp",  # first, as it reads docstrings of Python's own
    "discord",
    "discord.ext.commands",
    "aiohttp.web",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "bot.store.records",
    "bot.access.sync.queue",
    "bot.replies",
    "bot.services",
    "bot.app",
)
_INSPECTED = "cogs"  # whose functions discord.py asks for the types that they take
_WITH_A_COPY = (property, classmethod, staticmethod)  # of what their function says
_WRITTEN = "<string>"  # the file that the code which `dataclass` writes says it comes from
_ARENA_MAX = -8  # of mallopt(3), as the two below
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_KIB = 1024
_NEVER = 2**31 - 1  # collections of younger things until a full one

_blocks = 0  # of those that let no full collection run
_before = gc.get_threshold()


def hold_little() -> None:
    """Have the C library keep one heap for all threads, and little of what was freed; once, at the start.

    Where it is another library than glibc it decides for itself.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is not None and hasattr(library, "mallopt"):
        library.mallopt(_ARENA_MAX, 1)
        library.mallopt(_TRIM_THRESHOLD, 64 * _KIB)
        library.mallopt(_MMAP_THRESHOLD, 32 * _KIB)


def load_program() -> None:
    """Load the libraries and the bot, and let go at once what only people read of each part; once.

    Freed later it would leave holes, which little fits into: here what is loaded next does.
    """
    for name in _PARTS:
        import_module(name)
        _forget_notes()


def _forget_notes() -> None:
    """Let go what code loaded since the last time says about itself, and what there is more than once."""
    for thing in gc.get_objects():  # without what is frozen
        if isinstance(thing, FunctionType | type) or type(thing) is ModuleType:
            _forget_docstring(thing)
        if isinstance(thing, FunctionType) and not _is_inspected(thing):
            del thing.__annotations__
        if isinstance(thing, type) and "__dataclass_fields__" in vars(thing):
            _share_methods(thing)
    gc.collect()
    gc.freeze()


def spare_what_is_loaded() -> None:
    """Have the garbage collector pass over what the start loaded, which stays until the end.

    Else each full collection looks through all of it, and holds the loop for 80 ms.
    """
    gc.collect()
    give_back()
    gc.freeze()


@contextmanager
def without_full_collections() -> Iterator[None]:
    """Let no full collection run inside the block, which makes very many things and keeps them all.

    Each would look through all of them, and holds the loop for as long; none of them is rubbish yet.
    """
    global _blocks, _before  # noqa: PLW0603 - the collector is the whole program's
    if _blocks == 0:
        _before = gc.get_threshold()
        gc.set_threshold(*_before[:2], _NEVER)
    _blocks += 1
    try:
        yield
    finally:
        _blocks -= 1
        if _blocks == 0:
            gc.set_threshold(*_before)


def give_back() -> None:
    """Give back to the system what was freed."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is not None and hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def _is_inspected(function: FunctionType) -> bool:
    return str(function.__module__).partition(".")[0] == _INSPECTED


def _forget_docstring(thing: Any) -> None:
    if isinstance(thing, FunctionType):
        thing.__code__ = _without_docstring(thing.__code__, thing.__doc__)
        thing.__doc__ = None
    elif isinstance(thing, ModuleType):
        thing.__doc__ = None
    else:
        with suppress(TypeError):  # those written in C cannot be changed
            type.__setattr__(thing, "__doc__", None)  # some refuse to be changed as others are
        for value in vars(thing).values():
            if isinstance(value, _WITH_A_COPY):
                value.__doc__ = None


def _without_docstring(code: CodeType, docstring: str | None) -> CodeType:
    """Return the code of a function without the text, which is its first constant."""
    if docstring is None or not code.co_consts or code.co_consts[0] is not docstring:
        return code
    return code.replace(co_consts=(None, *code.co_consts[1:]))


def _share_methods(made: type) -> None:
    """Give a dataclass the methods of all others, in place of those that were written for it alone.

    These of a frozen class with slots hold the class as it was without them, and so a second one.
    """
    for name, shared in _SHARED.items():
        method = vars(made).get(name)
        code = getattr(getattr(method, "__wrapped__", method), "__code__", None)
        if code is not None and code.co_filename == _WRITTEN:
            type.__setattr__(made, name, shared)


@recursive_repr()
def _shown(self: Any) -> str:
    values = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(values)})"


def _not_set(self: Any, name: str, value: object) -> None:
    if _is_fixed(self, name):
        raise FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _not_deleted(self: Any, name: str) -> None:
    if _is_fixed(self, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _is_fixed(frozen: Any, name: str) -> bool:
    """Return whether that cannot change: of a plain class that inherits from a frozen one, its own may."""
    fixed = type(frozen).__dataclass_fields__
    return "__dataclass_fields__" in vars(type(frozen)) or name in fixed


# Of each dataclass, by what they do not differ in.
_SHARED = {"__repr__": _shown, "__setattr__": _not_set, "__delattr__": _not_deleted}
