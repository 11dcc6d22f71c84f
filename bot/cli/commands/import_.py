"""`usher import`."""

from pathlib import Path
from typing import Any

import click

from bot import logs
from bot.cli.usage import Command

_SHOPS = ("whop", "launchpass", "stripe", "patreon", "gumroad", "panel")


def _pairs(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    found = [text.rpartition("=") for text in texts]
    if any(not name.strip() or not slug.strip() for name, _, slug in found):
        raise click.BadParameter('write what the shop calls it, = and the short name: "Gold=trend"')
    return {name.strip(): slug.strip() for name, _, slug in found}


@click.command("import", cls=Command)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--from",
    "shop",
    required=True,
    type=click.Choice(_SHOPS, case_sensitive=False),
    help="Which shop, or older panel, the list is from.",
)
@click.option("--apply", is_flag=True, help="Take them over. Without it, nothing is changed.")
@click.option(
    "--map",
    "items",
    multiple=True,
    callback=_pairs,
    metavar='"PLAN=ITEM"',
    help="Which item a plan of the shop is; none: nothing to do with Usher. As often as needed.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write everybody to this file, with their e-mail addresses.",
)
@click.option("--grant-missing", is_flag=True, help="Give access to who pays and has none.")
@click.option("--extend-to-paid", is_flag=True, help="Give the time that is paid for and missing.")
@click.option("--login", is_flag=True, help="Use the TradingView login in the panel's JSON file.")
@click.option("--connection", type=int, metavar="NUMBER", help="Of which webhook, if several.")
@click.option("--guild", "server", type=int, metavar="NUMBER", help="Of which Discord server.")
@click.pass_context
def import_(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    shop: str,
    server: int | None,
    **options: Any,
) -> None:
    """Take customers over from another shop: its list of members, and what TradingView shows.

    FILES are what the shop exports: of Stripe the subscriptions and the customers, of the older panel its
    database and the JSON file of its login. Ends stay as TradingView shows them.

    \b
    Examples:
      usher import members.csv --from whop
      usher import members.csv --from whop --report everybody.csv --apply
      usher import subscriptions.csv customers.csv --from stripe --map "Gold monthly=trend"
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    from bot import settings

    found = settings.load()
    logs.set_up("error", found.log_format, found.secrets)
    from bot.cli import change_of_shop as terminal

    wish = terminal.Wish(shop=shop.casefold(), files=files, **options)
    context.exit(terminal.run(found, server, wish))
