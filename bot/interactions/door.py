"""What every acknowledged interaction gets for certain: a note before, "still at it" after 5 s, an answer."""

import asyncio
from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands

from bot import clock
from bot.access.orders.unanswered import UnansweredInteractions
from bot.access.queries.history import Entry, HistoryTail
from bot.interactions import responses
from bot.interactions.responses import Interaction
from bot.jobs import Jobs
from bot.replies import interrupted
from bot.store.records import Unanswered

WAITING_TIMEOUT = 5.0  # seconds from the interaction on, before something is said
_LOOK_TIMEOUT = 1.0  # seconds that an answer waits for what was recorded


class Door:
    """Stands beside `bot.interactions.responses`, which calls it at each acknowledgement and answer."""

    def __init__(
        self, unanswered: UnansweredInteractions, history: HistoryTail, jobs: Jobs
    ) -> None:
        self._unanswered = unanswered
        self._history = history
        self._jobs = jobs
        self._watches: dict[int, asyncio.Task[None]] = {}

    async def enter(self, interaction: Interaction, *, in_place: bool) -> None:
        """Note the interaction, and begin to count its 5 s.

        `in_place`: its answer takes the place of what stands there, and only the asker sees that.
        """
        guild_id = interaction.guild_id or interaction.extras.get("guild_id")
        if guild_id is None:
            return
        now = clock.now()
        watch = self._jobs.spawn(self._watch(interaction), "saying that it takes a while")
        self._watches[interaction.id] = watch
        asked = Unanswered(
            interaction_id=interaction.id,
            guild_id=guild_id,
            member_id=interaction.user.id,
            asked=_asked(interaction),
            asked_at=now,
            token=None,
            in_place=in_place,
        )
        interaction.extras["noted"] = True
        if not await self._unanswered.note(asked, interaction.token):
            interaction.extras["forgettable"] = True

    def acknowledged(self, interaction: Interaction) -> None:
        """Say at once what a crash would leave unsaid, where the interaction could not be noted."""
        if interaction.extras.pop("forgettable", False):
            saying = responses.still_at_it(interaction, interrupted.unnoted())
            _ = self._jobs.spawn(saying, "saying that nothing could be noted")

    def says_it_itself(self, interaction: Interaction) -> None:
        """Leave it to the code that works on it to say in time that it takes a while."""
        watch = self._watches.pop(interaction.id, None)
        if watch is not None:
            watch.cancel()

    def answered(self, interaction: Interaction) -> None:
        """Note that the person who asked has the answer."""
        self.says_it_itself(interaction)
        if interaction.extras.pop("noted", False):
            self._unanswered.answered(interaction.id)

    def left(self, interaction: Interaction) -> None:
        """Note that nothing works on it any more: without an answer, it gets one later."""
        if interaction.extras.get("noted"):  # else it is answered, or a second delivery of it
            self.says_it_itself(interaction)
            self._unanswered.let_go(interaction.id)

    async def recorded(self, interaction: Interaction) -> list[Entry] | None:
        """Return what was recorded through an interaction; None when that cannot be told."""
        if not responses.is_acknowledged(interaction):
            return []  # nothing is done before
        looking = self._jobs.spawn(
            self._history.of_interaction(interaction.id), "what was recorded"
        )
        if await clock.within(_LOOK_TIMEOUT, looking) and looking.exception() is None:
            return looking.result()
        return None

    async def _watch(self, interaction: Interaction) -> None:
        await clock.sleep(WAITING_TIMEOUT)
        self._watches.pop(interaction.id, None)
        await responses.still_at_it(interaction)


def _asked(interaction: Interaction) -> str:
    """Return what was asked, in words: options that may hold something private are left out."""
    data: Any = interaction.data or {}
    match interaction.type:
        case discord.InteractionType.application_command:
            command = interaction.command
            if isinstance(command, app_commands.ContextMenu):
                return interrupted.menu(command.name, data.get("target_id", 0))
            name = "a command" if command is None else command.qualified_name
            return interrupted.command(name, dict(_options(data.get("options", ()))))
        case discord.InteractionType.component:
            return interrupted.button(_label(interaction))
        case _:
            return interrupted.form()


def _options(options: Any) -> Iterator[tuple[str, Any]]:
    for option in options:
        yield from _options(option.get("options", ()))
        if "value" in option:
            yield option["name"], option["value"]


def _label(interaction: Interaction) -> str | None:
    """Return what stands on the pressed button; None for a list."""
    rows = () if interaction.message is None else interaction.message.components
    for row in rows:
        for part in getattr(row, "children", ()):
            if getattr(part, "custom_id", None) == interaction.custom_id:
                label: str | None = getattr(part, "label", None)
                return label
    return None
