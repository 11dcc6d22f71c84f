"""Turns what a person fills in after a slash command into what Discord sends to the bot."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.discord import payloads, permissions
from bot.sandbox.discord.commands import (
    ATTACHMENT,
    BOOLEAN,
    CHANNEL,
    CHAT_INPUT,
    GROUP,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUBCOMMAND,
    USER,
    USER_MENU,
)
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.world import Channel, Guild, Member, Role, User


class RefusedError(Exception):
    """Discord's own client would not let a person do this."""


@dataclass(frozen=True)
class Upload:
    """A file given to an attachment option."""

    filename: str
    content: bytes


@dataclass
class Resolved:
    """The users, members, roles, channels and files that the options name."""

    guild: Guild | None
    asker: Member | None
    store: Callable[[Upload], Json]
    parts: dict[str, dict[str, Json]] = field(default_factory=dict)

    def put(self, kind: str, number: int, payload: Json) -> str:
        self.parts.setdefault(kind, {})[str(number)] = payload
        return str(number)

    def user(self, user: User) -> str:
        member = self.guild.members.get(user.id) if self.guild is not None else None
        if self.guild is not None and member is not None:
            bits = permissions.of_member(self.guild, member)
            shown = payloads.member(member, with_user=False)
            self.put("members", user.id, {**shown, "permissions": str(bits)})
        return self.put("users", user.id, payloads.user(user))


def find(commands: list[Json], path: str) -> tuple[Json, list[Json], Json]:
    """The command, the sub-command options on the way, and the part that holds the parameters."""
    names = path.lstrip("/").split()
    typed = [each for each in commands if each["type"] == CHAT_INPUT]
    command = next((each for each in typed if each["name"] == names[0]), None)
    if command is None:
        shown = ", ".join(each["name"] for each in typed)
        raise RefusedError(f"no command /{names[0]} is shown; shown are: {shown or 'none'}")
    way: list[Json] = []
    part = command
    for name in names[1:]:
        inner = next((each for each in part["options"] if each["name"] == name), None)
        if inner is None or inner["type"] not in (SUBCOMMAND, GROUP):
            raise RefusedError(f"/{path} is not registered")
        way.append(inner)
        part = inner
    if any(each["type"] in (SUBCOMMAND, GROUP) for each in part.get("options") or []):
        raise RefusedError(f"/{path} needs a sub-command")
    return command, way, part


def menu_of(commands: list[Json], name: str) -> Json:
    """The command of that name in the menu of a member."""
    menus = [each for each in commands if each["type"] == USER_MENU]
    found = next((each for each in menus if each["name"] == name), None)
    if found is None:
        shown = ", ".join(each["name"] for each in menus)
        raise RefusedError(f"the menu has no {name}; it has: {shown or 'none'}")
    return found


def filled(part: Json, given: dict[str, Any], resolved: Resolved) -> list[Json]:
    """The options as Discord sends them; RefusedError for what its client would not take."""
    declared = {each["name"]: each for each in part.get("options") or []}
    known = {name: value for name, value in given.items() if value is not None}
    strange = known.keys() - declared.keys()
    if strange:
        raise RefusedError(
            f"no option {', '.join(sorted(strange))}; there are: {', '.join(declared)}"
        )
    missing = [
        name for name, each in declared.items() if each.get("required") and name not in known
    ]
    if missing:
        raise RefusedError(f"required: {', '.join(missing)}")
    return [
        {
            "name": name,
            "type": declared[name]["type"],
            "value": _value(declared[name], value, resolved),
        }
        for name, value in known.items()
    ]


def while_typing(part: Json, given: dict[str, Any], focused: str, typed: Any) -> list[Json]:
    """The options of an autocomplete: unchecked, the one under the cursor marked."""
    declared = {each["name"]: each for each in part.get("options") or []}
    if not declared.get(focused, {}).get("autocomplete"):
        raise RefusedError(f"option {focused} does not complete")
    options: list[Json] = []
    for name, value in {**given, focused: typed}.items():
        if value is None or name not in declared:
            continue
        plain = str(value.id) if isinstance(value, User | Role | Channel) else value
        option: Json = {"name": name, "type": declared[name]["type"], "value": plain}
        if name == focused:
            option["focused"] = True
        options.append(option)
    return options


def nested(way: list[Json], options: list[Json]) -> list[Json]:
    """Wrap the options into the sub-commands that lead to them."""
    for step in reversed(way):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    return options


def _value(option: Json, value: Any, resolved: Resolved) -> Any:
    kind = option["type"]
    if isinstance(value, Member):
        value = value.user
    taker = _TAKERS[kind]
    taken = taker(option, value, resolved)
    if taken is None:
        raise RefusedError(f"option {option['name']} does not take {value!r}")
    return taken


def _text(option: Json, value: Any, _: Resolved) -> str | None:
    if not isinstance(value, str):
        return None
    if option.get("choices"):
        return next(
            (each["value"] for each in option["choices"] if value in (each["name"], each["value"])),
            None,
        )
    low, high = option.get("min_length") or 0, option.get("max_length") or 6000
    if not low <= len(value) <= high:
        raise RefusedError(f"option {option['name']} takes {low} to {high} characters")
    return value


def _number(option: Json, value: Any, _: Resolved) -> float | int | None:
    whole = option["type"] == INTEGER
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return None
    low, high = option.get("min_value"), option.get("max_value")
    if (low is not None and value < low) or (high is not None and value > high):
        raise RefusedError(f"option {option['name']} takes {low} to {high}")
    taken: float | int = value
    return taken


def _boolean(_: Json, value: Any, __: Resolved) -> bool | None:
    return value if isinstance(value, bool) else None


def _user(_: Json, value: Any, resolved: Resolved) -> str | None:
    return resolved.user(value) if isinstance(value, User) else None


def _role(_: Json, value: Any, resolved: Resolved) -> str | None:
    if not isinstance(value, Role):
        return None
    return resolved.put("roles", value.id, payloads.role(value))


def _mentionable(option: Json, value: Any, resolved: Resolved) -> str | None:
    return _user(option, value, resolved) or _role(option, value, resolved)


def _channel(option: Json, value: Any, resolved: Resolved) -> str | None:
    if not isinstance(value, Channel):
        return None
    allowed = option.get("channel_types")
    if allowed and value.kind not in allowed:
        return None
    return resolved.put("channels", value.id, payloads.resolved_channel(value, resolved.asker))


def _attachment(_: Json, value: Any, resolved: Resolved) -> str | None:
    if not isinstance(value, Upload):
        return None
    if len(value.content) > payloads.UPLOAD_LIMIT:
        raise RefusedError("Discord takes files of up to 10 MB")
    stored = resolved.store(value)
    return resolved.put("attachments", int(stored["id"]), stored)


_TAKERS: dict[int, Callable[[Json, Any, Resolved], Any]] = {
    STRING: _text,
    INTEGER: _number,
    NUMBER: _number,
    BOOLEAN: _boolean,
    USER: _user,
    ROLE: _role,
    CHANNEL: _channel,
    MENTIONABLE: _mentionable,
    ATTACHMENT: _attachment,
}
