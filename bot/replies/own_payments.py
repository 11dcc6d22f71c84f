"""What a buyer reads about their own payments."""

from collections.abc import Sequence

from bot.replies.message import Message
from bot.replies.text import bold, listed


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
