"""What people on the page do, turned into what a person does at the stand-in."""

import base64
from collections.abc import Callable
from typing import Any

from bot.sandbox.discord import (
    Channel,
    Interaction,
    Message,
    NotAnsweredError,
    Person,
    RefusedError,
    Upload,
)
from bot.sandbox.discord.commands import (
    ATTACHMENT,
    BOOLEAN,
    CHANNEL,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    USER,
)
from bot.sandbox.discord.components import (
    CHANNEL_SELECT,
    LINK,
    MENTIONABLE_SELECT,
    ROLE_SELECT,
    USER_SELECT,
    walk,
)
from bot.sandbox.discord.options import find
from bot.sandbox.shop import Shop

Json = dict[str, Any]


class Actions:
    """Carries out the page's requests; RefusedError says what Discord's client would not do."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._discord = shop.discord

    def commands(self, person_id: str, channel_id: str) -> list[Json]:
        """The commands that this person is shown there."""
        place = self._channel(channel_id)
        return self._person(person_id).commands(place.guild)

    async def run(
        self, person_id: str, channel_id: str, path: str, given: dict[str, Any]
    ) -> Interaction:
        """Use a slash command; people, roles and channels as ids, files as name and base64, all else as text."""
        person, place = self._person(person_id), self._channel(channel_id)
        _, _, part = find(person.commands(place.guild), path)
        options = self._options(part, given)
        chosen = options.pop("channel", None)
        return await person.run(path, guild=place.guild, at=place, channel=chosen, **options)

    async def dashboard_address(self) -> str:
        """Return the address behind the button with which the bot answers the owner's /dashboard.

        The answer is put away again: a link that works once is of no use to whoever reads it later.
        """
        owner = self._discord.person(self._shop.owner)
        used = await owner.run("dashboard", guild=self._shop.guild, at=self._shop.general)
        try:
            answer = await used.answered()
        except NotAnsweredError:
            raise RefusedError("the bot did not answer; try again in a moment") from None
        links = [part["url"] for part in walk(answer.components) if part.get("style") == LINK]
        if not links:
            raise RefusedError(answer.text)
        for message in used.messages:
            owner.delete(message)
        return str(links[0])

    async def use_menu(
        self, person_id: str, channel_id: str, name: str, target_id: str
    ) -> Interaction:
        """Pick a command from the menu of a person, who may have left."""
        person, place = self._person(person_id), self._channel(channel_id)
        target = self._discord.world.users.get(_number(target_id))
        if target is None or place.guild is None:
            raise RefusedError("pick somebody of the server")
        return await person.use_menu(name, target, guild=place.guild, channel=place)

    async def complete(
        self, person_id: str, channel_id: str, path: str, option: str, given: dict[str, Any]
    ) -> list[Json]:
        """The bot's suggestions for an option; none when it does not answer."""
        person, place = self._person(person_id), self._channel(channel_id)
        _, _, part = find(person.commands(place.guild), path)
        typed = str(given.get(option, ""))
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        others = self._options(part, {name: texts[name] for name in texts if name != option})
        others.pop("channel", None)
        try:
            return await person.complete(
                path, option, typed, guild=place.guild, channel=place, **others
            )
        except NotAnsweredError:
            return []

    async def press(
        self, person_id: str, channel_id: str, message_id: str, key: str
    ) -> Interaction:
        """Press a button, named by its custom id."""
        message = self._message(channel_id, message_id)
        return await self._person(person_id).press(message, key)

    async def choose(
        self, person_id: str, channel_id: str, message_id: str, key: str, values: list[str]
    ) -> Interaction:
        """Choose in a list, named by its custom id; options by value, everything else by id."""
        message = self._message(channel_id, message_id)
        parts = [each for each in walk(message.components) if each.get("custom_id") == key]
        kind = parts[0]["type"] if parts else 0
        picked = [self._entity(kind, each) for each in values]
        return await self._person(person_id).choose(message, key, picked)

    async def submit(
        self, person_id: str, interaction_id: str, values: dict[str, Any]
    ) -> Interaction:
        """Send a form; fields by custom id."""
        opened = self._discord.interaction_service.all.get(_number(interaction_id))
        if opened is None:
            raise RefusedError("that form is gone")
        parts = {each.get("custom_id"): each["type"] for each in walk(_rows(opened))}
        filled = {
            key: [self._entity(parts.get(key, 0), each) for each in value]
            if isinstance(value, list)
            else str(value)
            for key, value in values.items()
        }
        return await self._person(person_id).submit(opened, filled)

    async def say(self, person_id: str, channel_id: str, text: str) -> Message:
        """Write a message; "dm" stands for the bot itself, also before anybody wrote there."""
        text = text.strip()
        if not 0 < len(text) <= 2000:
            raise RefusedError("a message has 1 to 2000 characters")
        channel = None if channel_id == "dm" else self._channel(channel_id)
        return await self._person(person_id).say(text, channel=channel)

    def dismiss(self, person_id: str, channel_id: str, message_id: str) -> None:
        """Put away a message that only this person sees."""
        message, person = self._message(channel_id, message_id), self._person(person_id)
        if message.visible_to is not person.user:
            raise RefusedError("only your own private answers can be dismissed")
        person.delete(message)

    # Finding things again

    def _person(self, person_id: str) -> Person:
        for each in self._shop.everybody:
            if each.user.id == _number(person_id):
                return self._discord.person(each.user)
        raise RefusedError("nobody here is called that")

    def _channel(self, channel_id: str) -> Channel:
        channel = self._discord.world.channels.get(_number(channel_id))
        if channel is None:
            raise RefusedError("that channel is gone")
        return channel

    def _message(self, channel_id: str, message_id: str) -> Message:
        for message in reversed(self._channel(channel_id).messages):
            if message.id == _number(message_id) and not message.deleted:
                return message
        raise RefusedError("that message is gone")

    def _options(self, part: Json, given: dict[str, Any]) -> dict[str, Any]:
        """The values as the stand-in takes them; what is empty is left out."""
        kinds = {each["name"]: each["type"] for each in part.get("options") or []}
        return {
            name: read_upload(value)
            if kinds.get(name) == ATTACHMENT
            else self._value(name, kinds.get(name, 0), str(value))
            for name, value in given.items()
            if value not in (None, "")
        }

    def _value(self, name: str, kind: int, text: str) -> object:
        guild, world = self._shop.guild, self._discord.world
        finders: dict[int, Callable[[], object]] = {
            USER: lambda: world.users.get(_number(text)),
            ROLE: lambda: guild.roles.get(_number(text)),
            CHANNEL: lambda: guild.channels.get(_number(text)),
            MENTIONABLE: lambda: world.users.get(_number(text)) or guild.roles.get(_number(text)),
            INTEGER: lambda: _read(int, text),
            NUMBER: lambda: _read(float, text),
            BOOLEAN: lambda: {"true": True, "false": False}.get(text.casefold()),
        }
        found = finders[kind]() if kind in finders else text
        if found is None:
            raise RefusedError(f"pick one for {name} from the list")
        return found

    def _entity(self, kind: int, text: str) -> object:
        guild, world = self._shop.guild, self._discord.world
        finders: dict[int, Callable[[], object]] = {
            USER_SELECT: lambda: world.users.get(_number(text)),
            ROLE_SELECT: lambda: guild.roles.get(_number(text)),
            CHANNEL_SELECT: lambda: guild.channels.get(_number(text)),
            MENTIONABLE_SELECT: lambda: (
                world.users.get(_number(text)) or guild.roles.get(_number(text))
            ),
        }
        found = finders[kind]() if kind in finders else text
        if found is None:
            raise RefusedError("pick one from the list")
        return found


def _rows(interaction: Interaction) -> list[Json]:
    rows: list[Json] = (interaction.modal or {}).get("components", [])
    return rows


def read_upload(value: Any) -> Upload:
    """The file in what the page sent; RefusedError when it is none."""
    try:
        return Upload(str(value["name"]), base64.b64decode(value["base64"], validate=True))
    except (KeyError, TypeError, ValueError):
        raise RefusedError("choose the file once more") from None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0


def _read(kind: Callable[[str], int | float], text: str) -> int | float | None:
    try:
        return kind(text)
    except ValueError:
        return None
