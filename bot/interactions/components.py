"""Buttons, lists and forms: one router that checks the level again and survives a restart.

discord.py's own views swallow what a button from before the restart raises and answer nothing, so
everything that Usher sends carries a key (`bot.replies.key`) and comes in here.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord

from bot import clock
from bot.access.errors import Answered, ButtonGone, NotYourButton
from bot.access.people.guild_settings import GuildSettings
from bot.access.request import RequestContext
from bot.interactions import responses
from bot.interactions.levels import Level, require, require_whole
from bot.interactions.responses import Interaction
from bot.replies import Button, key
from bot.store.records import Actor

_MAX_QUESTIONS = 20  # of one person, who cannot push out those of others
_NUMBER = re.compile(r"[0-9]{1,19}")
_MAX_NUMBER = 2**63 - 1  # as far as the database counts
_MAX_PAGE = 1_000_000
_QUESTION_SECONDS = 15 * 60.0


@dataclass(frozen=True, slots=True)
class ComponentInteraction:
    """A press, a choice or a submitted form, by a person whose level was checked."""

    interaction: Interaction
    guild_id: int
    args: tuple[str, ...]
    values: tuple[str, ...] = ()  # chosen from a list: ids or values
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)  # typed into a form

    def request(self) -> RequestContext:
        """Return who asks, in which server; a press in a direct message keeps the button's server."""
        return RequestContext(
            guild_id=self.guild_id,
            actor=Actor.member(self.interaction.user.id),
            idempotency_key=str(self.interaction.id),
            at=clock.moment_of(self.interaction.created_at),
            token=self.interaction.token,
        )

    def text(self, place: int) -> str:
        """Return that part of the button's key. Raises ButtonGone where a key of ours would have one."""
        if place >= len(self.args) or not self.args[place]:
            raise ButtonGone
        return self.args[place]

    def number(self, place: int) -> int:
        """Return that part of the button's key as a number. Raises ButtonGone as `text` does."""
        return number_in(self.text(place))

    def page(self, place: int) -> int:
        """Return that part as the number of a page. Raises ButtonGone as `text` does."""
        page = self.number(place)
        if page > _MAX_PAGE:
            raise ButtonGone
        return page


Handler = Callable[[ComponentInteraction], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One button of a question, and what happens when it is pressed."""

    label: str
    run: Handler
    style: discord.ButtonStyle = discord.ButtonStyle.secondary


@dataclass(slots=True)
class _Question:
    guild_id: int
    asker_id: int
    level: Level
    choices: tuple[Choice, ...]
    over_at: float  # by clock.monotonic()
    answered_by: int | None = None  # the id of the press that did


class Form(discord.ui.Modal):
    """A form; `bot.interactions.components` takes what is submitted, so discord.py need not keep it."""

    def __init__(self, title: str, key: str, items: "Sequence[discord.ui.Item[Any]]") -> None:
        super().__init__(title=title, custom_id=key, timeout=None)
        for item in items:
            self.add_item(item)

    def is_finished(self) -> bool:
        """Return True: discord.py keeps only forms that are not finished."""
        return True


class ComponentRouter:
    """Which press does what, and for whom."""

    def __init__(self, guild_settings: GuildSettings) -> None:
        self._guild_settings = guild_settings
        self._handlers: dict[str, tuple[Level, Handler]] = {}
        self._questions: dict[str, _Question] = {}
        self.add("once", Level.ANYONE, self._answer_question)  # each question has its own level

    def add(self, name: str, level: Level, handler: Handler) -> None:
        """Let `handler` answer the buttons, lists and forms with `key(name, …)`."""
        if name in self._handlers:
            raise ValueError(f"two presses are called {name}")
        self._handlers[name] = (level, handler)

    @property
    def levels(self) -> dict[str, Level]:
        """Return the level of every press."""
        return {name: level for name, (level, _) in self._handlers.items()}

    async def handle(
        self, interaction: Interaction, meet: Callable[[int | None], Awaitable[None]]
    ) -> None:
        """Answer one press; a failure is explained to the person who pressed.

        `meet` makes sure first that the server is known.
        """
        kinds = (discord.InteractionType.component, discord.InteractionType.modal_submit)
        custom_id = interaction.custom_id
        if interaction.type not in kinds or custom_id is None:
            return
        name, *rest = custom_id.removeprefix("u:").split(":")
        doing = f"the press {name[:40]!r} by {interaction.user.id} in {interaction.guild_id}"
        try:
            await meet(interaction.guild_id)
            await self._handle(interaction, name, rest)
        except Exception as error:  # noqa: BLE001 - explained and logged there
            await responses.fail(interaction, error, doing)
        finally:
            interaction.client.door.left(interaction)

    async def _handle(self, interaction: Interaction, name: str, rest: list[str]) -> None:
        known = self._handlers.get(name)
        if known is None or not rest:
            raise ButtonGone
        guild_id = number_in(rest[0])
        if interaction.guild_id not in (None, guild_id):
            raise ButtonGone
        interaction.extras["guild_id"] = guild_id
        level, handler = known
        require_whole(interaction)
        await self._require(interaction, guild_id, level)
        data: Any = interaction.data or {}
        values = tuple(str(value) for value in data.get("values", ()))
        fields = _fields(data.get("components", ()))
        await handler(ComponentInteraction(interaction, guild_id, tuple(rest[1:]), values, fields))

    async def _require(self, interaction: Interaction, guild_id: int, level: Level) -> None:
        """Ask for the level in the button's server, also in a direct message. Raises NotAllowed."""
        user = interaction.user
        if interaction.guild_id is None and level is not Level.ANYONE:
            user = await interaction.client.members.find(guild_id, user.id) or user
        require(user, self._guild_settings, level)

    def question(
        self, guild_id: int, asker_id: int, level: Level, choices: Sequence[Choice]
    ) -> tuple[Button, ...]:
        """Return buttons of which the asker may press one, once, within 15 minutes; the oldest of many end.

        What they do lives in memory: after a restart they say that nothing was changed.
        """
        now = clock.monotonic()
        for old in [name for name, question in self._questions.items() if question.over_at <= now]:
            del self._questions[old]
        own = [name for name, asked in self._questions.items() if asked.asker_id == asker_id]
        for oldest in own[: max(0, len(own) - _MAX_QUESTIONS + 1)]:
            del self._questions[oldest]
        name = secrets.token_hex(8)
        over_at = now + _QUESTION_SECONDS
        self._questions[name] = _Question(guild_id, asker_id, level, tuple(choices), over_at)
        return tuple(
            Button(choice.label, key("once", guild_id, name, place), choice.style)
            for place, choice in enumerate(choices)
        )

    async def _answer_question(self, press: ComponentInteraction) -> None:
        question = self._questions.get(press.text(0))
        if question is None or question.over_at <= clock.monotonic():
            raise ButtonGone
        if press.guild_id != question.guild_id:
            raise ButtonGone  # what was agreed to in one server counts in no other
        if press.interaction.user.id != question.asker_id:
            raise NotYourButton
        await self._require(press.interaction, press.guild_id, question.level)
        place = press.number(1)
        if place >= len(question.choices):
            raise ButtonGone
        if question.answered_by == press.interaction.id:
            return  # delivered twice: the first one answers
        if question.answered_by is not None:
            raise Answered
        question.answered_by = press.interaction.id
        await responses.defer_in_place(press.interaction)
        await question.choices[place].run(press)


def number_in(text: str) -> int:
    """Return the id, place or page in the text of a key. Raises ButtonGone for what we never write."""
    if not _NUMBER.fullmatch(text) or int(text) > _MAX_NUMBER:
        raise ButtonGone
    return int(text)


def _fields(components: Sequence[Any]) -> dict[str, str]:
    """Return what was typed into a form, by the custom ids of its inputs."""
    typed: dict[str, str] = {}
    for part in components:
        inner = part.get("component")
        typed |= _fields(part.get("components", ()) if inner is None else [inner])
        if isinstance(part.get("value"), str) and "custom_id" in part:
            typed[part["custom_id"]] = part["value"]
    return typed
