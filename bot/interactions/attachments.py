"""Fetches the files that people attach to a command."""

import asyncio

import discord

from bot import clock
from bot.access.errors import FileNotFetched
from bot.access.people.import_errors import FileTooLarge
from bot.notifications.trouble import TROUBLE

TIMEOUT = 30.0  # seconds


async def download(file: discord.Attachment, largest: int) -> bytes:
    """Return what is in the file.

    Raises:
        FileTooLarge: it has more than `largest` bytes; nothing is fetched then.
        FileNotFetched: Discord does not hand it over, or not in time.
    """
    if file.size > largest:
        raise FileTooLarge(largest >> 20)
    reading = asyncio.create_task(file.read())
    try:
        if not await clock.within(TIMEOUT, reading):
            raise FileNotFetched
        return await reading
    except TROUBLE as error:
        raise FileNotFetched from error
    finally:
        reading.cancel()
