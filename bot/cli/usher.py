"""The root of the command line."""

import click

from bot.cli.commands.backup import backup, restore
from bot.cli.commands.check import check
from bot.cli.commands.dashboard import dashboard
from bot.cli.commands.export import export
from bot.cli.commands.import_ import import_
from bot.cli.commands.run import run
from bot.cli.commands.sandbox import sandbox
from bot.cli.commands.session import session
from bot.cli.usage import Group


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},
)
@click.version_option(package_name="usher-bot", message="%(version)s")
@click.pass_context
def usher(context: click.Context) -> None:
    """Look after who may use your invite-only TradingView scripts, from Discord.

    \b
    Examples:
      usher sandbox    try everything without an account
      usher check      say what is missing, and what to do next
      usher run        start the bot
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (run, sandbox, check, dashboard, backup, restore, export, import_, session):
    usher.add_command(command)
