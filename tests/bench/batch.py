"""A batch: its dry run, what recording its rows costs, and a thousand rows against a TradingView with a limit.

python -m tests.bench.batch dry          10,000 rows against 10,000 customers: seconds, the loop, memory
python -m tests.bench.batch record       1,000 rows recorded while TradingView is not asked: ms a row
python -m tests.bench.batch file         a file of 10,000 rows, from its bytes to the dry run
python -m tests.bench.batch filter       everyone with access: 20,000 people with two scripts each
python -m tests.bench.batch compensate   20,000 people with live dated access
python -m tests.bench.batch undo         the dry run of undoing 10,000 rows
python -m tests.bench.batch files        20,000 outcomes as a file; 20,000 mistakes read, and as a file
python -m tests.bench.batch views        what is looked at every 2 s while 20,000 rows run
python -m tests.bench.batch queue        the worker's questions while 20,000 permissions wait
python -m tests.bench.batch counter      an order at the counter beside a batch, and without one; two minutes
python -m tests.bench.batch upstream     1,000 rows, 100 ms, 5 requests a second; killed in the middle with SIGKILL

Times are by the clock and by the processor, as others may use the machine; the goals are of the latter.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from bot import clock, memory
from bot.access.orders.bulk import runner
from bot.access.orders.bulk.records import Draft
from bot.jobs import Jobs
from bot.services import Services, build
from bot.settings import Settings
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.kinds import BatchKind, BatchState, RowState
from bot.store.vault import open_vault
from tests.bench import batch_many as many
from tests.bench.batch_counter import counter
from tests.bench.batch_many import told
from tests.bench.batch_past import by_names, customers, drafted, request
from tests.bench.desk import HOME, MONTH, STAFF, Upstream, open_desk, say, upstream
from tests.bench.held import measured, peak_mb

DRY_ROWS, ROWS = 10_000, 1_000
GOALS = {"memory_mb": 150.0, "used": 0.9}
LIMIT, LATENCY, CONCURRENCY = 5, 0.1, 2
KILL_AFTER = 250  # rows done


async def dry() -> None:
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        people = await customers(desk, DRY_ROWS)
        async with measured() as found:
            number = await drafted(desk, people)
        view = await desk.services.bulk.views.view(HOME, number)
        planned = view.numbers.rows[RowState.PLANNED]
        told(
            f"the dry run of {DRY_ROWS} rows",
            DRY_ROWS,
            found,
            planned=planned,
            good=planned == DRY_ROWS,
        )


async def record() -> None:
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        people = await customers(desk, ROWS)
        bulk = desk.services.bulk
        number = await drafted(desk, people)
        await bulk.batches.start(request("start"), number)
        await desk.pause(paused=False)  # what is recorded is measured, not what is sent:
        runner.AHEAD = ROWS
        desk.queue.wake = lambda guild_id: None  # type: ignore[method-assign]
        async with measured() as found:
            await bulk.runner.look()
        view = await bulk.views.view(HOME, number)
        recorded = view.numbers.rows[RowState.ORDERED]
        told(f"{ROWS} rows recorded", ROWS, found, recorded=recorded, good=recorded == ROWS)


async def throttled() -> None:
    """Have a program carry out the batch, kill it in the middle, and have a second one end it."""
    with tempfile.TemporaryDirectory() as folder:
        async with upstream() as there:
            names = [f"row_{number:04}" for number in range(ROWS)]
            await there.order(
                people=names,
                switches={
                    "latency": LATENCY,
                    "rate_limit": LIMIT,
                    "rate_burst": 2,
                    "retry_after": 1.0,
                },
                forget=True,
            )
            begun = time.time()
            first = await _child(folder, there, str(KILL_AFTER))
            assert first.returncode == -signal.SIGKILL, first.returncode
            gap = time.time()
            second = await _child(folder, there, "0")
            assert second.returncode == 0, second.returncode
            assert second.stdout is not None
            done = json.loads((await second.stdout.read()).splitlines()[-1])
            report = await there.order()
            seconds = report["ended"] - report["begun"]
            used = report["taken"] / seconds / LIMIT
            say(
                f"{ROWS} rows, {LIMIT} requests a second, killed once",
                used=used,
                goal=GOALS["used"],
                seconds=seconds,
                until_the_kill=gap - begun,
                requests=report["by_name"],
                too_fast=report["too_fast"],
                done=done["done"],
                lost=ROWS - report["rows"],
                doubled=report["changes"] - report["rows"],
                wrong_ends=done["wrong_ends"],
                peak_mb=done["peak_mb"],
                good=used >= GOALS["used"]
                and done["done"] == ROWS
                and report["rows"] == ROWS
                and done["wrong_ends"] == 0
                and done["peak_mb"] <= GOALS["memory_mb"],
            )


async def _child(folder: str, there: Upstream, kill_after: str) -> asyncio.subprocess.Process:
    cookies = there.cookies
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.batch", "child"),
        *("--folder", folder, "--url", there.url, "--pine-id", there.pine_id),
        *("--kill-after", kill_after),
        env={**os.environ, "TV_PAIR": f"{cookies.sessionid} {cookies.sessionid_sign}"},
        stdout=asyncio.subprocess.PIPE,
    )
    await process.wait()
    return process


async def child(folder: str, url: str, pine_id: str, kill_after: int) -> None:
    """Begin the batch, or go on with it; with `kill_after`, die once so many rows are done."""
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder}/usher.db",
        tradingview_url=url,
        pine_facade_url=url,
        tv_pace=20,
        tv_concurrency=CONCURRENCY,
    )
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        open_database(settings.database_url) as database,
    ):
        vault = await open_vault(None, Path(folder) / "secret.key", database)
        jobs = Jobs()
        services = build(settings, database, vault, http, jobs)
        async with jobs:
            await services.open()
            if kill_after:
                await _begin(services, pine_id)
            await services.queue.start()
            services.bulk.start()
            await _until_done(services, kill_after)
            print(json.dumps(await _outcome(services)))
        await services.sessions.close()


async def _begin(services: Services, pine_id: str) -> None:
    from bot.tradingview import Cookies

    now = clock.now()
    async with services.database.write() as connection:
        await guilds.ensure(connection, HOME, now)
        await scripts.add(
            connection, HOME, pine_id=pine_id, slug="trend", title="Trend", by=STAFF, at=now
        )
    await services.sessions.take_over(HOME, Cookies(*os.environ["TV_PAIR"].split()), by=STAFF)
    names = [f"row_{number:04}" for number in range(ROWS)]
    draft = Draft(BatchKind.GRANT, by_names(names))
    number = await services.bulk.batches.draft(request("batch"), draft)
    await services.bulk.batches.start(request("start"), number)


async def _until_done(services: Services, kill_after: int) -> None:
    while True:
        await asyncio.sleep(0.5)
        view = await services.bulk.views.view(HOME, 1)
        if kill_after and view.numbers.orders.get("done", 0) >= kill_after:
            os.kill(os.getpid(), signal.SIGKILL)
        if view.batch.state is BatchState.DONE:
            return


async def _outcome(services: Services) -> dict[str, Any]:
    """Return how many rows are done, and how many have another end than a month from the start."""
    view = await services.bulk.views.view(HOME, 1)
    assert view.batch.started_at is not None
    end = MONTH.add_to(view.batch.started_at)
    async with services.database.read() as connection:
        from sqlalchemy import select

        from bot.store.tables.ledger import permission

        ends = (await connection.execute(select(permission.c.seen_ends_at))).scalars()
        wrong = sum(seen is None or abs((seen - end).total_seconds()) > 1 for seen in ends)
    done = view.numbers.orders.get("done", 0)
    return {"done": done, "wrong_ends": wrong, "peak_mb": peak_mb()}


PARTS = {
    "dry": dry,
    "record": record,
    "file": many.file,
    "filter": many.filtered,
    "compensate": many.compensate,
    "undo": many.undo,
    "files": many.files,
    "views": many.views,
    "queue": many.queue,
    "counter": counter,
    "upstream": throttled,
}

if __name__ == "__main__":
    memory.hold_little()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=[*PARTS, "child"])
    for option in ("--folder", "--url", "--pine-id", "--kill-after"):
        parser.add_argument(option, default="0")
    args = parser.parse_args()
    if args.what == "child":
        asyncio.run(child(args.folder, args.url, args.pine_id, int(args.kill_after)))
    else:
        asyncio.run(PARTS[args.what]())
