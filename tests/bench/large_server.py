"""What the whole bot holds in memory beside a server of 100 members, and beside one of 100,000.

python -m tests.bench.large_server    (on Linux)

Both run at the same time, each beside a Discord of its own. The members are there when the bot starts.
"""

import asyncio
import tempfile
from pathlib import Path

from tests.bench.desk import say
from tests.bench.idle_memory import GOAL, measure
from tests.support.child import Child, open_child

SMALL, LARGE = 100, 100_000
RATIO = 1.1


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        children = []
        try:
            for members in (SMALL, LARGE):
                children.append(await open_child(Path(folder, str(members))))
                fill(children[-1], members)
            small, large = await asyncio.gather(*(rest(child) for child in children))
        finally:
            for child in children:
                await child.discord.close()
                await child.tradingview.close()
    say(
        f"idle beside {SMALL} and beside {LARGE} members",
        small_mb=small,
        large_mb=large,
        limit_mb=GOAL,
        ratio=large / small,
        limit=RATIO,
        good=large <= GOAL and large / small <= RATIO,
    )


def fill(child: Child, members: int) -> None:
    """Have that many members join, some of them with a role, before the bot is there."""
    role = child.discord.add_role(child.guild, "Buyers")
    for number in range(members - len(child.guild.members)):
        user = child.discord.add_user(f"member_{number:06}")
        child.discord.add_member(child.guild, user, [role] if number % 3 == 0 else None)


async def rest(child: Child) -> float:
    """Start it on a database that is up to date; the megabytes at which it rests."""
    resident, _ = await measure(child, child.url)
    return resident


if __name__ == "__main__":
    asyncio.run(main())
