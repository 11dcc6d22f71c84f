"""Looks at a database file without changing anything in it, for `usher check`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.store.kinds import RoleTrouble
from bot.store.maintenance import ground
from bot.store.maintenance.ground import GroundError
from bot.store.maintenance.revision import Schema, schema_of
from bot.store.tables.catalogue import product, script
from bot.store.tables.encrypted import ENCRYPTED, for_a_look
from bot.store.tables.logins import account, environment_session, session
from bot.store.tables.web import bot_token


@dataclass(frozen=True, slots=True)
class Login:
    """A stored login: sealed, and the scripts it should own."""

    guild_id: int
    cookies: bytes
    pine_ids: tuple[str, ...]
    account_id: int
    version: int
    environment_digest: str | None  # of the environment's pair that is done with


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found; `sealed` is enough of what is encrypted to tell a key by."""

    schema: Schema
    trouble: GroundError | None = None  # why it cannot be read
    sealed: tuple[bytes, ...] = ()
    logins: tuple[Login, ...] = ()
    # What TradingView made of the environment's pair before it was in use: by its digest, sealed.
    renewed: Mapping[str, bytes] = field(default_factory=dict)
    # Products whose role cannot be given to their holders: by title, why.
    role_troubles: tuple[tuple[str, RoleTrouble], ...] = ()
    bot_token: bytes | None = None  # sealed, where one was given in the browser


def examine(path: Path) -> Examined:
    """Return what lies in that file (blocking; call it in a thread)."""
    if ground.is_emptied(path):
        return Examined(Schema.UNREADABLE, ground.emptied(path))
    if not path.exists() or path.stat().st_size == 0:
        return Examined(Schema.ABSENT)
    engine = create_engine(
        f"sqlite:///file:{quote(str(path.absolute()))}?mode=ro&uri=true", hide_parameters=True
    )
    try:
        with engine.connect() as connection:
            connection.execute(text("PRAGMA schema_version"))
            schema = schema_of(connection)
            if connection.scalar(text("PRAGMA quick_check(1)")) != "ok":
                return Examined(Schema.UNREADABLE, ground.damaged(path))
            if schema is not Schema.CURRENT:
                return Examined(schema)
            logins = _logins(connection)
            sealed = [
                bytes(value)
                for column in ENCRYPTED
                for query in for_a_look(column)
                for value in connection.scalars(query)
            ]
            renewed = {
                row.digest: bytes(row.cookies)
                for row in connection.execute(select(environment_session))
            }
            troubles = connection.execute(
                select(product.c.title, product.c.role_trouble)
                .where(product.c.role_id.is_not(None), product.c.role_trouble.is_not(None))
                .order_by(product.c.id)
            )
            return Examined(
                schema,
                None,
                tuple(sealed),
                logins,
                renewed,
                tuple((row.title, row.role_trouble) for row in troubles),
                connection.scalar(select(bot_token.c.token)),
            )
    except SQLAlchemyError as error:
        trouble = ground.trouble_with(path, error)
        return Examined(Schema.UNREADABLE, trouble or ground.damaged(path))
    finally:
        engine.dispose()


def _logins(connection: Connection) -> tuple[Login, ...]:
    owned: dict[int, list[str]] = {}
    for row in connection.execute(
        select(script.c.guild_id, script.c.pine_id).where(script.c.archived_at.is_(None))
    ):
        owned.setdefault(row.guild_id, []).append(row.pine_id)
    stored = connection.execute(
        select(account.c.guild_id, account.c.environment_digest, session)
        .join_from(session, account)
        .order_by(account.c.guild_id)
    )
    return tuple(
        Login(
            row.guild_id,
            bytes(row.cookies),
            tuple(owned.get(row.guild_id, ())),
            row.account_id,
            row.version,
            row.environment_digest,
        )
        for row in stored
    )
