"""Wrong commands and options, and the sentences that say so."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

SERVER_NUMBER = (
    "in Discord: Settings, Advanced, switch on Developer Mode; then right-click the server, Copy Server "
    "ID."
)


# What other programs call these.
_OTHER_WORDS = {
    **dict.fromkeys(("start", "serve", "bot", "up"), "run"),
    **dict.fromkeys(("demo", "try", "test"), "sandbox"),
    **dict.fromkeys(("doctor", "status", "diagnose"), "check"),
    **dict.fromkeys(("login", "cookies"), "session set"),
    "help": "--help",
    "version": "--version",
}


class _Located(click.Command):
    """Wrong usage that knows of which command; click leaves that out for an option without its value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Command(_Located):
    """A command that says in plain words what it does not understand."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what was typed; refuse what is left over."""
        rest = super().parse_args(ctx, args)
        if rest:
            ctx.fail(f"This is not understood: {' '.join(rest)}.")
        return rest


class Sectioned(Command):
    """A command with several ways, whose help shows the options of each under a title of its own."""

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sections = sections

    def parts(self) -> list[list[click.Option]]:
        """Return the options of each section."""
        options = {each.name: each for each in self.params if isinstance(each, click.Option)}
        return [[options[name] for name in names] for names in self._sections.values()]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of each section, and those of all of them at the end."""
        parts = self.parts()
        named = {option.name for part in parts for option in part}
        rest = [
            each
            for each in self.get_params(ctx)
            if isinstance(each, click.Option) and each.name not in named
        ]
        for title, part in [*zip(self._sections, parts, strict=True), ("Both", rest)]:
            rows = [row for each in part if (row := each.get_help_record(ctx)) is not None]
            with formatter.section(title):
                formatter.write_dl(rows)


class Group(_Located, click.Group):
    """A group of such commands, which help lists in their order."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order in which they were added."""
        return list(self.commands)


def sentence(error: click.UsageError) -> str:
    """Return what to say about `error`, and where to look."""
    path = error.ctx.command_path if error.ctx else "usher"
    return f"{_wrong(error)}\n{path} --help shows what can be written."


def _wrong(error: click.UsageError) -> str:
    match error:
        case click.NoSuchCommand():
            return f"There is no command called {error.command_name}.{_meant(error)}"
        case click.NoSuchOption():
            return f"This is not understood: {error.option_name}.{_near(error.possibilities)}"
        case click.exceptions.NoArgsIsHelpError():
            return "Something is missing: COMMAND."
        case click.MissingParameter(param=click.Parameter() as param):
            return f"Something is missing: {_name(param)}."
        case click.BadParameter(param=click.Parameter() as param):
            return f"{_name(param)}: {error.message}"
        case click.BadOptionUsage() if error.option_name in _flags(error.ctx):
            return f"Nothing can be written behind {error.option_name}."
        case click.BadOptionUsage():
            return f"Something is missing behind {error.option_name}."
        case _:
            return error.message


def _meant(error: click.NoSuchCommand) -> str:
    """Return the command that was probably meant: inside a group, under another word, or spelled alike."""
    typed = error.command_name
    root = error.ctx.find_root().command if error.ctx else None
    groups = root.commands.items() if isinstance(root, click.Group) else ()
    inside = [
        f"{name} {typed}"
        for name, group in groups
        if isinstance(group, click.Group) and typed in group.commands
    ]
    other = [_OTHER_WORDS[typed]] if typed in _OTHER_WORDS else []
    return _near([*inside, *other, *(error.possibilities or ())])


def _near(names: Sequence[str] | None) -> str:
    return f" Did you mean {names[0]}?" if names else ""


def _name(param: click.Parameter) -> str:
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name


def _flags(context: click.Context | None) -> set[str]:
    """Return every option of that command that takes no value."""
    params = context.command.get_params(context) if context else []
    return {
        name
        for param in params
        if isinstance(param, click.Option) and param.is_flag
        for name in param.opts
    }
