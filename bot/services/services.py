"""Every object of which a program has one."""

from dataclasses import dataclass

from bot.access.sources import REGISTRY
from bot.jobs import Jobs
from bot.services.bulk import Bulk
from bot.services.catalogue import Catalogue
from bot.services.chat import Chat
from bot.services.flows import Flows
from bot.services.logins import Logins
from bot.services.look_ups import LookUps
from bot.services.notifications import Notifications
from bot.services.orders import Orders
from bot.services.people import People
from bot.services.roles import Roles
from bot.services.sales import Sales
from bot.services.sweeps import Sweeping
from bot.services.sync import Sync
from bot.services.web import Web
from bot.store.engine.database import Database
from bot.store.ledger import entitlements
from bot.store.vault import Vault


@dataclass(frozen=True)
class Services(
    Logins,
    Catalogue,
    Sync,
    Orders,
    Roles,
    Sales,
    Sweeping,
    People,
    LookUps,
    Chat,
    Flows,
    Notifications,
    Web,
):
    """What commands, pages, tests and benchmarks are given; each takes from it what it uses.

    It has all that the groups have, under the same names: each thing is declared where it is wired.
    """

    database: Database
    vault: Vault
    jobs: Jobs
    bulk: Bulk

    async def open(self) -> None:
        """Load what is kept in memory, and let the database know the sources; once, before all else."""
        async with self.database.write() as connection:
            await entitlements.know_sources(connection, REGISTRY)
        await self.sessions.open()
        await self.guild_settings.open()
        await self.sweeps.open()
        await self.role_rules.open()
        await self.role_access.open()
        await self.connections.open()
        await self.intake.open()
        await self.premium_access.open()
