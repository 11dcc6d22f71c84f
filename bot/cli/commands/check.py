"""`usher check`."""

import asyncio

import click

from bot import logs
from bot.cli.usage import Command


@click.command(cls=Command)
@click.option(
    "--tradingview",
    is_flag=True,
    help="Compare TradingView's answers with the known ones; changes nothing there.",
)
@click.option(
    "--write",
    "tester",
    metavar="NAME",
    help="And give access to a tester who agreed, on a script of yours, and remove it again.",
)
@click.option(
    "--script",
    "slug",
    metavar="SLUG",
    help="On this script; needed only where there are several.",
)
@click.pass_context
def check(
    context: click.Context, *, tradingview: bool, tester: str | None, slug: str | None
) -> None:
    """Say what is wrong with settings and logins, and how to mend it.

    \b
    Examples:
      usher check
      usher check --tradingview
      usher check --write Tess_Tester --script trend
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    logs.set_up("error")
    if tradingview or tester is not None:
        from bot.cli.prompts import agreed
        from bot.doctor import tradingview as upstream

        found = upstream.run(write=click.echo, tester=tester, slug=slug, ask=agreed)
        context.exit(asyncio.run(found))
    from bot.cli import check as checking

    context.exit(asyncio.run(checking.run()))
