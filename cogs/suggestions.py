"""What opens while somebody types: scripts, names, and durations with the date they lead to."""

from typing import Any

from discord import app_commands

from bot import clock
from bot.access.queries.autocomplete import Suggesting
from bot.access.request import Subject
from bot.access.rules.duration import Length, parse_length, parse_until
from bot.errors import UserError
from bot.interactions.responses import Interaction
from bot.replies.message import shorten
from bot.replies.text import plain_day, spoken
from bot.tradingview.models import End, Lifetime

Choices = list[app_commands.Choice[str]]

_USUAL = tuple(parse_length(text) for text in ("7D", "2W", "1M", "3M", "6M", "1Y", "L"))
_UNITS = "DWMY"
_MAX_LENGTH = 100
_MOST = 25


class Suggestions:
    """Turns what fits into the choices that Discord shows."""

    def __init__(self, suggesting: Suggesting) -> None:
        self._suggesting = suggesting

    async def items(self, interaction: Interaction, typed: str) -> Choices:
        """Scripts, by short name or title."""
        found = await self._suggesting.scripts(interaction.guild_id or 0, typed)
        return [_choice(f"{one.slug} – {one.title}", one.slug) for one in found]

    async def usernames(self, interaction: Interaction, typed: str) -> Choices:
        """Known TradingView names."""
        found = await self._suggesting.names(interaction.guild_id or 0, typed)
        return [_choice(name, name) for name in found]

    async def durations(self, interaction: Interaction, typed: str) -> Choices:
        """Lengths with the date on which access would end, for the person typed if known."""
        options = interaction.namespace
        member = getattr(options, "member", None)
        subject = Subject(getattr(member, "id", None), _text(options, "username"))
        fitting = await self._suggesting.ends(
            interaction.guild_id or 0, _lengths(typed), _text(options, "item") or "", subject
        )
        return [_choice(f"{spoken(length)} – {_end(end)}", length.text) for length, end in fitting]


def ends(typed: str) -> Choices:
    """Exact ends: what was typed if it can be read, else the usual lengths from now."""
    now = clock.now()
    try:
        end = parse_until(typed, now)
    except UserError:
        choices = [(length, _from_now(length)) for length in _lengths(typed)]
        return [_choice(f"{_end(end)} ({spoken(one)})", one.text) for one, end in choices]
    return [_choice(_end(end), typed.strip())]


def _lengths(typed: str) -> list[Length]:
    """What was typed as a length; a bare number with every unit; else the usual ones."""
    text = typed.strip()
    if text.isdecimal():
        read = [_read(f"{text}{unit}") for unit in _UNITS]
        return [length for length in read if length is not None]
    exact = _read(text)
    return [exact] if exact is not None else list(_USUAL)


def _read(text: str) -> Length | None:
    try:
        return parse_length(text)
    except UserError:
        return None


def _from_now(length: Length) -> End:
    return Lifetime.LIFETIME if length.lifetime else length.add_to(clock.now())


def _end(end: End) -> str:
    return "no end" if isinstance(end, Lifetime) else f"until {plain_day(end)}"


def _text(options: Any, name: str) -> str | None:
    value = getattr(options, name, None)
    return value if isinstance(value, str) else None


def _choice(name: str, value: str) -> app_commands.Choice[str]:
    return app_commands.Choice(name=shorten(name, _MAX_LENGTH), value=value[:_MAX_LENGTH])
