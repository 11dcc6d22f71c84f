"""Members' requests for a TradingView name, outside of the log channel: under `/sync status`."""

from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.replies.message import Button, Message, key
from bot.replies.people import CLAIM_NO, CLAIM_YES, profile
from bot.replies.text import bold, count, member
from bot.store.records import Claim

CLAIMS = "claims"
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


def request(claims: Sequence[Claim], guild_id: int) -> Message:
    """Return the oldest request with its buttons."""
    if not claims:
        return Message("✅ **No member waits for a decision.**")
    claim = claims[0]
    more = f"\n-# {count(len(claims) - 1, 'more request')} after this one" if claims[1:] else ""
    return Message(
        f"{member(claim.member_id)} says that {bold(claim.username)} is theirs. "
        f"{profile(claim.username)}{more}",
        buttons=(
            Button(
                "Yes, it is theirs",
                key(CLAIM_YES, guild_id, claim.id, LISTED),
                discord.ButtonStyle.success,
            ),
            Button("No", key(CLAIM_NO, guild_id, claim.id, LISTED)),
        ),
    )


def with_next(decided: Message, left: int, guild_id: int) -> Message:
    """Return what was decided, and the way to the next request."""
    if not left:
        return decided
    return replace(decided, buttons=(_next_button(f"Next request ({left})", guild_id),))


def _next_button(label: str, guild_id: int) -> Button:
    return Button(label, key(CLAIMS, guild_id), discord.ButtonStyle.primary)
