"""A bot in a process of its own that is killed without a word."""

import asyncio
import contextlib
import signal
import sys

import pytest

CHILD = """
import sys, discord, yarl
from discord import app_commands
api, gateway, token = sys.argv[1:]
discord.http.Route.BASE = api
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
client = discord.Client(intents=discord.Intents.default())
tree = app_commands.CommandTree(client)
@tree.command(description="Echo")
async def echo(interaction: discord.Interaction):
    await interaction.response.send_message("here")
client.setup_hook = tree.sync
client.run(token, log_handler=None)
"""


@pytest.fixture
async def spawn(fake):
    children = []

    async def begin():
        arguments = (fake.api_url, fake.gateway_url, fake.bot_token)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-c", CHILD, *arguments
        )
        children.append(child)
        await fake.bot_ready()
        return child

    yield begin
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


async def test_a_killed_bot_is_offline_and_a_new_one_answers_again(fake, shop, clock, spawn):
    child = await spawn()
    queue = fake.subscribe()
    child.send_signal(signal.SIGKILL)
    await fake.bot_gone()
    unanswered = await shop.as_buyer.run("echo", guild=shop.guild)
    assert unanswered.failed is None  # Discord waits its three seconds
    clock.advance(4)
    assert unanswered.failed == "The application did not respond"
    await spawn()
    used = await shop.as_buyer.run("echo", guild=shop.guild)
    assert (await used.answered()).content == "here"
    assert not unanswered.acknowledged
    kinds = [queue.get_nowait()["type"] for _ in range(queue.qsize())]
    assert kinds[0] == "bot_offline"
    assert "bot_online" in kinds
