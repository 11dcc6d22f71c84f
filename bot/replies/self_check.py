"""What a member reads who pressed *I don't see it*: proof, what waits, or that staff were called."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.access.ledger.receipts import WaitingFor
from bot.access.queries.self_check import Finding, Looked, Trouble, Verdict
from bot.access.queries.standing import Checked
from bot.access.rules.entitlements import paid_until
from bot.replies.by_source import as_long_as
from bot.replies.message import Button, Message, key
from bot.replies.orders import why_stuck
from bot.replies.own import (
    FREE_PLAN,
    RELOAD,
    buy_button,
    link_button,
    redeem_button,
    still_unseen_button,
    wrong_name_button,
)
from bot.replies.people import profile, prove_button
from bot.replies.text import (
    NO_END,
    bold,
    count,
    did_you_mean,
    escape,
    listed,
    moment,
    title,
    until_paid,
)
from bot.replies.tone import Tone
from bot.store.records import Event

CHECK = "own_check"  # the button of staff in the log channel
_MAX_LINES = 10
_KEPT = "What you have is kept and nothing is lost; it goes on by itself, and you get a message when it is there."


def finding(found: Finding, guild_id: int) -> Message:
    """Return the answer to one press; what is mended by an order is answered as that order stands."""
    if found.trouble is not None:
        return _trouble(found, found.trouble, guild_id)
    name = escape(found.view.username or "")
    blocks: list[str] = []
    if shown := found.of(Verdict.SHOWN):
        blocks.append(f"✅ **TradingView shows {name}:**\n{_lines(shown, _proof)}")
    if waiting := found.of(Verdict.WAITING):
        why = _WHY.get(found.holdup) or "TradingView does not show it yet."
        blocks.append(f"⏳ **On its way:** {_titles(waiting)}. {why} {_KEPT}")
    if unread := found.of(Verdict.UNREAD):
        blocks.append(
            f"⏳ **TradingView did not answer** about {_titles(unread)}. Nothing was changed; press again in "
            "some minutes."
        )
    if stuck := found.of(Verdict.STUCK):
        blocks.append(f"⚠️ **There is a problem** with {_titles(stuck)}. {_staff(found)}")
    buttons: tuple[Button, ...] = ()
    if shown:
        blocks.append(_checklist(found.view.username or ""))
        buttons = (still_unseen_button(guild_id), wrong_name_button(guild_id))
    tone = Tone.DONE if len(shown) == len(found.looked) else Tone.LOOK
    return Message("\n".join(blocks), buttons=buttons, tone=tone)


def called(found: Finding, guild_id: int) -> Message:
    """Return that staff were called although TradingView shows it."""
    if found.trouble is not None:
        return _trouble(found, found.trouble, guild_id)
    checklist = _checklist(found.view.username or "")
    first = f"✅ **I called the staff of this server.** {_THEY_KNOW}"
    if not found.called:
        first = f"**TradingView shows it, and you do not see it.** {_WRITE}"
    return Message(f"{first}\n{checklist}")


def _staff(found: Finding) -> str:
    return f"The staff of this server were called. {_THEY_KNOW}" if found.called else _WRITE


_THEY_KNOW = "They know which access it is about, and write to you; you need do nothing."
_WRITE = "Please write to the staff of this server: they find out more."
_WHY: Mapping[WaitingFor | None, str] = {
    WaitingFor.SLOW_DOWN: "TradingView asked for a short break.",
    WaitingFor.TRADINGVIEW: "TradingView does not answer properly just now.",
}


def _trouble(found: Finding, trouble: Trouble, guild_id: int) -> Message:
    name = escape(found.view.username or "")
    match trouble:
        case Trouble.NO_NAME:
            waits = listed(map(title, found.view.waits))
            waits = f" {waits} {_begin(len(found.view.waits))} then." if waits else ""
            text = (
                "**I do not know your TradingView name yet.** Press the button and type it: it stands at the "
                f"top of TradingView's menu, when you are logged in there.{waits}"
            )
            return Message(text, buttons=(link_button(guild_id),), tone=Tone.LOOK)
        case Trouble.CLAIMED:
            text = (
                f"⏳ **Whether {name} is yours is still looked at by a member of staff.** You hear from me by "
                "direct message. To show at once that it is yours, press the button."
            )
            return Message(text, buttons=(prove_button(guild_id), wrong_name_button(guild_id)))
        case Trouble.NOTHING:
            return _nothing(found, name, guild_id)
        case Trouble.DOWN:
            text = (
                f"⏳ **The shop's connection to TradingView is down just now**, so I cannot look. {_KEPT} "
                "The staff know."
            )
            return Message(text)
        case Trouble.UNKNOWN_NAME:
            text = (
                f"⚠️ **TradingView knows nobody called {name}.**{did_you_mean(found.near)} If you have a new name "
                "there, or it is misspelt here, press the button and type it; what you have goes along."
            )
        case _:  # Trouble.OTHER_PERSON
            text = (
                f"⚠️ **{name} is another person's name on TradingView now.** If you have a new name there, press "
                "the button and type it; what you have goes along."
            )
    return Message(text, buttons=(wrong_name_button(guild_id),))


def _nothing(found: Finding, name: str, guild_id: int) -> Message:
    ended = [each for each in found.view.scripts if each.ended_at]
    if ended:
        first = f"**Nothing is running for {name}.** {listed(title(each.script) for each in ended[:3])} ended; `/me` shows when."
    else:
        first = f"**There is nothing for {name} here yet.**"
    text = (
        f"{first} Did you buy it with another TradingView name? Press *Wrong name*. Do you have a code? Press "
        "*Redeem a code*. If you paid and nothing came, ask the staff of this server."
    )
    buttons = (redeem_button(guild_id), wrong_name_button(guild_id), buy_button(guild_id))
    return Message(text, buttons=buttons, tone=Tone.LOOK)


def _begin(number: int) -> str:
    return "begins" if number == 1 else "begin"


def _titles(looked: Sequence[Looked]) -> str:
    return listed(title(each.checked.script) for each in looked[:_MAX_LINES])


def _lines(looked: Sequence[Looked], line: Any) -> str:
    more = len(looked) - _MAX_LINES
    lines = [f"- {line(each)}" for each in looked[:_MAX_LINES]]
    return "\n".join([*lines, *([f"- and {more} more"] if more > 0 else [])])


def _proof(looked: Looked) -> str:
    since = f"since {moment(looked.since)}, " if looked.since else ""
    return f"{title(looked.checked.script)}: {since}{_until(looked.checked)}"


def _until(checked: Checked) -> str:
    """Return the end that is theirs; TradingView's own where it made another one of it."""
    permission = checked.permission
    if permission is not None and permission.differs and checked.shown is not None:
        return until_paid(checked.shown.end, None)
    return as_long_as(checked) or until_paid(checked.wanted.end, paid_until(checked.reasons))


def _checklist(username: str) -> str:
    return (
        f"To see it on your chart:\n1. On TradingView you must be logged in as {bold(username)} "
        f"({profile(username)}).\n"
        "2. Open a chart, then **Indicators → Invite-only scripts**.\n"
        f"3. {RELOAD}\n4. {FREE_PLAN}"
    )


# To staff


def call(entry: Event, sentence: str) -> Message:
    """Return the call to staff, for the log channel, with the facts and the way to more."""
    button = Button(
        "Look at it",
        key(CHECK, entry.guild_id, entry.member_id or 0),
        discord.ButtonStyle.primary,
    )
    return Message(sentence, buttons=(button,), tone=Tone.LOOK)


def described(facts: Any) -> str:
    """Return what a member does not see and how it stands, in one line for the history."""
    others = int(facts.after.get("others") or 0)
    also = f" (and {count(others, 'more script')})" if others else ""
    should_be = f"there with {NO_END}" if facts.is_open else facts.then()
    text = f"⚠️ {facts.whom} does not see {facts.what}{also}: it should be {should_be}"
    if facts.after.get("verdict") == Verdict.STUCK:
        return f"{text}, and is stuck. {why_stuck(facts.reason())}"
    return f"{text}, and TradingView shows it. They were told where to look, and pressed again"
