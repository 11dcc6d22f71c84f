"""A request for a product in the log channel: one message, each script where they differ."""

from datetime import UTC, datetime

from bot.access.queries.history import Asked, Entry
from bot.replies.history_orders import order_entry
from bot.replies.tone import Tone
from bot.store.kinds import ActorKind
from bot.store.records import Customer, Event, Product, Script

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
GOLD = Product(1, 1, "gold", "Gold", None, None, 0, None, None, None)
ANN = Customer(1, 1, 7, "Ann_T", "ann_t", 5, AT, 7)
END = {"kind": "until", "ends_at": AT.isoformat()}


def event(action, order_id, after=None):
    return Event(
        id=order_id, guild_id=1, at=AT, actor_kind=ActorKind.MEMBER, actor_id="9", action=action,
        script_id=order_id, customer_id=1, permission_id=order_id, order_id=order_id,
        member_id=None, note=None, before=None, after=after,
    )  # fmt: skip


def shown(*outcomes):
    parts = []
    for number, (action, after) in enumerate(outcomes, start=1):
        script = Script(number, 1, f"PUB;{number}", f"s{number}", f"S{number}", None, None, None)
        parts.append(Entry(event(action, number, after), script, ANN, script))
    first = event("grant", 1, {"length": "1M"})
    message = order_entry(Asked(1, first, GOLD, ANN, tuple(parts), len(parts)))
    return message.text, message.embeds[0].description, message.edge


def test_what_became_the_same_of_each_is_said_once():
    text, below, tone = shown(("done", END), ("done", END))
    assert text.startswith("✅")
    assert "**Gold**" in text
    assert "S1" not in below
    assert tone is Tone.DONE


def test_a_stuck_script_makes_it_an_alarm_and_is_named():
    text, below, tone = shown(("done", END), ("stuck", {"reason": "no_such_user"}))
    assert text.startswith("⚠️")
    assert "TradingView shows it" not in text
    assert "- **S2**: " in below
    assert "knows nobody of that name" in below
    assert tone is Tone.STOP


def test_it_is_done_only_when_all_are():
    text, below, tone = shown(("done", END), ("grant", {"length": "1M"}))
    assert text.startswith("⏳")
    assert "Waiting for TradingView." in below
    assert tone is Tone.LOOK
