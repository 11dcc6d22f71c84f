"""`usher session drop`: gives up the logins whose key is lost, after a yes and a copy."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click

from bot.access.logins.lost_keys import (
    drop_lost,
    is_token_among,
    logins_among,
    lost,
    shops_among,
)
from bot.cli.prompts import typed_yes
from bot.errors import StartupError
from bot.settings import Settings
from bot.store.engine.database import Database, open_database
from bot.store.engine.lock import InUseError, alone_with
from bot.store.maintenance import backup
from bot.store.vault import Sealed, Vault, put_aside, vault_at_hand

DONE, NOT_DONE = 0, 1


def drop(settings: Settings) -> int:
    """Say what is lost, ask for a typed yes, make a copy, and give it up. Returns the exit code.

    Raises StartupError while a bot runs, without a database, and when the copy cannot be made.
    """
    if not settings.database_path.is_file():
        raise StartupError(
            f"There is no database at {settings.database_path}, so there is nothing to give up."
        )
    values = asyncio.run(_look(settings))
    if not values:
        click.echo(
            "Every stored login opens with the key at hand, so there is nothing to give up. Nothing was "
            "changed. To delete a login that works: /session forget in Discord."
        )
        return DONE
    click.echo(_explanation(values))
    if not typed_yes("Type yes to give them up"):
        click.echo("Left as it was.")
        return NOT_DONE
    click.echo(asyncio.run(_give_up(settings, values)))
    return DONE


def _explanation(values: Sequence[Sealed]) -> str:
    logins = logins_among(values)
    others = len(values) - logins
    what = " and ".join(
        part
        for number, part in (
            (logins, _count(logins, "TradingView login")),
            (
                others,
                _count(others, "other encrypted value")
                + " (spare logins, the bot's token, answers in Discord, what shops sent)",
            ),
        )
        if number
    )
    return (
        f"No key at hand opens {what}. If the key lies in a backup or on another computer, put it back "
        "instead: then nothing is lost.\n"
        "Giving them up deletes these alone. Customers, scripts, orders and the history stay, nobody "
        "loses access on TradingView, and a copy of the database is made first."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


async def _look(settings: Settings) -> list[Sealed]:
    async with _opened(settings) as (database, vault):
        return await lost(database, vault)


async def _give_up(settings: Settings, values: Sequence[Sealed]) -> str:
    async with _opened(settings) as (database, vault):
        try:
            copy = await asyncio.to_thread(backup.keep_before, settings.database_path, "drop")
        except backup.CopyError as error:
            raise StartupError(
                f"The copy could not be made: {error}. Nothing was changed."
            ) from error
        servers = await drop_lost(database, vault)
    said = [f"Given up. What was there before lies in {copy}."]
    said += [f"The damaged key lies in {aside}." for aside in await _damaged_aside(settings)]
    said.append("Next: usher run. It makes a key by itself where there is none.")
    if servers:
        said.append(
            "Then give the TradingView login again: /session update in Discord"
            + (f", in each of {servers} servers." if servers > 1 else ".")
        )
    if is_token_among(values) and settings.discord_token is None:
        said.append("It asks for the bot's token again, on a page whose link it prints.")
    if shops := shops_among(values):
        said.append(
            f"Then give the secret of {_count(shops, 'shop')} again: /webhook edit in Discord. Until then "
            "what they send is refused."
        )
    return "\n".join(said)


async def _damaged_aside(settings: Settings) -> list[Path]:
    if settings.secret_key is not None:
        return []
    files = (settings.key_file, settings.earlier_key_file)
    moved = [await asyncio.to_thread(put_aside, file) for file in files]
    return [aside for aside in moved if aside is not None]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Database, Vault | None]]:
    key = settings.secret_key.get_secret_value() if settings.secret_key else None
    vault = await asyncio.to_thread(
        vault_at_hand, key, settings.key_file, settings.earlier_key_file
    )
    try:
        async with alone_with(settings.database_url), open_database(settings.database_url) as found:
            yield found, vault
    except InUseError as error:
        raise StartupError(
            "Usher is running with this database, so it still has the key. Stop it first, then run this "
            "command again. Nothing was changed."
        ) from error
