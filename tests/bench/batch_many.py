"""What batches of ten and twenty thousand rows cost before, while and after they run.

They are parts of tests.bench.batch: file, filter, compensate, undo, files, views, queue.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from sqlalchemy import text

from bot import clock
from bot.access.orders.bulk import runner
from bot.access.orders.bulk.records import Defaults, Filter
from bot.access.orders.bulk.row_results import RowGroup
from bot.access.people.import_records import People, Person, Wanted
from bot.replies import bulk_files, bulk_progress
from bot.store.kinds import BatchKind, BatchState
from bot.store.ledger import batch_orders, batch_rows, work
from tests.bench.batch_past import carried_out, customers, drafted, request
from tests.bench.desk import HOME, MONTH, open_desk, say
from tests.bench.held import DRY_SECONDS, HELD, MEMORY_MB, MS_A_ROW, Measured, measured

ROWS, MANY = 10_000, 20_000
LOOK_SECONDS = 0.05  # processor time of one look at a batch, taken every 2 s by each who watches
STEP_SECONDS = 0.01  # of one look for what is due, taken at the end of every order


def told(what: str, rows: int, found: Measured, *, good: bool = True, **figures: object) -> None:
    """Say what it took beside the goals; by the processor, as others use the machine too."""
    goals = {"seconds": DRY_SECONDS, "ms_a_row": MS_A_ROW, "held": HELD, "memory_mb": MEMORY_MB}
    say(
        what,
        **found.figures(rows),
        **figures,
        goals=goals,
        good=good and found.busy <= DRY_SECONDS and found.is_small,
    )


async def file() -> None:
    """A file that names everybody, half by a damaged Discord id: from its bytes to the dry run."""
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        people = await customers(desk, ROWS)
        members = People(
            tuple(Person(each.member_id or 0, (each.username or "",)) for each in people)
        )
        lines = ["username,discord_id,item,duration,note"]
        for number, person in enumerate(people):
            member_id = person.member_id if number % 2 else ""
            lines.append(f"{person.username},{member_id},trend,30d,moved from shop {number}")
        data = "\n".join(lines).encode()
        del lines

        async def look_up(wanted: Wanted) -> People:
            return members

        async with measured() as found:
            number = await desk.services.bulk.sheets.draft(
                request("file"), BatchKind.GRANT, "all.csv", data, Defaults(), look_up
            )
        view = await desk.services.bulk.views.view(HOME, number)
        told(
            f"a file of {ROWS} rows understood, its dry run ready",
            ROWS,
            found,
            planned=view.forecast.people,
            good=view.forecast.people == ROWS,
        )


async def filtered() -> None:
    """Everyone with access: 20,000 people with two scripts each."""
    await _selected(
        BatchKind.EXTEND, Filter(everyone=True), Defaults(length=MONTH), 2 * MANY, "flow"
    )


async def compensate() -> None:
    """Everybody with live dated access to one script."""
    await _selected(
        BatchKind.COMPENSATE, Filter(item="trend"), Defaults(length=MONTH, note="down"), MANY
    )


async def _selected(
    kind: BatchKind, chosen: Filter, defaults: Defaults, rows: int, *more: str
) -> None:
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        await customers(desk, MANY, *more)
        async with measured() as found:
            number = await desk.services.bulk.selection.draft(
                request("some"), kind, chosen, defaults, None
            )
        view = await desk.services.bulk.views.view(HOME, number)
        told(
            f"{kind}: {rows} rows by a filter",
            rows,
            found,
            people=view.forecast.people,
            good=view.numbers.total == rows,
        )


async def undo() -> None:
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        number = await carried_out(desk, await customers(desk, ROWS))
        async with measured() as found:
            undoing = await desk.services.bulk.undo.draft(request("undo"), number)
        view = await desk.services.bulk.views.view(HOME, undoing)
        told(
            f"the dry run of undoing {ROWS} rows",
            ROWS,
            found,
            planned=view.forecast.people,
            good=view.forecast.people == ROWS,
        )


async def files() -> None:
    """The file with every row's outcome, and that of the mistakes of a file of which no row can be read."""
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        number = await carried_out(desk, await customers(desk, MANY))
        results = desk.services.bulk.results
        async with measured() as found:
            rows = await results.every(HOME, number)
            content = await asyncio.to_thread(bulk_files.results, BatchKind.GRANT, rows)
        told(f"the result file of {MANY} rows", MANY, found, kilobytes=len(content) // 1024)
        del rows, content
        lines = ["username,discord_id,item,duration,until,note"]
        lines += [f"no name {n}!,12a{n},,soon,1/2/{n},{'n' * 150}" for n in range(MANY)]
        data = "\n".join(lines).encode()
        del lines

        async def nobody(wanted: Wanted) -> People:
            return People(())

        async with measured() as found:
            faulty = await desk.services.bulk.sheets.draft(
                request("faulty"), BatchKind.GRANT, "bad.csv", data, Defaults(), nobody
            )
        told(f"{MANY} rows of mistakes read and kept", MANY, found)
        async with measured() as found:
            rows = await results.mistakes(HOME, faulty)
            content = await asyncio.to_thread(bulk_files.mistakes, rows)
        told(
            f"the file of {MANY} mistakes",
            MANY,
            found,
            kilobytes=len(content) // 1024,
            good=len(rows) == MANY,
        )


async def views() -> None:
    """What is looked at again and again while a batch of 20,000 rows runs, all but the last done."""
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        number = await carried_out(desk, await customers(desk, MANY))
        async with desk.database.write() as connection:
            for statement in (
                "UPDATE batch SET state = 'running', ended_at = NULL",
                """UPDATE "order" SET state = 'waiting', ended_at = NULL WHERE id > (SELECT max(id) - 200 FROM "order")""",
            ):
                await connection.execute(text(statement))
        bulk = desk.services.bulk

        async def every_page() -> None:
            for group in (RowGroup.ALL, RowGroup.DONE, RowGroup.FAILED, RowGroup.WAITING):
                await bulk.results.page(HOME, number, group, 1)

        async def worded() -> None:
            bulk_progress.progress(await bulk.views.view(HOME, number))

        await _looked("the progress of 20,000 rows under way", worded)
        await _looked("the list of batches", lambda: bulk.views.listed(HOME, 0))
        await _looked(
            "the batches on the first page", lambda: bulk.views.standing(HOME, BatchState.RUNNING)
        )
        await _looked("four pages of rows", every_page, most=4 * LOOK_SECONDS)
        await _looked("one look of the engine", bulk.runner.look)


async def _looked(
    what: str, look: Callable[[], Awaitable[object]], *, most: float = LOOK_SECONDS, times: int = 20
) -> None:
    await look()
    took: list[float] = []
    async with measured() as found:
        for _ in range(times):
            begun = time.process_time()
            await look()
            took.append(time.process_time() - begun)
    middle = statistics.median(took)
    say(
        what,
        processor_seconds=middle,
        goal=most,
        seconds=found.seconds / times,
        loop_held=found.held,
        loop_held_processor=found.held_busy,
        good=middle <= most and found.is_small,
    )


async def queue() -> None:
    """The questions of the worker, asked at every end of an order, while as many wait as the engine lets wait, and while all of 20,000 do."""
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        people = await customers(desk, MANY)
        number = await drafted(desk, people)
        await desk.services.bulk.batches.start(request("start"), number)
        async with desk.database.write() as connection:
            some = await batch_rows.listed(connection, number, limit=50)
        now, busy = clock.now(), set(range(100, 120))
        ids = {row.customer_id for row in some if row.customer_id is not None}
        asked: dict[str, Callable[..., Awaitable[object]]] = {
            "due": lambda c: work.due(c, HOME, now, busy=busy, limit=8),
            "due, of one asked for": lambda c: work.due(
                c, HOME, now, busy=busy, limit=8, only=[500]
            ),
            "the next moment": lambda c: work.next_try(c, HOME, busy),
            "a chunk": lambda c: work.chunk(c, HOME, now, busy, 50),
            "servers": work.guilds,
            "rows known": lambda c: work.rows_known(c, 1),
            "ahead": lambda c: batch_orders.ahead(c, number),
            "is anything waiting": lambda c: batch_orders.is_waiting(c, number),
            "others since": lambda c: batch_orders.others_since(c, number, 0, ids),
            "unsent": lambda c: batch_orders.unsent(c, number, 50),
        }
        for waiting in (runner.AHEAD, MANY):
            async with desk.database.write() as connection:
                for statement in (
                    "UPDATE permission SET state = 'waiting', batch_id = :batch WHERE id <= :waiting",
                    "UPDATE guild SET left_at = NULL WHERE :batch > 0 AND :waiting > 0",
                ):
                    values = {"batch": number, "waiting": waiting}
                    await connection.execute(text(statement), values)
            async with desk.database.read() as connection:
                for what, ask in asked.items():
                    most = STEP_SECONDS if waiting < MANY else LOOK_SECONDS
                    await _looked(
                        f"{what}, while {waiting} wait", lambda ask=ask: ask(connection), most=most
                    )
