"""Finds what is meant by an item: a script by its short name."""

import difflib

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import ItemUnknown
from bot.access.errors import ButtonGone
from bot.store.catalogue import scripts
from bot.store.records import Script

NEAR = 3


async def script_of(connection: AsyncConnection, guild_id: int, script_id: int) -> Script:
    """Return the script of a button's key. Raises ButtonGone when that server has none such."""
    script = await scripts.by_id(connection, script_id)
    if script is None or script.guild_id != guild_id:
        raise ButtonGone
    return script


async def find(connection: AsyncConnection, guild_id: int, item: str) -> Script:
    """Return the script of that short name.

    Raises:
        ItemUnknown: there is none; it names those that look like it.
    """
    typed = item.strip().casefold()
    script = await scripts.by_slug(connection, guild_id, typed)
    if script is None:
        slugs = [script.slug for script in await scripts.listed(connection, guild_id)]
        near = difflib.get_close_matches(typed[:100], slugs, NEAR, 0.5)
        raise ItemUnknown(item, tuple(near or slugs[:NEAR]))
    return script
