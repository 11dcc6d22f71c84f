"""A counter whose database is put back a day later."""

from dateutil.relativedelta import relativedelta

from bot import clock
from bot.access.sweeps.errors import NothingUndecided
from bot.jobs import Jobs
from bot.store.catalogue import guilds, scripts
from bot.store.maintenance import restore
from tests.support.access_harness import eventually
from tests.support.vendor_fixture import HOME

MONTH = relativedelta(months=1)


async def closed(harness):
    """Orders wait from now on."""
    async with harness.database.write() as connection:
        await scripts.pause(connection, harness.script.id, clock.now(), "so that orders wait")


async def restored(harness):
    """The database as it is now is put back a day later."""
    made_at = clock.now()
    async with harness.database.write() as connection:
        await scripts.unpause(connection, harness.script.id)
        await harness.time.advance(24 * 3600)
        await restore.mark(connection, made_at, clock.now())


async def recovered(harness):
    """Every list was read; returns the summary."""
    async with Jobs() as jobs:
        await harness.recovery.start(jobs)

        async def free():
            async with harness.database.read() as connection:
                return (await guilds.by_id(connection, HOME)).restored_at is None

        await eventually(free)
        await harness.rest()  # the queue is woken after the server is free
    summary = (await harness.vendor.events("restore_over"))[-1]
    return {name: number for name, number in summary.after.items() if number}


async def nobody_hears(harness):
    assert await harness.outcomes.untold() == []
    assert await harness.outcomes.members_to_tell() == []


async def sold(harness, name="Ann_Trades", length="1M"):
    await harness.done(await harness.grant(name, length), within=10)
    return harness.end(name)


async def carried_out(harness):
    """Staff have whatever they are asked about after a restore carried out; returns how many."""
    try:
        return await harness.undecided.carry_out(harness.request())
    except NothingUndecided:
        return 0
