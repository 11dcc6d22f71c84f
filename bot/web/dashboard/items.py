"""The script or product that an address is about, and what its page shows of how it is sold."""

from dataclasses import dataclass

from aiohttp import web

from bot.access.catalogue.role_rules import Opening
from bot.access.orders.codes import CodeSetView
from bot.access.sources import payments
from bot.replies.text import member, spoken
from bot.store.records import Product, RoleLoss, Script
from bot.web.dashboard.forms import number_in
from bot.web.dashboard.visitor import Visitor

SCRIPTS, PRODUCTS = "scripts", "products"
SETS = 10  # on a page


@dataclass(frozen=True, slots=True)
class SoldAs:
    """What a shop calls it, and which shop."""

    name: str
    shop: str


@dataclass(frozen=True, slots=True)
class CodeSetLine:
    """A set of codes, with what each use gives and who made it, in words."""

    code_set: CodeSetView
    gives: str
    maker: str


@dataclass(frozen=True, slots=True)
class Sales:
    """By which roles, codes and shops people come to an item."""

    openings: list[Opening]
    undecided: dict[int, RoleLoss]
    code_sets: list[CodeSetLine]
    page: int
    more: bool  # there are older sets
    sold_as: list[SoldAs]


async def item_in(visitor: Visitor, request: web.Request, kind: str) -> Script | Product:
    """Return the item of the address, archived or not. Raises ButtonGone when the server has none such."""
    number = number_in(request.match_info["item_id"])
    if kind == PRODUCTS:
        return (await visitor.services.products.entry_of(visitor.guild_id, number)).product
    return await visitor.services.scripts.of_button(visitor.guild_id, number)


def path_of(item: Script | Product) -> str:
    """Return where the page of an item is."""
    return f"items/{PRODUCTS if isinstance(item, Product) else SCRIPTS}/{item.id}"


async def sales_of(visitor: Visitor, request: web.Request, item: Script | Product) -> Sales:
    """Return how an item is sold, with the page of its codes that the address asks for."""
    services, guild_id = visitor.services, visitor.guild_id
    page = min(number_in(request.query.get("codes", "0")), 10_000)
    found = await services.codes.sets_of(guild_id, item, skip=page * SETS, limit=SETS + 1)
    prices = await services.prices.of_item(guild_id, item)
    premium = await services.premium_rules.listed(guild_id)
    openings = await services.role_rules.listed(guild_id)
    return Sales(
        [each for each in openings if is_of(each, item)],
        dict(await services.role_losses.undecided(guild_id)),
        [
            CodeSetLine(code_set, spoken(code_set.length), member(code_set.made.made_by))
            for code_set in found[:SETS]
        ],
        page,
        len(found) > SETS,
        [
            SoldAs(price.name or price.key, f"{payments.label(shop.provider)} {shop.id}")
            for price, shop in prices
        ]
        + [
            SoldAs(each.rule.name, "Discord's own shop")
            for each in premium
            if (each.item.product_id, each.item.script_id) == ids_of(item)
        ],
    )


def is_of(opening: Opening, item: Script | Product) -> bool:
    """Return whether a rule opens that item."""
    return (opening.item.product_id, opening.item.script_id) == ids_of(item)


def ids_of(item: Script | Product) -> tuple[int | None, int | None]:
    """Return the number of a product, and that of a script: one of the two."""
    return (item.id, None) if isinstance(item, Product) else (None, item.id)
