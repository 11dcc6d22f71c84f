"""Slash commands, one module for each group: defer, one call, one reply."""

import discord
from discord.ext import commands

from bot.access.catalogue.discovery import Discovery
from bot.access.catalogue.scripts import Scripts
from bot.access.ledger.seats import SeatCounts
from bot.access.logins.one_time_pages import OneTimePages
from bot.access.logins.sessions import Sessions
from bot.access.logins.spares import Spares
from bot.access.orders.grants import Grants
from bot.access.people.customers import Customers
from bot.access.people.guild_settings import GuildSettings
from bot.access.people.imports import Imports
from bot.access.queries.overview import Overview
from bot.access.sweeps.retry import Retries
from bot.interactions.components import ComponentRouter
from bot.interactions.order_flow import OrderFlow
from bot.interactions.sweep_flow import SweepFlow
from cogs.access import Access
from cogs.audit import Audit
from cogs.customer import Customer
from cogs.link import Link
from cogs.me import Me
from cogs.script import Script
from cogs.seats import Seats
from cogs.session import Session
from cogs.setup import Setup
from cogs.sync import Sync
from cogs.validate import Validate


def every(
    *,
    client: discord.Client,
    grants: Grants,
    retries: Retries,
    views: Overview,
    order_flow: OrderFlow,
    router: ComponentRouter,
    sessions: Sessions,
    spares: Spares,
    links: OneTimePages,
    scripts: Scripts,
    discovering: Discovery,
    customers: Customers,
    matches: Imports,
    sweep_flow: SweepFlow,
    guild_settings: GuildSettings,
    seat_counts: SeatCounts,
) -> tuple[commands.Cog, ...]:
    """All cogs, each given what it uses; one that is not listed here does not exist."""
    return (
        Access(grants, views, order_flow, router),
        Audit(views, router),
        Customer(customers, matches, router),
        Link(client, customers, router),
        Me(views),
        Script(scripts, discovering, sweep_flow, router),
        Seats(seat_counts, router),
        Session(sessions, spares, links, router),
        Setup(guild_settings, router),
        Sync(views, retries, sweep_flow),
        Validate(customers),
    )
