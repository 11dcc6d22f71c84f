"""Usher: a Discord bot that looks after who may use invite-only TradingView scripts."""

import mimetypes
import sys
from types import ModuleType

# SQLAlchemy's asyncio package loads its whole ORM for the sessions in these two modules. Nothing here
# uses them, and 6 MB are much beside 90: so they are there already, and empty.
_ORM_ONLY = ("sqlalchemy.ext.asyncio.scoping", "sqlalchemy.ext.asyncio.session")


class _Unused(ModuleType):
    """A module whose every name is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


for _name in _ORM_ONLY:
    sys.modules.setdefault(_name, _Unused(_name))

# aiohttp would have the system's list of file types read, 0.4 MB, for files that are served by their
# name; Usher serves none so.
mimetypes.knownfiles.clear()
