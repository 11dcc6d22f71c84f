"""Words messages about a server, as they are kept until Discord takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.access.catalogue.lookup import Item
from bot.access.request import PAYMENT, PREMIUM
from bot.errors import UserError
from bot.replies.claims import to_claimer as claim_decided
from bot.replies.codes import trial_refused
from bot.replies.customers import forgotten_by_now
from bot.replies.links import to_unlinked as name_wanted
from bot.replies.own_payments import payment_failed
from bot.store.records import Claim, RoleRule


def of_trial(client: discord.Client, guild_id: int, refusal: UserError) -> Mapping[str, Any]:
    """Return what the member reads whose trial waited and does not begin."""
    return trial_refused(refusal, _name(client, guild_id)).to_json()


def to_claimer(client: discord.Client, claim: Claim, accepted: bool) -> Mapping[str, Any]:
    """Return what the member reads whose claim was decided."""
    return claim_decided(claim, _name(client, claim.guild_id), accepted=accepted).to_json()


def to_unlinked(
    client: discord.Client, guild_id: int, rules: Sequence[RoleRule], items: Sequence[Item]
) -> Mapping[str, Any]:
    """Return what a member reads who gained these and is to link a name."""
    titles, rule = [item.title for item in items], rules[0]
    name = _name(client, guild_id)
    return name_wanted(titles, rule.source, rule.role_name, name, guild_id).to_json()


def to_premium_buyer(client: discord.Client, guild_id: int, item: Item) -> Mapping[str, Any]:
    """Return what a member reads who bought this from Discord and is to link a name."""
    return name_wanted([item.title], PREMIUM, "", _name(client, guild_id), guild_id).to_json()


def to_buyer(client: discord.Client, guild_id: int, titles: Sequence[str]) -> Mapping[str, Any]:
    """Return what a member reads whose payment came, and whose TradingView name is not known yet."""
    return name_wanted(titles, PAYMENT, "", _name(client, guild_id), guild_id).to_json()


def to_late_payer(
    client: discord.Client, guild_id: int, titles: Sequence[str], needs_buyer: bool
) -> Mapping[str, Any]:
    """Return what a member reads whose payment failed; `needs_buyer`: their bank wants a confirmation."""
    return payment_failed(titles, _name(client, guild_id), needs_buyer=needs_buyer).to_json()


def to_eraser(number: int) -> Mapping[str, Any]:
    """Return what whoever asked reads once a person is erased."""
    return forgotten_by_now(number).to_json()


def _name(client: discord.Client, guild_id: int) -> str | None:
    server = client.get_guild(guild_id)
    return server.name if server else None
