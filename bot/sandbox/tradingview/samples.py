"""A small furnished world for the sandbox, and a picture of any world for its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.tradingview.bodies import write_date
from bot.sandbox.tradingview.world import Script, Vendor, World

# Some names begin with the whole of another, so that a prefix filter returns more than one row.
PEOPLE = (
    "Ann_Trades", "ann_trades2", "ann_trades_fx", "bob-fx", "Bob-FX-Pro", "carla", "Carla_M",
    "DaxHunter", "dax", "EmaCross", "Fibo_Frank", "gold.digger", "HodlHanna", "Ichi_Moku",
    "JPY_Jane", "KellyK", "LongOnly", "macd_mike", "NasdaqNina", "OrderBlock", "pip_queen",
)  # fmt: skip
CROWD = 45
PINE_IDS = ("PUB;" + "a1b2c3d4" * 4, "PUB;" + "9f8e7d6c" * 4)
TITLES = ("Trend Finder Pro", "Night Scalper")


@dataclass(frozen=True)
class Sample:
    """What `furnish` made: log in with `sessionid` and `sign`."""

    vendor: Vendor
    scripts: tuple[Script, ...]
    sessionid: str
    sign: str | None


def furnish(world: World, now: datetime) -> Sample:
    """A vendor with two scripts: one with a page and a half of customers, one with none."""
    vendor = world.add_vendor("Vendor_Demo", "premium")
    scripts = tuple(
        world.add_script(vendor, pine_id, title)
        for pine_id, title in zip(PINE_IDS, TITLES, strict=True)
    )
    for name in PEOPLE:
        world.add_user(name)
    world.add_user("sleepy_sam", inactive=True)
    for index in range(CROWD):
        # From ended last week to a good month ahead; every ninth for ever.
        end = None if index % 9 == 8 else now + timedelta(days=index - 7)
        created = now - timedelta(days=60 - index, minutes=index)
        world.grant(scripts[0].pine_id, f"member_{index + 1:02}", end, created=created)
    sessionid, sign = world.open_session(vendor)
    return Sample(vendor, scripts, sessionid, sign)


def picture(world: World, now: datetime) -> list[dict[str, Any]]:
    """Every script with its true rows, as JSON; dates in ISO UTC, `end` None for lifetime."""
    return [
        {
            "pine_id": script.pine_id,
            "title": script.title,
            "vendor": script.owner.user.username,
            "rows": [
                {
                    "id": row.user.id,
                    "username": row.username,
                    "end": None if row.end is None else write_date(row.end),
                    "created": write_date(row.created),
                    "live": row.is_live(now),
                }
                for row in world.rows(script.pine_id)
            ],
        }
        for script in world.scripts.values()
    ]
