"""By what a person is known, wherever it stands."""

import json
import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Customer
from bot.store.tables.ledger import event, event_words, permission
from bot.store.tables.people import merged_customer

LARGEST_NUMBER = 10**6  # what stands for a person is below it


@dataclass(frozen=True, slots=True)
class Traces:
    """By what a person is known in their server, and what stands in place of it."""

    person: Customer
    names: tuple[str, ...]  # in lower case, earlier ones too
    number: int
    stand_in: str

    def replace_in(self, text: str) -> str:
        """Return the text with each mention of the person replaced."""
        return self._pattern().sub(self.stand_in, text)

    def texts(self) -> list[str]:
        """Return what a text that names the person holds, in lower case."""
        member = [] if self.person.member_id is None else [str(self.person.member_id)]
        escaped = [unslanted(name) for name in self.names]
        # As it stands in a message that is kept as JSON, where a backslash is doubled.
        return [*member, *self.names, *escaped, *(json.dumps(name)[1:-1] for name in escaped)]

    def _pattern(self) -> "re.Pattern[str]":
        names = {re.escape(form) for name in self.names for form in (name, unslanted(name))}
        whole = [rf"(?<![\w-])(?:{'|'.join(sorted(names, key=len, reverse=True))})(?![\w-])"]
        if self.person.member_id is not None:
            whole.append(rf"<@!?{self.person.member_id}>|(?<!\d){self.person.member_id}(?!\d)")
        return re.compile("|".join(whole if names else whole[1:]) or r"(?!)", re.IGNORECASE)


async def names_of(connection: AsyncConnection, person: Customer) -> tuple[str, ...]:
    """Return every TradingView name by which a person was known, in lower case."""
    held = await connection.execute(
        select(permission.c.name_folded).where(permission.c.customer_id == person.id).distinct()
    )
    names = set(held.scalars())
    told = await connection.execute(
        select(event_words.c.words)
        .join(event, event.c.id == event_words.c.event_id)
        .where(event.c.guild_id == person.guild_id, entries_about(person))
    )
    for words in told.scalars():
        for side in ("before", "after"):
            name = words.get(side, {}).get("username")
            if name:
                names.add(str(name).casefold())
    if person.name_folded is not None:
        names.add(person.name_folded)
    return tuple(sorted(names))


def entries_about(person: Customer) -> "ColumnElement[bool]":
    """Return the condition that an entry of the history is about that person, by an earlier id too."""
    merged = select(merged_customer.c.id).where(merged_customer.c.customer_id == person.id)
    return or_(event.c.customer_id == person.id, event.c.customer_id.in_(merged))


def unslanted(name: str) -> str:
    """Return the name as it stands in a message that is kept, where `_` would make letters slant."""
    return name.replace("_", r"\_")
