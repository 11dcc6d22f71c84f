"""What exists in this Discord: users, guilds, roles, members, channels and messages."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.sandbox.discord.errors import unknown
from bot.sandbox.discord.snowflakes import Snowflakes, parse_id

TEXT, DM = 0, 1

_MENTION = re.compile(r"<@!?(\d{1,20})>")

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15


@dataclass(eq=False, slots=True)
class User:
    """An account, a person's or a bot's."""

    id: int
    name: str
    bot: bool = False
    display_name: str | None = None
    dms_open: bool = True

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(eq=False)
class Role:
    """A role; `permissions` is Discord's bit field, `booster` marks the one of those who boost."""

    id: int
    name: str
    permissions: int = 0
    position: int = 1
    bot: User | None = None
    booster: bool = False
    listing: int | None = None  # the server subscription that it comes with

    @property
    def managed(self) -> bool:
        """Whether Discord alone gives and takes it."""
        return self.bot is not None or self.booster or self.listing is not None


@dataclass(eq=False)
class Overwrite:
    """What a channel changes for a role (kind 0) or a member (kind 1)."""

    id: int
    kind: Literal[0, 1]
    allow: int = 0
    deny: int = 0


@dataclass(eq=False, slots=True)
class Member:
    """A user in a guild, with the roles beside @everyone; who boosts it has a `premium_since`."""

    user: User
    joined_at: datetime
    roles: list[Role] = field(default_factory=list)
    nick: str | None = None
    premium_since: datetime | None = None
    pending: bool = False


@dataclass(eq=False)
class Channel:
    """A text channel of a guild, or the direct messages between the bot and one user."""

    id: int
    name: str = ""
    guild: "Guild | None" = None
    recipient: User | None = None
    position: int = 0
    topic: str | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: list["Message"] = field(default_factory=list)

    @property
    def kind(self) -> int:
        return TEXT if self.guild is not None else DM


@dataclass(eq=False)
class Guild:
    """A server."""

    id: int
    name: str
    owner: User
    everyone: Role
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    bans: dict[int, User] = field(default_factory=dict)

    @property
    def booster_role(self) -> Role | None:
        """The role of those who boost; Discord makes it at the first boost."""
        return next((each for each in self.roles.values() if each.booster), None)

    @property
    def boosts(self) -> int:
        if self.booster_role is None:  # nobody ever did: a large crowd need not be counted
            return 0
        return sum(1 for each in self.members.values() if each.premium_since is not None)


@dataclass(frozen=True)
class Version:
    """What a message said from `at` (aware, UTC) until its next edit."""

    at: datetime
    content: str
    embeds: list[dict[str, Any]]
    components: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """All that a reader can read, embeds and components included."""
        parts = [self.content, *_embed_texts(self.embeds), *_display_texts(self.components)]
        return "\n".join(part for part in parts if part)


@dataclass(eq=False)
class Message:
    """A message; `visible_to` names the one person who sees an ephemeral one."""

    id: int
    channel: Channel
    author: User
    created_at: datetime
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 0
    visible_to: User | None = None
    edited_at: datetime | None = None
    deleted: bool = False
    nonce: str | None = None
    source: dict[str, Any] = field(default_factory=dict)
    reference: dict[str, Any] | None = None
    mentions: list[User] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it still shows "is thinking"."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """All that a reader can read now, embeds included."""
        return self.versions[-1].text if self.versions else ""

    @property
    def history(self) -> list[str]:
        """The texts it had, the present one last."""
        return [version.text for version in self.versions]

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons that can be pressed, in order."""
        return _labels(self.components)

    def keep(self, at: datetime) -> None:
        """Write the present state into the history."""
        self.versions.append(
            Version(at, self.content, list(self.embeds), list(self.components)),
        )

    def seen_by(self, user: User) -> bool:
        return not self.deleted and self.visible_to in (None, user)


def _embed_texts(embeds: list[dict[str, Any]]) -> list[str]:
    texts: list[str] = []
    for embed in embeds:
        texts.append(embed.get("author", {}).get("name", ""))
        texts += [embed.get("title", ""), embed.get("description", "")]
        for each in embed.get("fields", []):
            texts += [each["name"], each["value"]]
        texts.append(embed.get("footer", {}).get("text", ""))
    return texts


def _display_texts(components: list[dict[str, Any]]) -> list[str]:
    texts: list[str] = []
    for component in components:
        if component.get("type") == 10:
            texts.append(component["content"])
        texts += _display_texts(component.get("components", []))
    return texts


def _labels(components: list[dict[str, Any]]) -> list[str]:
    labels: list[str] = []
    for component in components:
        if component.get("type") == 2 and not component.get("disabled"):
            labels.append(component.get("label", ""))
        labels += _labels(component.get("components", []))
    return labels


@dataclass(frozen=True)
class RoleChange:
    """A role that the bot gave or took, as the audit log shows it, with the bot's own words."""

    at: datetime
    user_id: int
    role_id: int
    given: bool
    reason: str | None


@dataclass(frozen=True)
class Creation:
    """A role or a channel that the bot made or deleted, as the audit log shows it."""

    at: datetime
    what: Literal["role", "channel"]
    target_id: int
    name: str
    reason: str | None
    deleted: bool = False


class World:
    """Finds things by id; raises Discord's own "unknown" errors."""

    def __init__(self, ids: Snowflakes, now: Callable[[], datetime]) -> None:
        self.ids = ids
        self.now = now
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.dms: dict[int, Channel] = {}
        self.role_changes: list[RoleChange] = []
        self.creations: list[Creation] = []
        self.files: dict[int, bytes] = {}
        self.files_url = ""
        self.bot = self.new_user("Usher", bot=True)

    def new_user(self, name: str, *, bot: bool = False) -> User:
        user = User(self.ids.next(), name, bot)
        self.users[user.id] = user
        return user

    def user(self, text: object) -> User:
        found = self.users.get(parse_id(text) or 0)
        if found is None:
            raise unknown("user")
        return found

    def guild(self, text: object) -> Guild:
        """A guild that the bot is in; any other is unknown to it."""
        found = self.guilds.get(parse_id(text) or 0)
        if found is None or self.bot.id not in found.members:
            raise unknown("guild")
        return found

    def member(self, guild: Guild, text: object) -> Member:
        found = guild.members.get(parse_id(text) or 0)
        if found is None:
            raise unknown("member")
        return found

    def role(self, guild: Guild, text: object) -> Role:
        found = guild.roles.get(parse_id(text) or 0)
        if found is None:
            raise unknown("role")
        return found

    def channel(self, text: object) -> Channel:
        found = self.channels.get(parse_id(text) or 0)
        if found is None:
            raise unknown("channel")
        return found

    def message(self, channel: Channel, text: object) -> Message:
        wanted = parse_id(text)
        for message in reversed(channel.messages):
            if message.id == wanted and not message.deleted:
                return message
        raise unknown("message")

    def dm(self, user: User) -> Channel:
        """The direct messages between the bot and that user, opened when needed."""
        channel = self.dms.get(user.id)
        if channel is None:
            channel = Channel(self.ids.next(), recipient=user)
            self.dms[user.id] = self.channels[channel.id] = channel
        return channel

    def mentioned(self, content: str) -> list[User]:
        """The users that a text names as <@id>."""
        numbers = dict.fromkeys(int(each) for each in _MENTION.findall(content))
        return [self.users[each] for each in numbers if each in self.users]

    def bot_guilds(self) -> list[Guild]:
        return [guild for guild in self.guilds.values() if self.bot.id in guild.members]
