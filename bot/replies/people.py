"""TradingView names: whether they exist, whose they are, and who says so."""

import discord

from bot.access.people.customers import OwnName, Unlinked
from bot.access.people.proofs import Task
from bot.replies.message import Button, Message, key
from bot.replies.text import escape, member
from bot.replies.tone import Tone
from bot.store.records import Customer
from bot.tradingview.models import Hint

PROVE, PROVEN = "prove", "proven"  # the buttons of a proof; they outlive a restart

# The same for a name that is free, that is a customer's or that is another member's: no more than this
# is told to whoever types a name.
_OTHERWISE = (
    "Otherwise a member of staff looks at this first: you need not do anything, and hear from me by direct "
    "message. To show at once that the name is yours, press the button."
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


def is_new_name(own: OwnName, buttons: tuple[Button, ...]) -> Message:
    """Return the question that is asked before a member is followed to the new name of their account."""
    return Message(
        f"**Is {escape(own.hint.username)} your new TradingView name?** TradingView shows the same account under "
        f"it as under {escape(own.before or '')}: {profile(own.hint.username)}\n"
        "Everything that you have goes on under the new name.",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def which_account(own: OwnName, buttons: tuple[Button, ...]) -> Message:
    """Return the question whether the name is a new one of the same account, or another account's."""
    name, before = escape(own.hint.username), escape(own.before or "")
    return Message(
        f"**Your TradingView name here is {before}. What is {name}?** {profile(own.hint.username)}\n"
        f"- **New name of the same account**: you renamed {before} on TradingView.\n"
        f"- **Another account**: what you have here moves from {before} to {name}. It stands there first, "
        "and goes from the old one then; its ends stay as they are. That works once a week."
        f"{_asleep(own.hint)}",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def noted(username: str, guild_id: int) -> Message:
    """Return that the name is the member's as far as nobody else has it; not whether that is so."""
    return Message(
        f"✅ **{escape(username)} is your TradingView name now**, if nobody else has it here and it had no "
        f"access before you. `/me` shows what you may use.\n{_OTHERWISE}",
        buttons=(prove_button(guild_id),),
    )


def moved(username: str, guild_id: int) -> Message:
    """Return that the access moves as far as nobody else has the name; not whether that is so."""
    return Message(
        f"✅ **{escape(username)} is your TradingView name now**, if nobody else has it here and it had no "
        "access before you: what you have moves there, and you get a message when it is there.\n"
        f"{_OTHERWISE}",
        buttons=(prove_button(guild_id),),
    )


def renamed(username: str) -> Message:
    """Return that everything goes on under the new name."""
    return Message(
        f"✅ **{escape(username)} is your TradingView name now.** Everything that you have goes on under it."
    )


def prove_button(guild_id: int) -> Button:
    """Return the button that begins a proof."""
    return Button("Prove that it is mine", key(PROVE, guild_id))


def put_it_there(task: Task, guild_id: int) -> Message:
    """Return the code, and where it belongs."""
    return Message(
        f"**To show that {escape(task.username)} is yours, put this code on your public TradingView page:** "
        f"`{task.code}`\n1. Log in to TradingView and open {profile(task.username)}.\n"
        "2. Edit your profile: put the code into a text that everybody sees there, and save.\n"
        "3. Come back and press the button, within 30 minutes. You can take the code out again afterwards.",
        buttons=(Button("I put it there", key(PROVEN, guild_id), discord.ButtonStyle.primary),),
        tone=Tone.LOOK,
    )


def proven(username: str) -> Message:
    """Return that the name is the member's for certain."""
    return Message(
        f"✅ **{escape(username)} is yours: I found the code.** You can take it off your page again. `/me` "
        "shows what you may use."
    )


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
