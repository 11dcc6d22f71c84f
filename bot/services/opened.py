"""What the wiring starts from."""

from dataclasses import dataclass

import aiohttp

from bot.jobs import Jobs
from bot.settings import Settings
from bot.store.engine.database import Database
from bot.store.vault import Vault


@dataclass(frozen=True, repr=False)
class Opened:
    """What a program opened before it wired anything; `http` has a `DummyCookieJar`."""

    settings: Settings
    database: Database
    vault: Vault
    http: aiohttp.ClientSession
    jobs: Jobs
