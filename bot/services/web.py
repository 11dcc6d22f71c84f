"""The wiring of what is reached over the web, and of what calls out to it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from bot.access.logins.one_time_pages import OneTimePages
from bot.access.people.api_keys import ApiKeys
from bot.access.people.web_sessions import WebSessions
from bot.access.queries.figures import Figures
from bot.access.queries.outgoing_endpoints import OutgoingEndpoints
from bot.access.queries.outgoing_events import OutgoingEvents
from bot.access.queries.releases import Releases
from bot.access.request import May
from bot.access.rules.addresses import Allowed
from bot.backups import Backups
from bot.notifications.outgoing_http import Poster
from bot.notifications.outgoing_webhooks import OutgoingWebhooks
from bot.notifications.releases import UpdateCheck
from bot.services.logins import Logins
from bot.services.opened import Opened
from bot.services.sync import Sync
from bot.store.maintenance.files import file_of
from bot.tradingview.signin import SignIn

RUNNING = version("usher-bot")  # read before the loop runs, as it lies in a file


@dataclass(frozen=True)
class Web:
    """What lets browsers and programs in, tells the vendor's own programs, and looks after the copy itself."""

    one_time_pages: OneTimePages
    api_keys: ApiKeys
    web_sessions: WebSessions
    outgoing_endpoints: OutgoingEndpoints
    outgoing_webhooks: OutgoingWebhooks
    figures: Figures
    backups: Backups
    releases: Releases
    update_check: UpdateCheck


def wire_web(opened: Opened, logins: Logins, sync: Sync, may: May, tell: Callable[[], None]) -> Web:
    """Return what is reached over the web, wired; `tell` has people told of a newer Usher."""
    settings, database, http = opened.settings, opened.database, opened.http
    allowed, releases = Allowed.of(settings.outgoing_allow), Releases(database, RUNNING, tell)
    endpoints = OutgoingEndpoints(database, opened.vault, allowed)
    return Web(
        one_time_pages=OneTimePages(
            database,
            logins.sessions,
            logins.spares,
            SignIn(http, base=settings.tradingview_url),
            public_url=settings.public_url,
            may=may,
        ),
        api_keys=ApiKeys(database, opened.vault, may, opened.jobs, settings.public_url),
        web_sessions=WebSessions(database, settings.public_url),
        outgoing_endpoints=endpoints,
        outgoing_webhooks=OutgoingWebhooks(
            endpoints, OutgoingEvents(database), Poster(allowed), sync.notifier, opened.jobs
        ),
        figures=Figures(database, logins.sessions, sync.queue),
        backups=Backups(database, file_of(settings.database_url)),
        releases=releases,
        update_check=UpdateCheck(http, settings.update_url, RUNNING, releases),
    )
