"""`usher import`."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bot import logs
from bot.cli.usage import Sectioned

_SHOPS = ("whop", "launchpass", "stripe", "patreon", "gumroad", "panel")
_KINDS = ("grant", "extend", "set", "revoke")
_FILE = click.Path(path_type=Path, dir_okay=False)
_UNCLEAR = (
    "Say what FILE is:\n"
    "  usher import FILE --as grant    your own list, or a file of usher export (or --as extend, set, revoke)\n"
    "  usher import FILE --from whop   another shop's list of its members\n"
    "Nothing was changed."
)
_BOTH = "Write either --as, for your own list, or --from, for another shop's. Nothing was changed."
_ONE_FILE = "With --as, one file is read at a time. Nothing was changed."
_FOLLOWED = (
    "--follow shows a batch that was started before, so it takes no FILE. Nothing was changed."
)


def _pairs(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    found = [text.rpartition("=") for text in texts]
    if any(not name.strip() or not slug.strip() for name, _, slug in found):
        raise click.BadParameter('write what the shop calls it, = and the short name: "Gold=trend"')
    return {name.strip(): slug.strip() for name, _, slug in found}


@click.command(
    "import",
    cls=Sectioned,
    sections={
        "Your own list, or a file of usher export": (
            *("kind", "item", "duration", "until", "note", "yes"),
            *("mistakes", "results", "force", "follow"),
        ),
        "Another shop's customers": (
            *("shop", "apply", "items", "report"),
            *("grant_missing", "extend_to_paid", "login", "connection"),
        ),
    },
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--as",
    "kind",
    type=click.Choice(_KINDS, case_sensitive=False),
    help="What is done for each row: give time, add to dated access, give exactly that end, or end access.",
)
@click.option("--item", metavar="SLUG", help="The script or product of rows that name none.")
@click.option("--duration", metavar="LENGTH", help="For rows without one: 7D, 2W, 1M, 1Y, or L.")
@click.option("--until", metavar="END", help="For rows without one: 2026-04-30, or lifetime.")
@click.option("--note", metavar="TEXT", help="A remark for the history.")
@click.option(
    "--yes", is_flag=True, help="Start without asking. Else nothing is changed before a yes."
)
@click.option(
    "--mistakes", type=_FILE, help="Write the rows with a mistake to this file, to be mended."
)
@click.option("--results", type=_FILE, help="Write what became of each row to this file.")
@click.option("--force", is_flag=True, help="Take the place of files that are there already.")
@click.option(
    "--follow", type=int, metavar="NUMBER", help="Show, or go on with, a batch that was started."
)
@click.option(
    "--from",
    "shop",
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
    "--report", type=_FILE, help="Write everybody to this file, with their e-mail addresses."
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
    kind: str | None,
    shop: str | None,
    follow: int | None,
    server: int | None,
    **options: Any,
) -> None:
    """Carry out a file of orders, as /bulk does, or take customers over from another shop.

    Your own list has a column username or discord_id, and item, duration, until, note as you like. First it
    is shown what changes; the running bot carries it out, or this command where no bot runs.

    Of another shop, FILES are what it exports: of Stripe the subscriptions and the customers, of the older
    panel its database and the JSON file of its login. Ends stay as TradingView shows them.

    \b
    Examples:
      usher import members.csv --as grant --item trend --duration 1M
      usher import customers.csv --as set --mistakes to-mend.csv
      usher import --follow 12
      usher import members.csv --from whop
      usher import members.csv --from whop --report everybody.csv --apply
      usher import subscriptions.csv customers.csv --from stripe --map "Gold monthly=trend"
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    _refuse(context, files, kind, shop, follow)
    from bot import settings

    found = settings.load()
    logs.set_up("error", found.log_format, found.secrets)
    if shop is not None:
        from bot.cli import change_of_shop

        wish = change_of_shop.Wish(
            shop=shop.casefold(), files=files, **_of(change_of_shop.Wish, options)
        )
        context.exit(change_of_shop.run(found, server, wish))
    if follow is not None:
        from bot.cli import batch_follow

        context.exit(
            batch_follow.follow(
                found, server, follow, results=options["results"], force=options["force"]
            )
        )
    from bot.cli import bulk_import
    from bot.store.kinds import BatchKind

    order = bulk_import.Wish(
        kind=BatchKind(str(kind).casefold()), file=files[0], **_of(bulk_import.Wish, options)
    )
    context.exit(bulk_import.run(found, server, order))


def _of(wish: type[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that belong to one of the two ways."""
    return {field.name: options[field.name] for field in fields(wish) if field.name in options}


def _refuse(
    context: click.Context,
    files: tuple[Path, ...],
    kind: str | None,
    shop: str | None,
    follow: int | None,
) -> None:
    """Refuse what leaves open what is meant, or says two things at once. Raises UsageError."""
    ways = [way for way in (kind, shop, follow) if way is not None]
    if kind is not None and shop is not None:
        context.fail(_BOTH)
    if follow is not None and (files or len(ways) > 1):
        context.fail(_FOLLOWED)
    if not ways:
        context.fail(_UNCLEAR)
    if follow is None and not files:
        raise click.MissingParameter(ctx=context, param=context.command.params[0])
    if kind is not None and len(files) > 1:
        context.fail(_ONE_FILE)
    command = context.command
    own, others = command.parts() if isinstance(command, Sectioned) else ([], [])
    wrong = others if shop is None else own
    typed = [
        option.opts[0]
        for option in wrong
        if context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
    ]
    if typed:
        belongs = "--from" if shop is None else "--as"
        context.fail(
            f"{typed[0]} belongs to {belongs}, and says nothing here. Nothing was changed."
        )
