"""The wiring of what people look up."""

from dataclasses import dataclass

from bot.access.ledger.seats import SeatCounts
from bot.access.logins.sessions import Sessions
from bot.access.orders.outcomes import Outcomes
from bot.access.orders.pending import Pending
from bot.access.people.claims import Claims
from bot.access.queries.directory import Directory
from bot.access.queries.evidence import Evidence
from bot.access.queries.exports import Exports
from bot.access.queries.history_pages import HistoryPages
from bot.access.queries.overview import Overview
from bot.access.queries.people import PeopleList
from bot.access.queries.sales_records import SalesRecords
from bot.access.queries.today import Today
from bot.access.queries.why import Causes
from bot.services.opened import Opened
from bot.services.sweeps import Sweeping


@dataclass(frozen=True)
class LookUps:
    """What reads the ledger for people, and changes nothing."""

    overview: Overview
    today: Today
    people_list: PeopleList
    seat_counts: SeatCounts
    history_pages: HistoryPages
    directory: Directory
    evidence: Evidence
    exports: Exports
    sales_records: SalesRecords
    why: Causes


def wire_look_ups(
    opened: Opened,
    sessions: Sessions,
    outcomes: Outcomes,
    sweeping: Sweeping,
    claims: Claims,
    pending: Pending,
) -> LookUps:
    """Return what is looked up, wired."""
    database = opened.database
    overview, seat_counts = Overview(database, sessions, outcomes), SeatCounts(database)
    return LookUps(
        overview=overview,
        today=Today(
            database,
            opened.jobs,
            sessions,
            overview,
            seat_counts,
            sweeping.drift,
            claims,
            sweeping.undecided,
            pending,
        ),
        people_list=PeopleList(database),
        seat_counts=seat_counts,
        history_pages=HistoryPages(database),
        directory=Directory(database),
        evidence=Evidence(database, sessions),
        exports=Exports(database),
        sales_records=SalesRecords(database),
        why=Causes(database, sessions, outcomes),
    )
