"""Whom a typed text means, and the lengths that are offered: in Discord and on pages."""

import re

from bot.access.people.username_lookup import clean
from bot.access.request import Subject
from bot.access.rules.duration import parse_length

USUAL_LENGTHS = tuple(parse_length(text) for text in ("7D", "2W", "1M", "3M", "6M", "1Y", "L"))
# TradingView's names of digits alone are shorter.
_MEMBER = re.compile(r"(?:<@!?)?([0-9]{15,19})>?")
_MAX_ID = 2**63 - 1  # as far as Discord counts


def member_meant(typed: str) -> int | None:
    """Return the member whose mention or id was typed; None for anything else."""
    member = _MEMBER.fullmatch(typed.strip())
    return None if member is None or int(member[1]) > _MAX_ID else int(member[1])


def customer_meant(typed: str) -> Subject:
    """Return who is meant by a member's mention or id, or a TradingView name; raises NameUnreadable."""
    member_id = member_meant(typed)
    return Subject(username=clean(typed)) if member_id is None else Subject(member_id)
