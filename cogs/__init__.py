"""Slash commands, one module for each group: defer, one call, one reply."""

import discord
from discord.ext import commands

from bot.access.catalogue.discovery import Discovering
from bot.access.catalogue.scripts import Scripts
from bot.access.ledger.seats import SeatCounts
from bot.access.logins.one_time_pages import LoginLinks
from bot.access.logins.sessions import Sessions
from bot.access.logins.spares import Spares
from bot.access.orders.grants import Grants
from bot.access.people.customers import Customers
from bot.access.people.guild_settings import Servers
from bot.access.people.imports import Matches
from bot.access.queries.autocomplete import Suggesting
from bot.access.queries.overview import Views
from bot.access.sync.queue import Queue
from bot.interactions.components import Presses
from bot.interactions.order_flow import Wishing
from bot.interactions.sweep_flow import FullChecks
from cogs.access import Access
from cogs.audit import Audit
from cogs.customer import Customer
from cogs.link import Link
from cogs.me import Me
from cogs.script import Script
from cogs.seats import Seats
from cogs.session import Session
from cogs.setup import Setup
from cogs.suggestions import Suggestions
from cogs.sync import Sync
from cogs.validate import Validate


def every(
    *,
    client: discord.Client,
    grants: Grants,
    queue: Queue,
    views: Views,
    suggesting: Suggesting,
    wishing: Wishing,
    presses: Presses,
    sessions: Sessions,
    spares: Spares,
    links: LoginLinks,
    scripts: Scripts,
    discovering: Discovering,
    customers: Customers,
    matches: Matches,
    full_checks: FullChecks,
    servers: Servers,
    seat_counts: SeatCounts,
) -> tuple[commands.Cog, ...]:
    """All cogs, each given what it uses; one that is not listed here does not exist."""
    suggestions = Suggestions(suggesting)
    return (
        Access(grants, views, wishing, suggestions, presses),
        Audit(views, suggestions, presses),
        Customer(customers, matches, suggestions, presses),
        Link(client, customers, presses),
        Me(views),
        Script(scripts, discovering, full_checks, suggestions, presses),
        Seats(seat_counts, presses),
        Session(sessions, spares, links, presses),
        Setup(servers, presses),
        Sync(views, queue, full_checks, suggestions),
        Validate(customers),
    )
