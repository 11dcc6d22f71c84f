"""Which item a price of a shop is: the question with its list, and what was decided."""

from collections.abc import Sequence

import discord

from bot.access.orders.price_questions import (
    NOTHING,
    PriceDecided,
    PriceQuestion,
    PriceView,
    choice_of,
    is_open,
)
from bot.access.sources import payments
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import count, title, typed
from bot.replies.tone import Tone
from bot.store.records import Connection, Price, Product

ITEM, PAGE, NEXT = "shop_price", "shop_price_page", "shop_price_next"
_PER_PAGE = 24  # with the one for nothing, as many as Discord lists
_MAX_LINES = 10


def question(asked: PriceQuestion, page: int = 0) -> Message:
    """Return the question which item a price is, with a list of them, a page at a time."""
    price, guild_id = asked.price, asked.shop.guild_id
    last = max(0, (len(asked.items) - 1) // _PER_PAGE)
    page = min(page, last)
    first = (
        f"⚠️ **{shop(asked.shop)} sold {called(price)}. Which product is that?** What was bought waits "
        "until a manager says it, and goes on by itself then."
    )
    if asked.sold is not None:
        now = title(asked.sold)
        first = f"⚠️ **Which product is {called(price)} of {shop(asked.shop)}?** So far it is {now}."
    lines = [first]
    if not asked.items:
        lines.append(
            "There is no product here yet: `/product create` makes one. Then press *Look again*."
        )
    buttons = []
    if last:
        lines.append(f"-# Page {page + 1} of {last + 1} of your products and scripts")
        buttons = [
            Button(
                "◀ Back", key(PAGE, guild_id, price.id, max(page - 1, 0), "b"), disabled=page == 0
            ),
            Button("Next ▶", key(PAGE, guild_id, price.id, page + 1, "n"), disabled=page == last),
        ]
    elif not asked.items:
        buttons = [Button("Look again", key(PAGE, guild_id, price.id, 0, "b"))]
    return Message(
        "\n".join(lines), buttons=tuple(buttons), items=(_list(asked, page),), tone=Tone.LOOK
    )


def _list(asked: PriceQuestion, page: int) -> "discord.ui.Select[discord.ui.View]":
    options = [
        discord.SelectOption(
            label=shorten(item.title, 100),
            value=choice_of(item),
            description=shorten(
                f"{item.slug}, {'a product' if isinstance(item, Product) else 'a script'}", 100
            ),
        )
        for item in asked.items[page * _PER_PAGE : (page + 1) * _PER_PAGE]
    ]
    options.append(
        discord.SelectOption(
            label="Nothing to do with us", value=NOTHING, description="It is sold without access"
        )
    )
    return discord.ui.Select(
        custom_id=key(ITEM, asked.shop.guild_id, asked.price.id),
        placeholder="Which product is it?",
        options=options,
    )


def decided(decided: PriceDecided) -> Message:
    """Return which item a price is now, and what goes on."""
    what = f"{called(decided.price)} of {shop(decided.shop)}"
    if decided.item is None:
        first = f"✅ **{what} is nothing to do with us.** Nobody is given anything by it."
    else:
        first = f"✅ **{what} is {title(decided.item)[2:-2]}.** Whoever pays for it has that."
    lines = [first]
    if decided.released:
        goes = "goes" if decided.released == 1 else "go"
        lines.append(f"{count(decided.released, 'message')} that waited {goes} on now.")
    buttons: tuple[Button, ...] = ()
    if decided.left:
        lines.append(
            f"{count(decided.left, 'more price')} of this shop {'is' if decided.left == 1 else 'are'} open."
        )
        buttons = (Button("Next price", key(NEXT, decided.shop.guild_id)),)
    return Message("\n".join(lines), buttons=buttons)


def none_open() -> Message:
    """Return that there is no price to decide about."""
    return Message("✅ **No price waits for you.**")


def lines(prices: Sequence[PriceView]) -> str:
    """Return prices with their items, one a line."""
    shown = [_line(each) for each in prices[:_MAX_LINES]]
    if len(prices) > _MAX_LINES:
        shown.append(f"… and {len(prices) - _MAX_LINES:,} more")
    return "\n".join(shown)


def called(price: Price) -> str:
    """Return a price as the shop calls it."""
    return typed(price.name or price.key)


def shop(row: Connection) -> str:
    """Return a shop with its number."""
    return f"{payments.label(row.provider)} (connection {row.id})"


def _line(view: PriceView) -> str:
    if view.item is not None:
        what = title(view.item)
    else:
        what = "⚠️ not said yet" if is_open(view.price) else "nothing to do with us"
    own = f" ({typed(view.price.key)})" if view.price.name else ""
    return f"- {called(view.price)}{own} → {what}"
