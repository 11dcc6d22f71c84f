"""The forms by which a vendor enters what a shop shows them: secrets, keys, options."""

from collections.abc import Mapping
from typing import Any

import discord

from bot.access.orders.connection_view import ConnectionView
from bot.access.sources import payments
from bot.replies.message import shorten

ADD_FORM = "shop_add_form"
OPEN_SECRET, SECRET_FORM = "shop_open_secret", "shop_secret_form"
OPEN_KEY, KEY_FORM = "shop_open_key", "shop_key_form"
OPEN_OPTIONS, OPTIONS_FORM = "shop_open_options", "shop_options_form"
SECRET, API_KEY, OPTIONS = "secret", "api_key", "options"
KEY_TITLE, OPTIONS_TITLE = "API key", "Options"
_MAX_TYPED = 1_000
_MAX_OPTIONS = 4_000
_MAX_FORM_TITLE = 45
_MAX_HINT = 100


def form_title(name: str) -> str:
    """Return the title of the form that asks for the secret of a provider."""
    return shorten(f"{payments.label(name)}: the secret", _MAX_FORM_TITLE)


def add_items(name: str) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the fields of the form that adds a connection: the secret may not be there yet."""
    found = payments.provider(name)
    fields = [_field(SECRET, "Secret", found.secret, required=False)]
    if found.takes_api_key:
        fields.append(_key_field())
    return fields


def secret_items(name: str) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the field of the form for a secret of a connection that is there."""
    return [_field(SECRET, "Secret", payments.provider(name).secret, required=True)]


def key_items() -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the field of the form for an API key."""
    return [_key_field()]


def options_items(view: ConnectionView) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the field of the form for a provider's own options, with those that are set."""
    lines = "\n".join(f"{name} = {value}" for name, value in flat(view.options))
    field = discord.ui.TextInput[discord.ui.View](
        custom_id=OPTIONS,
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=_MAX_OPTIONS,
        default=lines[:_MAX_OPTIONS] or None,
        placeholder="header = X-Signature",
    )
    hint = "One a line: name = value. What you leave out is as usual"
    return [discord.ui.Label(text="Options", description=hint, component=field)]


def read_options(text: str) -> dict[str, Any]:
    """Return the options that were typed, one a line: what stands before a first dot holds the others."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        outer, dot, inner = name.partition(".")
        if dot and isinstance(place := found.setdefault(outer, {}), dict):
            place[inner] = value
        elif name:
            found[name] = value
    return found


def flat(options: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return options as they are typed, those within others behind a dot."""
    lines: list[tuple[str, Any]] = []
    for name, value in options.items():
        if isinstance(value, Mapping):
            lines += [(f"{name}.{inner}", each) for inner, each in value.items()]
        else:
            lines.append((name, value))
    return lines


def _key_field() -> "discord.ui.Item[discord.ui.View]":
    return _field(API_KEY, "API key", "With it, messages are checked at the shop", required=False)


def _field(
    name: str, label: str, hint: str, *, required: bool
) -> "discord.ui.Item[discord.ui.View]":
    field = discord.ui.TextInput[discord.ui.View](
        custom_id=name,
        required=required,
        max_length=_MAX_TYPED,
        placeholder=None if required else "May stay empty for now",
    )
    return discord.ui.Label(text=label, description=shorten(hint, _MAX_HINT), component=field)
