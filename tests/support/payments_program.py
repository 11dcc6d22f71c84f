"""The address for shops as a program of its own, which kills itself at one step; prints its port.

python -m tests.support.payments_program FOLDER KEY [STEP]
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.store.tables import payments
from tests.support.shop_messages import open_shop

STEPS = ("read", "committed", "processing", "processed")


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(shop, step):
    if step == "read":  # verified, and not committed
        shop.intake._commit.put = die
    elif step == "committed":  # and not yet acknowledged
        shop.intake.on_new.append(die)
    elif step == "processing":  # within the transaction, after its first change
        take_in = shop.notes.take_in

        async def die_after(*given):
            await take_in(*given)
            die()

        shop.notes.take_in = die_after
    elif step == "processed":  # committed, and nobody set to work
        shop.notes.go_on = die


async def main(folder, key, step=None):
    async with open_shop(Path(folder), key=key) as shop:
        if not await shop.number(payments.connection):
            await shop.connect()
        die_at(shop, step)
        shop.intake.on_new.append(shop.deliveries.wake)
        shop.deliveries.start()
        print(shop.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
