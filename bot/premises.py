"""What is opened once for the whole program, whichever token the bot logs in with: database, key, web address."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import tradingview_accounts
from bot.settings import Settings
from bot.store.engine.database import Database, open_database
from bot.store.engine.lock import alone_with
from bot.store.vault import Vault
from bot.web.server import Listener

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Premises:
    """The database, alone with it; the key; and where the web endpoint is listened at, once it serves."""

    settings: Settings
    database: Database
    vault: Vault
    listener: Listener


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Premises]:
    """Open all of it inside the block. Raises StartupError where something cannot be used."""
    async with alone_with(settings.database_url), open_database(settings.database_url) as database:
        vault = await tradingview_accounts.vault_of(settings, database)
        if apart := await asyncio.to_thread(tradingview_accounts.key_on_other_disk, settings):
            log.warning("%s %s", *apart)
        host, port, most = settings.http_host, settings.http_port, settings.http_connections
        async with Listener(host, port, most) as listener:
            yield Premises(settings, database, vault, listener)
