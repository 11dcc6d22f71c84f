"""The wiring of logins to TradingView."""

from dataclasses import dataclass

from bot import tradingview_accounts
from bot.access.logins.environment import Environment
from bot.access.logins.outages import Outages
from bot.access.logins.sessions import Sessions
from bot.access.logins.spares import Spares
from bot.access.logins.watch import LoginMonitor
from bot.services.opened import Opened
from bot.tradingview import TradingViewClient


@dataclass(frozen=True)
class Logins:
    """What speaks to TradingView, with a login and without."""

    public: TradingViewClient  # strangers' questions: no login, a pace apart from members' and accounts'
    members_public: TradingViewClient  # members' questions: no login either
    sessions: Sessions
    spares: Spares
    environment: Environment
    outages: Outages
    login_monitor: LoginMonitor


def wire_logins(opened: Opened, *, shared: bool) -> Logins:
    """Return the logins, wired; each account's pace is `shared` with other programs on the database."""
    settings, database, vault, http = opened.settings, opened.database, opened.vault, opened.http
    sessions = tradingview_accounts.sessions(settings, database, vault, http, shared=shared)
    spares = Spares(database, vault, sessions)
    return Logins(
        public=tradingview_accounts.public(settings, http),
        members_public=tradingview_accounts.public(settings, http),
        sessions=sessions,
        spares=spares,
        environment=Environment(database, vault, sessions),
        outages=Outages(database),
        login_monitor=LoginMonitor(database, sessions, spares),
    )
