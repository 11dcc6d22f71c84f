"""Options as types: what people type into a command becomes a value, with suggestions meanwhile.

A refusal raised here is explained like one that the command itself raises, before anything happens.
"""

import re
from abc import ABC, abstractmethod
from typing import Any, final

import discord
from discord import app_commands

from bot import clock
from bot.access.errors import NotAllowed
from bot.access.people.username_lookup import clean
from bot.access.request import Subject
from bot.access.rules import duration
from bot.access.rules.duration import is_end_of_day, parse_length, parse_until, read_until
from bot.errors import UserError
from bot.interactions import levels
from bot.interactions.client import Usher
from bot.interactions.levels import Level
from bot.interactions.typed import USUAL_LENGTHS, customer_meant
from bot.replies.codes import choice as code_set_line
from bot.replies.message import shorten
from bot.replies.text import plain_day, plain_moment, spoken
from bot.store.records import Product as ProductRow, Script as ScriptRow
from bot.tradingview.models import End, Lifetime

AnyMember = discord.Member | discord.User  # also one who left, by their id

UsherInteraction = discord.Interaction[Usher]
Choices = list[app_commands.Choice[str | int | float]]

MAX_LENGTH = 100  # characters of a suggestion
MAX_CHOICES = 25  # suggestions that Discord shows
_UNITS = "DWMY"


class Option(app_commands.Transformer[Usher], ABC):
    """An option with suggestions; they name customers and scripts, so only staff get them by default."""

    level = Level.STAFF

    @final
    async def autocomplete(self, interaction: UsherInteraction, typed: str | float, /) -> Choices:
        """Return what fits to the letters typed so far; to a stranger nothing, on any command."""
        try:
            levels.require(interaction.user, interaction.client.guild_settings, self.level)
        except NotAllowed:
            return []
        return await self.suggest(interaction, str(typed))

    @abstractmethod
    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return what fits; the person who types is known to have the level."""


class ShortNameOption(Option):
    """One thing by its short name."""

    async def transform(self, _: UsherInteraction, typed: str, /) -> str:
        """Return the short name; whether there is such an item is for the command to find out."""
        return typed.strip()


class ItemTransformer(ShortNameOption):
    """Scripts and products, by short name or title."""

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return what is on sale whose short name or title fits, and what is a product."""
        found = await interaction.client.autocomplete.items(interaction.guild_id or 0, typed)
        return [_item(item, " (product)" if isinstance(item, ProductRow) else "") for item in found]


class ProductTransformer(ShortNameOption):
    """Products, by short name or title."""

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the products on sale whose short name or title fits."""
        found = await interaction.client.autocomplete.products(interaction.guild_id or 0, typed)
        return [_item(product) for product in found]


class ScriptTransformer(ShortNameOption):
    """Scripts, by short name or title, where a product makes no sense."""

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the scripts on sale whose short name or title fits."""
        found = await interaction.client.autocomplete.scripts(interaction.guild_id or 0, typed)
        return [_item(script) for script in found]


class ScriptsTransformer(Option):
    """Several scripts, their short names with commas between them."""

    async def transform(self, _: UsherInteraction, typed: str, /) -> list[str]:
        """Return the short names, each once; whether there are such scripts is for the command to find out."""
        names = (name.strip().casefold() for name in re.split(r"[,;\s]+", typed))
        return list(dict.fromkeys(name for name in names if name))

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return what is typed, with the script that fits to what stands behind the last comma."""
        before, comma, last = typed.rpartition(",")
        chosen = {name.strip().casefold() for name in before.split(",")}
        found = await interaction.client.autocomplete.scripts(interaction.guild_id or 0, last)
        begun = f"{before.strip()}, " if comma else ""
        return [
            choice(f"{begun}{each.slug}", f"{begun}{each.slug}")
            for each in found
            if each.slug not in chosen and len(begun) + len(each.slug) <= MAX_LENGTH
        ]


class _NameOption(Option):
    """Suggests TradingView names of people whom Usher knows."""

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the known names that fit."""
        found = await interaction.client.autocomplete.names(interaction.guild_id or 0, typed)
        return [choice(name, name) for name in found]


class UsernameTransformer(_NameOption):
    """TradingView names, of people whom Usher knows or not."""

    async def transform(self, _: UsherInteraction, typed: str, /) -> str:
        """Return the name in what was typed or pasted, empty when only spaces were.

        Raises:
            NameUnreadable: it cannot be a TradingView name.
        """
        return clean(typed) if typed.strip() else ""


class CustomerTransformer(_NameOption):
    """A customer: a member's mention or id, also of one who left, or a TradingView name."""

    async def transform(self, _: UsherInteraction, typed: str, /) -> Subject:
        """Return the person meant; raises NameUnreadable."""
        return customer_meant(typed)


class TrialTransformer(Option):
    """Products that can be tried, by short name or title; the vendor offers them to everybody."""

    level = Level.ANYONE

    async def transform(self, _: UsherInteraction, typed: str, /) -> str:
        """Return the short name; whether it can be tried is for the command to find out."""
        return typed.strip()

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the products with a trial whose short name or title fits."""
        found = await interaction.client.autocomplete.trials(interaction.guild_id or 0, typed)
        return [
            choice(
                f"{product.title} – {spoken(duration.parse_length(product.trial))}", product.slug
            )
            for product in found
            if product.trial is not None
        ]


class NumberOption(Option, ABC):
    """Things that have a number."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """Return that it is a number."""
        return discord.AppCommandOptionType.integer

    @property
    def min_value(self) -> int:
        """Return the lowest number that there is."""
        return 1

    @property
    def max_value(self) -> int:
        """Return the highest number that the database counts to without rounding in Discord."""
        return 2**53 - 1

    async def transform(self, _: UsherInteraction, typed: int, /) -> int:
        """Return the number; whether there is such a thing is for the command to find out."""
        return typed


class CodeSetTransformer(NumberOption):
    """Sets of codes, by number."""

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the newest sets whose number or item fits."""
        found = await interaction.client.autocomplete.code_sets(interaction.guild_id or 0, typed)
        return [
            app_commands.Choice(
                name=shorten(code_set_line(code_set), MAX_LENGTH), value=code_set.made.id
            )
            for code_set in found
        ]


class ApiKeyTransformer(Option):
    """Keys of the API, by name; only managers are shown them."""

    level = Level.MANAGER

    async def transform(self, _: UsherInteraction, typed: str, /) -> str:
        """Return the name; whether there is such a key is for the command to find out."""
        return typed

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the names that fit."""
        found = await interaction.client.autocomplete.api_keys(interaction.guild_id or 0, typed)
        return [choice(key.name, key.name) for key in found]


class LengthTransformer(Option):
    """Lengths of time, shown with the date on which access would end."""

    async def transform(self, _: UsherInteraction, typed: str, /) -> duration.Length:
        """Return the length; raises DurationUnreadable or TooFar."""
        return parse_length(typed)

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return lengths with their ends, for the item and the person chosen so far if known."""
        options = interaction.namespace
        member = getattr(options, "member", None)
        fitting = await interaction.client.autocomplete.ends(
            interaction.guild_id or 0,
            _lengths(typed),
            _text(options, "item") or "",
            Subject(getattr(member, "id", None), _text(options, "username")),
        )
        return [choice(f"{spoken(length)} – {_end(end)}", length.text) for length, end in fitting]


class UntilTransformer(Option):
    """Exact ends: a date, a length from now, or lifetime."""

    async def transform(
        self, interaction: UsherInteraction, typed: str, /
    ) -> End | duration.Length:
        """Return the end, or the length until then; raises DateAmbiguous, DateUnreadable, DatePast or TooFar."""
        return read_until(typed, levels.request(interaction).at)

    async def suggest(self, _: UsherInteraction, typed: str, /) -> Choices:
        """Return what was typed if it can be read, else the usual lengths from now."""
        now = clock.now()
        try:
            end = parse_until(typed, now)
        except UserError:
            return [
                choice(f"{_end(parse_until(length.text, now))} ({spoken(length)})", length.text)
                for length in _lengths(typed)
            ]
        if isinstance(end, Lifetime) or is_end_of_day(end) or _read(typed) is not None:
            return [choice(_end(end), typed.strip())]
        return [choice(f"until {plain_moment(end)}", typed.strip())]


Item = app_commands.Transform[str, ItemTransformer]
Product = app_commands.Transform[str, ProductTransformer]
Script = app_commands.Transform[str, ScriptTransformer]
Scripts = app_commands.Transform[list[str], ScriptsTransformer]
Username = app_commands.Transform[str, UsernameTransformer]
Trial = app_commands.Transform[str, TrialTransformer]
CodeSet = app_commands.Transform[int, CodeSetTransformer]
ApiKeyName = app_commands.Transform[str, ApiKeyTransformer]
AnyCustomer = app_commands.Transform[Subject, CustomerTransformer]
Length = app_commands.Transform[duration.Length, LengthTransformer]
Until = app_commands.Transform[End | duration.Length, UntilTransformer]


def _item(item: ScriptRow | ProductRow, kind: str = "") -> "app_commands.Choice[str | int | float]":
    return choice(f"{item.slug} – {item.title}{kind}", item.slug)


def _lengths(typed: str) -> list[duration.Length]:
    """Return what was typed as a length; a bare number with every unit; else the usual ones."""
    text = typed.strip()
    if text.isdecimal():
        read = [_read(f"{text}{unit}") for unit in _UNITS]
        return [length for length in read if length is not None]
    exact = _read(text)
    return [exact] if exact is not None else list(USUAL_LENGTHS)


def _read(text: str) -> duration.Length | None:
    try:
        return parse_length(text)
    except UserError:
        return None


def _end(end: End) -> str:
    return "no end" if isinstance(end, Lifetime) else f"until {plain_day(end)}"


def _text(options: Any, name: str) -> str | None:
    value = getattr(options, name, None)
    return value if isinstance(value, str) else None


def choice(name: str, value: str) -> app_commands.Choice[str | int | float]:
    """Return a suggestion, as long as Discord takes it."""
    return app_commands.Choice(name=shorten(name, MAX_LENGTH), value=value[:MAX_LENGTH])
