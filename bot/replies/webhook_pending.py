"""What was paid by nobody who is known, and payment messages that need staff."""

import discord

from bot.access.orders.pending import PendingOrder, PendingView
from bot.access.request import Subject
from bot.access.rules.contracts import Why
from bot.access.sources import payments
from bot.replies.message import Button, Message, key, shorten
from bot.replies.overview import pages
from bot.replies.text import (
    bold,
    count,
    embed,
    end_day,
    escape,
    listed,
    member,
    order_number,
    relative,
    typed,
)
from bot.replies.tone import Tone
from bot.store.kinds import DeliveryState
from bot.store.records import Delivery

PAGE = "shop_pending"
ASSIGN, PICK, FORM = "shop_assign", "shop_assign_to", "shop_assign_form"
AGAIN = "shop_again"
USERNAME = "username"
PER_PAGE = 5
_MAX_NAME = 80
TITLE = "The TradingView name"

_WHYS = {
    Why.TRIAL: "a trial",
    Why.CANCELLED: "cancelled, paid until its end",
    Why.PAST_DUE: "the last payment failed",
}


def form_items() -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the one field of the form: the member may tell the name later too."""
    field = discord.ui.TextInput[discord.ui.View](
        custom_id=USERNAME, required=False, max_length=200, placeholder="May stay empty"
    )
    hint = "Left empty, it waits until the member links a name"
    return [discord.ui.Label(text="TradingView name", description=hint, component=field)]


def view(view: PendingView, guild_id: int, page: int) -> Message:
    """Return what waits for staff, with a button for each order and one for all messages."""
    if not view.number and not view.messages:
        return Message("✅ **Nothing waits.** Everything that was paid is somebody's.")
    boxes, buttons = [], []
    if view.orders:
        lines = [_order(each) for each in view.orders]
        boxes.append(embed("Paid, and nobody knows by whom", "\n".join(lines)))
        only = len(view.orders) == 1
        buttons += [
            Button(
                "Assign" if only else f"Assign {order_number(each.contract.name)}",
                key(ASSIGN, guild_id, each.contract.id),
                discord.ButtonStyle.primary,
            )
            for each in view.orders
        ]
    buttons += pages(PAGE, guild_id, "all", page, more=view.number > (page + 1) * PER_PAGE)
    if view.messages:
        lines = [_message(each, provider) for each, provider in view.messages]
        if (more := view.stuck + view.unmapped - len(view.messages)) > 0:
            lines.append(f"… and {more:,} more")
        boxes.append(embed("Payment messages that wait for you", "\n".join(lines)))
        buttons.append(Button("Try again", key(AGAIN, guild_id)))
    first = f"⚠️ {_first(view)}"
    return Message(first, tuple(boxes), tuple(buttons), tone=Tone.LOOK)


def _first(view: PendingView) -> str:
    parts = []
    if view.number:
        parts.append(f"{count(view.number, 'paid order')} of nobody who is known")
    if view.stuck:
        parts.append(f"{count(view.stuck, 'message')} stuck")
    if view.unmapped:
        parts.append(f"{count(view.unmapped, 'message')} waiting for a price")
    return f"{listed(parts)}."


def _order(order: PendingOrder) -> str:
    contract = order.contract
    parts = [
        f"{bold(shorten(order_number(contract.name), _MAX_NAME))} ({payments.label(order.provider)})"
    ]
    if order.what:
        parts.append(listed(escape(shorten(each, _MAX_NAME)) for each in order.what))
    parts.append(f"since {relative(contract.made_at)}")
    if contract.paid_end is not None:
        parts.append(f"paid until {end_day(contract.paid_end)}")
    if (why := _WHYS.get(Why(contract.why))) is not None:
        parts.append(why)
    if order.username:
        parts.append(f"typed the name {typed(order.username)}")
    if order.email:
        parts.append(typed(order.email))
    return f"- {', '.join(parts)}"


def _message(delivery: Delivery, provider: str) -> str:
    label = payments.label(provider)
    what = (
        f"- **{delivery.id}**: {typed(delivery.kind)} of {label}, {relative(delivery.received_at)}"
    )
    if delivery.state is DeliveryState.UNMAPPED:
        return f"{what}: waits until you say which product a price is (`/webhook list`)"
    return f"{what}: stuck{': ' + typed(delivery.reason) if delivery.reason else ''}"


def whose(order: PendingOrder, guild_id: int) -> Message:
    """Return a list of members, of whom one is chosen for an order."""
    contract = order.contract
    pick: discord.ui.UserSelect[discord.ui.View] = discord.ui.UserSelect(
        custom_id=key(PICK, guild_id, contract.id), placeholder="The member who paid"
    )
    return Message(
        f"**Whose is the order {escape(shorten(order_number(contract.name), _MAX_NAME))}?**\n{_order(order)}\nBe sure: a name or an e-mail that "
        "somebody typed at the shop proves nothing.",
        items=(pick,),
        buttons=(Button("Back", key(PAGE, guild_id, "all", 0, "b")),),
        tone=Tone.LOOK,
    )


def assigned(order: PendingOrder, subject: Subject, *, has_name: bool) -> Message:
    """Return that an order is somebody's now: a member's, or a TradingView user's."""
    whose = (
        typed(subject.username or "") if subject.member_id is None else member(subject.member_id)
    )
    if not order.gives:
        goes_on = (
            "It gives nothing yet. Where nobody has said which product was sold, or for how long, `/webhook list` and "
            "the log channel say what to do, and then it goes on; else it is not paid, or over."
        )
    elif has_name:
        goes_on = "What it pays for is on its way to TradingView."
    else:
        goes_on = "It waits until they tell me their TradingView name with `/link`."
    return Message(
        f"✅ **The order {escape(shorten(order_number(order.contract.name), _MAX_NAME))} is of {whose} now.** {goes_on}"
    )


def tried_again(number: int) -> Message:
    """Return how many messages are tried again."""
    if not number:
        return Message("✅ **No message waits for another try.**")
    return Message(
        f"✅ **{count(number, 'message')} {'is' if number == 1 else 'are'} tried again now.** What helps is "
        "worked on within a minute; `/webhook pending` shows what does not."
    )


def choice(delivery: Delivery) -> str:
    """Return a message for the list that opens while somebody types."""
    state = "waits for a price" if delivery.state is DeliveryState.UNMAPPED else "stuck"
    return f"{delivery.id} – {delivery.kind}, {state}"
