"""Members' requests for a TradingView name: the question to staff, in the log channel and under `/sync status`."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.access.people.claims import Question
from bot.replies.message import Button, Message, key
from bot.replies.people import profile
from bot.replies.text import bold, count, escape, listed, member, title, until_day
from bot.replies.tone import Tone
from bot.store.kinds import ClaimState
from bot.store.records import Claim

CLAIMS = "claims"
# The buttons under a request; they outlive a restart.
CLAIM_YES, CLAIM_NO, CLAIM_MOVE = "claim_yes", "claim_no", "claim_move"
LISTED = "list"  # the argument of a press that came from here


def with_requests(status: Message, claims: Sequence[Claim], guild_id: int) -> Message:
    """Return how the queue stands, and how many members wait for staff."""
    if not claims:
        return status
    text = status.text.replace("Nothing waits.", "No order waits.")
    waiting = count(len(claims), "member waits", "members wait")
    return replace(
        status,
        text=f"{text}\n⏳ **{waiting} for a decision about a TradingView name.**",
        buttons=(_next_button("Decide", guild_id), *status.buttons),
    )


def question(asked: Question, *listed_as: str) -> Message:
    """Return the question to staff whether a name is the member's, with its buttons."""
    claim = asked.claim
    whose = "It is nobody's here yet"
    if asked.holder_id is not None:
        whose = f"It is {member(asked.holder_id)}'s now"
    uses = listed(f"{title(script)} ({until_day(end)})" for script, end in asked.may_use[:10])
    more = len(asked.may_use) - 10
    uses += f" and {count(more, 'script')} more" if more > 0 else ""
    may = f"may use {uses}" if uses else "may use nothing that I know of"
    moves = ""
    if claim.instead_of is not None:
        before = bold(claim.instead_of)
        moves = f" With a yes, what they have as {before} moves there; without one it stays at {before}."
    return Message(
        f"{member(claim.member_id)} says that {bold(claim.username)} ({profile(claim.username)}) is "
        f"theirs; staff must look. {whose}, and {may}.{moves}",
        buttons=(
            Button(
                "Yes, it is theirs",
                key(CLAIM_YES, claim.guild_id, claim.id, *listed_as),
                discord.ButtonStyle.success,
            ),
            Button("No", key(CLAIM_NO, claim.guild_id, claim.id, *listed_as)),
        ),
    )


def listed_question(asked: Question, more: int) -> Message:
    """Return the same question under `/sync status`, with how many come after it."""
    message = question(asked, LISTED)
    if not more:
        return message
    return replace(message, text=f"{message.text}\n-# {count(more, 'more request')} after this one")


def none_waits() -> Message:
    """Return that there is nothing to decide."""
    return Message("✅ **No member waits for a decision.**")


def closed(claim: Claim) -> Message:
    """Return what takes the place of a question that needs no answer any more."""
    if claim.decided_by is None:
        return Message(
            f"✖️ {member(claim.member_id)} took back the request for {bold(claim.username)}; there is "
            "nothing to decide."
        )
    if claim.decided_by == claim.member_id and claim.state is ClaimState.ACCEPTED:
        return Message(
            f"✅ {member(claim.member_id)} showed that {bold(claim.username)} is theirs: the code that I gave "
            "them stood on its public TradingView page. There is nothing to decide."
        )
    return decided(claim, claim.decided_by, accepted=claim.state is ClaimState.ACCEPTED)


def asked_elsewhere(claim: Claim) -> Message:
    """Return what takes the place of a question that stands in another log channel now."""
    return Message(
        f"{member(claim.member_id)} says that {bold(claim.username)} is theirs. This is asked in the new log "
        "channel now; decide it there."
    )


def move_it(claim: Claim, holder_id: int, *listed_as: str) -> Message:
    """Return the question whether a name is taken from the member who holds it."""
    return Message(
        f"{member(claim.member_id)} says that {bold(claim.username)} is theirs, but it belongs to "
        f"{member(holder_id)}. **Move it, with everything it may use?**",
        buttons=(
            Button(
                "Yes, move it",
                key(CLAIM_MOVE, claim.guild_id, claim.id, *listed_as),
                discord.ButtonStyle.danger,
            ),
            Button("No", key(CLAIM_NO, claim.guild_id, claim.id, *listed_as)),
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


def with_next(decided: Message, left: int, guild_id: int) -> Message:
    """Return what was decided, and the way to the next request."""
    if not left:
        return decided
    return replace(decided, buttons=(_next_button(f"Next request ({left})", guild_id),))


def _next_button(label: str, guild_id: int) -> Button:
    return Button(label, key(CLAIMS, guild_id), discord.ButtonStyle.primary)
