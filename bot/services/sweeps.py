"""The wiring of full checks."""

from dataclasses import dataclass

from bot.access.logins.sessions import Sessions
from bot.access.sweeps.adopt import Adoption
from bot.access.sweeps.difference_pages import DifferencePages
from bot.access.sweeps.full_checks import FullChecks
from bot.access.sweeps.recovery import Recovery
from bot.access.sweeps.repair import Repairs
from bot.access.sweeps.reports import Drift
from bot.access.sweeps.schedule import SweepSchedule
from bot.access.sweeps.sweep import Sweeps
from bot.access.sweeps.undecided import Undecided
from bot.services.opened import Opened
from bot.services.sync import Sync


@dataclass(frozen=True)
class Sweeping:
    """What compares TradingView with the ledger, and mends what differs."""

    sweeps: Sweeps
    full_checks: FullChecks
    drift: Drift
    difference_pages: DifferencePages
    adoption: Adoption
    repairs: Repairs
    recovery: Recovery
    undecided: Undecided
    sweep_schedule: SweepSchedule


def wire_sweeps(opened: Opened, sessions: Sessions, sync: Sync) -> Sweeping:
    """Return full checks, wired."""
    database, queue, notifier = opened.database, sync.queue, sync.notifier
    sweeps, drift = Sweeps(database, sessions), Drift(database)
    return Sweeping(
        sweeps=sweeps,
        full_checks=FullChecks(database, sweeps, drift, opened.jobs),
        drift=drift,
        difference_pages=DifferencePages(database),
        adoption=Adoption(database, sessions),
        repairs=Repairs(database, sessions, opened.vault, queue, notifier),
        recovery=Recovery(database, sweeps, lambda swept: drift.note(swept, None), queue.wake),
        undecided=Undecided(database, queue, notifier),
        sweep_schedule=SweepSchedule(database, sweeps, drift),
    )
