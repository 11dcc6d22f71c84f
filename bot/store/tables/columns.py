"""What the tables share: the types of columns, the rules on them, and the metadata."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    MetaData,
    String,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. Naive values are refused: SQLite would drop a zone silently."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what goes to the database: naive UTC for SQLite, aware elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what came from the database, always aware and in UTC."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class OneOf(TypeDecorator[StrEnum]):
    """A word of a closed set. Any other word is refused before it reaches the database."""

    impl = String
    cache_ok = True

    def __init__(self, kinds: type[StrEnum], length: int = 16) -> None:
        super().__init__(length)
        self.kinds = kinds

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what goes to the database: the word itself."""
        return None if value is None else self.kinds(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what came from the database as the member of the set."""
        return None if value is None else self.kinds(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def guild_id() -> Column[int]:
    """Return the column of the server that a row belongs to."""
    return Column("guild_id", BigInteger, ForeignKey("guild.id"), nullable=False)


def one_of(column: str, kinds: Iterable[StrEnum]) -> CheckConstraint:
    """Return the CHECK that holds a column to these words."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def end_rule(prefix: str) -> CheckConstraint:
    """Return the CHECK that an end is there exactly when the kind says so: a missing date is never lifetime."""
    return CheckConstraint(
        f"({prefix} = 'until') = ({prefix}_ends_at IS NOT NULL)", name=f"{prefix}_end"
    )
