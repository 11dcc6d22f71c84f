"""The wiring of what is sold: shops' messages, and purchases in Discord."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.access.catalogue.premium_rules import PremiumRules
from bot.access.orders.connections import Connections
from bot.access.orders.contract_notes import ContractNotes
from bot.access.orders.contracts import Contracts
from bot.access.orders.deliveries import Deliveries
from bot.access.orders.intake import Intake
from bot.access.orders.pending import Pending, note_stuck
from bot.access.orders.premium import PremiumAccess
from bot.access.orders.premium_rounds import PremiumRounds
from bot.access.orders.price_questions import Prices
from bot.access.orders.providers import Providers
from bot.access.orders.purchases import Purchases
from bot.access.sources import payments
from bot.interactions.client import Usher
from bot.interactions.premium import DiscordShop, PremiumEvents
from bot.notifications import kept_messages
from bot.provider_calls import ProviderCalls
from bot.services.opened import Opened


@dataclass(frozen=True)
class Sales:
    """What hears of payments, from shops and from Discord, and makes purchases of them."""

    contracts: Contracts
    connections: Connections
    prices: Prices
    pending: Pending
    intake: Intake
    deliveries: Deliveries
    premium_rules: PremiumRules
    premium_access: PremiumAccess
    premium_rounds: PremiumRounds
    discord_shop: DiscordShop


def wire_sales(
    opened: Opened, client: Usher, purchases: Purchases, tell: Callable[[], None]
) -> Sales:
    """Return the way of a payment, wired; `tell` has people told of what it decides."""
    database, vault, jobs = opened.database, opened.vault, opened.jobs
    contracts = Contracts(
        database,
        vault,
        purchases,
        ContractNotes(
            partial(kept_messages.to_buyer, client), partial(kept_messages.to_late_payer, client)
        ),
        tell,
    )
    connections = Connections(
        database,
        vault,
        payments.provider,
        payments.names,
        opened.settings.public_url,
        opened.settings.http_port,
    )
    prices, pending = Prices(database), Pending(database, vault, contracts.assign)
    providers = Providers(payments.provider)
    intake = Intake(database, vault, jobs, providers)
    deliveries = Deliveries(
        database,
        vault,
        jobs,
        providers,
        contracts,
        note_stuck,
        ProviderCalls(opened.http).ask,
    )
    intake.on_new.append(deliveries.wake)
    connections.on_change.append(intake.changed)
    prices.on_released.append(deliveries.wake)
    pending.on_released.append(deliveries.wake)
    premium_access = PremiumAccess(
        database,
        vault,
        purchases,
        partial(kept_messages.to_premium_buyer, client),
        tell,
    )
    discord_shop = DiscordShop(client)
    premium_rounds = PremiumRounds(premium_access, discord_shop)
    premium_rules = PremiumRules(database, premium_rounds.rules_changed)
    PremiumEvents(premium_access, premium_rounds).attach(client)

    return Sales(
        contracts=contracts,
        connections=connections,
        prices=prices,
        pending=pending,
        intake=intake,
        deliveries=deliveries,
        premium_rules=premium_rules,
        premium_access=premium_access,
        premium_rounds=premium_rounds,
        discord_shop=discord_shop,
    )
