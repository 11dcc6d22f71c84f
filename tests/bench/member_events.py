"""A burst of 20,000 role changes, of which a listener wants to know every fortieth.

python -m tests.bench.member_events

Discord plays in another process; what is measured is how long the bot's loop is held meanwhile: how much
it works between two looks, since other programs on the machine make it late too.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.access.people.member_facts import MemberFact, MemberRoles
from bot.interactions.client import Usher
from bot.interactions.connection import guard, log_in, stay_connected
from bot.jobs import Jobs
from bot.sandbox.discord import FakeDiscord
from bot.services import Services, build
from bot.settings import Settings
from bot.store.engine.database import open_database
from bot.store.vault import open_vault
from tests.bench.desk import Lag, percentile, say

MEMBERS, WANTED_EVERY = 20_000, 40
LONGEST = 0.05  # seconds
QUIET = 2.0  # seconds before the burst, in which the start is over


async def main() -> None:
    async with another_discord() as (process, facts), usher(facts) as services:
        heard: list[MemberFact] = []
        done = asyncio.Event()

        async def hear(fact: MemberFact) -> None:
            heard.append(fact)
            if len(heard) == MEMBERS // WANTED_EVERY:
                done.set()

        role = int(facts["role"])
        services.member_events.subscribe(
            "benchmark", hear, lambda fact: isinstance(fact, MemberRoles) and role in fact.roles
        )
        await asyncio.sleep(QUIET)
        lag, held = Lag(), list[float]()
        watching = [asyncio.ensure_future(look) for look in (lag.watch(), watch_work(held))]
        begun, worked = time.perf_counter(), time.process_time()
        process.stdin.write(b"\n")
        await done.wait()
        seconds, busy = time.perf_counter() - begun, time.process_time() - worked
        for look in watching:
            look.cancel()
        order = [fact.member_id for fact in heard if isinstance(fact, MemberRoles)]
    say(
        f"{MEMBERS} role changes at once",
        seconds=seconds,
        microseconds_of_work_each=busy / MEMBERS * 1e6,
        heard=len(heard),
        in_order=order == sorted(order),
        loop_held_at_most=max(held),
        loop_late_p99=percentile(lag.seconds, 0.99),
        limit=LONGEST,
        good=max(held) <= LONGEST and order == sorted(order),
    )


async def watch_work(held: list[float]) -> None:
    """Note what the loop's thread worked between two looks, every 10 ms where it is free."""
    while True:
        begun = time.thread_time()
        await asyncio.sleep(Lag.STEP)
        held.append(time.thread_time() - begun)


@asynccontextmanager
async def another_discord(
    module: str = "tests.bench.member_events",
) -> AsyncIterator[tuple[Any, dict[str, str]]]:
    """Start the Discord of that benchmark in a process of its own; here an empty line begins the burst."""
    command = (sys.executable, "-m", module, "discord")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**20)
    try:
        yield process, json.loads(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def usher(facts: dict[str, str]) -> AsyncIterator[Services]:
    """The bot, connected and ready, on a database of its own."""
    Route.BASE = facts["api"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(facts["gateway"])
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(database_url=f"sqlite+aiosqlite:///{folder}/usher.db")
        http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        await stack.enter_async_context(http)
        database = await stack.enter_async_context(open_database(settings.database_url))
        vault = await open_vault(None, folder / "secret.key", database)
        jobs = await stack.enter_async_context(Jobs())
        services = build(settings, database, vault, http, jobs)
        await services.open()
        client, blockade = services.client, services.blockade
        guard(client, blockade)
        await log_in(client, facts["token"], blockade)
        connected = asyncio.ensure_future(stay_connected(client, blockade))
        stack.push_async_callback(stop, client, connected)
        await client.wait_until_ready()
        yield services


async def stop(client: Usher, connected: "asyncio.Future[None]") -> None:
    connected.cancel()
    await client.close()
    with contextlib.suppress(asyncio.CancelledError):
        await connected


async def play_discord() -> None:
    fake = FakeDiscord()
    await fake.start()
    guild = fake.add_guild("The shop", fake.add_user("olga"))
    wanted, other = fake.add_role(guild, "Gold"), fake.add_role(guild, "Chatty")
    users = [fake.add_user(f"member_{number:05}") for number in range(MEMBERS)]
    for user in users:
        fake.add_member(guild, user)
    facts = {
        "api": fake.api_url,
        "gateway": fake.gateway_url,
        "token": fake.bot_token,
        "role": str(wanted.id),
    }
    print(json.dumps(facts), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for number, user in enumerate(users, start=1):
        fake.give_role(guild, user, other if number % WANTED_EVERY else wanted)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(play_discord() if "discord" in sys.argv[1:] else main())
