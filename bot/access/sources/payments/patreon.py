"""Patreon: a member and their last charge; a paid charge pays for a month from its date."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.access.rules.duration import Length
from bot.access.rules.payments import (
    Dispute,
    DisputeState,
    Fact,
    Failure,
    Heading,
    Line,
    Payment,
    Reading,
    Refund,
    Refused,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared import fields, signatures
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.values import at_path, member_of, snowflake, text

_EVENT = re.compile(r"[a-z]{1,30}(?::[a-z_]{1,30}){1,3}", re.ASCII)
_LEFT = ("members:delete", "members:pledge:delete")
_MOST_MONTHS = 12  # of one charge


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], _: datetime, _options: Options
) -> None:
    """Raise Refused unless Patreon signed these bytes; MD5 is its own choice, and keyed."""
    fields.insist_on_hex(headers, "X-Patreon-Signature", secrets, body, "md5")


def head(headers: Headers, body: bytes, _: Options) -> Heading | None:
    """Return the event that the header names, and an id made of all that is known."""
    event = signatures.header(headers, "X-Patreon-Event").strip()
    if not _EVENT.fullmatch(event):
        raise Refused("the event is missing or not readable")
    member = text(at_path(json_of(body), "data.id"))
    return Heading(fields.event_id(event, member, body=body), event)


def read(stored: Stored, _: Options) -> Reading:
    """Return the facts of a message; it has no time of its own, so that of its arrival counts."""
    if not stored.kind.startswith("members:"):
        return Reading()
    message = json_of(stored.body)
    member = fields.needed(at_path(message, "data.id"), "member")
    told = at_path(message, "data.attributes")
    if not isinstance(told, dict):
        raise Refused("the message has no attributes")
    if told.get("patron_status") is None and told.get("last_charge_status") is None:
        return Reading()  # who follows for free
    paid_end, charge = _charge(member, told, _lines(message), stored)
    user = text(at_path(message, "data.relationships.user.data.id"))
    who = fields.buyer(
        fields.Answers(discord_id=_discord_id(message, user)),
        contract=member,
        customer=f"user:{user}" if user else None,
        address=told.get("email"),
    )
    snapshot = _snapshot(member, told, paid_end, user, stored)
    return Reading((*charge, snapshot, *who))


def _charge(
    member: str, told: dict[str, Any], lines: tuple[Line, ...], stored: Stored
) -> tuple[datetime | None, list[Fact]]:
    """Return the end of what the last charge paid for, and what is to say of that charge."""
    status = text(told.get("last_charge_status"))
    at = fields.moment_if_any(told.get("last_charge_date"), "last_charge_date")
    if at is None or status is None:
        return None, []
    # Its date is all that tells one charge of a member from another.
    key = f"{member}:{at.isoformat(timespec='seconds')}"
    match status:
        case "Paid":
            ends_at = _paid_end(told, at)
            amount = fields.amount_if_any(told.get("currently_entitled_amount_cents"))
            if stored.kind in _LEFT and not lines:
                return ends_at, []  # what it was for is told no more: the messages before said it
            return ends_at, [
                Payment(key, member, at, lines, starts_at=at, ends_at=ends_at, amount=amount)
            ]
        case "Declined":
            return None, [Failure(key, member, at)]
        case "Refunded":
            refund = Refund(f"refund:{key}", key, stored.received_at, is_full=True, contract=member)
            return None, [refund]
        case "Fraud":
            dispute = Dispute(
                f"fraud:{key}", key, stored.received_at, DisputeState.LOST, contract=member
            )
            return None, [dispute]
        case _:
            return None, []


def _paid_end(told: dict[str, Any], at: datetime) -> datetime:
    following = fields.moment_if_any(told.get("next_charge_date"), "next_charge_date")
    if following is not None and following > at:
        return following
    months = told.get("pledge_cadence")
    if not isinstance(months, int) or not 1 <= months <= _MOST_MONTHS:
        months = 1
    try:
        return Length(months=int(months)).add_to(at)
    except (ValueError, OverflowError) as error:
        raise Refused("the date of the charge is out of range") from error


def _snapshot(
    member: str,
    told: dict[str, Any],
    paid_end: datetime | None,
    user: str | None,
    stored: Stored,
) -> Snapshot:
    standing = text(told.get("patron_status"))
    has_left = stored.kind in _LEFT or standing not in ("active_patron", "declined_patron")
    if has_left:
        # Who leaves keeps the month that is paid: only after it is it over.
        is_over = paid_end is None or paid_end <= stored.received_at
        status = Status.ENDED if is_over else Status.ACTIVE
    else:
        status = Status.ACTIVE if standing == "active_patron" else Status.PAST_DUE
    return Snapshot(
        member,
        stored.received_at,
        status,
        renews=status is Status.ACTIVE and not has_left,
        rank=2 if has_left else 0 if stored.kind.endswith(":create") else 1,
        ends_at=paid_end,
        customer=f"user:{user}" if user else None,
    )


def _lines(message: dict[str, Any]) -> tuple[Line, ...]:
    """Return the tiers, under either name of that relationship; a free one was not bought."""
    known = {
        text(entry.get("id")): entry.get("attributes")
        for entry in fields.objects(message.get("included"))
        if entry.get("type") in ("tier", "reward")
    }
    found: dict[str, Line] = {}
    for name in ("currently_entitled_tiers", "currently_entitled_rewards"):
        for tier in fields.objects(at_path(message, f"data.relationships.{name}.data")):
            key = text(tier.get("id"))
            attributes = known.get(key)
            if key and member_of(attributes, "amount_cents") != 0:
                found[key] = Line((key,), text(member_of(attributes, "title")))
    return tuple(found.values())


def _discord_id(message: dict[str, Any], user: str | None) -> int | None:
    """Return the Discord id that the member tied to their Patreon account."""
    for entry in fields.objects(message.get("included")):
        if entry.get("type") == "user" and user is not None and text(entry.get("id")) == user:
            return snowflake(at_path(entry, "attributes.social_connections.discord.user_id"))
    return None


PROVIDER = Provider(
    name="patreon",
    label="Patreon",
    verify=verify,
    head=head,
    read=read,
    where=(
        "In Patreon's developer portal open My webhooks, paste the address, press the plus, and choose"
        " all the events of members and of their pledges."
    ),
    secret="In Patreon's developer portal open My webhooks, and copy the secret beside the address.",
    name_field=(
        "Patreon hands no answers over: members who tied Discord to their Patreon account are known by it,"
        " and link their TradingView name in Discord."
    ),
)
