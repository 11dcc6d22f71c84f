"""What is sold: products added, changed, archived and listed."""

from collections.abc import Sequence

from bot.access.catalogue.products import ProductEntry
from bot.access.rules.duration import parse_length
from bot.replies.holder_roles import cannot_give
from bot.replies.message import Button, Message
from bot.replies.text import count, embed, escape, listed, spoken, title, typed
from bot.replies.tone import Tone
from bot.store.kinds import RoleTrouble
from bot.store.records import Product

_MAX_LINES = 40


def created(entry: ProductEntry, trouble: RoleTrouble | None = None) -> Message:
    """Return that the product can be given and sold."""
    first = (
        f"✅ **{escape(entry.product.title)} is added.** Its short name is {typed(entry.product.slug)}; "
        "`/access grant` gives it to somebody."
    )
    lines = [first, _terms(entry)]
    if not entry.scripts:
        lines.append("It has no script yet: `/product scripts` adds some.")
    if trouble is not None:
        lines.append(cannot_give(entry.product.role_id or 0, trouble))
    return Message("\n".join(lines))


def edited(before: Product, entry: ProductEntry, trouble: RoleTrouble | None = None) -> Message:
    """Return how the product is sold now."""
    now = entry.product
    lines = [f"✅ {title(now)} ({typed(now.slug)}) **is changed.**", _terms(entry)]
    if entry.holders:
        have = count(entry.holders, "person who has", "people who have")
        lines.append(f"The {have} it keep what they have and their end.")
        if now.grace_days != before.grace_days:
            lines.append("The new grace days count for what is given from now on.")
    if trouble is not None:
        lines.append(cannot_give(now.role_id or 0, trouble))
    return Message("\n".join(lines))


def archive(entry: ProductEntry, buttons: tuple[Button, ...]) -> Message:
    """Return the question that is asked before a product is sold no more."""
    keep = " and keep it until it ends" if entry.holders else ""
    return Message(
        f"**Archive {escape(entry.product.title)}?** {_have(entry)}{keep}. It can no longer be given to "
        "anybody, and its short name stays taken.",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def archived(entry: ProductEntry) -> Message:
    """Return that the product is sold no more."""
    return Message(f"✅ **{escape(entry.product.title)} is archived.** {_have(entry)}.")


def left(product: Product) -> Message:
    """Return that the product stays as it is."""
    return Message(f"**{escape(product.title)} stays as it is.**")


def listing(entries: Sequence[ProductEntry]) -> Message:
    """Return everything that is sold."""
    if not entries:
        return Message(
            "**There are no products yet.** `/product create` makes one of your scripts."
        )
    lines = [_line(entry) for entry in entries[:_MAX_LINES]]
    if len(entries) > _MAX_LINES:
        lines.append(f"… and {len(entries) - _MAX_LINES} more")
    sold = sum(entry.product.archived_at is None for entry in entries)
    return Message(f"{count(sold, 'product')}.", (embed("Products", "\n".join(lines)),))


def _line(entry: ProductEntry) -> str:
    product = entry.product
    text = f"{title(product)} – {typed(product.slug)} – "
    text += count(entry.holders, "person has it", "people have it")
    if product.archived_at is not None:
        text += " – archived"
    return f"{text}\n-# {_terms(entry)}"


def _have(entry: ProductEntry) -> str:
    return (
        count(entry.holders, "person has it", "people have it")
        if entry.holders
        else "Nobody has it"
    )


def _terms(entry: ProductEntry) -> str:
    """Return how the product is sold, on one line."""
    product = entry.product
    names = listed(title(script) for script in entry.scripts)
    parts = [f"Scripts: {names or 'none'}"]
    if product.length is not None:
        parts.append(f"usually {spoken(parse_length(product.length))}")
    if product.role_id is not None:
        parts.append(f"role <@&{product.role_id}>")
    if product.grace_days:
        parts.append(count(product.grace_days, "grace day"))
    if product.trial is not None:
        parts.append(f"trial of {spoken(parse_length(product.trial))}")
    if product.link is not None:
        parts.append(f"<{product.link}>")
    return " · ".join(parts)
