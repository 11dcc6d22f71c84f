"""`usher import --from`: a shop's customers are taken over, beside a running bot too."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from bot import clock, outgoing, tradingview_accounts
from bot.access.catalogue.lookup import Item
from bot.access.logins.cookies import read_file
from bot.access.orders.moving.looking import known_items, look
from bot.access.orders.moving.matching import Outcome, Plan, products_of
from bot.access.orders.moving.readers import SHOPS, read
from bot.access.orders.moving.records import Listing, ListUnreadable
from bot.access.orders.moving.taking_over import ChangeOfShop, ConnectionUnclear, Done, Ground
from bot.access.request import RequestContext
from bot.access.sources import REGISTRY
from bot.access.sweeps.sweep import Progress, Sweeps
from bot.cli import change_report as words, private_file, session
from bot.cli.progress import Bar
from bot.cli.prompts import agreed, line
from bot.cli.servers import server
from bot.errors import StartupError, UserError
from bot.replies import change_files, change_of_shop, explain
from bot.replies.plain import plain
from bot.settings import Settings
from bot.store.engine.database import Database
from bot.store.kinds import SweepState
from bot.store.ledger import entitlements
from bot.store.records import OPERATOR, OPERATOR_ID, Connection, Script
from bot.store.sweeps import sweeps

DONE, NOT_DONE = 0, 1
_NOTHING = "none"  # typed for what is nothing to do with Usher
_ASKED = 3  # times for one product
_READING = 600.0  # seconds for which another program may be reading a list


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    shop: str
    files: tuple[Path, ...]
    apply: bool = False
    items: Mapping[str, str] = field(default_factory=dict)
    report: Path | None = None
    grant_missing: bool = False
    extend_to_paid: bool = False
    login: bool = False
    connection: int | None = None


def run(settings: Settings, guild_id: int | None, wish: Wish) -> int:
    """Say what the list comes to, and take over what was asked for. Returns the exit code.

    Raises StartupError when it cannot be told for which server, or the database cannot be opened.
    """
    guild_id = asyncio.run(server(settings, guild_id, "this list"))
    if wish.report is not None and not private_file.can_be_at(wish.report):
        raise StartupError(words.cannot_write(wish.report))
    lists = tuple(path for path in wish.files if path.suffix.casefold() != ".json")
    logins = [path for path in wish.files if path not in lists]
    try:
        if logins and not _login(settings, guild_id, wish, logins[0]):
            return NOT_DONE
        if not lists:
            return DONE
        listing = read(wish.shop, lists, clock.now())
        click.echo(words.read(listing))
        ground, source, sold_as = asyncio.run(_ground(settings, guild_id, listing, wish))
        items = chosen(listing, ground, wish.items, sold_as)
        plan, done = asyncio.run(_work(settings, guild_id, listing, items, source, wish))
    except ListUnreadable as error:
        click.echo(change_of_shop.unreadable(error, SHOPS[wish.shop]))
        return NOT_DONE
    except ConnectionUnclear as error:
        click.echo(words.connection_unclear(error.numbers, error.wanted))
        return NOT_DONE
    except UserError as error:
        click.echo(plain(explain(error).sentence) + " Nothing was changed.")
        return NOT_DONE
    if wish.report is not None:
        private_file.write(wish.report, change_files.table(plan))
    given = [
        *([Outcome.NO_ACCESS] if done and wish.grant_missing else []),
        *([Outcome.SHORTER] if done and wish.extend_to_paid else []),
    ]
    click.echo(
        words.summary(plan, named_in=wish.report, is_connected=source is not None, given=given)
    )
    click.echo(words.done(done) if done else words.dry(plan))
    return DONE


def _login(settings: Settings, guild_id: int, wish: Wish, path: Path) -> bool:
    """Test and keep the older panel's login, where that is wanted; return whether to go on."""
    if wish.login or agreed(f"Use the TradingView login in {path.name}?"):
        return session.keep_login(settings, guild_id, lambda: read_file(path.read_bytes())) == DONE
    return True


def chosen(
    listing: Listing,
    ground: Ground,
    typed: Mapping[str, str],
    sold_as: Mapping[str, Item],
) -> dict[str, Item | None]:
    """Return which item each product of a list is: as typed, as the shop's prices say, by its name, or as asked for.

    Raises StartupError where there is nothing to sell, or no terminal on which to ask.
    """
    if not ground.items:
        raise StartupError(words.NO_ITEMS)
    by_name = {name.casefold(): slug for name, slug in typed.items()}
    numbers = products_of(listing)
    found: dict[str, Item | None] = {}
    unknown: list[tuple[str, int]] = []
    for product, item in known_items(listing, ground, sold_as).items():
        slug = by_name.get(product.casefold())
        if slug is not None:
            found[product] = _item(ground, slug, product)
        elif item is not None:
            found[product] = item
        else:
            unknown.append((product, numbers[product]))
    if unknown and not _is_asked():
        raise StartupError(words.items_missing(unknown, sorted(ground.items)))
    for product, number in unknown:
        found[product] = _ask(ground, product, number)
    return found


def _item(ground: Ground, slug: str, product: str) -> Item | None:
    if slug.casefold() == _NOTHING:
        return None
    item = ground.items.get(slug.casefold())
    if item is None:
        raise StartupError(words.no_such_item(slug, product, sorted(ground.items)))
    return item


def _is_asked() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ask(ground: Ground, product: str, number: int) -> Item | None:
    click.echo(words.question(product, number, sorted(ground.items)))
    for _ in range(_ASKED):
        slug = line("Short name, or none").casefold()
        if slug == _NOTHING:
            return None
        if slug in ground.items:
            return ground.items[slug]
        click.echo("There is no such short name.")
    raise StartupError(words.items_missing([(product, number)], sorted(ground.items)))


async def _ground(
    settings: Settings, guild_id: int, listing: Listing, wish: Wish
) -> tuple[Ground, Connection | None, dict[str, Item]]:
    async with tradingview_accounts.database_beside(settings) as database:
        vault = await tradingview_accounts.vault_of(settings, database)
        moving = ChangeOfShop(database, vault)
        ground, source = await moving.ground(guild_id), None
        if listing.provider is not None:
            source = await moving.connection(guild_id, listing.provider, wish.connection)
        sold_as = await moving.sold_as(guild_id, listing.provider, source)
    return ground, source, sold_as


async def _work(
    settings: Settings,
    guild_id: int,
    listing: Listing,
    items: Mapping[str, Item | None],
    source: Connection | None,
    wish: Wish,
) -> tuple[Plan, Done | None]:
    async with (
        tradingview_accounts.database_beside(settings) as database,
        outgoing.session(settings) as http,
    ):
        vault = await tradingview_accounts.vault_of(settings, database)
        sessions = tradingview_accounts.sessions(settings, database, vault, http)
        moving = ChangeOfShop(database, vault)
        try:
            await sessions.open()
            read_list = partial(_read_list, database, Sweeps(database, sessions))
            plan = await look(moving, guild_id, listing, items, read_list)
        finally:
            await sessions.close()
        if not wish.apply:
            return plan, None
        async with database.write() as connection:  # also where Usher has not run with it yet
            await entitlements.know_sources(connection, REGISTRY)
        request = RequestContext(
            guild_id, OPERATOR, f"import {clock.now():%Y%m%d%H%M%S%f}", clock.now()
        )
        with Bar("Taking over") as bar:
            done = await moving.apply(
                request,
                plan,
                source,
                grant_missing=wish.grant_missing,
                extend_to_paid=wish.extend_to_paid,
                tell=bar.at,
            )
    return plan, done


async def _read_list(database: Database, reader: Sweeps, script: Script) -> None:
    """Read who has access to a script now, at the pace of the account. Raises StartupError or UserError."""
    async with database.read() as connection:
        newest = await sweeps.newest(connection, script.id)
    is_read = newest is not None and newest.state is SweepState.RUNNING
    if is_read and newest and (clock.now() - newest.started_at).total_seconds() < _READING:
        raise StartupError(words.read_by_other(script.title))
    with Bar(f"Reading who has {script.title}") as bar:

        def tell(progress: Progress) -> None:
            bar.at(progress.rows, progress.expected)

        await reader.of_script(script, by=OPERATOR_ID, tell=tell)
