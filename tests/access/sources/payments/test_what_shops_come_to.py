"""What the messages of these shops come to: the same end in every order, and however often each one comes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.contracts import Terms, Why, derive
from tests.access.sources.payments import (
    test_gumroad as gumroad,
    test_lemonsqueezy as lemon,
    test_paddle as paddle,
    test_patreon as patreon,
    test_woocommerce as woo,
)

JANUARY, FEBRUARY = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)
FIRST_END, SECOND_END = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
SALE = "sale"  # of the item's own length


def lemon_invoice(name, **changes):
    """Return a message about the second invoice of the subscription."""
    told = {**lemon.INVOICE, "created_at": "2026-02-01T00:00:01Z", **changes}
    return lemon.facts(name, "subscription-invoices", told, number=10)


L_ORDER, L_NEW, L_FIRST = lemon.order(), lemon.subscription("subscription_created"), lemon.invoice()
L_RENEWED = lemon.subscription(renews_at="2026-03-01T00:00:00Z", updated_at="2026-02-01T00:00:05Z")
L_SECOND = lemon_invoice("subscription_payment_success", updated_at="2026-02-01T00:00:03Z")
L_FAILED = lemon_invoice(
    "subscription_payment_failed", status="pending", updated_at="2026-02-01T00:00:03Z"
)
L_LATE = lemon.subscription(status="past_due", updated_at="2026-02-01T00:00:04Z")
L_CANCELLED = lemon.subscription(
    "subscription_cancelled",
    status="cancelled",
    ends_at="2026-02-01T00:00:20Z",
    updated_at="2026-01-10T00:00:00Z",
)
L_EXPIRED = lemon.subscription(
    "subscription_expired",
    status="expired",
    ends_at="2026-02-01T00:00:20Z",
    updated_at="2026-02-01T00:00:30Z",
)
L_PART = lemon.order("order_refunded", status="partial_refund", refunded_amount=1000)
L_WHOLE = lemon.order("order_refunded", status="refunded", refunded_amount=2900)
L_BACK = lemon.invoice("subscription_payment_refunded", status="refunded")
L_BACK_2 = lemon_invoice(
    "subscription_payment_refunded", status="refunded", updated_at="2026-02-03T00:00:00Z"
)

P_PAID = paddle.facts("transaction.completed", paddle.TRANSACTION)
P_NEW = paddle.facts("subscription.created", paddle.SUBSCRIPTION)
P_BACK = paddle.facts("adjustment.updated", paddle.ADJUSTMENT)
P_TAKEN = paddle.facts("adjustment.created", {**paddle.ADJUSTMENT, "action": "chargeback"})
P_WON = paddle.facts(
    "adjustment.created", {**paddle.ADJUSTMENT, "id": "adj_2", "action": "chargeback_reverse"}
)
P_PENDING = paddle.facts("adjustment.created", {**paddle.ADJUSTMENT, "status": "pending_approval"})
P_CHANGE = {"action": "cancel", "effective_at": "2026-02-01T00:00:00Z"}
P_ENDING = paddle.facts(
    "subscription.updated",
    {**paddle.SUBSCRIPTION, "scheduled_change": P_CHANGE},
    at="2026-01-10T00:00:00Z",
)
P_ENDED = paddle.facts(
    "subscription.canceled",
    {**paddle.SUBSCRIPTION, "status": "canceled", "current_billing_period": None},
    at="2026-02-01T00:00:01Z",
)

G_SOLD, G_MEMBER = gumroad.facts(), gumroad.facts(**gumroad.MEMBER)
G_LEFT = gumroad.facts(gumroad.ENDING)
G_AGAIN = gumroad.facts(
    gumroad.ENDING, resource_name="subscription_restarted", restarted_at="2026-01-12T00:00:00Z"
)
G_TAKEN = gumroad.facts(resource_name="dispute", disputed="true")
G_WON = gumroad.facts(resource_name="dispute_won", disputed="true", dispute_won="true")

W_PAID, W_WAITS = (
    woo.facts(),
    woo.facts("order.created", status="pending", date_modified_gmt="2026-01-01T00:00:00"),
)
W_OLDER = woo.facts(status="processing", date_modified_gmt="2026-01-01T00:00:08")

R_PAID = patreon.facts("members:pledge:create")
R_LEFT = patreon.facts("members:pledge:delete", at=patreon.NOW + timedelta(hours=1))
R_FORMER = patreon.facts(patron_status="former_patron", at=patreon.NOW + timedelta(hours=2))
R_DECLINED = patreon.facts(
    patron_status="declined_patron",
    last_charge_status="Declined",
    last_charge_date="2026-02-01T00:00:00Z",
    at=datetime(2026, 2, 1, 0, 1, tzinfo=UTC),
)
R_RETRIED = patreon.facts(
    last_charge_date="2026-02-03T00:00:00Z",
    next_charge_date="2026-03-01T00:00:00Z",
    at=datetime(2026, 2, 3, 0, 1, tzinfo=UTC),
)

CASES = {
    "lemon: an order alone is a sale": ([L_ORDER], JANUARY, Why.PAID, SALE, 0),
    "lemon: the order of a subscription counts once": (
        [L_ORDER, L_NEW, L_FIRST],
        JANUARY,
        Why.PAID,
        FIRST_END,
        2,
    ),
    "lemon: also where the first word of the subscription was lost": (
        [L_ORDER, lemon.subscription(), L_FIRST],
        JANUARY,
        Why.PAID,
        FIRST_END,
        2,
    ),
    "lemon: renewed": ([L_ORDER, L_NEW, L_RENEWED, L_SECOND], FEBRUARY, Why.PAID, SECOND_END, 2),
    "lemon: the renewal went back": (
        [L_NEW, L_FIRST, L_RENEWED, L_SECOND, L_BACK_2],
        FEBRUARY,
        Why.REFUNDED,
        FIRST_END,
        0,
    ),
    "lemon: last month went back, this month stays": (
        [L_NEW, L_FIRST, L_RENEWED, L_SECOND, L_BACK],
        FEBRUARY,
        Why.PAID,
        SECOND_END,
        2,
    ),
    "lemon: the order of a subscription went back": (
        [L_ORDER, L_NEW, L_FIRST, L_WHOLE],
        JANUARY,
        Why.REFUNDED,
        None,
        0,
    ),
    "lemon: went back and was cancelled": (
        [L_ORDER, L_NEW, L_BACK, L_CANCELLED],
        JANUARY,
        Why.REFUNDED,
        None,
        0,
    ),
    "lemon: a part of a sale went back": ([L_ORDER, L_PART], JANUARY, Why.PAID, SALE, 0),
    "lemon: and then the rest": ([L_ORDER, L_PART, L_WHOLE], JANUARY, Why.REFUNDED, None, 0),
    "lemon: cancelled": ([L_NEW, L_FIRST, L_CANCELLED], JANUARY, Why.CANCELLED, FIRST_END, 0),
    "lemon: over": ([L_NEW, L_CANCELLED, L_EXPIRED], FEBRUARY, Why.ENDED, FIRST_END, 0),
    "lemon: paid after all": (
        [L_NEW, L_FAILED, L_LATE, L_SECOND, L_RENEWED],
        FEBRUARY,
        Why.PAID,
        SECOND_END,
        2,
    ),
    "paddle: paid": ([P_PAID, P_NEW], JANUARY, Why.PAID, FIRST_END, 2),
    "paddle: a refund that is not approved": (
        [P_PAID, P_NEW, P_PENDING],
        JANUARY,
        Why.PAID,
        FIRST_END,
        2,
    ),
    "paddle: went back": ([P_PAID, P_NEW, P_PENDING, P_BACK], JANUARY, Why.REFUNDED, None, 0),
    "paddle: charged back": ([P_PAID, P_NEW, P_TAKEN], JANUARY, Why.DISPUTED, None, 0),
    "paddle: and won": ([P_PAID, P_NEW, P_TAKEN, P_WON], JANUARY, Why.PAID, FIRST_END, 2),
    "paddle: cancelled": ([P_PAID, P_NEW, P_ENDING], JANUARY, Why.CANCELLED, FIRST_END, 0),
    "paddle: over": ([P_PAID, P_ENDING, P_ENDED], FEBRUARY, Why.ENDED, FIRST_END, 0),
    "gumroad: a sale": ([G_SOLD], JANUARY, Why.PAID, SALE, 0),
    "gumroad: disputed": ([G_SOLD, G_TAKEN], JANUARY, Why.DISPUTED, None, 0),
    "gumroad: and won": ([G_SOLD, G_TAKEN, G_WON], JANUARY, Why.PAID, SALE, 0),
    "gumroad: went back": (
        [G_SOLD, gumroad.facts(resource_name="refund", refunded="true")],
        JANUARY,
        Why.REFUNDED,
        None,
        0,
    ),
    "gumroad: a part went back": (
        [G_SOLD, gumroad.facts(resource_name="refund")],
        JANUARY,
        Why.PAID,
        SALE,
        0,
    ),
    "gumroad: a membership": ([G_MEMBER], JANUARY, Why.PAID, FIRST_END, 2),
    "gumroad: cancelled": ([G_MEMBER, G_LEFT], JANUARY, Why.CANCELLED, FIRST_END, 0),
    "gumroad: begun again": ([G_MEMBER, G_LEFT, G_AGAIN], JANUARY, Why.PAID, FIRST_END, 2),
    "woocommerce: paid": ([W_WAITS, W_PAID, W_OLDER], JANUARY, Why.PAID, SALE, 0),
    "woocommerce: waits": ([W_WAITS], JANUARY, Why.PENDING, None, 0),
    "woocommerce: cancelled and kept": (
        [W_PAID, woo.facts(status="cancelled", date_modified_gmt="2026-01-02T00:00:00")],
        JANUARY,
        Why.PAID,
        SALE,
        0,
    ),
    "woocommerce: parts that make up the whole": (
        [
            W_PAID,
            woo.facts(refunds=[{"id": 8, "total": "-10.00"}]),
            woo.facts(refunds=[{"id": 8, "total": "-10.00"}, {"id": 9, "total": "-19.00"}]),
        ],
        JANUARY,
        Why.REFUNDED,
        None,
        0,
    ),
    "woocommerce: went back": (
        [W_PAID, woo.facts(status="refunded", refunds=[{"id": 8, "total": "-29.00"}])],
        JANUARY,
        Why.REFUNDED,
        None,
        0,
    ),
    "patreon: paid": ([R_PAID, patreon.facts()], JANUARY, Why.PAID, FIRST_END, 2),
    "patreon: left": ([R_PAID, R_LEFT], JANUARY, Why.CANCELLED, FIRST_END, 0),
    "patreon: left, and told twice": (
        [R_PAID, R_LEFT, R_FORMER],
        FEBRUARY,
        Why.ENDED,
        FIRST_END,
        0,
    ),
    "patreon: declined": ([R_PAID, R_DECLINED], FEBRUARY, Why.PAST_DUE, FIRST_END, 3),
    "patreon: paid on retry": (
        [R_PAID, R_DECLINED, R_RETRIED],
        FEBRUARY,
        Why.PAID,
        SECOND_END,
        2,
    ),
    "patreon: went back": (
        [R_PAID, patreon.facts(last_charge_status="Refunded")],
        JANUARY,
        Why.REFUNDED,
        None,
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_same_end_in_every_order(case, data):
    messages, now, why, ends_at, days = CASES[case]
    order = data.draw(st.permutations(messages))
    again = data.draw(st.lists(st.sampled_from(messages), max_size=3))
    facts = [fact for message in (*order, *again) for fact in message]
    standing = derive(facts, Terms(), now)
    assert standing.why is why
    if ends_at is None:
        assert standing.gives == ()
        return
    [given_] = standing.gives
    assert given_.grace_days == days
    if ends_at is SALE:
        assert (given_.ends_at, given_.payment is not None) == (None, True)
    else:
        assert (given_.ends_at, given_.payment) == (ends_at, None)
