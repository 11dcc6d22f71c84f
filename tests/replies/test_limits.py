"""Whatever people and TradingView make up, an answer fits into what Discord accepts."""

import dataclasses
from datetime import UTC, datetime

import pytest

from bot.access.ledger.receipts import Receipt, WaitingFor
from bot.access.queries.overview import FailedCheck, History, Holders, Restoring, Status
from bot.access.queries.own_view import OwnView
from bot.access.queries.standing import Checked, Person
from bot.access.rules.entitlements import State
from bot.replies import access_check, history, me, orders, overview
from bot.store.kinds import (
    ActorKind,
    EntitlementKind,
    OrderKind,
    OrderState,
    PermissionState,
    Reason,
    StateKind,
    SweepFailure,
)
from bot.store.records import Customer, Entitlement, Event, Holding, Order, Permission, Script
from bot.store.sweeps.sweeps import Sweep

NAME = "__" + "N" * 60 + "__"
TITLE = "*" * 50 + "`" * 50
WHEN = datetime(2026, 3, 10, tzinfo=UTC)
BIG = 2**62


def record(kind, /, **values):
    return kind(**({field.name: None for field in dataclasses.fields(kind)} | values))


SCRIPT = record(
    Script,
    id=BIG,
    guild_id=BIG,
    slug="s" * 32,
    title=TITLE,
    archived_at=WHEN,
    paused_at=WHEN,
    paused_reason="x`" * 2_000,
)
CUSTOMER = record(Customer, id=BIG, guild_id=BIG, member_id=BIG, username=NAME)


def permission(**values):
    rest = {
        "id": BIG,
        "guild_id": BIG,
        "username": NAME,
        "wanted": StateKind.UNTIL,
        "wanted_ends_at": WHEN,
        "seen": StateKind.LIFETIME,
        "seen_at": WHEN,
        "differs": True,
        "checked": False,
        "state": PermissionState.STUCK,
        "reason": Reason.REFUSED,
        "detail": "d`" * 2_000,
        "asked_at": WHEN,
    }
    return record(Permission, **(rest | values))


def reason(**values):
    rest = {
        "id": BIG,
        "source": "staff",
        "kind": EntitlementKind.UNTIL,
        "length": "49Y 11M 3W 6D",
        "asked_at": WHEN,
        "asked_by": BIG,
        "note": "n*" * 100,
    }
    return record(Entitlement, **(rest | values))


def receipt(state, kind, **values):
    order = record(
        Order,
        id=BIG,
        guild_id=BIG,
        kind=kind,
        state=state,
        before=StateKind.LIFETIME,
        reason=Reason.TOO_LATE,
        asked_at=WHEN,
        actor_kind=ActorKind.MEMBER,
        actor_id=str(BIG),
    )
    rest = {
        "order": order,
        "permission": permission(
            state=PermissionState.DONE if state is OrderState.DONE else PermissionState.WAITING
        ),
        "script": SCRIPT,
        "customer": CUSTOMER,
        "entitlement": reason(),
        "reasons": (reason(),) * 40,
        "waiting_for": WaitingFor.SCRIPT_PAUSED,
        "can_put_back": True,
    }
    return Receipt(**(rest | values))


def assert_fits(answer):
    assert len(answer.text) <= 2_000
    total = 0
    for embed in answer.embeds:
        assert len(embed.title or "") <= 256
        assert len(embed.description or "") <= 4_096
        total += len(embed)
    assert total <= 6_000
    keys = [button.key for button in answer.buttons]
    assert len(keys) == len(set(keys))
    board = answer.board()
    for row in board.to_components() if board else ():
        for part in row["components"]:
            assert 1 <= len(part["label"]) <= 80
            assert len(part["custom_id"]) <= 100


KINDS = [kind for kind in OrderKind if kind is not OrderKind.REPAIR]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", OrderState)
def test_every_outcome_of_every_order_fits(state, kind):
    it = receipt(state, kind)
    assert_fits(orders.receipt(it))
    assert_fits(orders.late(it, "S" * 100))
    assert_fits(orders.to_customer(it, "*" * 100))


def test_time_upon_access_without_an_end_offers_an_end():
    it = receipt(
        OrderState.DONE,
        OrderKind.GRANT,
        permission=permission(wanted=StateKind.OPEN, wanted_ends_at=None),
    )
    answer = orders.receipt(it)
    assert "changes nothing" in answer.text
    assert answer.buttons[0].label.startswith("Let it end in 49 years, 11 months")
    assert_fits(answer)


def test_check_me_list_status_and_history_fit():
    checked = Checked(SCRIPT, permission(), State(StateKind.UNTIL, WHEN), (reason(),) * 50)
    assert_fits(access_check.check(Person(NAME, CUSTOMER, (checked,) * 40), BIG))
    assert_fits(
        access_check.check(Person(NAME, None, (Checked(SCRIPT, None, None, ()),) * 100), BIG)
    )
    assert_fits(access_check.check(Person(NAME, None, ()), BIG))
    assert_fits(me.me(OwnView(NAME, CUSTOMER, (checked,) * 40), BIG))
    people = ((permission(), CUSTOMER),) * 15
    assert_fits(overview.holders(Holders(SCRIPT, people, 5_000, 10_000, 150_000), BIG))
    rows = (Holding(permission(), SCRIPT, CUSTOMER),) * 400
    those = (SCRIPT,) * 50
    failed = record(Sweep, started_at=WHEN, failure=SweepFailure.SCRIPT)
    unchecked = (FailedCheck(SCRIPT, failed, failed),) * 50
    full = Status(
        WaitingFor.LOGIN_DEAD, rows, rows, those, Restoring(7, those), unchecked, quiet_until=WHEN
    )
    assert_fits(overview.status(full))
    entry = record(
        Event,
        id=BIG,
        guild_id=BIG,
        at=WHEN,
        actor_kind=ActorKind.MEMBER,
        actor_id=str(BIG),
        action="grant",
        script_id=BIG,
        note="n\n" * 100,
        before={"kind": "lifetime", "ends_at": None},
        after={"length": "49Y 11M 3W 6D"},
    )
    assert_fits(history.audit(History(NAME, (entry,) * 15, {BIG: SCRIPT}, {}, 9_999, True), BIG))
    assert_fits(history.audit(History(NAME, (), {}, {}, 0, False), BIG))


@pytest.mark.parametrize("action", sorted(history.ACTIONS | {"something_new"}))
def test_every_entry_of_the_history_is_one_line_also_when_facts_are_missing(action):
    for facts in (None, {"reason": "r\n" * 900, "username": NAME, "kind": "open", "ends_at": None}):
        entry = record(
            Event,
            id=1,
            guild_id=1,
            at=WHEN,
            actor_kind=ActorKind.USHER,
            action=action,
            before=facts,
            after=facts,
        )
        for script, customer in ((None, None), (SCRIPT, CUSTOMER)):
            said = history.line(entry, script, customer)
            assert 5 < len(said) <= 400
            assert "\n" not in said


def test_a_buyer_sees_no_internals():
    checked = [
        Checked(SCRIPT, permission(state=state, detail="refused"), None, ())
        for state in ("stuck", "waiting", "done")
    ]
    said = me.me(OwnView(NAME, CUSTOMER, tuple(checked)), BIG).text
    assert "refuse" not in said
    assert "/sync" not in said
