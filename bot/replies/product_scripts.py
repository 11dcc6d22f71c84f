"""Scripts that come to a product or leave it: who gains and loses what, before and after."""

from collections.abc import Iterator, Sequence

from bot.access.ledger.errors import ChangesProduct, Effect
from bot.access.orders.product_scripts import Changed
from bot.access.rules.cells import Cell, table
from bot.replies.message import Attached, Button, Message, key
from bot.replies.text import count, escape, listed, member, title, until_day
from bot.store.records import Affected

PUT_BACK = "product_back"
_NAMED = 10  # of those who gain or lose a script; more are in a file
_COLUMNS = ("username", "discord_id", "script", "change", "until")


def question(change: ChangesProduct) -> str:
    """Return who would gain and who would lose what; nothing was changed yet."""
    lines = [f"**Change the scripts of {escape(change.product.title)}?** Nothing was changed yet."]
    lines += [_line(effect, "comes", "gets it", "get it") for effect in change.gains]
    lines += [_line(effect, "leaves", "loses it", "lose it") for effect in change.losses]
    if change.losses:
        lines.append(
            "Whoever has it by something else keeps it, and you can put everything back for 24 hours."
        )
    lines.append("I write to nobody about it: tell your customers yourself.")
    return "\n".join(lines)


def people(change: ChangesProduct) -> tuple[Attached, ...]:
    """Return a file of everybody whom it concerns, where they are too many to be named above."""
    if max((len(effect.people) for effect in (*change.gains, *change.losses)), default=0) <= _NAMED:
        return ()
    return (people_file(change),)


def people_file(change: ChangesProduct) -> Attached:
    """Return the file of everybody whom it concerns, however many they are."""
    rows = (*_rows(change.gains, "gains"), *_rows(change.losses, "loses"))
    return Attached(f"{change.product.slug}-people.csv", table(_COLUMNS, rows))


def changed(done: Changed, guild_id: int) -> Message:
    """Return what was changed; what was taken out can be put back."""
    change = done.change
    lines = [f"✅ **The scripts of {escape(change.product.title)} are changed.**"]
    lines += [_done(effect, "came", "gets it", "get it") for effect in change.gains]
    lines += [_done(effect, "left", "loses it", "lose it") for effect in change.losses]
    if change.gain or change.lose:
        lines.append("It goes to TradingView now; `/sync status` shows what still waits.")
    buttons = (Button("Put back", key(PUT_BACK, guild_id, done.event_id)),) if change.losses else ()
    return Message("\n".join(lines), buttons=buttons)


def _line(effect: Effect, comes: str, gets: str, get: str) -> str:
    text = _done(effect, comes, gets, get)
    if not effect.people:
        return text
    names = [_named(person) for person in effect.people[:_NAMED]]
    if len(effect.people) > _NAMED:
        names.append(f"{len(effect.people) - _NAMED:,} more (in the file)")
    return f"{text.removesuffix('.')}: {listed(names)}."


def _done(effect: Effect, comes: str, gets: str, get: str) -> str:
    if not effect.people:
        return f"- {title(effect.script)} {comes}: it makes no difference to anybody."
    number = len(effect.people)
    who = count(number, "person", "people")
    return f"- {title(effect.script)} {comes}: {who} {gets if number == 1 else get}."


def _named(person: Affected) -> str:
    name = escape(person.username) if person.username else None
    who = name or (member(person.member_id) if person.member_id else "somebody")
    end = f" ({until_day(person.ends_at)})" if person.ends_at and not person.is_endless else ""
    return f"{who}{end}"


def _rows(effects: Sequence[Effect], change: str) -> Iterator[tuple[Cell, ...]]:
    for effect in effects:
        for person in effect.people:
            end = "lifetime" if person.is_endless else person.ends_at
            yield person.username, person.member_id, effect.script.slug, change, end
