"""Discord's own shop, as one connection beside the others: what it sells, and which item each thing opens."""

from collections.abc import Sequence

import discord

from bot.access.catalogue.premium_rules import PremiumOpening
from bot.access.rules.premium import PremiumSku
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import bold, count, embed
from bot.replies.tone import Tone
from bot.store.kinds import SkuKind
from bot.store.records import Product, Script

NAME = "discord"  # as people type it
LABEL = "Discord's own shop"
NUMBER = 0  # it is there once, so that it needs no row among the connections
ITEM, PAGE = "discord_shop", "discord_shop_page"
NOTHING = "-"  # no short name looks so
_LISTS = 4  # a message has five rows, and the buttons need one
_ITEMS = 24  # with the one for nothing, as many as Discord lists
# What buying a thing of each kind means, in words.
SOLD: dict[SkuKind, str] = {
    SkuKind.SUBSCRIPTION: "a subscription: access lasts as long as it runs",
    SkuKind.DURABLE: "bought once: access has no end",
    SkuKind.CONSUMABLE: "can be bought again and again: each adds the product's usual length",
}


def shop(
    skus: Sequence[PremiumSku],
    openings: Sequence[PremiumOpening],
    items: Sequence[Product | Script],
    guild_id: int,
    page: int = 0,
    done: str = "",
) -> Message:
    """Return what Discord sells for the bot, with a list of items for each thing, a page at a time."""
    again = Button("Look again", key(PAGE, guild_id, 0, "again"))
    if not skus:
        return Message(_nothing_sold(done), buttons=(again,), tone=Tone.LOOK)
    if not items:
        text = (
            f"⚠️ **{LABEL} sells {count(len(skus), 'thing')}, and there is no product or script here yet.** "
            "`/product create` makes one. Then press *Look again*."
        )
        return Message(text, buttons=(again,), tone=Tone.LOOK)
    of_items = -(-len(items) // _ITEMS)
    last = -(-len(skus) // _LISTS) * of_items - 1
    page = min(page, last)
    lists, some = divmod(page, of_items)
    shown = skus[lists * _LISTS : (lists + 1) * _LISTS]
    choices = items[some * _ITEMS : (some + 1) * _ITEMS]
    first = done or (
        f"**{LABEL} needs no address and no secret.** Say below what each thing gives; whoever buys it, or has "
        "it already, gets that by itself."
    )
    lines = [_line(sku, openings) for sku in shown]
    buttons: tuple[Button, ...] = ()
    if last:
        lines.append(f"-# Page {page + 1} of {last + 1} of what is sold, and of your items")
        buttons = (
            Button("◀ Back", key(PAGE, guild_id, max(page - 1, 0), "b"), disabled=page == 0),
            Button("Next ▶", key(PAGE, guild_id, page + 1, "n"), disabled=page == last),
        )
    return Message(
        first,
        (embed("What Discord sells", "\n".join(lines)),),
        buttons,
        tuple(_list(sku, choices, guild_id) for sku in shown),
        tone=Tone.DONE if openings else Tone.LOOK,
    )


def _nothing_sold(done: str) -> str:
    text = (
        "⚠️ **Discord sells nothing for this bot yet.** Open the Discord developer portal, choose the bot's "
        "application, and then *Monetization*: it says what Discord asks for first, and there you make a "
        "subscription or another thing to buy. Then press *Look again*. Sales of other shops do not need this."
    )
    return f"{done}\n{text}" if done else text


def _line(sku: PremiumSku, openings: Sequence[PremiumOpening]) -> str:
    what = [each.item.title for each in openings if each.rule.sku_id == sku.id]
    gives = " and ".join(map(bold, what)) if what else "⚠️ nothing yet"
    return f"- {bold(sku.name)} → {gives}\n  -# {SOLD[sku.kind]}"


def _list(
    sku: PremiumSku, items: Sequence[Product | Script], guild_id: int
) -> "discord.ui.Select[discord.ui.View]":
    options = [
        discord.SelectOption(
            label=shorten(item.title, 100),
            value=item.slug,
            description=shorten(
                f"{item.slug}, {'a product' if isinstance(item, Product) else 'a script'}", 100
            ),
        )
        for item in items
    ]
    options.append(
        discord.SelectOption(
            label="Nothing", value=NOTHING, description="Whoever buys it from now on gets no access"
        )
    )
    return discord.ui.Select(
        custom_id=key(ITEM, guild_id, sku.id),
        placeholder=shorten(f"What does {sku.name} give?", 150),
        options=options,
    )


def chosen(sku: PremiumSku, opening: PremiumOpening | None) -> str:
    """Return what a thing opens from now on, to stand above the list."""
    if opening is None:
        return (
            f"✅ **{bold(sku.name)[2:-2]} gives nothing new from now on.** Whoever bought it keeps what they "
            "have, until Discord says that it ended."
        )
    return (
        f"✅ **{bold(sku.name)[2:-2]} gives {bold(opening.item.title)[2:-2]}.** Whoever has bought it already "
        "gets it within a minute."
    )


def not_changed() -> str:
    """Return that terms of other shops are no terms of Discord's."""
    return (
        f"⚠️ **{LABEL} has no such settings: Discord itself says when a purchase ends.** Nothing was changed. "
        "What each thing gives is chosen below."
    )


def line(openings: Sequence[PremiumOpening]) -> str:
    """Return Discord's own shop for the list of connections."""
    gives = [f"\n  {bold(each.rule.name)} → {bold(each.item.title)}" for each in openings[:5]]
    more = f"\n  … and {len(openings) - 5} more" if len(openings) > 5 else ""
    return f"✅ **{LABEL}**, connection {NUMBER}{''.join(gives)}{more}"


def remove(buttons: tuple[Button, ...]) -> Message:
    """Return the question before Discord's own shop is removed."""
    return Message(
        f"**Remove {LABEL}?** Who buys there from then on gets no access here. Whoever bought before keeps "
        "what they have, until Discord says that it ended. Discord goes on selling: to stop that, take the "
        "things out of sale in the developer portal.",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def removed() -> Message:
    """Return that Discord's own shop is removed."""
    return Message(
        f"✅ **{LABEL} is removed.** What is bought there from now on gives nothing here; what was bought "
        "stays. `/webhook add` with the provider *Discord's own shop* brings it back."
    )


def kept() -> Message:
    """Return that Discord's own shop stays."""
    return Message(f"**{LABEL} stays as it was.**")


def not_connected() -> Message:
    """Return that nothing of Discord's opens anything, so that there is nothing to remove."""
    return Message(
        f"**{LABEL} is not connected here.** Nothing was changed; `/webhook list` shows what is.",
        tone=Tone.PLAIN,
    )
