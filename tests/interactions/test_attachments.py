"""Files that people attach: looked at before they are fetched, and never waited for without end."""

import asyncio

import pytest

from bot.access.errors import FileNotFetched
from bot.access.people.import_errors import FileTooLarge
from bot.interactions.attachments import TIMEOUT, download


class File:
    """An attachment, as discord.py has it."""

    def __init__(self, size, read):
        self.size, self.read = size, read


async def test_a_file_is_fetched():
    async def read():
        return b"a,b"

    assert await download(File(3, read), 10) == b"a,b"


async def test_one_that_is_too_large_is_not_even_asked_for():
    with pytest.raises(FileTooLarge):
        await download(File(11, None), 10)


async def test_one_that_does_not_come_is_given_up(frozen):
    begun = asyncio.Event()

    async def read():
        begun.set()
        await asyncio.Event().wait()

    fetching = asyncio.ensure_future(download(File(3, read), 10))
    await begun.wait()
    await frozen.advance(TIMEOUT)
    with pytest.raises(FileNotFetched):
        await fetching


async def test_a_connection_that_breaks_is_said_as_such():
    async def read():
        raise ConnectionResetError

    with pytest.raises(FileNotFetched):
        await download(File(3, read), 10)
