"""Names, dates and lengths as people read them on a phone."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import discord

from bot.access.people.pseudonyms import pseudonym
from bot.access.rules.duration import Length, is_end_of_day
from bot.access.sources import REGISTRY
from bot.replies.message import shorten
from bot.store.records import OPERATOR_ID, Entitlement, Product, Purchase, Script
from bot.tradingview.models import End, Lifetime

_MAX_TYPED = 60
# Of what has no end of its own, as a role, behind where it comes from.
AS_LONG = "as long as that lasts"
NO_END = "no end date"


def escape(text: str) -> str:
    """Return the text letter for letter: `__name__` keeps its lines, `<@1>` mentions no member."""
    return re.sub(r"([\\*_~`|<>\[\]#])", r"\\\1", " ".join(text.split()))


def bold(text: str) -> str:
    """Return the text in bold, letter for letter."""
    return f"**{escape(text)}**"


def source(reason: Entitlement | Purchase) -> str:
    """Return where a reason comes from, in words."""
    return source_named(reason.source)


def origin(reason: Entitlement | Purchase) -> str:
    """Return where a reason comes from, to stand behind what it gives: "from a role", "given by staff"."""
    return origin_named(reason.source)


def origin_named(name: str) -> str:
    """Return the same, by the name that the database keeps."""
    known = REGISTRY.get(name)
    return "from another reason" if known is None else known.origin


def source_named(name: str) -> str:
    """Return the same, by the name that the database keeps."""
    known = REGISTRY.get(name)
    return "another reason" if known is None else known.label


def typed(text: str) -> str:
    """Return what a person typed, quoted, harmless and not too long."""
    plain = " ".join(text.replace("`", "'").split())
    return f"`{shorten(plain, _MAX_TYPED)}`" if plain else "an empty text"


def order_number(name: str) -> str:
    """Return the number of an order or subscription as its shop shows it."""
    return name.removeprefix("order:").removeprefix(
        "sale:"
    )  # what tells them from subscriptions inside


def title(item: Script | Product) -> str:
    """Return the title of a script or product in bold."""
    return bold(item.title)


def role(role_id: int) -> str:
    """Return a mention, which Discord shows as the role's name within its server."""
    return f"<@&{role_id}>"


def member(member_id: int) -> str:
    """Return a mention, which Discord shows as the member's name; of an erased one, what stands for them."""
    if member_id == OPERATOR_ID:
        return "the operator"
    return f"<@{member_id}>" if member_id > 0 else pseudonym(-member_id)


def kept_member(kept: str) -> str:
    """Return the same of an id as the history keeps it, which may be what stands for an erased member."""
    return member(int(kept)) if kept.isdecimal() else kept


def day(moment: datetime) -> str:
    """Return the date, in the reader's own time zone."""
    return f"<t:{int(moment.timestamp())}:D>"


def short_day(moment: datetime) -> str:
    """Return the date in digits, in the reader's own time zone."""
    return f"<t:{int(moment.timestamp())}:d>"


def moment(when: datetime) -> str:
    """Return the date and the time, in the reader's own time zone."""
    return f"<t:{int(when.timestamp())}:f>"


def hour(when: datetime) -> str:
    """Return the time of day, in the reader's own time zone."""
    return f"<t:{int(when.timestamp())}:t>"


def relative(moment: datetime) -> str:
    """Return how far away a moment is, as "in 3 weeks"."""
    return f"<t:{int(moment.timestamp())}:R>"


def until(end: End | None) -> str:
    """Return an end within a sentence: "until 10 April 2026 (in a month)", "for lifetime"."""
    if end is None:
        return "not at all"
    if isinstance(end, Lifetime):
        return "**for lifetime**"
    yours = f"{moment(end)} for you, " if is_end_of_day(end) else ""
    return f"until **{end_day(end)}** ({yours}{relative(end)})"


def until_paid(end: End | None, paid: datetime | None) -> str:
    """Return an end within a sentence, with the paid end before it where grace days lie between."""
    days = grace_days(end, paid)
    if paid is None or not days or not isinstance(end, datetime):
        return until(end)
    return (
        f"{until(paid)}, and {count(days, 'more day')} to renew: TradingView shows it "
        f"until **{end_day(end)}**"
    )


def until_paid_day(end: End, paid: datetime | None) -> str:
    """Return the paid end for a list, short, with the grace days after it."""
    days = grace_days(end, paid)
    if paid is None or not days:
        return until_day(end)
    return f"{until_day(paid)}, and {count(days, 'more day')} to renew"


def grace_days(end: End | None, paid: datetime | None) -> int:
    """Return how many days access lasts beyond what was paid for; 0 without any."""
    if paid is None or not isinstance(end, datetime):
        return 0
    return max(0, round((end - paid) / timedelta(days=1)))


def until_day(end: End) -> str:
    """Return an end for a list, short."""
    return "lifetime" if isinstance(end, Lifetime) else f"until {end_day(end)}"


def end_day(end: datetime) -> str:
    """Return the day of an end: in UTC when a whole day was meant, as that is what was typed."""
    return f"{plain_day(end)}, end of day UTC" if is_end_of_day(end) else day(end)


def plain_day(moment: datetime) -> str:
    """Return the date in UTC where Discord shows no timestamps, as in autocomplete."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y}"


def plain_moment(moment: datetime) -> str:
    """Return the date and the time in UTC where Discord shows no timestamps."""
    return f"{plain_day(moment)}, {moment.astimezone(UTC):%H:%M} UTC"


def spoken(length: Length) -> str:
    """Return a length in words: "1 month", "1 year and 6 months", "lifetime"."""
    if length.lifetime:
        return "lifetime"
    parts = (
        (length.years, "year"),
        (length.months, "month"),
        (length.weeks, "week"),
        (length.days, "day"),
    )
    texts = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number]
    return listed(texts)


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number of things, as "1 person" or "3 people"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def listed(items: Iterable[str], last: str = "and") -> str:
    """Join the items, as "a, b and c"."""
    every = list(items)
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} {last} {every[-1]}"


def embed(title_text: str, lines: str, *, footer: str | None = None) -> discord.Embed:
    """Return a box with a title and lines, within Discord's limits."""
    box = discord.Embed(title=shorten(title_text, 256), description=shorten(lines, 4_096) or None)
    if footer:
        box.set_footer(text=shorten(footer, 2_048))
    return box


def did_you_mean(near: tuple[str, ...]) -> str:
    """Return the sentence that offers names which look like the typed one, or nothing."""
    return f" Did you mean {listed((bold(name) for name in near), 'or')}?" if near else ""


def staff_words(detail: str | None) -> str:
    """Return TradingView's own words, for staff; nothing for data without a sentence in it."""
    if not detail or detail.lstrip().startswith(("{", "[")):
        return ""
    return f" TradingView's own words: {typed(detail)}."
