"""The one wiring: every object, made from what was opened before."""

from typing import Any

import aiohttp

from bot.jobs import Jobs
from bot.services.bulk import wire_bulk
from bot.services.catalogue import wire_catalogue
from bot.services.chat import wire_chat
from bot.services.flows import wire_flows
from bot.services.logins import wire_logins
from bot.services.look_ups import wire_look_ups
from bot.services.notifications import wire_notifications
from bot.services.opened import Opened
from bot.services.orders import wire_orders
from bot.services.people import wire_people
from bot.services.roles import wire_roles
from bot.services.sales import wire_sales
from bot.services.services import Services
from bot.services.sweeps import wire_sweeps
from bot.services.sync import wire_sync
from bot.services.web import wire_web
from bot.settings import Settings
from bot.store.engine.database import Database
from bot.store.vault import Vault


def build(
    settings: Settings,
    database: Database,
    vault: Vault,
    http: aiohttp.ClientSession,
    jobs: Jobs,
    *,
    shared: bool = True,
) -> Services:
    """Return everything wired, with nothing loaded or started; `http` needs a `DummyCookieJar`.

    Each account's pace is `shared` with other programs on this database.
    """
    opened = Opened(settings, database, vault, http, jobs)
    logins = wire_logins(opened, shared=shared)
    sessions = logins.sessions
    sync = wire_sync(opened, sessions)
    catalogue = wire_catalogue(opened, sessions, sync.queue)
    sweeping = wire_sweeps(opened, sessions, sync)
    batches = wire_bulk(opened, sessions, sync)
    chat = wire_chat(opened, catalogue.guild_settings)
    notifications = wire_notifications(
        opened, logins.outages, sync, catalogue.guild_settings, chat, batches
    )
    client, tell = chat.client, notifications.outcome_notifier.wake

    def decided() -> None:
        tell()
        sync.purchases.wake()

    sales = wire_sales(opened, client, sync.purchases, tell)
    people = wire_people(opened, logins, sync, client, tell, decided)
    roles = wire_roles(opened, sync, chat, tell)
    orders = wire_orders(
        opened, sessions, sync, client, sales, sweeping.full_checks.read_anew, tell, decided
    )
    look_ups = wire_look_ups(
        opened, sessions, sync.outcomes, sweeping, people.claims, sales.pending
    )
    flows = wire_flows(
        sync, catalogue, sweeping, chat.router, notifications.outbox, orders.setup_proof
    )
    web = wire_web(opened, logins, sync, chat.may, tell)
    return Services(
        database=database,
        vault=vault,
        jobs=jobs,
        bulk=batches,
        **_all_of(
            logins,
            sync,
            catalogue,
            sweeping,
            chat,
            notifications,
            sales,
            people,
            roles,
            orders,
            look_ups,
            flows,
            web,
        ),
    )


def _all_of(*groups: object) -> dict[str, Any]:
    """Return what the groups have, by name; a name that is missing or unknown fails at once."""
    return {name: value for group in groups for name, value in vars(group).items()}
