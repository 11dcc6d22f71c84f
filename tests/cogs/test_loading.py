"""A command costs one file: cogs are found by walking the package, and none is left out."""

import asyncio
import sys
from pathlib import Path

import pytest
from discord import app_commands

import cogs
from tests.support.discord_harness import at_work

PING = """
from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.replies import Message
from bot.services import Services


class Ping(commands.Cog):
    def __init__(self, services: Services) -> None:
        self._services = services

    @levels.anyone
    @app_commands.command(name="{name}", description="Whether Usher is there")
    async def ping(self, interaction: responses.Interaction) -> None:
        await responses.defer(interaction)
        await responses.reply(interaction, Message("Here."))
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Puts a module with one command beside the others."""

    def write(name):
        folder = tmp_path / "more"
        folder.mkdir()
        (folder / "ping.py").write_text(PING.format(name=name))
        monkeypatch.setattr(cogs, "__path__", [*cogs.__path__, str(folder)])
        monkeypatch.setattr(cogs, "CLASSES", cogs._whole())

    yield write
    sys.modules.pop("cogs.ping", None)
    vars(cogs).pop("ping", None)


def with_a_cog(folder):
    """The modules in which a cog, or a part of one, is written."""
    files = [path for path in Path(folder).glob("*.py") if path.name != "__init__.py"]
    return {f"cogs.{path.stem}" for path in files}


async def test_every_module_is_loaded(harness):
    [folder] = cogs.__path__
    loaded = {
        part.__module__
        for cog in harness.client.cogs.values()
        for part in type(cog).__mro__
        if part.__module__.startswith("cogs.")
    }
    assert loaded == await asyncio.to_thread(with_a_cog, folder)


async def test_a_file_beside_the_others_is_a_command(closed_office, written):
    await asyncio.to_thread(written, "ping")
    async with at_work(closed_office):
        assert "ping" in {one["name"] for one in closed_office.fake.commands()}
        interaction = await closed_office.run(closed_office.as_stranger, "ping")
        assert interaction.original.text == "Here."


async def test_two_commands_of_one_name_stop_the_start(closed_office, written):
    await asyncio.to_thread(written, "me")
    with pytest.raises(app_commands.CommandAlreadyRegistered):
        async with at_work(closed_office):
            pass
    assert closed_office.fake.commands() == []
