"""What every row has, and who orders or does something."""

from dataclasses import dataclass, fields
from typing import Any, Self

from sqlalchemy import Row, Table

from bot.store.kinds import (
    ActorKind,
)


@dataclass(frozen=True, slots=True)
class Record:
    """A row of one table, by the names of its columns."""

    @classmethod
    def of(cls, row: "Row[Any]", table: Table | None = None) -> Self:
        """Build from a row that holds at least these columns; of a join, those of one table."""
        values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        if table is not None:  # other tables have columns of the same name
            return cls(**{field.name: values[table.c[field.name]] for field in fields(cls)})
        return cls(**{field.name: values[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who orders something or did something: a kind, and which one of that kind."""

    kind: ActorKind
    id: str | None = None

    @classmethod
    def member(cls, member_id: int) -> Self:
        """Return the actor that a Discord member is."""
        return cls(ActorKind.MEMBER, str(member_id))

    @classmethod
    def of(cls, member_id: int | None) -> Self:
        """Return the actor that a member is, or Usher itself where there is none."""
        return cls(ActorKind.USHER) if member_id is None else cls.member(member_id)

    @property
    def member_id(self) -> int | None:
        """Return the Discord member's id; None for any other kind."""
        return int(self.id or 0) if self.kind is ActorKind.MEMBER else None


USHER = Actor(ActorKind.USHER)
# Whoever signs in from the bot's own computer: as a member, with a number that Discord gives to nobody.
OPERATOR_ID = 0
OPERATOR = Actor.member(OPERATOR_ID)


class OfActor:
    """A row with the columns of an actor."""

    actor_kind: ActorKind
    actor_id: str | None

    @property
    def actor(self) -> Actor:
        """Return who asked for it, or did it."""
        return Actor(self.actor_kind, self.actor_id)
