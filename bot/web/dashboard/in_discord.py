"""What a form lets people choose of their Discord server: its roles and its text channels."""

from collections.abc import Collection

import discord

from bot.access.errors import ButtonGone
from bot.web.dashboard.forms import Form
from bot.web.dashboard.visitor import Visitor

Choices = list[tuple[str, str]]  # the value of each, and what people read


def role_choices(visitor: Visitor, *, managed: bool = False, but: Collection[int] = ()) -> Choices:
    """Return the server's roles, the highest first; those of apps and of Discord only where `managed`."""
    roles = () if visitor.guild is None else visitor.guild.roles
    return [
        (str(role.id), role.name)
        for role in reversed(roles)
        if not role.is_default() and (managed or not role.managed) and role.id not in but
    ]


def channel_choices(visitor: Visitor) -> Choices:
    """Return the server's text channels, as Discord orders them."""
    channels = () if visitor.guild is None else visitor.guild.text_channels
    return [(str(channel.id), f"#{channel.name}") for channel in channels]


def role_in(visitor: Visitor, form: Form, name: str) -> discord.Role:
    """Return the role that was chosen. Raises ButtonGone for none, and for one of another server."""
    role = None if visitor.guild is None else visitor.guild.get_role(form.number(name))
    if role is None:
        raise ButtonGone
    return role


def channel_in(visitor: Visitor, form: Form, name: str) -> discord.TextChannel:
    """Return the text channel that was chosen. Raises ButtonGone for none, and for one of another server."""
    channel = None if visitor.guild is None else visitor.guild.get_channel(form.number(name))
    if not isinstance(channel, discord.TextChannel):
        raise ButtonGone
    return channel
