"""Seats in words: how many people have access, and what TradingView's fee may come to."""

from collections.abc import Mapping

import discord

from bot.access.ledger.errors import OverTheLine
from bot.access.ledger.seats import Seats
from bot.access.rules.seat_fee import FEE_CENTS, FREE, Reason, cents
from bot.replies.message import Attached, Button, Message, key
from bot.replies.sweeps import bar
from bot.replies.text import count, embed, listed, title

GUARD = "seat_guard"
NO_GUARD = "seat_no_guard"
READINGS = "seat_readings"
NUMBERS = "seat_numbers"

_REASONS = {
    Reason.SOLD: "sold",
    Reason.LIFETIME: "lifetime",
    Reason.OPEN: "without an end",
    Reason.COMP: "gifts",
    Reason.TRIAL: "trials",
    Reason.TAKEN_OVER: "taken over",
    Reason.STRANGER: "not taken over yet",
    Reason.UNKNOWN: "without a reason here",
}
_UNKNOWN = (
    "-# Nobody outside TradingView knows from when this is billed, in which time zone the month "
    "ends, whether somebody with several scripts counts once, or whether people count whose time "
    "is over but who are still listed. So I count high: everybody who has access at any moment "
    "from 10:00 UTC on the last day to 12:00 UTC on the 1st. Gifts, trials and your own test "
    "accounts count too. Scripts that were not added here are not counted."
)


def overview(seats: Seats, guild_id: int, picture: bytes | None) -> Message:
    """Return how the server stands, with the likely fee, and the picture when there is one."""
    day = f"<t:{int(seats.end.start.timestamp())}:D>"
    lines = [
        f"**{_people(seats.today)} today, {seats.then:,} at the month's end** ({day}).",
        f"`{bar(seats.then, FREE)}` {seats.then:,} of {FREE} without a fee",
        f"Likely fee for this month: **{money(seats.fee.once)}**. {distance(seats)}",
        f"Today: {_by_reason(seats.reasons_today)}",
    ]
    if seats.reasons_then != seats.reasons_today:
        lines.append(f"At the month's end: {_by_reason(seats.reasons_then)}")
    if seats.unread:
        names = listed(title(script) for script in seats.unread[:5])
        more = f" and {len(seats.unread) - 5} more" if len(seats.unread) > 5 else ""
        lines.append(
            f"⚠️ The whole list of {names}{more} was not read in the last two days: people may be "
            "missing here. `/sync sweep` reads it."
        )
    lines.append(_guard(on=seats.guard))
    switch = (
        Button("Stop asking", key(NO_GUARD, guild_id))
        if seats.guard
        else Button(
            f"Ask before number {FREE + 1}", key(GUARD, guild_id), discord.ButtonStyle.primary
        )
    )
    return Message(
        "\n".join(lines),
        buttons=(switch, Button("Other ways to read the fee", key(READINGS, guild_id))),
        files=() if picture is None else (Attached("seats.png", picture),),
    )


def readings(seats: Seats, guild_id: int) -> Message:
    """Return the fee in each way that TradingView's rules can be read, with the way back."""
    fee = "\n".join(
        (
            f"US${FEE_CENTS / 100:.2f} a month for each person, once there are more than {FREE}.",
            "At this month's end that would be:",
            f"- by its own rules (everybody, counted once, the first {FREE} too): **{money(seats.fee.once)}**",
            f"- if only those above {FREE} were billed: {money(seats.fee.above)}",
            f"- if everybody counted once for each script: {money(seats.fee.each_script)}",
            f"- if people whose time is over counted while listed: {money(seats.fee.with_over)}",
            _UNKNOWN,
        )
    )
    return Message(
        embeds=(embed("TradingView's Technology Fee", fee),),
        buttons=(Button("◀ Back", key(NUMBERS, guild_id)),),
    )


def yes(question: OverTheLine) -> str:
    """Return the label of the button that says yes to the fee."""
    return (
        "Yes, add this person" if question.more == 1 else f"Yes, add these {question.more:,} people"
    )


def warned(facts: Mapping[str, object]) -> str:
    """Return the line in the log channel for a number that was reached."""
    today, then = _number(facts.get("today")), _number(facts.get("then"))
    text = (
        f"⚠️ **{_people(today)} today, {then:,} at the month's end.** TradingView's fee begins "
        f"with number {FREE + 1}"
    )
    if (most := max(today, then)) > FREE:
        text += f"; by its own rules it would be {money(cents(most))}"
    return f"{text}. `/seats` says more"


def money(amount: int) -> str:
    """Return US cents as dollars."""
    return f"US${amount / 100:,.2f}" if amount % 100 else f"US${amount // 100:,}"


def _guard(*, on: bool) -> str:
    if on:
        return f"I ask a manager before somebody new becomes number {FREE + 1} at a month's end."
    return f"I do not ask before somebody becomes number {FREE + 1}."


def _people(number: int) -> str:
    return f"{count(number, 'person has', 'people have')} access"


def distance(seats: Seats) -> str:
    """Return how far the fee is, today or at the month's end."""
    number = max(seats.today, seats.then)
    if number > FREE:
        return f"⚠️ That is {number - FREE:,} more than the {FREE} that cost nothing."
    return f"{FREE - number} more fit before it begins."


def _by_reason(numbers: Mapping[Reason, int]) -> str:
    return (
        listed(f"{number:,} {_REASONS[reason]}" for reason, number in numbers.items()) or "nobody"
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
