"""The 32 orderings of payment messages, and the right end of each: in any order, and more than once."""

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from bot.access.rules.contracts import Terms, Why
from bot.access.rules.payments import Payment, Refund
from tests.support import stripe_messages as stripe
from tests.support.contract_book import ContractBook
from tests.support.stripe_messages import DAY, MONTH, START, moment

SLACK, GRACE = 2, 3
HOUR = 3600


@dataclass(frozen=True)
class Step:
    """One message, and what all contracts come to once it is there; None: not looked at."""

    facts: tuple
    expected: list | None = None


@dataclass
class Ordering:
    number: str
    rule: str
    steps: list[Step] = field(default_factory=list)
    now: int = START + 10 * DAY
    terms: Terms = field(default_factory=Terms)

    def then(self, message, *expected):
        """Let a message come; a test message is kept, and its facts are not looked at."""
        if isinstance(message, dict):
            reading = stripe.reading(message)
            facts = () if reading.is_test else reading.facts
        else:
            facts = tuple(message)
        self.steps.append(Step(facts, list(expected) or None))
        return self

    def standings(self, messages):
        book = ContractBook()
        for facts in messages:
            book.take(facts)
        return book.standings(self.terms, moment(self.now))


def summary(standing):
    return (
        standing.why,
        [
            (
                given.line.keys[0],
                given.payment or round((given.ends_at - moment(START)).total_seconds() / DAY, 3),
                given.grace_days,
                given.is_late,
            )
            for given in standing.gives
        ],
    )


def until(days, *items, why=Why.PAID, days_on_top=SLACK, late=False):
    items = items or ("price_1",)
    return why, [(item, days, days_on_top, late) for item in items]


def ends(days, *items, why=Why.CANCELLED):
    return until(days, *items, why=why, days_on_top=0)


def late(days, *items):
    return until(days, *items, why=Why.PAST_DUE, days_on_top=GRACE, late=True)


def sold(payment, *items):
    return Why.PAID, [(item, payment, 0, False) for item in items]


def nothing(why):
    return why, []


def another(message):
    """The same of another subscription."""
    text = json.dumps(message).replace('_1"', '_21"').replace("price_21", "price_1")
    return json.loads(text)


COMPLETED = "checkout.session.completed"
UPGRADE = [
    stripe.line("price_1", START + 9 * DAY, START + MONTH, -2000, proration=True),
    stripe.line("price_2", START + 9 * DAY, START + MONTH, 4000, proration=True),
]


def upgrade(**more):
    return stripe.event("invoice.paid", stripe.invoice(9, lines=UPGRADE, **more), START + 9 * DAY)


def orderings():
    yield (
        Ordering("01", "the same message twice has one effect")
        .then(stripe.paid(), until(30))
        .then(stripe.paid(), until(30))
    )
    yield (
        Ordering("02", "paid before the checkout tells who: it waits, and stays the same")
        .then(stripe.paid(), until(30))
        .then(stripe.event(COMPLETED, stripe.session()), until(30))
    )
    unpaid = stripe.event(COMPLETED, stripe.sale(payment_status="unpaid"))
    yield (
        Ordering("03", "a slow payment counts when it came")
        .then(unpaid, nothing(Why.PENDING))
        .then(
            stripe.event("checkout.session.async_payment_succeeded", stripe.sale(), START + DAY),
            sold("pi_1", "plink_1"),
        )
    )
    yield (
        Ordering("03b", "a slow payment that did not come gives nothing")
        .then(unpaid, nothing(Why.PENDING))
        .then(
            stripe.event(
                "checkout.session.async_payment_failed", stripe.sale(payment_status="unpaid")
            ),
            nothing(Why.PENDING),
        )
    )
    yield (
        Ordering("04", "of one second, an update is newer than the beginning")
        .then(stripe.paid(at=START))
        .then(stripe.subscription("updated", cancel_at_period_end=True), ends(30))
        .then(stripe.subscription("created", "incomplete"), ends(30))
    )
    yield (
        Ordering("05", "the later period counts, whichever comes first")
        .then(stripe.paid(2), until(60))
        .then(stripe.paid(1), until(60))
    )
    yield (
        Ordering("06", "a renewal told twice by two events counts once")
        .then(stripe.paid(1), until(30))
        .then(stripe.paid(2), until(60))
        .then(stripe.paid(2, at=START + MONTH + 65), until(60))
    )
    yield (
        Ordering("07", "what was refunded before it was paid never gives anything")
        .then(stripe.refunded(2900), nothing(Why.PENDING))
        .then(stripe.invoice_payment(), nothing(Why.PENDING))
        .then(stripe.paid(), nothing(Why.REFUNDED))
    )
    yield (
        Ordering("08", "a refund of last month leaves this month", now=START + 40 * DAY)
        .then(stripe.paid(1))
        .then(stripe.invoice_payment(1))
        .then(stripe.paid(2))
        .then(stripe.invoice_payment(2), until(60))
        .then(stripe.refunded(2900, 1, at=START + 35 * DAY), until(60))
    )
    yield (
        Ordering("09", "parts that went back are told, and end it once they are the whole")
        .then(stripe.paid())
        .then(stripe.invoice_payment())
        .then(stripe.refund("re_1", 1000), until(30))
        .then(stripe.refunded(1000), until(30))
        .then(stripe.refund("re_2", 1900, at=START + 2 * DAY), nothing(Why.REFUNDED))
        .then(stripe.refunded(2900, at=START + 2 * DAY), nothing(Why.REFUNDED))
    )
    yield (
        Ordering("10", "a refund that failed puts the old end back")
        .then(stripe.paid())
        .then(stripe.invoice_payment())
        .then(stripe.refunded(2900), nothing(Why.REFUNDED))
        .then(stripe.refund("re_1", 2900), nothing(Why.REFUNDED))
        .then(stripe.refund("re_1", 2900, "failed", at=START + 4 * DAY, kind="failed"), until(30))
    )
    yield (
        Ordering("11", "an upgrade takes the place of the old item, to the same end")
        .then(stripe.paid(), until(30))
        .then(upgrade(), until(30, "price_2"))
        .then(
            stripe.subscription("updated", at=START + 9 * DAY, price="price_2"),
            until(30, "price_2"),
        )
    )
    waiting = {"subscription_items": [{"price": {"id": "price_2"}}]}
    yield (
        Ordering("12", "a change of plan that waits for its payment changes nothing")
        .then(stripe.paid(), until(30))
        .then(stripe.subscription(at=START + DAY, pending_update=waiting), until(30))
        .then(
            stripe.subscription("pending_update_expired", at=START + 2 * DAY, price="price_1"),
            until(30),
        )
        .then(
            stripe.subscription("pending_update_applied", at=START + 3 * DAY, price="price_0"),
            until(30, "price_0"),
        )
    )
    cancelled = stripe.subscription(at=START + 5 * DAY, cancel_at=START + MONTH)
    yield (
        Ordering("13", "a cancelled one runs to its paid end", now=START + 31 * DAY)
        .then(stripe.paid())
        .then(cancelled, ends(30, why=Why.ENDED))
        .then(
            stripe.subscription("deleted", "canceled", START + MONTH, ended_at=START + MONTH),
            ends(30, why=Why.ENDED),
        )
    )
    yield (
        Ordering("14", "cancelled and resumed: the newest word counts")
        .then(stripe.paid())
        .then(stripe.subscription(at=START + 6 * DAY), until(30))
        .then(cancelled, until(30))
    )
    yield (
        Ordering("15", "ended by the shop without a refund: to the paid end")
        .then(stripe.paid())
        .then(stripe.subscription("deleted", "canceled", START + 9 * DAY), ends(30))
    )
    yield (
        Ordering("15b", "ended by the shop without a refund: at once where so decided",
                 terms=Terms(cancel_ends_now=True))
        .then(stripe.paid())
        .then(stripe.subscription("deleted", "canceled", START + 9 * DAY), ends(9, why=Why.ENDED))
    )  # fmt: skip
    past_due = stripe.subscription(
        status="past_due", at=START + MONTH + HOUR, end=START + 2 * MONTH
    )
    yield (
        Ordering("16", "paid on a retry: grace days, then the end of the invoice",
                 now=START + 34 * DAY)
        .then(stripe.paid())
        .then(stripe.failed(2), late(30))
        .then(past_due, late(30))
        .then(stripe.failed(2, at=START + 32 * DAY, attempt=2), late(30))
        .then(stripe.paid(2, at=START + 33 * DAY), until(60))
        .then(stripe.subscription(at=START + 33 * DAY, end=START + 2 * MONTH), until(60))
    )  # fmt: skip
    yield (
        Ordering("17", "a late word that a payment failed does not undo it", now=START + 34 * DAY)
        .then(stripe.paid())
        .then(stripe.paid(2), until(60))
        .then(stripe.failed(2, at=START + 32 * DAY), until(60))
    )
    yield (
        Ordering("18", "grace days end with the contract, and no retry moves them",
                 now=START + 32 * DAY)
        .then(stripe.paid())
        .then(past_due, late(30))
        .then(stripe.failed(2, at=START + 31 * DAY, attempt=2), late(30))
        .then(
            stripe.subscription("deleted", "canceled", START + 32 * DAY),
            ends(30, why=Why.ENDED),
        )
    )  # fmt: skip
    unpaid_now = stripe.subscription(status="unpaid", at=START + 35 * DAY, end=START + 2 * MONTH)
    yield (
        Ordering("18b", "grace days end when it counts as unpaid", now=START + 35 * DAY)
        .then(stripe.paid())
        .then(past_due, late(30))
        .then(unpaid_now, ends(30, why=Why.UNPAID))
    )
    yield (
        Ordering("19", "an old invoice paid late gives its own period", now=START + 41 * DAY)
        .then(stripe.paid())
        .then(unpaid_now, ends(30, why=Why.UNPAID))
        .then(stripe.paid(2, at=START + 40 * DAY), ends(60, why=Why.PAID))
    )
    opened = stripe.dispute("created", "needs_response")
    won = stripe.dispute("closed", "won", at=START + 8 * DAY)
    yield (
        Ordering("20", "a dispute holds, and a won one puts back with the old end")
        .then(stripe.paid())
        .then(stripe.invoice_payment())
        .then(opened, nothing(Why.DISPUTED))
        .then(won, until(30))
    )
    yield (
        Ordering("20b", "a lost dispute ends it")
        .then(stripe.paid())
        .then(stripe.invoice_payment())
        .then(opened, nothing(Why.DISPUTED))
        .then(stripe.dispute("closed", "lost", at=START + 8 * DAY), nothing(Why.LOST))
    )
    yield (
        Ordering("21", "a dispute that was won before it was told holds nothing")
        .then(stripe.paid())
        .then(stripe.invoice_payment())
        .then(won, until(30))
        .then(opened, until(30))
    )
    yield (
        Ordering("22", "a won dispute does not undo a refund")
        .then(stripe.paid())
        .then(stripe.invoice_payment())
        .then(opened, nothing(Why.DISPUTED))
        .then(stripe.refunded(2900, at=START + 2 * DAY), nothing(Why.REFUNDED))
        .then(won, nothing(Why.REFUNDED))
    )
    yield (
        Ordering("23", "an inquiry changes nothing")
        .then(stripe.paid())
        .then(stripe.invoice_payment())
        .then(stripe.dispute("created", "warning_needs_response"), until(30))
        .then(stripe.dispute("closed", "warning_closed", at=START + 3 * DAY), until(30))
    )
    free = [stripe.line(end=START + 7 * DAY, cents=0)]
    month = [stripe.line(start=START + 7 * DAY, end=START + 37 * DAY)]
    yield (
        Ordering(
            "24", "a trial runs to its end, and then only what is paid counts", now=START + 5 * DAY
        )
        .then(stripe.paid(lines=free, cents=0), until(7))
        .then(
            stripe.subscription("created", "trialing", end=START + 7 * DAY),
            until(7, why=Why.TRIAL),
        )
        .then(
            stripe.subscription(at=START + 7 * DAY, end=START + 37 * DAY),
            until(7),
        )
        .then(stripe.paid(2, at=START + 7 * DAY + HOUR, lines=month), until(37))
    )
    again = another(stripe.paid(lines=[stripe.line(start=START + 40 * DAY, end=START + 70 * DAY)]))
    yield (
        Ordering("25", "bought again after the end: a contract of its own", now=START + 41 * DAY)
        .then(stripe.paid())
        .then(stripe.subscription("deleted", "canceled", START + MONTH), ends(30, why=Why.ENDED))
        .then(again, ends(30, why=Why.ENDED), until(70))
    )
    two = [{**stripe.line(), "quantity": 2}, stripe.line("price_2"), stripe.line()]
    yield (
        Ordering("26", "two items are two, two of one are one")
        .then(stripe.paid(lines=two), until(30, "price_1", "price_2"))
    )  # fmt: skip
    elsewhere = Payment(
        "order-7", "order-7", moment(START), amount=29, ends_at=moment(START + MONTH)
    )
    refund = Refund("refund-7", "order-7", moment(START + DAY), is_full=True)
    yield (
        Ordering("27", "paid in two shops: a refund of one leaves the other")
        .then(stripe.paid())
        .then([elsewhere])
        .then([refund], until(30), nothing(Why.REFUNDED))
    )
    renamed = stripe.session(client_reference_id="u-2", customer=None)
    renamed["custom_fields"][0]["text"]["value"] = "New_Name"
    yield (
        Ordering("28", "another name at the second purchase belongs to that one")
        .then(stripe.event(COMPLETED, stripe.session()))
        .then(stripe.paid())
        .then(another(stripe.event(COMPLETED, renamed)))
        .then(another(stripe.paid()), until(30), until(30))
    )
    yield (
        Ordering("29", "a test changes nothing")
        .then(stripe.paid(), until(30))
        .then({**stripe.paid(2), "livemode": False}, until(30))
        .then({**stripe.refunded(2900), "livemode": False}, until(30))
    )
    yield (
        Ordering("30", "messages of long ago mean what they meant on the day",
                 now=START + 90 * DAY)
        .then(stripe.subscription("created"))
        .then(stripe.paid(), until(30, why=Why.PENDING))
        .then(stripe.event(COMPLETED, stripe.sale(), START), sold("pi_1", "plink_1"),
              until(30, why=Why.PENDING))
    )  # fmt: skip
    first = stripe.paid()
    yield (
        Ordering("31", "a message that comes again after a crash finds its work done")
        .then(first, until(30))
        .then(first, until(30))
    )
    yield (
        Ordering("32", "a contract names what it is for, whatever is mapped",
                 now=START + 31 * DAY)
        .then(stripe.paid(lines=[stripe.line("price_gone")]), until(30, "price_gone"))
        .then(
            stripe.paid(2, lines=[stripe.line("price_gone", START + MONTH, START + 2 * MONTH)]),
            until(60, "price_gone"),
        )
    )  # fmt: skip


ORDERINGS = list(orderings())
each_ordering = pytest.mark.parametrize(
    "ordering", ORDERINGS, ids=[f"{ordering.number} {ordering.rule}" for ordering in ORDERINGS]
)


def test_all_of_them_are_here():
    assert {ordering.number[:2] for ordering in ORDERINGS} == {f"{n:02}" for n in range(1, 33)}


@each_ordering
def test_each_message_has_its_right_result(ordering):
    for count, step in enumerate(ordering.steps, 1):
        found = ordering.standings(step.facts for step in ordering.steps[:count])
        if step.expected is not None:
            assert [summary(standing) for standing in found] == step.expected, count


@each_ordering
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_order_and_any_repetition_come_to_the_same(ordering, data):
    messages = [step.facts for step in ordering.steps]
    more = data.draw(st.lists(st.sampled_from(messages), max_size=len(messages)))
    arrived = data.draw(st.permutations([*messages, *more]))
    assert ordering.standings(arrived) == ordering.standings(messages)


def standing_of(number):
    [ordering] = [ordering for ordering in ORDERINGS if ordering.number == number]
    return ordering.standings(step.facts for step in ordering.steps)


def test_the_checkout_brings_the_name_to_what_was_paid():
    [standing] = standing_of("02")
    assert (standing.buyer.username, standing.buyer.token) == ("Trader_Joe", "u-7f3a")
    assert standing.gives[0].at == moment(START + 60)


def test_a_name_stays_with_its_contract():
    one, other = standing_of("28")
    assert (one.buyer.username, other.buyer.username) == ("Trader_Joe", "New_Name")


def test_parts_that_went_back_are_named_for_staff():
    [ordering] = [ordering for ordering in ORDERINGS if ordering.number == "09"]
    [standing] = ordering.standings(step.facts for step in ordering.steps[:4])
    assert standing.partly_refunded == ("in_1",)
    [standing] = standing_of("09")
    assert standing.partly_refunded == ()


def test_an_inquiry_is_named_for_staff_while_it_lasts():
    [ordering] = [ordering for ordering in ORDERINGS if ordering.number == "23"]
    [standing] = ordering.standings(step.facts for step in ordering.steps[:3])
    assert standing.inquiries == ("du_1",)
    [standing] = standing_of("23")
    assert standing.inquiries == ()


def test_old_periods_are_over_with_all_their_days():
    _, subscription = standing_of("30")
    [given] = subscription.gives
    assert given.ends_at < moment(START + 90 * DAY)
