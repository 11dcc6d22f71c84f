"""Every object of which a program has one."""

from dataclasses import dataclass

from bot.access.catalogue.discovery import Discovery
from bot.access.catalogue.premium_rules import PremiumRules
from bot.access.catalogue.products import Products
from bot.access.catalogue.role_rules import RoleRules
from bot.access.catalogue.scripts import Scripts
from bot.access.ledger.clock_watch import ClockWatch
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.seats import SeatCounts
from bot.access.logins.environment import Environment
from bot.access.logins.one_time_pages import OneTimePages
from bot.access.logins.outages import Outages
from bot.access.logins.sessions import Sessions
from bot.access.logins.spares import Spares
from bot.access.logins.watch import LoginMonitor
from bot.access.orders.api_requests import ApiRequests
from bot.access.orders.codes import Codes
from bot.access.orders.connections import Connections
from bot.access.orders.contracts import Contracts
from bot.access.orders.deliveries import Deliveries
from bot.access.orders.endings import Endings
from bot.access.orders.erasure import Erasures
from bot.access.orders.grants import Grants
from bot.access.orders.intake import Intake
from bot.access.orders.moves import Moves
from bot.access.orders.moving.shop_lists import ShopLists
from bot.access.orders.outcomes import Outcomes
from bot.access.orders.pauses import Pauses
from bot.access.orders.pending import Pending
from bot.access.orders.premium import PremiumAccess
from bot.access.orders.premium_rounds import PremiumRounds
from bot.access.orders.price_questions import Prices
from bot.access.orders.product_scripts import ProductScripts
from bot.access.orders.purchases import Purchases
from bot.access.orders.role_access import RoleAccess
from bot.access.orders.role_losses import RoleLosses
from bot.access.orders.role_rounds import RoleRounds
from bot.access.orders.setup_proof import SetupProof
from bot.access.orders.ties import Ties
from bot.access.orders.trials import Trials
from bot.access.orders.unanswered import UnansweredInteractions
from bot.access.people.api_keys import ApiKeys
from bot.access.people.blocks import Blocks
from bot.access.people.claims import Claims
from bot.access.people.customers import Customers
from bot.access.people.guidance import Guidance
from bot.access.people.guild_settings import GuildSettings
from bot.access.people.imports import Imports
from bot.access.people.proofs import Proofs
from bot.access.people.reminders import Reminders
from bot.access.people.web_sessions import WebSessions
from bot.access.queries.autocomplete import Autocomplete
from bot.access.queries.directory import Directory
from bot.access.queries.evidence import Evidence
from bot.access.queries.exports import Exports
from bot.access.queries.figures import Figures
from bot.access.queries.history import HistoryTail
from bot.access.queries.history_pages import HistoryPages
from bot.access.queries.outgoing_endpoints import OutgoingEndpoints
from bot.access.queries.overview import Overview
from bot.access.queries.people import PeopleList
from bot.access.queries.releases import Releases
from bot.access.queries.sales_records import SalesRecords
from bot.access.queries.self_check import SelfCheck
from bot.access.queries.today import Today
from bot.access.queries.why import Causes
from bot.access.sources import REGISTRY
from bot.access.sweeps.adopt import Adoption
from bot.access.sweeps.difference_pages import DifferencePages
from bot.access.sweeps.full_checks import FullChecks
from bot.access.sweeps.recovery import Recovery
from bot.access.sweeps.repair import Repairs
from bot.access.sweeps.reports import Drift
from bot.access.sweeps.retry import Retries
from bot.access.sweeps.schedule import SweepSchedule
from bot.access.sweeps.sweep import Sweeps
from bot.access.sweeps.undecided import Undecided
from bot.access.sync.queue import Queue
from bot.access.sync.schema_guard import SchemaGuard
from bot.backups import Backups
from bot.interactions.client import Usher
from bot.interactions.components import ComponentRouter
from bot.interactions.discovery_flow import DiscoveryFlow
from bot.interactions.member_events import MemberEvents
from bot.interactions.member_names import MemberNames
from bot.interactions.order_flow import OrderFlow
from bot.interactions.premium import DiscordShop
from bot.interactions.setup_proof import ProofFlow
from bot.interactions.sweep_flow import SweepFlow
from bot.jobs import Jobs
from bot.notifications.batch_progress import BatchProgress
from bot.notifications.direct_messages import DirectMessages
from bot.notifications.disk_alarm import DiskAlarm
from bot.notifications.holder_roles import HolderRoleGiver
from bot.notifications.log_channel import LogChannel
from bot.notifications.login_alerts import LoginAlerts
from bot.notifications.order_outcomes import OutcomeNotifier
from bot.notifications.outbox import Outbox
from bot.notifications.outgoing_webhooks import OutgoingWebhooks
from bot.notifications.panels import PanelPoster
from bot.notifications.releases import UpdateCheck
from bot.notifications.trouble import Blockade
from bot.services.bulk import Bulk
from bot.store.engine.database import Database
from bot.store.ledger import entitlements
from bot.store.vault import Vault
from bot.tradingview import TradingViewClient


@dataclass(frozen=True, slots=True)
class Services:
    """What commands, pages, tests and benchmarks are given; each takes from it what it uses."""

    database: Database
    vault: Vault
    jobs: Jobs

    # Logins
    public: TradingViewClient  # strangers' questions: no login, a pace apart from members' and accounts'
    sessions: Sessions
    spares: Spares
    environment: Environment
    one_time_pages: OneTimePages
    outages: Outages
    login_monitor: LoginMonitor

    # People and scripts
    guild_settings: GuildSettings
    claims: Claims
    customers: Customers
    guidance: Guidance
    proofs: Proofs
    imports: Imports
    reminders: Reminders
    api_keys: ApiKeys
    web_sessions: WebSessions
    backups: Backups
    ties: Ties
    blocks: Blocks
    erasures: Erasures
    scripts: Scripts
    products: Products
    discovery: Discovery

    # Orders, and their way to TradingView
    clock_watch: ClockWatch
    notifier: Notifier
    queue: Queue
    outcomes: Outcomes
    grants: Grants
    api_requests: ApiRequests
    setup_proof: SetupProof
    endings: Endings
    moves: Moves
    pauses: Pauses
    purchases: Purchases
    role_rules: RoleRules
    role_access: RoleAccess
    role_losses: RoleLosses
    role_rounds: RoleRounds
    premium_rules: PremiumRules
    premium_access: PremiumAccess
    premium_rounds: PremiumRounds
    discord_shop: DiscordShop
    product_scripts: ProductScripts
    contracts: Contracts
    codes: Codes
    trials: Trials
    intake: Intake
    deliveries: Deliveries
    connections: Connections
    prices: Prices
    pending: Pending
    shop_lists: ShopLists
    sales_records: SalesRecords
    retries: Retries
    unanswered: UnansweredInteractions
    seat_counts: SeatCounts
    bulk: Bulk
    schema_guard: SchemaGuard

    # Full checks
    sweeps: Sweeps
    full_checks: FullChecks
    drift: Drift
    difference_pages: DifferencePages
    adoption: Adoption
    repairs: Repairs
    recovery: Recovery
    undecided: Undecided
    sweep_schedule: SweepSchedule

    # What people look up
    overview: Overview
    today: Today
    people_list: PeopleList
    history: HistoryTail
    history_pages: HistoryPages
    directory: Directory
    evidence: Evidence
    exports: Exports
    why: Causes
    self_check: SelfCheck
    autocomplete: Autocomplete

    # Discord
    router: ComponentRouter
    client: Usher
    member_names: MemberNames
    member_events: MemberEvents
    order_flow: OrderFlow
    proof_flow: ProofFlow
    sweep_flow: SweepFlow
    discovery_flow: DiscoveryFlow
    blockade: Blockade
    direct_messages: DirectMessages
    log_channel: LogChannel
    panel_poster: PanelPoster
    outbox: Outbox
    outcome_notifier: OutcomeNotifier
    batch_progress: BatchProgress
    login_alerts: LoginAlerts
    disk_alarm: DiskAlarm
    holder_role_giver: HolderRoleGiver

    # The vendor's own programs
    outgoing_endpoints: OutgoingEndpoints
    outgoing_webhooks: OutgoingWebhooks
    figures: Figures

    # Usher itself
    releases: Releases
    update_check: UpdateCheck

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
