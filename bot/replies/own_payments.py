"""What a buyer reads about their own payments."""

from collections.abc import Sequence

from bot.access.orders.contract_claims import ClaimedPurchase
from bot.replies.message import Message
from bot.replies.own import link_button
from bot.replies.text import bold, listed


def claimed(purchase: ClaimedPurchase, guild_id: int) -> Message:
    """Return that a purchase is the member's, and how it goes on."""
    if not purchase.titles:
        return Message(
            "✅ **That purchase is noted as yours.** It gives nothing at the moment: it may not be paid yet, "
            "or be over. The staff of this server can tell you more."
        )
    what = listed(map(bold, purchase.titles))
    if purchase.has_name:
        return Message(f"✅ **That purchase is yours:** {what}. `/me` shows how it stands.")
    return Message(
        f"✅ **That purchase is yours:** {what}.\n**Now tell me your TradingView name:** press the button, or "
        "type `/link`. You have it within a minute then. The time you paid for runs since you paid.",
        buttons=(link_button(guild_id),),
    )


def payment_failed(titles: Sequence[str], server: str | None, *, needs_buyer: bool) -> Message:
    """Return that a payment did not go through, and that nothing is lost yet."""
    what = listed(map(bold, titles))
    todo = (
        "Your bank wants you to confirm it: the shop's e-mail has the link."
        if needs_buyer
        else "Please look at your card or account with the shop; it will try again."
    )
    return Message(
        f"💳 Your last payment for {what} in {bold(server or 'the server')} did not go through. {todo}\n"
        "You keep your access for some days meanwhile, and once it is paid everything goes on as before."
    )
