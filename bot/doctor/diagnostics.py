"""What helps somebody else to understand a report, without anything that is nobody else's business.

No secret, address, name or id is in it: settings say whether they are set, counts are numbers, findings
are named and not told, and lines of the log come without their values.
"""

import asyncio
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import fields
from importlib.metadata import version
from typing import Any

from yarl import URL

from bot import clock
from bot.access.queries.figures import Standing
from bot.doctor.findings import Finding
from bot.log_excerpt import EXCERPT
from bot.services import Services
from bot.settings import Settings
from bot.store.catalogue import guilds, products, scripts
from bot.store.people import directory

# Their values tell nothing of anybody; of all others only whether they are set.
HARMLESS = frozenset(
    {
        "discord_members_intent",
        "tv_pace",
        "tv_concurrency",
        "http_port",
        "http_connections",
        "log_level",
        "log_format",
    }
)
_PARTS = ("usher-bot", "discord.py", "aiohttp", "sqlalchemy", "aiosqlite", "jinja2", "cryptography")


async def diagnostics(
    services: Services,
    settings: Settings,
    guild_id: int,
    findings: Iterable[Finding],
    *,
    whole: bool,
) -> dict[str, Any]:
    """Return the content of the file; with `whole`, settings and log too, which are every server's."""
    session = await services.sessions.of(guild_id)
    login = await services.sessions.status(guild_id)
    status = await services.overview.status(guild_id)
    standing = await services.figures.now(guild_id)
    client = services.client
    found: dict[str, Any] = {
        "made_at": clock.now().isoformat(timespec="seconds"),
        "versions": await asyncio.to_thread(_versions),
        "discord": {
            "connected": client.is_ready() and not client.is_closed(),
            "members_intent": client.members_intent.name.lower(),
        },
        "login": {
            "state": login.state,
            "second_cookie": login.has_sign,
            "spares": login.spares,
        },
        "tradingview": {
            "left_alone": services.queue.is_blocked(guild_id),
            "pace": round(session.limiter.rate, 2),
            "held_for_seconds": round(session.limiter.held_for()),
        },
        "orders": {"held_up_by": status.holdup, **_counts(standing)},
        "server": await _server(services, guild_id),
        "findings": [
            {"subject": each.subject, "severity": each.severity}
            for each in findings
            if each.remedy is not None or each.note
        ],
    }
    if whole:
        async with services.database.read() as connection:
            found["servers"] = len(await guilds.listed(connection, left=True))
        found["settings"] = settings_shown(settings)
        found["log"] = EXCERPT.lines()
    return found


def settings_shown(settings: Settings) -> dict[str, object]:
    """Return every setting by name, its value only where that is nobody's business."""
    shown: dict[str, object] = {}
    for field in fields(settings):
        value, name = getattr(settings, field.name), field.name
        if name in HARMLESS:
            shown[name.upper()] = value
        elif not value:
            shown[name.upper()] = "unset"
        else:
            shown[name.upper()] = "default" if value == field.default else "set"
    if settings.public_url is not None:
        shown["PUBLIC_URL"] = f"set, {URL(settings.public_url).scheme}"
    return shown


def _versions() -> dict[str, str]:
    """Return what the program runs on (blocking: it reads the packages' own notes)."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {
        **{name: version(name) for name in _PARTS},
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": system,
    }


def _counts(standing: Standing) -> dict[str, object]:
    """Return the counts of one server, without its number."""
    named = {
        "by_state": standing.orders,
        "people_waiting": standing.waiting,
        "payment_messages": standing.deliveries,
        "outgoing_messages": standing.outgoing,
    }
    counts: dict[str, object] = {
        name: {" ".join(filter(None, key[1:])): number for key, number in found.items()}
        for name, found in named.items()
    }
    counts["oldest_waits_seconds"] = round(max(standing.oldest.values(), default=0))
    return counts


async def _server(services: Services, guild_id: int) -> dict[str, object]:
    async with services.database.read() as connection:
        guild = await guilds.by_id(connection, guild_id)
        return {
            "scripts": len(await scripts.listed(connection, guild_id)),
            "products": len(await products.listed(connection, guild_id)),
            "people": await directory.count(connection, guild_id, ""),
            "log_channel": guild is not None and guild.log_channel_id is not None,
        }
