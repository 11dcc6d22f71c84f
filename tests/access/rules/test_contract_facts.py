"""Facts of a contract: merged in any order to the same, and stored exactly."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.contract_facts import buyer_of, merge, refs, without_people
from bot.access.rules.contract_json import buyer_from_text, buyer_to_text, from_json, to_json
from bot.access.rules.contracts import Terms, derive
from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Failure,
    Line,
    Notice,
    NoticeKind,
    Payment,
    Refund,
    RefundState,
    Same,
    Snapshot,
    Status,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(days):
    return START + timedelta(days=days)


ids = st.sampled_from(["a", "b", "c", "d"])
keys = st.sampled_from(["k", "l"])
contracts = st.just("sub") | ids
moments = st.integers(0, 5).map(lambda days: at(10 * days))
amounts = st.none() | st.sampled_from([Decimal("10.00"), Decimal(19), Decimal(29)])
lines = st.lists(st.sampled_from([Line(("p",), "P"), Line(("q", "r"))]), max_size=2).map(tuple)
maybe = st.none() | moments
some_facts = st.one_of(
    st.builds(
        Payment, key=ids, contract=contracts, at=moments, lines=lines, starts_at=maybe,
        ends_at=maybe, amount=amounts, length=st.none() | st.just("1M"), is_receipt=st.booleans(),
        is_cut=st.booleans(),
    ),
    st.builds(Same, one=ids, other=ids),
    st.builds(
        Failure, key=ids, contract=contracts, at=moments, due_at=maybe,
        attempt=st.none() | st.integers(1, 3), needs_buyer=st.booleans(),
    ),
    st.builds(
        Refund, key=keys, payment=contracts, at=moments, state=st.sampled_from(RefundState),
        amount=amounts, total=amounts, is_full=st.none() | st.booleans(),
        contract=st.none() | contracts,
    ),
    st.builds(
        Dispute, key=keys, payment=contracts, at=moments, state=st.sampled_from(DisputeState),
        contract=st.none() | contracts,
    ),
    st.builds(
        Snapshot, contract=contracts, at=moments, status=st.sampled_from(Status),
        renews=st.booleans(), rank=st.integers(0, 2), ends_at=maybe, lines=lines,
        customer=st.none() | st.just("cus"),
    ),
    st.builds(
        Buyer, contract=st.none() | contracts, token=st.none() | st.sampled_from(["t", "u"]),
        username=st.none() | st.sampled_from(["Ann", "Joe"]), rank=st.integers(0, 2), at=maybe,
        discord_id=st.none() | st.integers(1, 2), email=st.none() | st.just("a@example.org"),
        claim_codes=st.lists(st.sampled_from(["x", "y"]), max_size=2).map(tuple),
    ),
)  # fmt: skip
many_facts = st.lists(some_facts, max_size=12)
all_terms = st.builds(
    Terms,
    cancel_ends_now=st.booleans(),
    partial_refund_ends=st.booleans(),
    dispute_holds=st.booleans(),
)


@settings(deadline=None)
@given(many_facts, st.data())
def test_order_and_repetition_do_not_matter(facts, data):
    once = merge([], facts)
    again = data.draw(st.permutations([*facts, *facts]))
    known = []
    for fact in again:
        known = merge(known, [fact])
    assert known == once
    assert merge(once, facts) == once


@given(many_facts, many_facts, many_facts)
def test_it_does_not_matter_what_was_merged_first(one, two, three):
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(one, two) == merge(two, one)


@settings(deadline=None)
@given(many_facts, all_terms, moments, st.data())
def test_a_contract_comes_to_the_same(facts, terms, now, data):
    standing = derive(facts, terms, now)
    assert derive(data.draw(st.permutations(facts)), terms, now) == standing
    assert derive(merge([], facts), terms, now) == standing
    ends = {given.ends_at for given in standing.gives if given.payment is None}
    assert len(ends) <= 1
    if not terms.cancel_ends_now and standing.paid_end is not None:
        assert all(end >= standing.paid_end for end in ends)


@given(many_facts)
def test_facts_are_stored_exactly_and_without_people(facts):
    stored = json.loads(json.dumps(to_json(facts)))
    assert from_json(stored) == without_people(facts)
    assert "a@example.org" not in json.dumps(stored)
    buyer = buyer_of(facts)
    assert buyer_from_text(buyer_to_text(buyer)) == buyer


def test_moments_of_every_zone_are_stored_in_one():
    zone = datetime(2026, 1, 1, 2, 0, 0, 123456).astimezone()
    [row] = to_json([Failure("a", "sub", zone)])
    assert row["at"].endswith("+00:00")
    assert from_json([row]) == [Failure("a", "sub", zone)]


def test_notices_can_be_stored_and_are_not_merged():
    notice = Notice(NoticeKind.FRAUD_WARNING, "ch_1")
    assert from_json(to_json([notice])) == [notice]
    assert merge([], [notice]) == []


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (Payment("in", "sub", START), {"in", "sub"}),
        (Failure("in", "sub", START), {"in", "sub"}),
        (Same("in", "pi"), {"in", "pi"}),
        (Refund("re", "ch", START, contract="sub"), {"re", "ch", "sub"}),
        (Dispute("du", "ch", START, DisputeState.OPEN), {"du", "ch"}),
        (Snapshot("sub", START, Status.ACTIVE, renews=True, customer="cus"), {"sub"}),
        (
            Buyer(contract="sub", payment="in", customer="cus", token="t", email="a@b"),
            {"sub", "in"},
        ),
        (Buyer(customer="cus"), set()),
        (Notice(NoticeKind.FRAUD_WARNING), set()),
    ],
)
def test_a_fact_belongs_by_the_ids_of_things_and_not_of_people(fact, expected):
    assert refs(fact) == expected


def test_the_first_word_on_a_payment_stays():
    first = Payment("in", "sub", at(0), ends_at=at(30))
    second = Payment("in", "sub", at(1), ends_at=at(60))
    assert merge([second], [first]) == [first]


def test_a_payment_that_says_what_it_is_for_beats_its_receipt():
    receipt = Payment("in", "sub", at(0), is_receipt=True)
    whole = Payment("in", "sub", at(1), ends_at=at(30))
    assert merge([receipt], [whole]) == [whole]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (
            Snapshot("s", at(1), Status.ENDED, renews=False),
            Snapshot("s", at(2), Status.ACTIVE, True),
        ),
        (
            Snapshot("s", at(1), Status.ACTIVE, True, 1),
            Snapshot("s", at(1), Status.ENDED, False, 0),
        ),
        (
            Snapshot("s", at(1), Status.ACTIVE, True, 0),
            Snapshot("s", at(1), Status.PAST_DUE, False, 1),
        ),
    ],
)
def test_the_newest_snapshot_counts(older, newer):
    assert merge([newer], [older]) == [newer]
    assert merge([older], [newer]) == [newer]


@pytest.mark.parametrize("closed", [DisputeState.WON, DisputeState.LOST, DisputeState.CLOSED])
def test_a_closed_dispute_is_not_opened_by_an_older_or_a_later_word(closed):
    verdict = Dispute("du", "ch", at(1), closed)
    for days in (0, 2):
        assert merge([verdict], [Dispute("du", "ch", at(days), DisputeState.OPEN)]) == [verdict]


def test_one_refund_under_two_ids_ties_them():
    facts = merge([Refund("re", "pi", at(0))], [Refund("re", "ch", at(0))])
    assert Same("ch", "pi") in facts


def buyer(*words):
    return buyer_of(merge([], words))


def test_the_stronger_word_on_a_name_stays():
    typed, copied = Buyer(username="Joe", rank=2, at=at(5)), Buyer(username="Ann", at=at(0))
    assert buyer(copied, typed).username == "Joe"
    later = Buyer(username="Ann", rank=2, at=at(6))
    assert buyer(later, typed, copied).username == "Joe"


def test_what_one_word_leaves_open_another_tells():
    found = buyer(Buyer(token="t"), Buyer(username="Joe"), Buyer(claim_codes=("cs_1",)))
    assert (found.token, found.username, found.claim_codes) == ("t", "Joe", ("cs_1",))
