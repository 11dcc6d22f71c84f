"""Every sentence of the history with the facts that are recorded for it: no hole, no wrong pronoun."""

import re
from datetime import UTC, datetime

import pytest

from bot.replies import history
from bot.store.kinds import ActorKind
from bot.store.records import Customer, Event, Script

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
SCRIPT = Script(1, 1, "PUB;x", "trend", "Trend", None, None, None)
ANN = Customer(1, 1, 7, "Ann_T", "ann_t", 5, AT, 7)
UNTIL = {"kind": "until", "ends_at": AT.isoformat()}
NOTHING = {"kind": "nothing", "ends_at": None}
NAME = {"username": "Ann_T"}
NUMBER = {"number": 3}
CONTRACT = {"provider": "stripe", "contract": "sub_1"}
CODES = {"batch": 3, "length": "1M", "number": 100}
BATCH = {"batch": 12, "kind": "set", "people": 30, "ends": 3}
ENDED = BATCH | {"done": 27, "failed": 1, "left_out": 2, "withdrawn": 0}
SHOP = {"connection_id": 3, "shop": "Stripe"}
PRICE = {"connection_id": 3, "provider": "stripe", "price_id": 4, "price": "Gold, monthly"}

# By action: what stood before, what stands after, and which of script, customer and member it is about.
FACTS = {
    "grant": (NOTHING, {"length": "1M"}, "sc"),
    "set": (NOTHING, UNTIL, "sc"),
    "revoke": (UNTIL, NOTHING, "sc"),
    "put_back": (NOTHING, UNTIL, "sc"),
    "move": (NOTHING, UNTIL | {"from": "Silver"}, "sc"),
    "pause": (UNTIL, NOTHING, "sc"),
    "resume": (NOTHING, UNTIL | {"paused_at": AT.isoformat()}, "sc"),
    "repair": (NOTHING, UNTIL, "sc"),
    "purchase": (None, {"source": "role", "kind": "open", "length": None}, "scm"),
    "purchase_ended": (None, {"source": "role", "kind": "open", "length": None}, "scm"),
    "trial_refused": (None, None, "scm"),
    "payment_notice": (
        None,
        {"provider": "stripe", "notice": "fraud_warning", "about": "ch_1"},
        "",
    ),
    "payment_unclaimed": (None, CONTRACT, ""),
    "payment_partly_refunded": (None, CONTRACT, "cm"),
    "payment_inquiry": (None, CONTRACT, "cm"),
    "payment_without_length": (None, CONTRACT | {"item": "Gold"}, "cm"),
    "payment_barred": (None, CONTRACT, "cm"),
    "payment_held": (None, CONTRACT, "cm"),
    "payment_asks": (None, CONTRACT | {"why": "refunded", "part": "p1", "contract_id": 3}, "cm"),
    "payment_claimed": (None, CONTRACT, "cm"),
    "payment_moved": (None, CONTRACT, "cm"),
    "payments_moved": (None, {"number": 590, "provider": "whop"}, "m"),
    "shop_list_exported": (None, {"number": 590, "shop": "whop"}, "m"),
    "payment_ended": (None, CONTRACT, "cm"),
    "payment_kept": (None, CONTRACT, "cm"),
    "codes_made": (None, CODES, "s"),
    "codes_revoked": (None, CODES, "s"),
    "codes_put_back": (None, CODES, "s"),
    "code_guesses": (None, {"number": 5}, "m"),
    "code_guesses_here": (None, {"number": 50}, ""),
    "done": (None, UNTIL, "sc"),
    "stuck": (None, {"reason": "no_such_user"}, "sc"),
    "superseded": (None, None, "sc"),
    "not_shown": (None, NUMBER, "sc"),
    "found": (NOTHING, UNTIL, "sc"),
    "was_there": (None, UNTIL, "sc"),
    "retry": (None, None, "s"),
    "link": (None, NAME, "cm"),
    "match": (None, NUMBER, ""),
    "matched": (None, NAME, "cm"),
    "unlink": (NAME, None, "cm"),
    "name_confirmed": (None, NAME, "cm"),
    "name_proven": (None, NAME, "cm"),
    "account_moved": ({"username": "Ann_Old"}, NAME, "cm"),
    "panel_posted": (None, {"channel_id": "5"}, ""),
    "cannot_see": (None, UNTIL | {"verdict": "shown", "reason": None, "others": 2}, "scm"),
    "limit_reached": (None, {"what": "link"}, "m"),
    "customer_move": (NAME | {"member_id": "6"}, {"number": 2}, "cm"),
    "merge": (NAME, None, "c"),
    "block": (None, None, "c"),
    "unblock": (None, None, "c"),
    "guided": (None, None, "cm"),
    "forget": (None, NUMBER, "c"),
    "forgotten": (None, {"person": 482130}, ""),
    "exported": (None, NUMBER | {"item": "trend"}, "s"),
    "claim": (None, NAME | {"claim_id": 1}, "m"),
    "claim_withdrawn": (NAME, None, "m"),
    "claim_accepted": (None, NAME, "m"),
    "claim_refused": (NAME, None, "m"),
    "script_add": (None, {"slug": "trend", "title": "Trend"}, "s"),
    "script_rename": ({"slug": "old", "title": "Old"}, {"slug": "trend", "title": "Trend"}, "s"),
    "script_archive": ({"slug": "trend", "title": "Trend"}, None, "s"),
    "product_create": (None, {"slug": "gold", "title": "Gold"}, "s"),
    "product_edit": ({"title": "Old"}, {"title": "Gold"}, "s"),
    "product_archive": (None, None, "s"),
    "product_scripts": (None, {"added": ["trend"], "removed": [], "gain": 1, "lose": 0}, "s"),
    "holder_role_trouble": (None, {"role_id": "5", "reason": "order"}, "s"),
    "holder_role_fine": (None, {"role_id": "5", "reason": None}, "s"),
    "product_gain": (NOTHING, UNTIL, "sc"),
    "product_loss": (UNTIL, NOTHING, "sc"),
    "script_paused": (None, {"reason": "not yours"}, "s"),
    "session_set": ({"username": None}, NAME, ""),
    "session_dead": (None, {"waiting": 2}, ""),
    "session_still_dead": (None, {"since": AT.isoformat(), "waiting": 1}, ""),
    "session_spare_set": (None, None, ""),
    "session_spare_used": (None, {"left": 2}, ""),
    "session_spare_dead": (None, {"left": 0}, ""),
    "session_environment_other": ({"username": None}, {"username": "Other"}, ""),
    "session_alive": (None, None, ""),
    "session_left": (None, None, ""),
    "session_lost": (None, None, ""),
    "dashboard_opened": (None, None, ""),
    "dashboard_sessions_ended": (None, NUMBER, "m"),
    "login_page": (None, None, ""),
    "login_page_refused": (None, None, ""),
    "login_refused": (None, None, ""),
    "messages_stopped": (None, None, ""),
    "messages_resumed": (None, None, ""),
    "members_unseen": (None, None, ""),
    "members_seen": (None, None, ""),
    "clock_wrong": (None, {"seconds": -1209600}, ""),
    "clock_right": (None, None, ""),
    "restore_question": (None, NUMBER, ""),
    "restore_carried": (None, NUMBER, ""),
    "restore_carried_one": (None, None, "sc"),
    "restore_dropped": (None, NUMBER, ""),
    "restore_dropped_one": (None, None, "sc"),
    "session_forgotten": (NAME, None, ""),
    "shape_changed": (None, {"differences": ["a list is gone"]}, ""),
    "shape_known": (None, None, ""),
    "shape_accepted": (None, None, ""),
    "setup_staff": (None, {"role_id": "5"}, ""),
    "setup_manager": (None, {"role_id": "5"}, ""),
    "setup_log": (None, {"channel_id": "5"}, ""),
    "setup_approval": ({"above": 25}, {"above": None}, ""),
    "setup_reminders": (
        {"days": "7, 3, 1", "time_zone": "UTC"},
        {"days": "", "time_zone": "Europe/Berlin"},
        "",
    ),
    "restored": (None, {"since": AT.isoformat(), "names": ["Ann_T"], "number": 1}, ""),
    "restore_checked": (None, None, "s"),
    "restore_over": (None, {"scripts": 2, "later": 1, "done": 1, "open": 0, "stuck": 1}, ""),
    "restore_unread": (None, {"names": ["Ann_T"], "number": 4}, "s"),
    "drift": (None, {"missing": 1, "strangers": 2}, "s"),
    "drift_ignored": (None, {"kind_of": "missing", "number": 3}, "s"),
    "check_failed": (None, {"reason": "tradingview"}, "s"),
    "taken_over": (None, NUMBER, "s"),
    "repaired": (None, {"kind_of": "extra", "number": 3}, "s"),
    "renamed": (NAME, {"username": "Ann_New"}, "c"),
    "seats": (None, {"level": 90, "today": 91, "then": 90, "month": "2026-03"}, ""),
    "seat_guard": (None, {"on": True}, ""),
    "seat_allowed": (None, {"number": 101, "more": 1}, "sc"),
    "role_add": (None, {"role_id": "5", "grace_days": 3}, "s"),
    "premium_add": (None, {"name": "Gold VIP"}, "s"),
    "premium_remove": (None, {"name": "Gold VIP"}, "s"),
    "role_remove": (None, {"role_id": "5", "grace_days": 0}, "s"),
    "role_put_back": (None, {"role_id": "5", "grace_days": 0}, "s"),
    "roles_lost": (None, NUMBER | {"loss_id": 1, "role_id": "5", "role_name": "Gold"}, ""),
    "roles_lost_ended": (None, NUMBER | {"role_id": "5"}, ""),
    "roles_lost_kept": (None, NUMBER | {"role_id": "5"}, ""),
    "roles_lost_over": (None, {"role_id": "5"}, ""),
    "called_to_link": (None, {"members": ["7", "8"], "channel_id": "9"}, ""),
    "outgoing_added": (None, {"host": "a.example", "endpoint": 1}, ""),
    "outgoing_removed": (None, {"host": "a.example", "endpoint": 1}, ""),
    "outgoing_replayed": (None, {"host": "a.example", "endpoint": 1}, ""),
    "outgoing_off": (None, {"host": "a.example", "endpoint": 1, "since": AT.isoformat()}, ""),
    "backup_made": (None, {"name": "usher-made.db"}, ""),
    "backup_downloaded": (None, {"name": "usher-made.db"}, ""),
    "api_key_made": (None, {"key_id": 1, "name": "shop", "scopes": "read,write"}, ""),
    "api_key_revoked": (None, {"key_id": 1, "name": "shop", "scopes": "read,write"}, ""),
    "api_key_orphaned": (None, {"name": "shop", "scopes": "read,write"}, "m"),
    "webhook_add": (None, SHOP, ""),
    "webhook_edit": (None, SHOP, ""),
    "webhook_secret": (None, SHOP, ""),
    "webhook_old_secret": (None, SHOP, ""),
    "webhook_remove": (None, SHOP, ""),
    "price_asked": (None, PRICE, ""),
    "price_set": (None, PRICE, "s"),
    "price_ignored": (None, PRICE, ""),
    "payment_stuck": (None, PRICE, ""),
    "proof_begun": (None, None, "sc"),
    "proof_done": (None, None, "sc"),
    "setup_quick": (None, {"role_after": "5", "channel_after": None}, ""),
    "newer_release": (
        None,
        {"version": "1.2.0", "address": "https://usher.example/1.2.0", "running": "0.1.0"},
        "",
    ),
    "batch_asked": (None, BATCH, ""),
    "batch_started": (None, BATCH, ""),
    "batch_approved": (None, BATCH | {"kind": "undo", "undoes": 11}, ""),
    "batch_paused": (None, BATCH, ""),
    "batch_resumed": (None, BATCH, ""),
    "batch_cancelled": (None, BATCH, ""),
    "batch_ended": (None, ENDED, ""),
    "batch_done": (None, ENDED, ""),
    "joined": (None, None, ""),
    "left": (None, None, ""),
}
# What a hole in the facts, or a pronoun in the wrong case, looks like.
BROKEN = re.compile(
    r"\bNone\b|\bthem (belongs?|had|has|is|on)\b|\b(that|what|had) them\b|[{}]|  |\*\*\*\*| ,| \.|\bof on\b"
)
UNNAMED = re.compile(r"\b(a script|a member|a name|this person|some people)\b")


def said(action, *, named=True, actor=ActorKind.MEMBER, facts=None):
    before, after, about = FACTS[action] if facts is None else (*facts, "")
    entry = Event(
        id=1, guild_id=1, at=AT, actor_kind=actor, actor_id="9", action=action, script_id=1,
        customer_id=1, permission_id=1, order_id=1, member_id=7 if "m" in about else None,
        note=None, before=before, after=after,
    )  # fmt: skip
    customer = ANN if named and "c" in about else None
    return history.line(entry, SCRIPT if "s" in about else None, customer)


def test_every_sentence_is_tried():
    assert set(FACTS) == history.ACTIONS


@pytest.mark.parametrize("action", FACTS)
def test_with_its_facts_a_sentence_names_whom_and_what_it_is_about(action):
    text = said(action)
    assert not BROKEN.search(text), text
    if action != "script_rename":  # "renamed a script to"
        assert not UNNAMED.search(text), text


@pytest.mark.parametrize("action", FACTS)
def test_in_a_persons_own_history_it_stays_a_sentence(action):
    text = said(action, named=False)
    assert not BROKEN.search(text), text


@pytest.mark.parametrize("action", FACTS)
@pytest.mark.parametrize("facts", [(None, None), ({}, {})])
def test_without_its_facts_nothing_in_it_is_broken(action, facts):
    text = said(action, facts=facts, actor=ActorKind.USHER)
    assert not BROKEN.search(text), text


def test_a_second_manager_for_any_end_of_access_is_said_so():
    text = said("setup_approval", facts=({"above": 0}, {"above": 2_500}))
    assert text.endswith("more than 2,500, until now from the first one on")


def test_a_refused_request_keeps_its_name():
    assert said("claim_refused") == r"<@9> refused that **Ann\_T** belongs to <@7>"
