"""The one wiring: every object, made from what was opened before."""

from functools import partial
from importlib.metadata import version

import aiohttp

from bot import outgoing, tradingview_accounts
from bot.access.catalogue.discovery import Discovery
from bot.access.catalogue.products import Products
from bot.access.catalogue.role_rules import RoleRules
from bot.access.catalogue.scripts import Scripts
from bot.access.ledger.clock_watch import ClockWatch
from bot.access.ledger.direct_messages import WaitingMessages
from bot.access.ledger.link_calls import LinkCalls
from bot.access.ledger.members_notice import MembersNotice
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.seats import SeatCounts
from bot.access.logins.environment import Environment
from bot.access.logins.one_time_pages import OneTimePages
from bot.access.logins.outages import Outages
from bot.access.logins.spares import Spares
from bot.access.logins.watch import LoginMonitor
from bot.access.orders.account_moves import AccountMoves
from bot.access.orders.api_requests import ApiRequests
from bot.access.orders.codes import Codes
from bot.access.orders.endings import Endings
from bot.access.orders.erasure import Erasures
from bot.access.orders.grants import Grants
from bot.access.orders.holder_roles import HolderRoles
from bot.access.orders.moves import Moves
from bot.access.orders.moving.shop_lists import ShopLists
from bot.access.orders.outcomes import Outcomes
from bot.access.orders.pauses import Pauses
from bot.access.orders.present import Presence
from bot.access.orders.product_scripts import ProductScripts
from bot.access.orders.purchases import Purchases
from bot.access.orders.resends import Resends
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
from bot.access.people.limits import MemberLimits
from bot.access.people.panels import Panels
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
from bot.access.queries.outgoing_events import OutgoingEvents
from bot.access.queries.overview import Overview
from bot.access.queries.people import PeopleList
from bot.access.queries.releases import Releases
from bot.access.queries.sales_records import SalesRecords
from bot.access.queries.self_check import SelfCheck
from bot.access.queries.today import Today
from bot.access.queries.why import Causes
from bot.access.rules.addresses import Allowed
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
from bot.interactions.door import Door
from bot.interactions.levels import may_manage
from bot.interactions.member_events import MemberEvents
from bot.interactions.order_flow import OrderFlow
from bot.interactions.setup_proof import ProofFlow
from bot.interactions.sweep_flow import SweepFlow
from bot.jobs import Jobs
from bot.notifications import kept_messages
from bot.notifications.batch_progress import BatchProgress
from bot.notifications.direct_messages import DirectMessages
from bot.notifications.disk_alarm import DiskAlarm
from bot.notifications.holder_roles import HolderRoleGiver
from bot.notifications.interrupted import Interrupted
from bot.notifications.link_calls import LinkCaller
from bot.notifications.log_channel import LogChannel
from bot.notifications.login_alerts import LoginAlerts
from bot.notifications.order_outcomes import OutcomeNotifier
from bot.notifications.outbox import Outbox
from bot.notifications.outgoing_http import Poster
from bot.notifications.outgoing_webhooks import OutgoingWebhooks
from bot.notifications.panels import PanelPoster
from bot.notifications.releases import UpdateCheck
from bot.notifications.reminders import ReminderNotifier
from bot.notifications.trouble import Blockade
from bot.services.bulk import bulk
from bot.services.sales import sell
from bot.services.services import Services
from bot.settings import Settings
from bot.store.engine.database import Database
from bot.store.maintenance.files import file_of
from bot.store.vault import Vault
from bot.tradingview.signin import SignIn

RUNNING = version("usher-bot")  # read before the loop runs, as it lies in a file


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
    public = tradingview_accounts.public(settings, http)
    sessions = tradingview_accounts.sessions(settings, database, vault, http, shared=shared)
    spares = Spares(database, vault, sessions)

    notifier = Notifier()
    queue = Queue(database, sessions, jobs, notifier)
    outcomes = Outcomes(database, sessions, vault, queue, notifier)
    overview = Overview(database, sessions, outcomes)
    purchases, presence = (
        Purchases(database, vault, queue, notifier),
        Presence(database, sessions),
    )
    setup_proof = SetupProof(database, sessions, presence, vault, queue, notifier)
    role_rules = RoleRules(database)

    guild_settings = GuildSettings(database, sessions)
    guild_settings.on_change.append(queue.wake)
    scripts = Scripts(database, sessions)
    scripts.on_change.append(queue.wake)

    sweeps, drift, adoption = (
        Sweeps(database, sessions),
        Drift(database),
        Adoption(database, sessions),
    )
    full_checks = FullChecks(database, sweeps, drift, jobs)
    repairs = Repairs(database, sessions, vault, queue, notifier)

    router, autocomplete = ComponentRouter(guild_settings), Autocomplete(database)
    history, unanswered = HistoryTail(database), UnansweredInteractions(database, vault, jobs)
    member_events = MemberEvents(jobs)
    client = Usher(
        guild_settings=guild_settings,
        router=router,
        autocomplete=autocomplete,
        door=Door(unanswered, history, jobs),
        member_events=member_events,
        members_notice=MembersNotice(database),
        asks_for_members=settings.discord_members_intent == "auto",
        guild_id=settings.discord_guild_id,
        connector=partial(outgoing.ProxyConnector, settings, limit=0),
    )
    may = partial(may_manage, client.members, guild_settings)
    waiting, blockade = WaitingMessages(database), Blockade()
    panels = Panels(database)
    direct_messages = DirectMessages(client, waiting, blockade)
    log_channel = LogChannel(client, history, guild_settings, blockade, may)
    outbox = Outbox(client, waiting, direct_messages, log_channel)
    reminders = Reminders(database)
    reminder_notifier = ReminderNotifier(client, reminders, direct_messages, client.members.find)
    interrupted = Interrupted(client, unanswered, history, direct_messages, log_channel)
    outcome_notifier = OutcomeNotifier(
        client,
        outcomes,
        notifier,
        direct_messages,
        log_channel,
        outbox,
        blockade,
        interrupted,
        reminder_notifier,
        LinkCaller(client, LinkCalls(database), panels.channel),
        jobs,
    )
    waiting.on_new.append(outcome_notifier.wake)
    allowed = Allowed.of(settings.outgoing_allow)
    outgoing_endpoints = OutgoingEndpoints(database, vault, allowed)
    outgoing_webhooks = OutgoingWebhooks(
        outgoing_endpoints, OutgoingEvents(database), Poster(allowed), notifier, jobs
    )
    outages = Outages(database)
    endings = Endings(database, vault, queue, notifier)

    def decided() -> None:
        outcome_notifier.wake()
        purchases.wake()

    account_moves = AccountMoves(vault, queue)
    claims = Claims(database, partial(kept_messages.to_claimer, client), decided, account_moves)
    member_limits = MemberLimits(database, outcome_notifier.wake)
    members_public = tradingview_accounts.public(settings, http)
    customers = Customers(database, sessions, members_public, claims, member_limits, account_moves)
    role_rules.on_change.append(lambda _: purchases.wake())
    role_access = RoleAccess(
        database,
        vault,
        role_rules,
        purchases,
        queue,
        notifier,
        partial(kept_messages.to_unlinked, client),
        outcome_notifier.wake,
    )
    sales = sell(settings, database, vault, http, jobs, client, purchases, outcome_notifier.wake)
    shop_lists = ShopLists(database, vault, jobs, full_checks.read_anew)
    shop_lists.on_taken += [
        lambda guild_id: purchases.go_on(guild_id, ()),
        lambda _: sales.deliveries.wake(),
        lambda _: decided(),
    ]
    role_losses = RoleLosses(database, role_rules, purchases)
    role_rounds = RoleRounds(database, role_rules, role_access, role_losses, client.members)
    member_events.subscribe("roles", role_access.hear, role_access.matters)
    client.on_arrival.append(role_rounds.arrived)

    seat_counts, undecided = SeatCounts(database), Undecided(database, queue, notifier)
    today = Today(
        database, jobs, sessions, overview, seat_counts, drift, claims, undecided, sales.pending
    )
    releases = Releases(database, RUNNING, outcome_notifier.wake)

    batches = bulk(database, vault, sessions, queue, notifier, jobs, outcomes)
    batch_progress = BatchProgress(
        client,
        batches.messages,
        batches.views,
        batches.results,
        direct_messages,
        log_channel,
        blockade,
        jobs,
    )
    batches.batches.on_change.append(batch_progress.wake)
    batches.runner.on_found.append(batch_progress.wake)

    discovery = Discovery(database, sessions, scripts)
    sweep_flow = SweepFlow(
        sweeps, full_checks, drift, adoption, repairs, router, outbox, guild_settings
    )
    return Services(
        database=database,
        vault=vault,
        jobs=jobs,
        public=public,
        sessions=sessions,
        spares=spares,
        environment=Environment(database, vault, sessions),
        one_time_pages=OneTimePages(
            database,
            sessions,
            spares,
            SignIn(http, base=settings.tradingview_url),
            public_url=settings.public_url,
            may=may,
        ),
        outages=outages,
        clock_watch=ClockWatch(database, client.ask_the_time),
        login_monitor=LoginMonitor(database, sessions, spares),
        guild_settings=guild_settings,
        claims=claims,
        customers=customers,
        guidance=Guidance(database, outcome_notifier.wake),
        proofs=Proofs(database, members_public, customers, claims, member_limits),
        imports=Imports(database, claims),
        reminders=reminders,
        api_keys=ApiKeys(database, vault, may, jobs, settings.public_url),
        web_sessions=WebSessions(database, settings.public_url),
        backups=Backups(database, file_of(settings.database_url)),
        ties=Ties(database, queue, purchases.wake),
        blocks=Blocks(database),
        erasures=Erasures(database, vault, endings, kept_messages.to_eraser, outcome_notifier.wake),
        scripts=scripts,
        products=Products(database),
        discovery=discovery,
        notifier=notifier,
        queue=queue,
        outcomes=outcomes,
        grants=Grants(database, presence, vault, queue, notifier),
        bulk=batches,
        api_requests=ApiRequests(database, vault, sessions, presence, queue, notifier),
        setup_proof=setup_proof,
        endings=endings,
        moves=Moves(database, vault, queue, notifier, presence),
        pauses=Pauses(database, vault, queue, notifier),
        purchases=purchases,
        role_rules=role_rules,
        role_access=role_access,
        role_losses=role_losses,
        role_rounds=role_rounds,
        premium_rules=sales.premium_rules,
        premium_access=sales.premium_access,
        premium_rounds=sales.premium_rounds,
        discord_shop=sales.discord_shop,
        product_scripts=ProductScripts(
            database,
            queue,
            notifier,
            [source.name for source in REGISTRY.values() if source.returns_by_itself],
        ),
        contracts=sales.contracts,
        codes=Codes(database, vault, purchases, sales.contracts),
        trials=Trials(database, vault, purchases, partial(kept_messages.of_trial, client)),
        intake=sales.intake,
        deliveries=sales.deliveries,
        connections=sales.connections,
        prices=sales.prices,
        pending=sales.pending,
        shop_lists=shop_lists,
        sales_records=SalesRecords(database),
        retries=Retries(database, queue),
        unanswered=unanswered,
        seat_counts=seat_counts,
        schema_guard=SchemaGuard(database, sessions, queue.wake),
        sweeps=sweeps,
        full_checks=full_checks,
        drift=drift,
        difference_pages=DifferencePages(database),
        adoption=adoption,
        repairs=repairs,
        recovery=Recovery(database, sweeps, lambda swept: drift.note(swept, None), queue.wake),
        undecided=undecided,
        sweep_schedule=SweepSchedule(database, sweeps, drift),
        overview=overview,
        today=today,
        people_list=PeopleList(database),
        history=history,
        history_pages=HistoryPages(database),
        directory=Directory(database),
        evidence=Evidence(database, sessions),
        exports=Exports(database),
        why=Causes(database, sessions, outcomes),
        self_check=SelfCheck(
            database,
            sessions,
            members_public,
            outcomes,
            Resends(database, vault, queue),
            member_limits,
            outcome_notifier.wake,
        ),
        autocomplete=autocomplete,
        router=router,
        client=client,
        member_names=client.members.names,
        member_events=member_events,
        order_flow=OrderFlow(outcomes, notifier, router),
        sweep_flow=sweep_flow,
        discovery_flow=DiscoveryFlow(discovery, sweep_flow),
        proof_flow=ProofFlow(setup_proof, outcomes, notifier, router),
        log_channel=log_channel,
        panel_poster=PanelPoster(client, panels),
        direct_messages=direct_messages,
        outbox=outbox,
        outcome_notifier=outcome_notifier,
        batch_progress=batch_progress,
        login_alerts=LoginAlerts(client, outages, direct_messages, may),
        disk_alarm=DiskAlarm(database.has_room, history, log_channel),
        blockade=blockade,
        holder_role_giver=HolderRoleGiver(client, HolderRoles(database), notifier, blockade, jobs),
        outgoing_endpoints=outgoing_endpoints,
        outgoing_webhooks=outgoing_webhooks,
        figures=Figures(database, sessions, queue),
        releases=releases,
        update_check=UpdateCheck(http, settings.update_url, RUNNING, releases),
    )
