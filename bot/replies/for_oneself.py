"""What members read who got something by themselves, with a code or as a trial."""

from bot.access.ledger.receipts import Receipt
from bot.access.orders.codes import Got
from bot.access.request import AGAIN, TRIAL
from bot.access.rules.duration import Length, parse_length
from bot.replies.message import Message
from bot.replies.own import link_button, unseen_button, where_to_find
from bot.replies.plans import how_long
from bot.replies.text import bold, listed, spoken, title, until
from bot.replies.tone import Tone
from bot.store.kinds import OrderState, Reason
from bot.store.records import Product, Script


def receipt(receipt: Receipt) -> Message:
    """Return how it stands, in any state; no internals, and nothing that only staff can do."""
    is_open = receipt.state in (OrderState.DONE, OrderState.WAITING)
    if receipt.by_customer == AGAIN and is_open:
        return _again(receipt)
    match receipt.state:
        case OrderState.DONE:
            return _done(receipt)
        case OrderState.STUCK:
            return _stuck(receipt)
        case OrderState.SUPERSEDED:
            return Message(
                f"**A later change took the place of {_way(receipt)}.** `/me` shows what you can use."
            )
        case _:
            return Message(
                f"⏳ **Waiting:** {_amount(receipt)} of {title(_sold(receipt))} is noted for you.\n"
                "TradingView does not show it yet. It goes on by itself; there is nothing to do, and you "
                "hear from me when you can use it."
            )


def waits_for_name(got: Got, guild_id: int) -> Message:
    """Return that what somebody got waits: for their TradingView name, or for the first script."""
    sold = got.item.product or got.item.scripts[0]
    length = None if got.purchase.length is None else parse_length(got.purchase.length)
    first = f"⏳ **Waiting:** {_long(length)} of {title(sold)} is noted for you."
    if got.has_name:
        return Message(
            f"{first}\nThere is nothing in it yet; you hear from me when there is. The staff of this "
            "server can tell you more."
        )
    return Message(
        f"{first}\n**Now tell me your TradingView name:** press the button, or type `/link`. It begins then, "
        "and nothing of it is lost until you do.",
        buttons=(link_button(guild_id),),
    )


def _sold(receipt: Receipt) -> Script | Product:
    return receipt.product or receipt.script


def _way(receipt: Receipt) -> str:
    ways = {TRIAL: "your trial", AGAIN: "what you have"}
    return ways.get(receipt.by_customer or "", "your code")


def _amount(receipt: Receipt) -> str:
    given = receipt.entitlement
    return _long(None if given is None or given.length is None else parse_length(given.length))


def _long(length: Length | None) -> str:
    text = "lifetime" if length is None else spoken(length)
    return text[:1].upper() + text[1:]


def _done(receipt: Receipt) -> Message:
    what = title(_sold(receipt))
    ends = {each.end for each in receipt.every}
    if len(ends) > 1:
        lines = [f"🎉 You can use {what}:"]
        lines += [f"- {title(each.script)}: {how_long(each)}" for each in receipt.every]
    elif receipt.end is None:  # it ran out, or was ended, before anybody could say so
        return Message(f"❌ Your access to {what} has ended. `/me` shows what you can use.")
    else:
        lines = [f"🎉 You can use {what} {how_long(receipt)}."]
    endless = [each for each in receipt.every if each.open_ended]
    if len(endless) == len(receipt.every):
        lines.append("You had it without an end already, so that it changed nothing.")
    elif receipt.by_customer == TRIAL:
        lines.append("It is a trial, and ends by itself.")
    else:
        lines.append(f"{_amount(receipt)} more, by your code.")
    if endless and len(endless) < len(receipt.every):
        names = listed(title(each.script) for each in endless)
        lines.append(f"You had {names} without an end already: nothing changed there.")
    is_new = all(each.before.end is None for each in receipt.every)
    lines.append(where_to_find(receipt.permission.username, is_new=is_new))
    return Message("\n".join(lines), buttons=(unseen_button(receipt.order.guild_id),))


def _again(receipt: Receipt) -> Message:
    """Return how it stands with what TradingView did not show, and is sent once more."""
    what = listed(title(each.script) for each in receipt.every)
    what = title(receipt.product) if receipt.product else what
    if receipt.state is not OrderState.DONE:
        return Message(
            f"⏳ **Waiting:** TradingView does not show you {what} just now. I sent it once more, and it goes "
            "on by itself; you hear from me when it is there."
        )
    ends = {each.end for each in receipt.every}
    how_long = f" {until(receipt.end)}" if len(ends) == 1 and receipt.end is not None else ""
    return Message(
        f"✅ **It is back:** TradingView did not show you {what}; now it does{how_long}.\n"
        f"{where_to_find(receipt.permission.username)}",
        buttons=(unseen_button(receipt.order.guild_id),),
    )


def _stuck(receipt: Receipt) -> Message:
    name = bold(receipt.permission.username)
    if any(each.order.reason is Reason.NO_SUCH_USER for each in receipt.every):
        why = (
            f"TradingView knows nobody called {name}. Write to the staff of this server with your present "
            "TradingView name."
        )
    else:
        why = "The staff of this server know, and help; you need do nothing."
    text = f"⚠️ **There is a problem** with {title(_sold(receipt))} for {name}.\n{why}"
    kept = f"What {_way(receipt)} gives"
    kept = "What you have" if receipt.by_customer == AGAIN else kept
    return Message(f"{text} {kept} is noted, and not lost.", tone=Tone.LOOK)
