"""Granting, renewing and revoking, with one open question of the wire answered differently at a time."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.tradingview import Switches
from tests.support.access_harness import open_harness

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
POSITIONS = list(Switches.positions())


@pytest.mark.parametrize(
    ("switch", "position"), POSITIONS, ids=[f"{name}={value}" for name, value in POSITIONS]
)
async def test_a_customer_is_granted_renewed_and_revoked(tmp_path, frozen, switch, position):
    async with open_harness(tmp_path, frozen) as harness:
        harness.switches.set(switch, position)
        harness.give("ann_trades2", NOW + timedelta(days=300))  # a name that begins alike
        harness.give("bob-fx", NOW - timedelta(days=3))  # lapsed, and still listed
        for name in ("Ann_Trades", "bob-fx"):
            await harness.done(await harness.grant(name, "1M"), within=20)
            assert harness.end(name).date() == datetime(2026, 4, 10, tzinfo=UTC).date()
            await harness.done(await harness.grant(name, "1M"), within=20)
            assert harness.end(name).date() == datetime(2026, 5, 10, tzinfo=UTC).date()
        await harness.done(await harness.revoke("Ann_Trades"), within=20)
        assert harness.end("Ann_Trades") == "absent"
        assert harness.end("ann_trades2") == NOW + timedelta(days=300)
        assert await harness.vendor.events("script_paused", "session_dead", "stuck") == []
