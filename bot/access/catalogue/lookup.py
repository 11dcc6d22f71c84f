"""Finds what is meant by an item: a script or a product, by its short name."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import ItemKind, ItemUnknown
from bot.access.errors import ButtonGone
from bot.store.catalogue import products, scripts
from bot.store.records import Product, Script

NEAR = 3


@dataclass(frozen=True, slots=True)
class Item:
    """What is given and sold: one script, or a product with the scripts that belong to it now."""

    scripts: tuple[Script, ...]
    product: Product | None = None

    @property
    def slug(self) -> str:
        """Return the short name that people type."""
        return self.scripts[0].slug if self.product is None else self.product.slug

    @property
    def title(self) -> str:
        """Return the name that people read."""
        return self.scripts[0].title if self.product is None else self.product.title

    @property
    def product_id(self) -> int | None:
        """Return the product's number; None for a script."""
        return None if self.product is None else self.product.id

    @property
    def script_id(self) -> int | None:
        """Return the script's number; None for a product."""
        return self.scripts[0].id if self.product is None else None


async def script_of(connection: AsyncConnection, guild_id: int, script_id: int) -> Script:
    """Return the script of a button's key. Raises ButtonGone when that server has none such."""
    script = await scripts.by_id(connection, script_id)
    if script is None or script.guild_id != guild_id:
        raise ButtonGone
    return script


async def find(connection: AsyncConnection, guild_id: int, item: str) -> Script:
    """Return the script of that short name.

    Raises:
        ItemUnknown: there is none; it names those that look like it.
    """
    typed = item.strip().casefold()
    script = await scripts.by_slug(connection, guild_id, typed)
    if script is None:
        slugs = [script.slug for script in await scripts.listed(connection, guild_id)]
        raise ItemUnknown(item, near_slugs(typed, slugs))
    return script


async def find_item(connection: AsyncConnection, guild_id: int, item: str) -> Item:
    """Return the script or the product of that short name.

    Raises:
        ItemUnknown: there is none; it names those that look like it.
    """
    typed = item.strip().casefold()
    if script := await scripts.by_slug(connection, guild_id, typed):
        return Item((script,))
    if product := await products.by_slug(connection, guild_id, typed):
        return await with_scripts(connection, product)
    sold = await products.listed(connection, guild_id)
    slugs = [script.slug for script in await scripts.listed(connection, guild_id)]
    slugs += [product.slug for product in sold]
    # A server without products need not learn the word.
    raise ItemUnknown(item, near_slugs(typed, slugs), ItemKind.EITHER if sold else ItemKind.SCRIPT)


async def every_item(connection: AsyncConnection, guild_id: int) -> dict[str, Item]:
    """Return everything on sale in a server, by its short name; a script goes before a product."""
    sold = await products.listed(connection, guild_id)
    scripts_of = await products.scripts_of(connection, [product.id for product in sold])
    found = {
        product.slug: Item(
            tuple(script for script in scripts_of[product.id] if script.archived_at is None),
            product,
        )
        for product in sold
    }
    return found | {
        script.slug: Item((script,)) for script in await scripts.listed(connection, guild_id)
    }


async def archived_slugs(connection: AsyncConnection, guild_id: int) -> set[str]:
    """Return the short names of what is on sale no more."""
    found: list[Script | Product] = [
        *await scripts.listed(connection, guild_id, archived=True),
        *await products.listed(connection, guild_id, archived=True),
    ]
    return {each.slug for each in found if each.archived_at is not None}


async def find_product(connection: AsyncConnection, guild_id: int, slug: str) -> Product:
    """Return the product of that short name. Raises ItemUnknown, naming those that look like it."""
    typed = slug.strip().casefold()
    if product := await products.by_slug(connection, guild_id, typed):
        return product
    slugs = [product.slug for product in await products.listed(connection, guild_id)]
    raise ItemUnknown(slug, near_slugs(typed, slugs), ItemKind.PRODUCT)


async def item_of(
    connection: AsyncConnection, product_id: int | None, script_id: int | None
) -> Item:
    """Return the item that a purchase is of; archived or not, it must exist."""
    if product_id is not None:
        product = await products.by_id(connection, product_id)
        assert product is not None  # noqa: S101 - a foreign key
        return await with_scripts(connection, product)
    script = None if script_id is None else await scripts.by_id(connection, script_id)
    assert script is not None  # noqa: S101 - a foreign key, and one of the two is there
    return Item((script,))


async def with_scripts(connection: AsyncConnection, product: Product) -> Item:
    """Return a product as an item, with its scripts that are on sale."""
    found = (await products.scripts_of(connection, [product.id]))[product.id]
    return Item(tuple(script for script in found if script.archived_at is None), product)


def near_slugs(typed: str, slugs: list[str]) -> tuple[str, ...]:
    """Return the short names that look like what was typed, the likest first."""
    import difflib  # noqa: PLC0415 - rarely needed, and large

    return tuple(difflib.get_close_matches(typed[:100], slugs, NEAR, 0.5) or slugs[:NEAR])
