"""Slash commands, one module for each group: defer, one call, one reply.

A module that is put in here is found: each cog in it is made with the services and loaded.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from discord.ext import commands

from bot.services import Services


def _found() -> Iterator[Any]:
    """Yield every cog's class, module by module, also those that are a part of another."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, commands.CogMeta) and value.__module__ == module.name:
                yield value


def _whole() -> tuple[Any, ...]:
    """Return every cog's class that is no part of another."""
    found = tuple(_found())
    parts = {part for cog in found for part in cog.__bases__}
    return tuple(cog for cog in found if cog not in parts)


CLASSES = _whole()


async def load(services: Services) -> None:
    """Load every cog into the client; once, before it logs in."""
    for make in CLASSES:
        await services.client.add_cog(make(services))
