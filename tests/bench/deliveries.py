"""A shop sends 200 messages a second for 30 s while staff grant; then 10,000 of products that nobody knows.

python -m tests.bench.deliveries    (on Linux)

The bot itself runs in a process of its own on SQLite, as it is wired, beside a TradingView that takes
100 ms: one message in four is about what it sells, and makes a purchase. A message's time counts from
the moment at which it was to be sent.
"""

import argparse
import asyncio
import base64
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import func, insert, select

from bot import clock
from bot.access.sources.payments.shared.signatures import digest
from bot.store.records import Unanswered
from bot.store.tables import catalogue, payments
from bot.web import make_app, serve
from tests.bench.desk import HOME, STAFF, Desk, Lag, open_desk, percentile, say

ADDRESS, HOST = "shop-of-home", "127.0.0.1"
KEY = b"a secret of twenty-four."
SOLD_EVERY = 4  # messages: the others are of products that nobody knows
RATE, SECONDS = 200, 30
UNKNOWN, AT_ONCE = 10_000, 20
PADDING = "x" * 3_000  # with it a message is as large as one of Stripe's
TOO_MANY = 429  # the limit of one connection, far above what a shop sends
GRANT_EVERY = 0.25  # seconds
ANSWERED, ACKNOWLEDGED = 1.0, 0.3  # seconds, at most: 99 of 100 messages, every grant
GROWTH = 30.0  # MB, at most, by the 10,000


async def main() -> None:
    async with server() as bot, aiohttp.ClientSession() as http:
        sender = Sender(http, bot.port)
        await sender.send(0)  # the provider is loaded from here on
        before = await bot.report()
        took = await sender.at_a_rate()
        during = await bot.report()
        acknowledged = [*during["noted"], *during["recorded"]]
        say(
            f"{RATE} deliveries a second for {SECONDS} s",
            sent=len(took),
            acknowledged=sender.statuses.count(200) - 1,
            lost=len(took) + 1 - during["rows"],
            median_s=percentile(took, 0.5),
            p99_s=percentile(took, 0.99),
            worst_s=max(took),
            limit_s=ANSWERED,
            grants=len(during["recorded"]),
            grant_acknowledged_p99_s=percentile(during["noted"], 0.99),
            grant_recorded_p99_s=percentile(during["recorded"], 0.99),
            grant_worst_s=max(acknowledged),
            grant_limit_s=ACKNOWLEDGED,
            processed_meanwhile=during["rows"] - during["new"],
            bought_meanwhile=during["bought"],
            loop_late_p99_s=percentile(during["late"], 0.99),
            loop_late_worst_s=max(during["late"]),
            good=set(sender.statuses) == {200}
            and during["rows"] == len(took) + 1
            and percentile(took, 0.99) <= ANSWERED
            and percentile(acknowledged, 0.99) <= ACKNOWLEDGED,
        )
        working = time.perf_counter()
        resting = await bot.at_rest()
        say(
            "the rest of them, worked through",
            seconds=time.perf_counter() - working,
            number=during["new"],
            bought=resting["bought"],
            good=resting["bought"] == len(took) // SOLD_EVERY + 1,
        )
        began = time.perf_counter()
        await sender.all_at_once(len(took) + 1)
        taken_in = time.perf_counter() - began
        after = await bot.at_rest()
        say(
            f"{UNKNOWN} deliveries of unknown products",
            rows=after["rows"] - resting["rows"],
            unmapped=after["unmapped"] - resting["unmapped"],
            taken_in_s=taken_in,
            worked_through_s=time.perf_counter() - began,
            started_mb=before["mb"],
            before_mb=resting["mb"],
            after_mb=after["mb"],
            limit_mb=resting["mb"] + GROWTH,
            good=after["unmapped"] == resting["unmapped"] + UNKNOWN
            and after["mb"] <= resting["mb"] + GROWTH,
        )


def paid(number: int, product: str) -> bytes:
    """Return the body of a message."""
    data = {
        "order": f"A-{number}",
        "product": product,
        "username": f"buyer_{number % 100:03}",
        "amount": "29.00",
        "currency": "USD",
        "duration": "1M",
    }
    return json.dumps({"type": "paid", "data": data, "more": PADDING}).encode()


def signed(number: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message."""
    event_id, sent = f"m{number}", str(int(time.time()))
    signature = digest(KEY, f"{event_id}.{sent}.".encode() + body)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": sent,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


class Sender:
    """The shop."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self._http, self._url = http, f"http://{HOST}:{port}/webhooks/{ADDRESS}"
        self.statuses: list[int] = []

    async def send(self, number: int, product: str | None = None) -> int:
        body = paid(number, product or ("gold" if number % SOLD_EVERY == 0 else f"new-{number}"))
        headers = signed(number, body)
        async with self._http.post(self._url, data=body, headers=headers) as answer:
            self.statuses.append(answer.status)
            return answer.status

    async def at_a_rate(self) -> list[float]:
        """Return how many seconds each message took from when it was due."""
        took: list[float] = []
        begun = time.perf_counter()

        async def one(number: int) -> None:
            await self.send(number)
            took.append(time.perf_counter() - begun - number / RATE)

        async with asyncio.TaskGroup() as group:
            for number in range(1, RATE * SECONDS + 1):
                await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
                group.create_task(one(number))
        return took

    async def all_at_once(self, first: int) -> None:
        numbers = iter(range(first, first + UNKNOWN))

        async def some() -> None:
            for number in numbers:
                while await self.send(number, f"unknown-{number}") == TOO_MANY:  # noqa: ASYNC110
                    await asyncio.sleep(1)  # as Retry-After says, to be sent again

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))


class Bot:
    """The other process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process, self.port = process, port

    async def report(self, order: str = "") -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order}\n".encode())
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer

    async def at_rest(self) -> dict[str, Any]:
        """Report once every message was worked on; nobody grants any more."""
        report = await self.report("rest")
        while report["new"]:
            await asyncio.sleep(0.5)
            report = await self.report()
        return report


@asynccontextmanager
async def server() -> AsyncIterator[Bot]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.deliveries", "--serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    assert process.stdout is not None
    try:
        yield Bot(process, int(await process.stdout.readline()))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


class Staff:
    """Grants again and again; seconds until each was noted, which is when it is acknowledged, and recorded."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.noted: list[float] = []
        self.recorded: list[float] = []

    async def work(self) -> None:
        number = 0
        while True:
            number += 1
            begun = time.perf_counter()
            asked = Unanswered(number, HOME, STAFF, "`/access grant`", clock.now(), None, False)
            await self._desk.services.unanswered.note(asked, "token")
            noted = time.perf_counter()
            self.noted.append(noted - begun)
            await self._desk.grant(f"buyer_{number % 100:03}")
            self.recorded.append(time.perf_counter() - noted)
            await asyncio.sleep(GRANT_EVERY)


async def bot() -> None:
    """The bot's own parts; answers each line with how things stand, until there are no more."""

    async def there() -> bool:
        return True

    async with open_desk(pace=50, concurrency=4) as desk:
        services = desk.services
        await desk.there.order(people=[f"buyer_{number:03}" for number in range(100)])
        await connect(services)
        await services.intake.open()
        services.deliveries.start()
        services.purchases.start(services.jobs)
        lag = Lag()
        _ = services.jobs.spawn(lag.watch(), "watch the loop")
        staff = Staff(desk)
        working = services.jobs.spawn(staff.work(), "grant")
        app = make_app(
            lookup=services.public.hints,
            database=there,
            gateway=there,
            jobs=services.jobs,
            intake=services.intake,
        )
        async with serve(app, HOST, 0) as port:
            print(port, flush=True)
            while order := await asyncio.to_thread(sys.stdin.readline):
                if order.strip():
                    working.cancel()
                print(json.dumps(await standing(services, staff, lag)), flush=True)


async def connect(services: Any) -> None:
    async with services.database.write() as connection:
        added = await connection.execute(
            insert(payments.connection).values(
                guild_id=HOME,
                public_id=ADDRESS,
                provider="standard",
                secrets=services.vault.seal(
                    json.dumps(["whsec_" + base64.b64encode(KEY).decode()])
                ),
                options={},
                terms={},
                made_by=STAFF,
                made_at=clock.now(),
                reference="r",
            )
        )
        [connection_id] = added.inserted_primary_key
        await connection.execute(
            insert(payments.price).values(
                connection_id=connection_id,
                key="gold",
                script_id=select(catalogue.script.c.id).scalar_subquery(),
                made_at=clock.now(),
            )
        )


async def standing(services: Any, staff: Staff, lag: Lag) -> dict[str, Any]:
    state = payments.delivery.c.state
    async with services.database.read() as connection:
        found = await connection.execute(select(state, func.count()).group_by(state))
        numbers = {name.value: int(number) for name, number in found}
        bought = await connection.scalar(
            select(func.count()).select_from(payments.contract_purchase)
        )
    resident = (await asyncio.to_thread(Path("/proc/self/status").read_text)).partition("VmRSS:")[2]
    noted, staff.noted = staff.noted, []
    recorded, staff.recorded = staff.recorded, []
    late, lag.seconds = lag.seconds, []
    return {
        "rows": sum(numbers.values()),
        "new": numbers.get("new", 0),
        "unmapped": numbers.get("unmapped", 0),
        "noted": noted,
        "recorded": recorded,
        "bought": bought,
        "late": late,
        "mb": int(resident.split()[0]) / 1024,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asyncio.run(bot() if parser.parse_args().serve else main())
