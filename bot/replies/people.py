"""TradingView names: whether they exist, whose they are, and who says so."""

import discord

from bot.access.people.customers import Unlinked
from bot.access.queries.history import Question
from bot.replies.message import Button, Message, key
from bot.replies.text import bold, count, escape, listed, member, title, until_day
from bot.replies.tone import Tone
from bot.store.kinds import ClaimState
from bot.store.records import Claim, Customer
from bot.tradingview.models import Hint

# The buttons under a request in the log channel; they outlive a restart.
CLAIM_YES = "claim_yes"
CLAIM_NO = "claim_no"
CLAIM_MOVE = "claim_move"

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


def claim(question: Question) -> Message:
    """Return the question to staff whether a name is the member's, with its buttons."""
    asked = question.claim
    whose = "It is nobody's here yet"
    if question.holder_id is not None:
        whose = f"It is {member(question.holder_id)}'s now"
    uses = listed(f"{title(script)} ({until_day(end)})" for script, end in question.may_use[:10])
    more = len(question.may_use) - 10
    uses += f" and {count(more, 'script')} more" if more > 0 else ""
    may = f"may use {uses}" if uses else "may use nothing that I know of"
    return Message(
        f"{member(asked.member_id)} says that {bold(asked.username)} ({profile(asked.username)}) is "
        f"theirs; staff must look. {whose}, and {may}.",
        buttons=(
            Button(
                "Yes, it is theirs",
                key(CLAIM_YES, asked.guild_id, asked.id),
                discord.ButtonStyle.success,
            ),
            Button("No", key(CLAIM_NO, asked.guild_id, asked.id)),
        ),
    )


def closed(claim: Claim) -> Message:
    """Return what takes the place of a question that needs no answer any more."""
    if claim.decided_by is None:
        return Message(
            f"✖️ {member(claim.member_id)} took back the request for {bold(claim.username)}; there is "
            "nothing to decide."
        )
    return decided(claim, claim.decided_by, accepted=claim.state is ClaimState.ACCEPTED)


def move_it(claim: Claim, holder_id: int) -> Message:
    """Return the question whether a name is taken from the member who holds it."""
    return Message(
        f"{member(claim.member_id)} says that {bold(claim.username)} is theirs, but it belongs to "
        f"{member(holder_id)}. **Move it, with everything it may use?**",
        buttons=(
            Button(
                "Yes, move it",
                key(CLAIM_MOVE, claim.guild_id, claim.id),
                discord.ButtonStyle.danger,
            ),
            Button("No", key(CLAIM_NO, claim.guild_id, claim.id)),
        ),
        tone=Tone.LOOK,
    )


def decided(claim: Claim, by: int, *, accepted: bool) -> Message:
    """Return what replaces the request, for staff."""
    sign, how = ("✅", "accepted") if accepted else ("✖️", "refused")
    told = f"{member(claim.member_id)} hears of it by direct message."
    return Message(
        f"{sign} {member(by)} {how} that {bold(claim.username)} belongs to "
        f"{member(claim.member_id)}. {told if accepted else f'Nothing was changed; {told}'}"
    )


def to_claimer(claim: Claim, server: str | None, *, accepted: bool) -> Message:
    """Return the direct message to the member who claimed the name."""
    where = f" in {escape(server)}" if server else ""
    if accepted:
        return Message(
            f"✅ **{escape(claim.username)} is your TradingView name{where} now.** "
            "Use `/me` there to see what you may use."
        )
    return Message(
        f"**Your request{where} for the name {escape(claim.username)} was refused.** "
        "If it is yours, please write to the staff there.",
        tone=Tone.STOP,
    )


def _asleep(hint: Hint) -> str:
    return "\n⚠️ TradingView marks this user as not active." if hint.inactive else ""
