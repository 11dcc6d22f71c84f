"""The wiring of conversations of several steps in Discord."""

from dataclasses import dataclass

from bot.access.orders.setup_proof import SetupProof
from bot.interactions.components import ComponentRouter
from bot.interactions.discovery_flow import DiscoveryFlow
from bot.interactions.order_flow import OrderFlow
from bot.interactions.setup_proof import ProofFlow
from bot.interactions.sweep_flow import SweepFlow
from bot.notifications.outbox import Outbox
from bot.services.catalogue import Catalogue
from bot.services.sweeps import Sweeping
from bot.services.sync import Sync


@dataclass(frozen=True)
class Flows:
    """What asks a person again, and goes on with the answer."""

    order_flow: OrderFlow
    proof_flow: ProofFlow
    sweep_flow: SweepFlow
    discovery_flow: DiscoveryFlow


def wire_flows(
    sync: Sync,
    catalogue: Catalogue,
    sweeping: Sweeping,
    router: ComponentRouter,
    outbox: Outbox,
    setup_proof: SetupProof,
) -> Flows:
    """Return the conversations, wired to the presses of buttons."""
    sweep_flow = SweepFlow(
        sweeping.sweeps,
        sweeping.full_checks,
        sweeping.drift,
        sweeping.adoption,
        sweeping.repairs,
        router,
        outbox,
        catalogue.guild_settings,
    )
    return Flows(
        order_flow=OrderFlow(sync.outcomes, sync.notifier, router),
        proof_flow=ProofFlow(setup_proof, sync.outcomes, sync.notifier, router),
        sweep_flow=sweep_flow,
        discovery_flow=DiscoveryFlow(catalogue.discovery, sweep_flow),
    )
