"""The proof of a server's setup: its form, how far it is, and what each of its three steps came to."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.access.ledger.receipts import Receipt
from bot.replies.message import Button, Message, key
from bot.replies.orders import why_stuck, why_waiting
from bot.replies.text import bold, title, until
from bot.store.kinds import OrderState
from bot.store.records import Script

OPEN = "setup_open_proof"
FORM = "setup_proof_form"
USERNAME = "username"
SCRIPT = "script"
FORM_TITLE = "Prove that it works"
_BY_ITSELF = "Whatever happens, it ends by itself after a day."


def button(guild_id: int) -> Button:
    """Return the button that opens the form."""
    return Button("Prove that it works", key(OPEN, guild_id), discord.ButtonStyle.primary)


def offered(message: Message, guild_id: int) -> Message:
    """Return the message with that button as what comes next."""
    text = f"{message.text}\n▫️ Next: prove that it works, with a day for a tester."
    return replace(message, text=text, buttons=(*message.buttons, button(guild_id)))


def form(scripts: Sequence[Script]) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the fields: whose name, and for which of several scripts, given oldest first."""
    fields: list[discord.ui.Item[discord.ui.View]] = [
        discord.ui.Label(
            text="TradingView name of a tester",
            description="Somebody who agrees and has no access: a second account of yours, or a friend",
            component=discord.ui.TextInput(custom_id=USERNAME, min_length=1, max_length=200),
        )
    ]
    if len(scripts) > 1:
        short = ", ".join(script.slug for script in scripts)
        fields.append(
            discord.ui.Label(
                text="Short name of the script",
                description=short if len(short) <= 100 else "as /script list shows it",
                component=discord.ui.TextInput(
                    custom_id=SCRIPT, default=scripts[0].slug, max_length=64
                ),
            )
        )
    return fields


def giving() -> Message:
    """Return what is shown until TradingView shows the access."""
    return Message(
        "⏳ **Giving the tester a day, and reading TradingView's list…** Then I take it away again."
    )


def taking(given: Receipt) -> Message:
    """Return what is shown until TradingView shows no access any more."""
    return Message("\n".join([*_given(given), "⏳ Taking it away again…"]))


def result(given: Receipt, taken: Receipt) -> Message:
    """Return what each step came to, and what to do where one failed."""
    is_given = given.own_state is OrderState.DONE
    is_taken = taken.own_state is OrderState.DONE
    lines = [*_given(given), _taken(taken)]
    if is_given and is_taken:
        head = "**It works: your server is set up.**"
        lines.append(
            "▫️ From now on `/access grant` gives access to your customers; `/setup show` says what is still open."
        )
    elif is_given:
        head = f"**Access can be given; taking it away is not done yet.** {_BY_ITSELF}"
    else:
        head = "**It could not be proven yet.**"
        lines.append("When that is mended, press the button under `/setup show` once more.")
    return Message("\n".join([head, *lines]))


def _given(given: Receipt) -> list[str]:
    who = f"{bold(given.permission.username)} on {title(given.script)}"
    match given.own_state:
        case OrderState.DONE:
            end = "" if given.end is None else f", {until(given.end)}"
            return [f"✅ Given: a day for {who}", f"✅ Read back: TradingView's list shows it{end}"]
        case OrderState.STUCK:
            return [f"❌ Given: {who} did not get it. {why_stuck(given.order.reason)}", _UNREAD]
        case OrderState.SUPERSEDED:
            return [f"⚠️ Given: another order for {who} came in between", _UNREAD]
        case OrderState.WAITING:
            why = why_waiting(given.waiting_for, given.quiet_until)
            return [f"⚠️ Given: not within a minute for {who}. {why}", _UNREAD]


_UNREAD = "▫️ Read back: there was nothing to read yet"


def _taken(taken: Receipt) -> str:
    match taken.own_state:
        case OrderState.DONE if taken.reasons:
            return "✅ Taken away: only what somebody else gave in between stays"
        case OrderState.DONE:
            return "✅ Taken away: TradingView's list does not show it any more"
        case OrderState.STUCK:
            return f"❌ Taken away: not yet. {why_stuck(taken.order.reason)}"
        case OrderState.SUPERSEDED:
            return "⚠️ Taken away: another order came in between; `/access check` shows what counts"
        case OrderState.WAITING:
            why = why_waiting(taken.waiting_for, taken.quiet_until)
            return f"⏳ Taken away: it is ordered and happens by itself. {why}"
