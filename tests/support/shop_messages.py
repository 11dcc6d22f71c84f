"""A shop with messages of its own, as small as they can be, and what stands behind its address."""

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from cryptography.fernet import Fernet
from sqlalchemy import func, insert, select

from bot import clock
from bot.access.orders.deliveries import Deliveries, Taken
from bot.access.orders.intake import Intake
from bot.access.orders.providers import Providers
from bot.access.rules.payments import Heading, Payment, Reading, Refused
from bot.access.sources.payments import ADDRESS_SECRET
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.signatures import digest, from_hex, insist, insist_on_time
from bot.jobs import Jobs
from bot.rate_limit import RateLimit
from bot.store.catalogue import guilds
from bot.store.engine.database import open_database
from bot.store.kinds import DeliveryState
from bot.store.records import Connection, Delivery
from bot.store.sales import deliveries
from bot.store.tables import payments
from bot.store.vault import Vault
from bot.web import make_app, serve, webhooks

HOME, OTHER = 1, 2
ADDRESS, SECRET = "shop-of-home", "first secret"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Question:
    """Whether a message is true; the test's `Shop.says` holds what comes back."""

    url: str
    api_key: str | None
    form = None

    def answer(self, status, body):
        return {200: True, 404: False}.get(status)


@dataclass(frozen=True)
class Tiny:
    """A provider with a time, a signature, a greeting, a test mark; `read` counts for the tests."""

    is_signed: bool = True
    check = None

    def verify(self, headers, body, secrets, now, options):
        sent = headers.get("X-Time", "")
        expected = [digest(secret.encode(), f"{sent}.".encode() + body) for secret in secrets]
        insist(expected, [from_hex(headers.get("X-Signature", ""))])
        insist_on_time(sent, now)

    def head(self, headers, body, options):
        if body == b"ping=1":
            return None
        data = json_of(body)
        return Heading(headers.get("X-Id") or data["id"], data["type"])

    def read(self, stored, options):
        data = json_of(stored.body)
        if data["type"] == "odd":
            raise Refused("it has another form")
        payment = Payment(key=data["id"], contract=data["order"], at=stored.received_at)
        facts = () if data["type"] == "other" else (payment,) * data.get("times", 1)
        return Reading(facts, stored.received_at, is_test=data["type"] == "test")


@dataclass(frozen=True)
class Unsigned(Tiny):
    is_signed: bool = False

    def verify(self, headers, body, secrets, now, options):
        insist([secret.encode() for secret in secrets], [headers[ADDRESS_SECRET].encode()])

    def check(self, stored, api_key):
        return Question(stored.event_id, api_key)


PROVIDERS = {"tiny": Tiny(), "unsigned": Unsigned()}


class Notes:
    """Notes each message that changes something as a contract of its own; fails where it is told to."""

    def __init__(self):
        self.fails = set()  # orders
        self.answers = {}  # by order
        self.went_on = []

    async def take_in(self, connection, source, delivery, reading):
        assert isinstance(source, Connection)
        assert isinstance(delivery, Delivery)
        [payment] = reading.facts
        contract_id = await connection.scalar(
            insert(payments.contract)
            .values(
                guild_id=source.guild_id,
                connection_id=source.id,
                name=payment.contract,
                facts=[],
                told=[],
                why="paid",
                made_at=clock.now(),
                changed_at=clock.now(),
            )
            .returning(payments.contract.c.id)
        )
        if payment.contract in self.fails:
            raise ValueError("Secret_Buyer")
        return self.answers.get(payment.contract, Taken(DeliveryState.DONE, contract_id))

    def go_on(self, guild_id, taken):
        self.went_on.append((guild_id, taken.contract_id))


def paid(number=1, order="A-1", kind="paid", **more):
    """Return the body of a message."""
    return json.dumps({"id": f"m{number}", "type": kind, "order": order, **more}).encode()


def signed(body, secret=SECRET, at=None, **more):
    """Return the headers of a message."""
    sent = str(int((at or clock.now()).timestamp()))
    signature = digest(secret.encode(), f"{sent}.".encode() + body).hex()
    return {"X-Time": sent, "X-Signature": signature, **more}


class Shop:
    """Intake and deliveries on a database of their own, served over a real socket."""

    def __init__(self, tmp_path, database, vault, jobs):
        self.tmp_path, self.database, self.vault, self.jobs = tmp_path, database, vault, jobs
        self.notes, self.stuck = Notes(), []
        providers = Providers(PROVIDERS.__getitem__)
        self.intake = Intake(database, vault, jobs, providers)
        self.says, self.asked = 200, []  # the provider, when it is asked
        self.deliveries = Deliveries(
            database,
            vault,
            jobs,
            providers,
            self.notes,
            self._note_stuck,
            self._ask,
        )
        self.port = self.http = None

    async def _note_stuck(self, connection, source):
        self.stuck.append((source.guild_id, source.id))

    async def again(self, *ids, guild_id=HOME):
        """Have these messages processed once more; returns how many can be."""
        async with self.database.write() as connection:
            return await deliveries.process_again(connection, guild_id, ids)

    async def _ask(self, check):
        self.asked.append((check.url, check.api_key))
        return None if self.says is None else (self.says, b"{}")

    async def connect(self, public_id=ADDRESS, guild_id=HOME, provider="tiny", secrets=(SECRET,)):
        sealed = None if secrets is None else self.vault.seal(json.dumps(list(secrets)))
        now = datetime.now(UTC)
        async with self.database.write() as connection:
            await guilds.ensure(connection, guild_id, now)
            return await connection.scalar(
                insert(payments.connection)
                .values(
                    guild_id=guild_id,
                    public_id=public_id,
                    provider=provider,
                    secrets=sealed,
                    options={},
                    terms={},
                    made_by=9,
                    made_at=now,
                    reference=public_id,
                )
                .returning(payments.connection.c.id)
            )

    async def send(self, body, public_id=ADDRESS, headers=None, method="POST"):
        """Return status, body and headers of the answer to a message."""
        url = f"http://{HOST}:{self.port}/webhooks/{public_id}"
        headers = signed(body) if headers is None else headers
        async with self.http.request(method, url, data=body, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    async def rows(self, table=payments.delivery):
        async with self.database.read() as connection:
            return list(await connection.execute(select(table).order_by(*table.primary_key)))

    async def number(self, table=payments.delivery):
        async with self.database.read() as connection:
            return await connection.scalar(select(func.count()).select_from(table))

    async def states(self):
        return [(row.event_key, row.state.value) for row in await self.rows()]


@asynccontextmanager
async def open_shop(tmp_path, *, key=None, served=True):
    """Open the database and what stands on it; nothing is processed before `deliveries.start()`."""

    async def yes():
        return True

    vault = Vault(key or Fernet.generate_key().decode())
    url = f"sqlite+aiosqlite:///{tmp_path}/usher.db"
    async with open_database(url) as database, Jobs() as jobs:
        shop = Shop(tmp_path, database, vault, jobs)
        if not served:
            yield shop
            return
        app = make_app(lookup=None, database=yes, gateway=yes, jobs=jobs, intake=shop.intake)
        app[webhooks.STRANGERS] = shop.strangers = RateLimit(rate=0.001, burst=20)
        async with serve(app, HOST, 0) as shop.port, aiohttp.ClientSession() as shop.http:
            yield shop
