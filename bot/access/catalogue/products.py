"""The products of a server: what is sold, of which scripts, for how long, with which role and trial."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.errors import (
    GraceUnusable,
    HolderRoleProblem,
    HolderRoleUnusable,
    LinkProblem,
    LinkUnusable,
    NothingToChange,
    TrialEndless,
)
from bot.access.catalogue.lookup import find, find_product
from bot.access.catalogue.slugs import clean_slug, clean_title, refuse_taken
from bot.access.errors import ButtonGone
from bot.access.request import RequestContext
from bot.access.rules.duration import Length
from bot.store.catalogue import guilds, products, role_rules
from bot.store.catalogue.products import ProductChange
from bot.store.engine.database import Database
from bot.store.ledger import events, holders
from bot.store.records import Product, Script

MAX_GRACE = 90  # days
MAX_LINK = 500  # characters; Discord takes 512 for a button


class Clearable(StrEnum):
    """What a product may be without."""

    DURATION = "duration"
    ROLE = "role"
    TRIAL = "trial"
    LINK = "link"


_COLUMNS: Mapping[Clearable, str] = {
    Clearable.DURATION: "length",
    Clearable.ROLE: "role_id",
    Clearable.TRIAL: "trial",
    Clearable.LINK: "link",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """How a product is sold, as it was typed; what is None stays as it is."""

    slug: str | None = None
    title: str | None = None
    duration: Length | None = None
    role_id: int | None = None
    grace: int | None = None
    trial: Length | None = None
    link: str | None = None
    without: Collection[Clearable] = ()


@dataclass(frozen=True, slots=True)
class ProductEntry:
    """A product with its scripts, and how many people have it."""

    product: Product
    scripts: tuple[Script, ...]
    holders: int = 0


class Products:
    """Adds, changes, archives and lists; removes no access.

    `bot.access.orders.product_scripts` changes which scripts belong to one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, request: RequestContext, terms: Terms, scripts: Collection[str] = ()
    ) -> ProductEntry:
        """Add a product of these scripts, by their short names.

        Raises SlugUnusable, SlugTaken, TitleUnusable, ItemUnknown, TrialEndless, GraceUnusable,
        LinkUnusable or HolderRoleUnusable; nothing is added then.
        """
        values = _read(terms)
        async with self._database.write() as connection:
            await guilds.ensure(connection, request.guild_id, request.at)
            await refuse_taken(connection, request.guild_id, values["slug"])
            await self._refuse_role(connection, request, terms)
            found = {each.id: each for each in await _scripts(connection, request, scripts)}
            product = await products.add(
                connection, request.guild_id, by=request.member_id, at=request.at, **values
            )
            await products.add_scripts(connection, product.id, found)
            after = _facts(values) | {"scripts": [script.slug for script in found.values()]}
            await _record(connection, request, "product_create", product, after=after)
            return await _entry(connection, product)

    async def edit(
        self, request: RequestContext, slug: str, terms: Terms
    ) -> tuple[Product, ProductEntry]:
        """Change what is given; returns the product before, and as it is then. People keep what they have.

        Raises as `create` does, and NothingToChange.
        """
        values = _read(terms)
        async with self._database.write() as connection:
            before = await find_product(connection, request.guild_id, slug)
            changed = {name: each for name, each in values.items() if getattr(before, name) != each}
            if not changed:
                raise NothingToChange(before.title)
            if "slug" in values:
                await refuse_taken(connection, request.guild_id, values["slug"], before)
            await self._refuse_role(connection, request, terms)
            after = await products.change(connection, before.id, **values)
            old = {name: getattr(before, name) for name in changed}
            await _record(
                connection,
                request,
                "product_edit",
                after,
                before=_facts(old),
                after=_facts(changed),
            )
            return before, await _entry(connection, after)

    async def entry(self, guild_id: int, slug: str) -> ProductEntry:
        """Return one product on sale. Raises ItemUnknown."""
        async with self._database.read() as connection:
            return await _entry(connection, await find_product(connection, guild_id, slug))

    async def entry_of(self, guild_id: int, product_id: int) -> ProductEntry:
        """Return the product of that number, archived or not. Raises ButtonGone when that server has none such."""
        async with self._database.read() as connection:
            product = await products.by_id(connection, product_id)
            if product is None or product.guild_id != guild_id:
                raise ButtonGone
            return await _entry(connection, product)

    async def archive(self, request: RequestContext, slug: str) -> ProductEntry:
        """Sell it no more; the people who have it keep it. Raises ItemUnknown."""
        async with self._database.write() as connection:
            product = await find_product(connection, request.guild_id, slug)
            product = await products.change(connection, product.id, archived_at=request.at)
            await _record(connection, request, "product_archive", product)
            return await _entry(connection, product)

    async def listed(self, guild_id: int) -> list[ProductEntry]:
        """Return all products by short name, archived ones too."""
        async with self._database.read() as connection:
            listed = await products.listed(connection, guild_id, archived=True)
            return await _entries(connection, listed)

    @staticmethod
    async def _refuse_role(
        connection: AsyncConnection, request: RequestContext, terms: Terms
    ) -> None:
        """Refuse a role that also opens an item, or makes somebody staff. Raises HolderRoleUnusable."""
        if terms.role_id is None:
            return
        levels = await guilds.roles(connection, request.guild_id)
        if any(terms.role_id in roles for roles in levels.values()):
            raise HolderRoleUnusable(terms.role_id, HolderRoleProblem.HAS_LEVEL)
        if await role_rules.opens_an_item(connection, request.guild_id, terms.role_id):
            raise HolderRoleUnusable(terms.role_id, HolderRoleProblem.OPENS_ITEM)


def read_link(text: str) -> str:
    """Return the address of a shop's page. Raises LinkUnusable."""
    link = text.strip()
    if len(link) > MAX_LINK:
        raise LinkUnusable(LinkProblem.TOO_LONG)
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # no number as a port, or half an address of version 6
        raise LinkUnusable(LinkProblem.NOT_HTTPS) from None
    has_name = "." in host.strip(".") and parts.username is None
    if parts.scheme != "https" or not has_name or any(char.isspace() for char in link):
        raise LinkUnusable(LinkProblem.NOT_HTTPS)
    return link


def _read(terms: Terms) -> ProductChange:
    """Return the columns that these terms set."""
    given: Sequence[tuple[str, Callable[[Any], object], object]] = (
        ("slug", clean_slug, terms.slug),
        ("title", clean_title, terms.title),
        ("length", lambda length: length.text, terms.duration),
        ("role_id", int, terms.role_id),
        ("grace_days", _grace, terms.grace),
        ("trial", _trial, terms.trial),
        ("link", read_link, terms.link),
    )
    values = {name: clean(value) for name, clean, value in given if value is not None}
    values |= {_COLUMNS[each]: None for each in terms.without}
    return cast("ProductChange", values)


def _grace(days: int) -> int:
    if not 0 <= days <= MAX_GRACE:
        raise GraceUnusable(MAX_GRACE)
    return days


def _trial(length: Length) -> str:
    if length.lifetime:
        raise TrialEndless
    return length.text


async def _scripts(
    connection: AsyncConnection, request: RequestContext, slugs: Collection[str]
) -> list[Script]:
    return [await find(connection, request.guild_id, slug) for slug in slugs]


async def _entry(connection: AsyncConnection, product: Product) -> ProductEntry:
    return (await _entries(connection, [product]))[0]


async def _entries(connection: AsyncConnection, listed: Sequence[Product]) -> list[ProductEntry]:
    ids = [product.id for product in listed]
    scripts = await products.scripts_of(connection, ids)
    people = await holders.count_of(connection, ids, clock.now())
    return [
        ProductEntry(product, tuple(scripts[product.id]), people[product.id]) for product in listed
    ]


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns as the history keeps them: an id as text, as JSON's numbers are too short for it."""
    return {
        name: str(each) if name == "role_id" and each else each for name, each in values.items()
    }


async def _record(
    connection: AsyncConnection,
    request: RequestContext,
    action: str,
    product: Product,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    await events.record(
        connection,
        request.guild_id,
        request.at,
        action,
        actor=request.actor,
        product_id=product.id,
        before=before,
        after=after,
    )
