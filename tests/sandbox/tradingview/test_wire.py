"""The default behaviour of the stand-in: what is known of the wire (wire §3-§8)."""

from datetime import timedelta

import aiohttp
import pytest
from conftest import START

PINE = "PUB;" + "0123456789abcdef" * 2
END = START + timedelta(days=30)


async def test_a_new_row_is_201_and_holds_the_date_as_sent(site, tv):
    end = END.replace(microsecond=933303)
    answer = await site.add("Ann_Trades", end)
    assert (answer.status, answer.said) == (201, {"status": "ok"})
    assert tv.world.row(PINE, "ann_trades").end == end
    [row] = (await site.list()).said["results"]
    assert row["username"] == "Ann_Trades"
    assert row["expiration"] == "2026-04-09T12:00:00.933303+00:00"
    assert row["created"] == "2026-03-10T12:00:00.000000+00:00"


async def test_adding_an_existing_row_is_200_exists_and_leaves_the_date(site, tv):
    tv.world.grant(PINE, "Ann_Trades", END)
    answer = await site.add("Ann_Trades", END + timedelta(days=30))
    assert (answer.status, answer.said) == (200, {"status": "exists"})
    assert tv.world.row(PINE, "Ann_Trades").end == END


async def test_an_ended_row_stays_listed_and_still_answers_exists(site, tv, time):
    tv.world.grant(PINE, "Ann_Trades", START - timedelta(days=3))
    answer = await site.add("Ann_Trades", END)
    assert answer.said == {"status": "exists"}
    [row] = (await site.list()).said["results"]
    assert row["expiration"] == "2026-03-07T12:00:00.000000+00:00"
    assert not tv.world.has_access(PINE, "Ann_Trades")
