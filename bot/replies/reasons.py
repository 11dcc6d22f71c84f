"""Why somebody has access until then: each reason in a line, and what ended lately."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.access.queries.explained import EndedWhy, Why
from bot.access.queries.standing import Checked
from bot.access.request import FOUND
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import still_gives, want
from bot.replies.text import (
    AS_LONG,
    NO_END,
    day,
    end_day,
    member,
    relative,
    source,
    spoken,
    title,
    typed,
    until_day,
)
from bot.store.kinds import EntitlementKind, OrderKind
from bot.store.records import Entitlement

_MAX_ENDED = 2


def lines(checked: Checked, most: int, now: datetime) -> list[str]:
    """Return at most so many reasons, those that count longest first, and what ended lately."""
    whys: Sequence[Why | Entitlement] = checked.whys or checked.reasons
    shown = sorted(whys, key=lambda each: _rank(_of(each), now))
    decides = _deciding(checked.reasons, now) if len(whys) > 1 else None
    told = []
    for each in shown[:most]:
        mark = " ◀ this one decides" if _of(each) is decides else ""
        told.append(f"- {_line(each, now)}{mark}")
    if len(shown) > most:
        told.append(f"- and {len(shown) - most} more")
    if checked.permission is not None and checked.permission.held_back:
        told.append(
            "- Held back since staff ended it: what comes back by itself, as with a role, gives nothing "
            "here until staff grant again."
        )
    if most:
        told += [f"- {_ended(each)}" for each in checked.ended[:_MAX_ENDED]]
    return told


def _of(each: Why | Entitlement) -> Entitlement:
    return each.reason if isinstance(each, Why) else each


def _rank(reason: Entitlement, now: datetime) -> tuple[bool, bool, float]:
    """Return what sorts what runs before what is over, and of it what lasts longest first."""
    end = reason.ends_at
    return not still_gives(reason, now), end is not None, -(end.timestamp() if end else 0.0)


def _deciding(reasons: Sequence[Entitlement], now: datetime) -> Entitlement | None:
    """Return the reason by which it ends when it ends; None where nothing counts."""
    whole = want(reasons)
    live = [each for each in reasons if still_gives(each, now) and each.paused_at is None]
    return next((each for each in live if want([each]) == whole), None)


def _line(each: Why | Entitlement, now: datetime) -> str:
    reason = _of(each)
    why = each if isinstance(each, Why) else None
    by = f" by {member(reason.asked_by)}" if reason.asked_by else ""
    length = f" {spoken(parse_length(reason.length))}" if reason.length else ""
    origin = "taken over" if reason.source == FOUND and reason.asked_by else source(reason)
    product = f"{title(why.product)}: " if why is not None and why.product is not None else ""
    asked_at = reason.asked_at if why is None else why.purchase.asked_at
    note = f" – {typed(reason.note)}" if reason.note else ""
    return (
        f"{product}{origin}{length}{by}, {day(asked_at)}: {_time(reason)}{_state(each, now)}{note}"
    )


def _time(reason: Entitlement) -> str:
    """Return from when until when it gives access, and what TradingView holds beyond."""
    if reason.kind is EntitlementKind.LIFETIME:
        return "lifetime"
    if reason.kind is EntitlementKind.OPEN:
        return NO_END if reason.source == FOUND else AS_LONG
    if reason.ends_at is None:
        return "starts when TradingView answers"
    paid = until_day(reason.ends_at)
    if reason.start_at is not None and reason.length:
        paid = f"from {day(reason.start_at)} {paid}"
    if not reason.grace_days:
        return paid
    days = "1 day" if reason.grace_days == 1 else f"{reason.grace_days} days"
    grace = reason.ends_at + timedelta(days=reason.grace_days)
    return f"{paid}, and {days} of grace until {end_day(grace)}"


def _state(each: Why | Entitlement, now: datetime) -> str:
    """Return what else there is to know: that it stands still, lapses, or came from another item."""
    reason = _of(each)
    parts = []
    if reason.paused_at is not None:
        parts.append(f"⏸️ paused since {day(reason.paused_at)}, so no time passes")
    elif not still_gives(reason, now):
        parts.append("over")
    if isinstance(each, Why):
        if each.purchase.lapses_at is not None:
            parts.append(
                f"⚠️ lost: it ends {relative(each.purchase.lapses_at)}, unless that comes back"
            )
        if each.moved_from is not None:
            parts.append(f"moved from {title(each.moved_from)}")
    return "".join(f"; {part}" for part in parts)


def _ended(ended: EndedWhy) -> str:
    """Return that a reason ended before its time, when, and by whom."""
    reason, order = ended.why.reason, ended.order
    length = f" {spoken(parse_length(reason.length))}" if reason.length else ""
    when = "" if reason.ended_at is None else f" {day(reason.ended_at)}"
    if order is not None and order.actor.member_id is not None:
        how = {
            OrderKind.SET: "replaced by another end",
            OrderKind.PUT_BACK: "put back",
        }.get(order.kind, "ended")
        purchase = ended.why.purchase
        moved = purchase.moved_by is not None and order.lead_id == purchase.moved_by
        if moved and ended.why.product is not None:
            how = f"moved to {title(ended.why.product)}"
        return f"▫️ {source(reason)}{length}: {how}{when} by {member(order.actor.member_id)}"
    return f"▫️ {source(reason)}{length}: ended{when} with its source"
