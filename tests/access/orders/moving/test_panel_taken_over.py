"""Who is taken over from the older panel: no shop's message tells of them, so the list alone says what is paid."""

import asyncio
import itertools
import sqlite3
from datetime import UTC, datetime

import pytest

from bot import clock
from bot.access.orders.moving.matching import Outcome
from bot.access.orders.moving.readers import read
from bot.access.orders.moving.taking_over import ChangeOfShop
from bot.access.request import RequestContext
from bot.store.records import OPERATOR
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME, STAFF

TABLES = (
    "CREATE TABLE clients (id INTEGER PRIMARY KEY, tradingview_username TEXT);"
    "CREATE TABLE indicators (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE accesses (client_id INT, indicator_id INT, {ends} TEXT);"
    "INSERT INTO clients VALUES (1, 'Ann_Trades'), (2, 'bob-fx');"
    "INSERT INTO indicators VALUES (7, 'Trend');"
)
APRIL, SEPTEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 9))
_numbers = itertools.count(1)


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as it:
        yield it


def panel(path, *accesses, ends="expires_at"):
    with sqlite3.connect(path) as raw:
        raw.executescript(TABLES.format(ends=ends))
        raw.executemany("INSERT INTO accesses VALUES (?, 7, ?)", accesses)
    raw.close()
    return path


async def take_over(harness, tmp_path, *accesses, ends="expires_at", **options):
    """Return what the file came to, and what taking it over did."""
    moving, number = ChangeOfShop(harness.database, harness.vault), next(_numbers)
    path = await asyncio.to_thread(panel, tmp_path / f"{number}.db", *accesses, ends=ends)
    await harness.sweeps.run(HOME, "trend", by=STAFF)
    listing = await asyncio.to_thread(read, "panel", [path], clock.now())
    ground = await moving.ground(HOME)
    plan = await moving.plan(HOME, listing, {"Trend": ground.items["trend"]}, ground.scripts)
    request = RequestContext(HOME, OPERATOR, f"import {number}", clock.now())
    done = await moving.apply(request, plan, None, **options)
    harness.queue.wake(HOME)
    await harness.rest()
    return plan, done


async def test_of_somebodys_two_rows_the_later_end_counts(harness, tmp_path):
    rows = [(1, "2026-04-01"), (1, "2026-09-01")]
    await take_over(harness, tmp_path, *rows, grant_missing=True)
    assert harness.end("Ann_Trades") == SEPTEMBER


async def test_what_a_newer_file_says_is_given_where_that_is_asked_for(harness, tmp_path):
    await take_over(harness, tmp_path, (1, "2026-04-01"), grant_missing=True)
    plan, done = await take_over(harness, tmp_path, (1, "2026-09-01"))
    assert (plan.matches[0].outcome, done.ordered) == (Outcome.SHORTER, 0)
    assert harness.end("Ann_Trades") == APRIL
    for ordered in (1, 0):
        _, done = await take_over(harness, tmp_path, (1, "2026-09-01"), extend_to_paid=True)
        assert (done.ordered, harness.end("Ann_Trades")) == (ordered, SEPTEMBER)


@pytest.mark.parametrize(
    ("end", "ends"), [(None, "expires_at"), ("", "expires_at"), ("2026-04-01", "paid_through")]
)
async def test_a_missing_date_never_becomes_lifetime(harness, tmp_path, end, ends):
    _, done = await take_over(harness, tmp_path, (1, end), ends=ends, grant_missing=True)
    assert (done.ordered, len(done.left), harness.end("Ann_Trades")) == (0, 1, "absent")


async def test_lifetime_is_given_where_the_file_says_so(harness, tmp_path):
    await take_over(harness, tmp_path, (2, "lifetime"), grant_missing=True)
    assert harness.end("bob-fx") is None
