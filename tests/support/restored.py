"""A counter whose database is put back a day later."""

from dateutil.relativedelta import relativedelta

from bot import clock
from bot.access.sweeps.drift import Drift
from bot.access.sweeps.recovery import Recovery
from bot.access.sweeps.sweep import Sweeps
from bot.jobs import Jobs
from bot.store.catalogue import guilds, scripts
from bot.store.maintenance import restore
from tests.support.access_harness import eventually
from tests.support.vendor_fixture import HOME

MONTH = relativedelta(months=1)


async def closed(counter):
    """Orders wait from now on."""
    async with counter.database.write() as connection:
        await scripts.pause(connection, counter.script.id, clock.now(), "so that orders wait")


async def restored(counter):
    """The database as it is now is put back a day later."""
    made_at = clock.now()
    async with counter.database.write() as connection:
        await scripts.unpause(connection, counter.script.id)
        await counter.time.advance(24 * 3600)
        await restore.mark(connection, made_at, clock.now())


async def recovered(counter):
    """Every list was read; returns the summary."""
    sweeps, drift = Sweeps(counter.database, counter.shop.sessions), Drift(counter.database)
    async with Jobs() as jobs:
        await Recovery(
            counter.database, sweeps, lambda swept: drift.note(swept, None), counter.queue.wake
        ).start(jobs)

        async def free():
            async with counter.database.read() as connection:
                return (await guilds.by_id(connection, HOME)).restored_at is None

        await eventually(free)
    summary = (await counter.shop.events("restore_over"))[-1]
    return {name: number for name, number in summary.after.items() if number}


async def nobody_hears(counter):
    assert await counter.answers.untold() == []
    assert await counter.answers.members_to_tell() == []


async def sold(counter, name="Ann_Trades", length="1M"):
    await counter.done(await counter.grant(name, length), within=10)
    return counter.end(name)
