"""Names of commands become mentions that open them; the replies write plain names, `/me`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import discord
from discord import app_commands

from bot.replies.message import MAX_TEXT, Message

MAX_BOX = 4_096
MAX_BOXES = 6_000
_NAME = re.compile(r"`/([a-z-]+(?: [a-z-]+){0,2})`")


class CommandMentions:
    """The ids that Discord gave the commands, by their names."""

    def __init__(self) -> None:
        self._mentions: dict[str, str] = {}

    @property
    def known(self) -> bool:
        """Return whether any command has an id."""
        return bool(self._mentions)

    def learn(self, registered: "Iterable[app_commands.AppCommand]") -> None:
        """Keep the ids of what is registered at Discord, and no others."""
        self._mentions = dict(_mentions(registered))

    def put_into(self, message: Message) -> Message:
        """Return the message with mentions for names; a part that would grow too long keeps its names."""
        if not self._mentions:
            return message
        text = self._with_mentions(message.text, MAX_TEXT)
        left = MAX_BOXES - sum(len(box) for box in message.embeds)
        boxes = []
        for box in message.embeds:
            before = box.description or ""
            after = self._with_mentions(before, min(MAX_BOX, len(before) + left))
            left -= len(after) - len(before)
            boxes.append(box if after == before else _described(box, after))
        return replace(message, text=text, embeds=tuple(boxes))

    def _with_mentions(self, text: str, longest: int) -> str:
        longer = _NAME.sub(lambda found: self._mentions.get(found[1], found[0]), text)
        return longer if len(longer) <= longest else text


def clickable(client: discord.Client, message: Message) -> Message:
    """Return the message as that client sends it: with the mentions of its commands, where it knows them."""
    known = getattr(client, "command_mentions", None)
    return known.put_into(message) if isinstance(known, CommandMentions) else message


def _mentions(registered: "Iterable[app_commands.AppCommand]") -> Iterator[tuple[str, str]]:
    """Yield the name and the mention of everything that can be run; a group cannot."""
    for command in registered:
        groups = [
            part for part in command.options if isinstance(part, app_commands.AppCommandGroup)
        ]
        if not groups:
            yield command.name, command.mention
        for group in groups:
            inner = [
                part for part in group.options if isinstance(part, app_commands.AppCommandGroup)
            ]
            for leaf in inner or [group]:
                yield leaf.qualified_name, leaf.mention


def _described(box: discord.Embed, description: str) -> discord.Embed:
    changed = box.copy()
    changed.description = description
    return changed
