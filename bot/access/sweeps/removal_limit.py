"""Asks for consent to the number before many people lose access at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.request import Consent
from bot.access.sweeps.drift import Difference
from bot.access.sweeps.errors import TakesFromMany
from bot.store.records import Script
from bot.store.sweeps import sightings

MAX_PEOPLE, MAX_PERCENT = 5, 5  # above either, it is asked about once more


async def refuse_many(
    connection: AsyncConnection,
    script: Script,
    differences: Sequence[Difference],
    now: datetime,
    consent: Consent,
) -> int:
    """Return how many lose access or time when these are made as they should be.

    Raises:
        TakesFromMany: these are many, and the consent is to fewer.
    """
    ends = sum(difference.ends(now) for difference in differences)
    shortens = sum(difference.shortens(now) for difference in differences)
    people = ends + shortens
    total = await sightings.count_live(connection, script.id, now)
    if people > consent.removals and is_many(people, total):
        raise TakesFromMany(script, ends, shortens, total)
    return people


def is_many(people: int, total: int) -> bool:
    """Return whether it is more than 5 people, or more than 5 % of those who have access."""
    return people > MAX_PEOPLE or people * 100 > MAX_PERCENT * max(total, people)
