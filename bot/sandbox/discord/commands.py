"""The registered slash commands: Discord's checks when they are set, and who is shown them."""

import unicodedata
from typing import Any

from bot.sandbox.discord import permissions
from bot.sandbox.discord.errors import Form, Json, Path, unknown
from bot.sandbox.discord.snowflakes import Snowflakes, parse_id
from bot.sandbox.discord.world import Guild, Member, Role, User

CHAT_INPUT, USER_MENU = 1, 2
SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
_NESTABLE = ((SUBCOMMAND, GROUP), (SUBCOMMAND,), ())  # by depth
_COMPLETABLE = (STRING, INTEGER, NUMBER)


class Commands:
    """One application's commands, global ones and those of single guilds."""

    def __init__(self, ids: Snowflakes, application_id: int) -> None:
        self._ids = ids
        self._application_id = application_id
        self._sets: dict[int | None, list[Json]] = {None: []}
        self._opened: list[tuple[int, str | None, int]] = []

    def listed(self, guild_id: int | None) -> list[Json]:
        return self._sets.get(guild_id, [])

    def get(self, guild_id: int | None, command_id: object) -> Json:
        for command in self.listed(guild_id):
            if command["id"] == str(command_id):
                return command
        raise unknown("command")

    def overwrite(self, guild_id: int | None, bodies: Any) -> list[Json]:
        """Replace the whole set; ids of commands that keep their name stay."""
        form = Form()
        taken = form.items((), bodies, 0, 110)
        names: set[tuple[Any, Any]] = set()
        for index, body in enumerate(taken):
            check_command(form, (index,), body)
            key = (body.get("type", CHAT_INPUT), body.get("name"))
            if key in names:
                form.add((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Names must be unique")
            names.add(key)
        form.done()
        self._sets[guild_id] = [self._stored(guild_id, body) for body in taken]
        return self._sets[guild_id]

    def add(self, guild_id: int | None, body: Json) -> Json:
        """Create a command, or replace the one of that name."""
        form = Form()
        check_command(form, (), body)
        form.done()
        stored = self._stored(guild_id, body)
        others = [each for each in self.listed(guild_id) if each["id"] != stored["id"]]
        self._sets[guild_id] = [*others, stored]
        return stored

    def change(self, guild_id: int | None, command_id: object, body: Json) -> Json:
        merged = {**self.get(guild_id, command_id), **body}
        form = Form()
        check_command(form, (), merged)
        form.done()
        stored = {**merged, "version": str(self._ids.next())}
        self._sets[guild_id] = [
            stored if each["id"] == stored["id"] else each for each in self.listed(guild_id)
        ]
        return stored

    def delete(self, guild_id: int | None, command_id: object) -> None:
        gone = self.get(guild_id, command_id)
        self._sets[guild_id] = [each for each in self.listed(guild_id) if each is not gone]

    def open_to(self, guild: Guild, name: str | None, who: User | Role | None) -> None:
        """Show a command (None: all) to a member, a role or everyone, as a server's settings can."""
        self._opened.append((guild.id, name, who.id if who is not None else guild.id))

    def seen_by(self, guild: Guild, member: Member) -> list[Json]:
        """The commands that Discord lists for this member."""
        usable = [
            each
            for each in [*self.listed(guild.id), *self.listed(None)]
            if each["contexts"] is None or 0 in each["contexts"]
        ]
        bits = permissions.of_member(guild, member)
        return [each for each in usable if self._is_shown(each, guild, member, bits)]

    def seen_in_dms(self) -> list[Json]:
        return [
            each
            for each in self.listed(None)
            if (1 in each["contexts"] if each["contexts"] is not None else each["dm_permission"])
        ]

    def _is_shown(self, command: Json, guild: Guild, member: Member, bits: int) -> bool:
        needed = command["default_member_permissions"]
        if bits == permissions.ALL or needed is None:
            return True
        if int(needed) and bits & int(needed) == int(needed):
            return True
        held = {guild.id, member.user.id, *(role.id for role in member.roles)}
        return any(
            where == guild.id and name in (None, command["name"]) and who in held
            for where, name, who in self._opened
        )

    def _stored(self, guild_id: int | None, body: Json) -> Json:
        kind = body.get("type", CHAT_INPUT)
        same = [
            each
            for each in self.listed(guild_id)
            if (each["type"], each["name"]) == (kind, body["name"])
        ]
        needed = body.get("default_member_permissions")
        contexts = body.get("contexts")
        stored: Json = {
            "id": same[0]["id"] if same else str(self._ids.next()),
            "application_id": str(self._application_id),
            "version": str(self._ids.next()),
            "type": kind,
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "default_member_permissions": None if needed is None else str(needed),
            "dm_permission": body.get("dm_permission", True) is not False,
            "contexts": contexts,
            "integration_types": body.get("integration_types") or [0],
            "nsfw": bool(body.get("nsfw", False)),
            "options": body.get("options") or [],
        }
        if guild_id is not None:
            stored["guild_id"] = str(guild_id)
        return stored


def check_command(form: Form, path: Path, body: Any) -> None:
    """Report every rule that this command breaks."""
    if not isinstance(body, dict):
        form.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return
    if not form.choice((*path, "type"), body.get("type", CHAT_INPUT), (1, 2, 3)):
        return
    if body.get("type", CHAT_INPUT) == CHAT_INPUT:
        _check_name(form, (*path, "name"), body.get("name"))
        form.text((*path, "description"), body.get("description"), 1, 100, required=True)
        _check_options(form, (*path, "options"), body.get("options"), depth=0)
        if _weight(body) > 8000:
            form.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
    else:
        form.text((*path, "name"), body.get("name"), 1, 32, required=True)
        for part in ("description", "options"):
            if body.get(part):
                code = f"APPLICATION_COMMAND_CONTEXT_MENU_{part.upper()}_NOT_ALLOWED"
                form.add((*path, part), code, f"Context menu commands cannot have {part}")
    needed = body.get("default_member_permissions")
    if needed is not None and parse_id(needed) is None:
        form.add((*path, "default_member_permissions"), "BASE_TYPE_INVALID", "Not a bit field")


def _check_name(form: Form, path: Path, value: Any) -> None:
    name = form.text(path, value, 1, 32, required=True)
    if name is None:
        return
    allowed = all(sign in "-_'" or unicodedata.category(sign)[0] in "LN" for sign in name)
    if not allowed or name != name.lower():
        form.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(form: Form, path: Path, value: Any, *, depth: int) -> None:
    options = form.items(path, value, 0, 25)
    names: set[Any] = set()
    optional_seen = False
    for index, option in enumerate(options):
        here: Path = (*path, index)
        _check_option(form, here, option, depth)
        if option.get("name") in names:
            form.add(
                here, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique"
            )
        names.add(option.get("name"))
        if option.get("type") in (SUBCOMMAND, GROUP):
            continue
        if option.get("required") and optional_seen:
            form.add(
                here,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")
    nested = [each for each in options if each.get("type") in (SUBCOMMAND, GROUP)]
    if nested and len(nested) != len(options):
        form.add(
            path,
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive to all other types",
        )


def _check_option(form: Form, path: Path, option: Json, depth: int) -> None:
    kind = option.get("type")
    allowed = (*_NESTABLE[depth], *range(STRING, ATTACHMENT + 1))
    if not form.choice((*path, "type"), kind, allowed):
        return
    _check_name(form, (*path, "name"), option.get("name"))
    form.text((*path, "description"), option.get("description"), 1, 100, required=True)
    if kind in (SUBCOMMAND, GROUP):
        inner = depth + 1 if kind == GROUP else 2
        _check_options(form, (*path, "options"), option.get("options"), depth=inner)
        return
    choices = form.items((*path, "choices"), option.get("choices"), 0, 25)
    for index, choice in enumerate(choices):
        here: Path = (*path, "choices", index)
        form.text((*here, "name"), choice.get("name"), 1, 100, required=True)
        if kind == STRING:
            form.text((*here, "value"), choice.get("value"), 1, 100, required=True)
    if option.get("autocomplete") and (choices or kind not in _COMPLETABLE):
        form.add(
            (*path, "autocomplete"),
            "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_INVALID",
            "Autocomplete needs a string, integer or number option without choices",
        )
    if kind == STRING:
        form.number((*path, "min_length"), option.get("min_length"), 0, 6000)
        form.number((*path, "max_length"), option.get("max_length"), 1, 6000)


def _weight(part: Json) -> int:
    own = len(str(part.get("name", ""))) + len(str(part.get("description", "")))
    own += len(str(part["value"])) if "value" in part else 0
    for key in ("options", "choices"):
        own += sum(_weight(each) for each in part.get(key) or [])
    return own
