"""A limit holds whoever is really asking, and nobody hides behind a header."""

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.rate_limit import RateLimit
from bot.web.clients import client_of

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # a stranger's header is worth nothing
        ("10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # forged in front
        ("10.0.0.5", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["198.51.100.1, 10.0.0.9"], "198.51.100.1"),  # two proxies of ours
        ("10.0.0.5", ["10.1.1.1, 10.0.0.9"], "10.1.1.1"),  # nobody but us
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["unknown"], "10.0.0.5"),
        ("10.0.0.5", ["198.51.100.1:4711"], "198.51.100.1"),
        ("::ffff:10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["[2001:db8:1:2:3:4:5:6]:443"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:aaaa::1", [], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        ("fd00::1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", [" " * 100 + "198.51.100.1" + " " * 100], "198.51.100.1"),
        ("10.0.0.5", ["198.51.100.1" + "x" * 100], "10.0.0.5"),
        (None, ["198.51.100.1"], "unknown"),
    ],
)
def test_who_is_asking(peer, forwarded, client):
    request = make_mocked_request(
        "GET", "/", headers=[("X-Forwarded-For", value) for value in forwarded]
    ).clone(remote=peer)
    assert client_of(request, PROXIES) == client


@pytest.fixture
def limit(frozen):
    return RateLimit(rate=1.0, burst=3)


async def test_a_burst_and_then_the_rate(limit, frozen):
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1]
    await frozen.advance(0.5)
    assert limit.take("a") == 0.5
    await frozen.advance(0.5)
    assert limit.take("a") == 0
    assert limit.take("a") == 1


async def test_a_refusal_costs_nothing(limit, frozen):
    for _ in range(50):
        limit.take("a")
    await frozen.advance(3)
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1]


async def test_one_client_does_not_use_up_anothers(limit):
    for _ in range(4):
        limit.take("a")
    assert limit.take("b") == 0


async def test_a_bucket_never_holds_more_than_the_burst(limit, frozen):
    limit.take("a")
    await frozen.advance(1000)
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1]


async def test_memory_is_bounded_and_full_buckets_are_forgotten(frozen):
    limit = RateLimit(rate=1.0, burst=3, most=10)
    for number in range(100):
        limit.take(str(number))
    assert len(limit._full_at) == 10
    await frozen.advance(1)
    limit.take("a")
    assert len(limit._full_at) == 1
