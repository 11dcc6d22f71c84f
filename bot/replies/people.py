"""TradingView names: whether they exist, whose they are, and who says so."""

from bot.access.people.customers import Unlinked
from bot.replies.message import Button, Message
from bot.replies.text import escape, member
from bot.replies.tone import Tone
from bot.store.records import Customer
from bot.tradingview.models import Hint

_STAFF_LOOK = (
    "**A member of staff looks at this first.** That is usual when I cannot check a name myself. "
    "You need not do anything; you hear from me here by direct message."
)


def profile(username: str) -> str:
    """Return the address of a profile, without the picture that Discord would fetch."""
    return f"<https://www.tradingview.com/u/{username}/>"


def exists(hint: Hint) -> Message:
    """Return that TradingView has a user of that name."""
    return Message(
        f"✅ **{escape(hint.username)} exists on TradingView.** {profile(hint.username)}{_asleep(hint)}"
    )


def is_it_you(hint: Hint, buttons: tuple[Button, ...]) -> Message:
    """Return the question that is asked before a member's own name is tied to them."""
    return Message(
        f"**Is this your TradingView name: {escape(hint.username)}?**\n{profile(hint.username)}\n"
        f"Open the page and look: it must be your own profile.{_asleep(hint)}",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def linked(username: str) -> Message:
    """Return that the name is tied to the member."""
    return Message(
        f"✅ **{escape(username)} is your TradingView name now.** `/me` shows what you may use."
    )


def staff_look() -> Message:
    """Return that the request waits; its reason would tell a stranger about another member."""
    return Message(f"⏳ {_STAFF_LOOK}")


def not_linked() -> Message:
    """Return that nothing was linked, as the member said no."""
    return Message("**Nothing was linked.** Run `/link` again with the right name.")


def untie_it(held: Unlinked, buttons: tuple[Button, ...]) -> Message:
    """Return the question that is asked before a member's own name is untied."""
    return Message(
        f"**Untie {escape(held.username or '')} from you?** What that name may use on TradingView stays as "
        "it is, but I no longer know that it is yours: `/me` shows nothing until you link a name again. "
        "The same name comes back at once.",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def still_linked(held: Unlinked) -> Message:
    """Return that the name stays tied to the member."""
    return Message(f"**{escape(held.username or '')} stays your TradingView name.**")


def unlinked(result: Unlinked) -> Message:
    """Return which name or request the member let go of."""
    if result.username is None:
        return Message(
            f"✅ **You took back your request for {escape(result.claimed or 'that name')}.**"
        )
    return Message(
        f"✅ **{escape(result.username)} is no longer tied to you.** What that name may use on TradingView "
        "stays as it is. `/link` ties a name again."
    )


def tied(customer: Customer, member_id: int) -> Message:
    """Return that staff tied a name to a member."""
    name = customer.username or ""
    return Message(f"✅ **{escape(name)} belongs to {member(member_id)} now.** {profile(name)}")


def _asleep(hint: Hint) -> str:
    return "\n⚠️ TradingView marks this user as not active." if hint.inactive else ""
