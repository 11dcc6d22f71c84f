"""Short names and titles: what people type for a script or a product, and what customers read."""

import re

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import ItemKind, SlugTaken, SlugUnusable, TitleUnusable
from bot.store.catalogue import products, scripts
from bot.store.records import Product, Script

MAX_TITLE = 100
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)


def clean_slug(text: str) -> str:
    """Return the short name, lower-cased. Raises SlugUnusable."""
    slug = text.strip().lower()
    if not _SLUG.fullmatch(slug):
        raise SlugUnusable(text)
    return slug


def clean_title(text: str) -> str:
    """Return the title on one line. Raises TitleUnusable."""
    title = " ".join(text.split())
    if not title or len(title) > MAX_TITLE:
        raise TitleUnusable(MAX_TITLE)
    return title


async def refuse_taken(
    connection: AsyncConnection, guild_id: int, slug: str, but: Script | Product | None = None
) -> None:
    """Raise SlugTaken where another script or product of the server has it, archived ones too."""
    script = await scripts.by_slug(connection, guild_id, slug, archived=True)
    if script is not None and not (isinstance(but, Script) and but.id == script.id):
        raise SlugTaken(slug, script.archived_at is not None)
    product = await products.by_slug(connection, guild_id, slug, archived=True)
    if product is not None and not (isinstance(but, Product) and but.id == product.id):
        raise SlugTaken(slug, product.archived_at is not None, ItemKind.PRODUCT)
