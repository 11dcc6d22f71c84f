"""The aiohttp application: which address answers what."""

from collections.abc import Callable, Sequence

from aiohttp import web

from bot.access.logins.one_time_pages import OneTimePages
from bot.access.orders.api_requests import ApiRequests
from bot.access.orders.intake import Intake
from bot.access.orders.outcomes import Outcomes
from bot.access.people.api_keys import ApiKeys
from bot.access.queries.figures import Figures
from bot.jobs import Jobs
from bot.rate_limit import RateLimit
from bot.web import answers, health, login, metrics, openapi, validate, webhooks
from bot.web.api import access, keys as api_keys, orders
from bot.web.clients import FRONT, Front, Network
from bot.web.health import Probe
from bot.web.names import Lookup, Names

_LARGEST_BODY = 64 * 1024


def make_app(
    *,
    lookup: Lookup,
    database: Probe,
    gateway: Probe,
    jobs: Jobs,
    expected_wait: Callable[[], float] = lambda: 0.0,
    links: OneTimePages | None = None,
    keys: ApiKeys | None = None,
    figures: Figures | None = None,
    requests: ApiRequests | None = None,
    outcomes: Outcomes | None = None,
    intake: Intake | None = None,
    dashboard: Callable[[web.Application], None] | None = None,
    setup: Callable[[web.Application], None] | None = None,
    trusted_proxies: Sequence[Network] = (),
    public_url: str | None = None,
    limit: RateLimit | None = None,
) -> web.Application:
    """Return the application. `lookup` must have an upstream budget of its own and send no cookies.

    `expected_wait` tells how long a look-up would wait for that budget, in seconds.
    `links` are the one-time pages for the TradingView login, when there are to be any; `intake` is where
    messages of shops go; `keys` are those of the API, by which `requests` and their `outcomes` are opened;
    `figures` counts for `/metrics`; `dashboard` adds the pages for staff, `setup` those of the first run.
    `database` and `gateway` tell whether each is there; `jobs` must outlive the server.
    """
    app = bare_app(trusted_proxies, public_url)
    app[validate.NAMES] = Names(lookup, jobs, expected_wait=expected_wait)
    app[validate.LIMIT] = limit or RateLimit(rate=1.0, burst=30)
    app[validate.KEY_LIMIT] = RateLimit(rate=10.0, burst=300)
    app[health.PROBES] = {"database": database, "gateway": gateway}
    app[health.JOBS] = jobs
    app.router.add_get("/validate/{username:.*}", validate.validate)
    app.router.add_get("/healthz", health.alive)
    app.router.add_get("/readyz", health.ready)
    openapi.add_to(app)
    if keys is not None:
        api_keys.add_to(app, keys)
    if figures is not None:
        metrics.add_to(app, figures)
    if requests is not None and outcomes is not None:
        access.add_to(app, requests, outcomes)
        orders.add_to(app)
    if links is not None:
        login.add_to(app, links)
    if intake is not None:
        webhooks.add_to(app, intake)
    if dashboard is not None:
        dashboard(app)
    if setup is not None:
        setup(app)
    return app


def bare_app(
    trusted_proxies: Sequence[Network] = (), public_url: str | None = None
) -> web.Application:
    """Return an application that has no address yet, and answers for that as every one of ours does."""
    app = web.Application(middlewares=[answers.errors_as_json], client_max_size=_LARGEST_BODY)
    app.on_response_prepare.append(answers.add_headers)
    front = Front(tuple(trusted_proxies), https=(public_url or "").startswith("https://"))
    app[FRONT] = front
    if front.https:
        app.on_response_prepare.append(answers.insist_on_https)
    return app
