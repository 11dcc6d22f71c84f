"""Our own payment message: what each type says, at its own paths and at those of a vendor."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Failure,
    Line,
    Payment,
    Reading,
    Refund,
    Refused,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import OptionInvalid, generic
from bot.access.sources.payments.shared.own_message import PATHS, TYPES, check_options, read

SENT = datetime(2026, 1, 1, tzinfo=UTC)
CAME = datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC)
UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
DATA = {
    "order": "A-1",
    "product": "gold",
    "username": "Trader_Joe",
    "discord_id": "781784956044574751",
    "email": "a@example.org",
    "until": "2026-02-01T00:00:00Z",
}
BUYER = Buyer(
    contract="A-1",
    username="Trader_Joe",
    discord_id=781784956044574751,
    email="a@example.org",
    at=SENT,
)
PERIOD = "A-1:2026-02-01T00:00:00.000000Z"


def said(kind="paid", data=None, options=None, came=CAME, event_id="m1", **changes):
    message = {"id": "m1", "type": kind, "timestamp": "2026-01-01T00:00:00Z"}
    message |= {"data": DATA if data is None else data} | changes
    body = json.dumps(message).encode()
    return read(Stored(event_id, "paid", body, came), options or {})


def why(*arguments, **changes):
    with pytest.raises(Refused) as refused:
        said(*arguments, **changes)
    return refused.value.why


def without(*names, **changes):
    return {key: value for key, value in DATA.items() if key not in names} | changes


def test_a_paid_period():
    assert said() == Reading(
        (
            Payment(
                key=PERIOD,
                contract="A-1",
                at=SENT,
                lines=(Line(("gold",)),),
                ends_at=UNTIL,
                is_exact=True,
            ),
            Snapshot("A-1", SENT, Status.ACTIVE, True, rank=1, ends_at=UNTIL),
            BUYER,
        ),
        occurred_at=SENT,
    )


def test_a_sale_counts_once_for_its_order():
    first = said(data=without("until", duration="1m"), event_id="m1").facts[0]
    again = said(data=without("until", duration="1 month"), event_id="m2").facts[0]
    assert first == again
    assert (first.key, first.length, first.ends_at) == ("A-1", "1M", None)


@pytest.mark.parametrize(
    ("duration", "length"),
    [("1M", "1M"), ("L", "L"), ("30 days", "30D"), ("1y 6m", "1Y 6M"), (None, None), ("", None)],
)
def test_a_length_is_written_as_everywhere_or_is_that_of_the_item(duration, length):
    assert said(data=without("until", duration=duration)).facts[0].length == length


def test_an_end_goes_before_a_length():
    payment = said(data=DATA | {"duration": "1Y"}).facts[0]
    assert (payment.ends_at, payment.length) == (UNTIL, None)


def test_a_period_counts_once_for_its_end():
    keys = {
        said(data=DATA | {"until": until}).facts[0].key
        for until in (
            "2026-02-01T00:00:00Z",
            "2026-02-01T02:00:00+02:00",
            1769904000,
            "1769904000000",
        )
    }
    assert keys == {PERIOD}
    assert said(data=DATA | {"until": "2026-03-01T00:00:00Z"}).facts[0].key != PERIOD


def test_a_day_alone_is_the_end_of_that_day():
    payment = said(data=DATA | {"until": "2026-02-01"}).facts[0]
    assert payment.ends_at == datetime(2026, 2, 1, 23, 59, 59, 999000, tzinfo=UTC)


def test_what_was_paid():
    payment = said(data=DATA | {"amount": "29.00", "currency": "EUR"}).facts[0]
    assert (payment.amount, payment.currency) == (Decimal("29.00"), "EUR")


def test_cancelled_goes_on_until_its_end():
    snapshot = said("cancelled").facts[0]
    assert snapshot == Snapshot("A-1", SENT, Status.ACTIVE, False, rank=2, ends_at=UNTIL)


def test_ended_beats_what_was_said_at_the_same_moment():
    snapshot = said("ended", data={"order": "A-1"}).facts[0]
    assert snapshot == Snapshot("A-1", SENT, Status.ENDED, False, rank=3)
    assert snapshot.rank > said("cancelled").facts[0].rank > said("paid").facts[1].rank


def test_a_failed_payment_is_that_of_its_period_where_it_names_one():
    assert said("payment_failed").facts[0] == Failure(PERIOD, "A-1", SENT)
    assert said("payment_failed", data={"order": "A-1"}).facts[0].contract == "A-1"


def test_refunds():
    order = {"order": "A-1"}
    assert said("refunded", data=order).facts == (
        Refund("refund:A-1", "A-1", SENT, is_full=True, contract="A-1"),
    )
    part = said("refunded", data=order | {"amount": 10}, event_id="m7").facts[0]
    assert part == Refund("refund:m7", "A-1", SENT, amount=Decimal(10), contract="A-1")


def test_a_dispute_and_its_end_are_one():
    opened = said("disputed", data={"order": "A-1"}).facts[0]
    won = said("dispute_won", data={"order": "A-1"}).facts[0]
    assert opened == Dispute("dispute:A-1", "A-1", SENT, DisputeState.OPEN, "A-1")
    assert (won.key, won.state) == (opened.key, DisputeState.WON)


def test_an_order_may_be_a_number():
    assert said(data=DATA | {"order": 17}).facts[0].contract == "17"


@pytest.mark.parametrize(
    "sent", ["2027-01-01T00:00:00Z", None, "", "soon", "2026-01-01T00:00:00", True, [], 10**29]
)
def test_a_time_that_is_none_or_ahead_is_when_it_came(sent):
    assert said(timestamp=sent).occurred_at == CAME


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"until": "2026-02-01T00:00:00"}, "until is no date"),  # no zone
        ({"until": "2026-02-30"}, "until is no date"),
        ({"until": "soon"}, "until is no date"),
        ({"until": True}, "until is no date"),
        ({"until": ["2026-02-01"]}, "until is no date"),
        ({"until": 10**29}, "until is no date"),
        ({"until": -1}, "until is no date"),
        ({"until": "1e9"}, "until is no date"),
        ({"until": 1.5}, "until is no date"),
        ({"until": "0001-01-01T00:00:00Z"}, "until is no date"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "until is no date"),
        ({"until": "2999-01-01"}, "too far"),
        ({"order": None}, "no order"),
        ({"order": " "}, "no order"),
        ({"order": True}, "no order"),
        ({"order": {"id": 1}}, "no order"),
        ({"order": "x" * 151}, "no order"),
        ({"order": 1.5}, "no order"),
        ({"product": None}, "no product"),
        ({"product": ["gold"]}, "no product"),
        ({"until": None, "duration": "soon"}, "duration"),
        ({"until": None, "duration": 30}, "duration"),
        ({"until": None, "duration": True}, "duration"),
        ({"until": None, "duration": "999Y"}, "duration"),
    ],
)
def test_what_makes_no_sense_is_refused_with_why(changes, words):
    assert words in why(data=DATA | changes)


@pytest.mark.parametrize("value", ["ten", True, -1, "1e400", [], "NaN", "Infinity"])
def test_an_amount_that_is_none_is_no_whole_refund(value):
    assert why("refunded", data={"order": "A-1", "amount": value}) == "the amount is none"


@pytest.mark.parametrize("kind", ["Paid", "subscription.created", "", " "])
def test_a_type_that_nobody_knows_is_told(kind):
    assert "type" in why(kind)


@pytest.mark.parametrize("kind", [None, 1, True, ["paid"], {}])
def test_a_message_without_a_type_is_told(kind):
    assert why(kind) == "the message has no type"


@pytest.mark.parametrize("data", [[], "A-1", 1, True])
def test_data_of_another_shape_names_no_order(data):
    assert why(data=data) == "the message names no order"


@pytest.mark.parametrize(
    "changes",
    [{"username": ["x"]}, {"username": "x" * 201}, {"discord_id": True}, {"discord_id": "joe"}],
)
def test_a_buyer_who_cannot_be_read_is_unknown_and_the_payment_counts(changes):
    payment, _, *buyers = said(data=without("username", "discord_id", "email") | changes).facts
    assert payment.key == PERIOD
    assert buyers == []


SHOP = {
    "paths": {
        "type": "event.name",
        "order": "sale.number",
        "product": "sale.items.0.sku",
        "username": "sale.fields.tv",
        "discord_id": "sale.fields.discord",
        "email": "sale.mail",
        "until": "sale.ends",
        "time": "event.at",
    },
    "types": {"sale.done": "paid", "sale.back": "refunded"},
}


def test_a_message_of_another_shape():
    message = {
        "event": {"name": "sale.done", "at": 1767225600},
        "sale": {
            "number": 12,
            "items": [{"sku": "gold"}],
            "fields": {"tv": "Trader_Joe", "discord": 781784956044574751},
            "mail": "a@example.org",
            "ends": 1769904000,
        },
    }
    body = json.dumps(message).encode()
    payment, _, buyer = read(Stored("m1", "sale.done", body, CAME), SHOP).facts
    assert (payment.contract, payment.ends_at, payment.at) == ("12", UNTIL, SENT)
    assert payment.lines == (Line(("gold",)),)
    assert (buyer.username, buyer.discord_id) == ("Trader_Joe", 781784956044574751)


@pytest.mark.parametrize("field", [" data.tv ", "tv"])
def test_the_field_of_the_name_may_be_set_alone(field):
    options = check_options({"name_field": field})
    *_, buyer = said(data=DATA | {"tv": "Other_Joe"}, options=options).facts
    assert buyer.username == "Other_Joe"


def test_a_sale_does_not_go_on_by_itself():
    snapshot = said(data=without("until")).facts[1]
    assert (snapshot.status, snapshot.renews) == (Status.ACTIVE, False)


def test_words_that_a_connection_does_not_list_are_of_no_use():
    assert said("sale.opened", options={"types": SHOP["types"]}) == Reading(occurred_at=SENT)
    assert said("sale.done", options={"types": SHOP["types"]}).facts == said().facts


def test_a_path_leads_nowhere_without_harm():
    for path in ("data.order.id", "data.0.id", "id.id", "data.items.99999", "a.b.c.d.e.f.g.h.i.j"):
        assert why(options={"paths": {"order": path}}) == "the message names no order"


def test_options_as_a_form_has_them():
    assert check_options(
        {
            "paths": "order = sale.number\nproduct=sale.items.0.sku, id=id",
            "types": "sale.done = paid",
            "tolerance": " 600 ",
        }
    ) == {
        "paths": {"order": "sale.number", "product": "sale.items.0.sku"},
        "types": {"sale.done": "paid"},
        "tolerance": 600,
    }
    assert check_options(SHOP) == SHOP
    assert check_options({"types": {"sale": {"done": "paid", "back": "refunded"}}}) == {
        "types": SHOP["types"]
    }
    assert check_options({"paths": "", "types": None, "tolerance": ""}) == {}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"paths": {"price": "data.price"}}, "paths"),
        ({"paths": {"order": "data..id"}}, "paths"),
        ({"paths": {"order": "data order"}}, "paths"),
        ({"paths": {"order": ".".join("abcdefghijk")}}, "paths"),
        ({"paths": {"order": "x" * 61}}, "paths"),
        ({"paths": "order"}, "paths"),
        ({"paths": ["order"]}, "paths"),
        ({"paths": {"order": 1}}, "paths"),
        ({"name_field": "my field"}, "name_field"),
        ({"name_field": 7}, "name_field"),
        ({"types": {"sale.done": "Paid"}}, "types"),
        ({"types": {"sale": {"done": "Paid"}}}, "types"),
        ({"types": {"sale": {"done": 1}}}, "types"),
        ({"paths": {"order": {"id": "data.id"}}}, "paths"),
        ({"types": {"x" * 101: "paid"}}, "types"),
        ({"types": {f"t{number}": "paid" for number in range(31)}}, "types"),
        ({"tolerance": 0}, "tolerance"),
        ({"tolerance": 86_401}, "tolerance"),
        ({"tolerance": "1.5"}, "tolerance"),
        ({"tolerance": True}, "tolerance"),
        ({"unsigned": True}, "unsigned"),
    ],
)
def test_an_option_that_cannot_be_meant_so_is_refused_when_it_is_set(options, name):
    with pytest.raises(OptionInvalid) as refused:
        check_options(options)
    assert refused.value.name == name


def test_the_page_about_it_shows_a_message_and_names_every_option():
    page = (Path(__file__).parents[4] / ".github/PAYMENT_MESSAGES.md").read_text("utf-8")
    [body] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert len(read(Stored("m1", "paid", body.encode(), CAME), {}).facts) == 3
    for name in (*TYPES, *PATHS.keys() - {"currency"}, *generic.FORM_NAMES, "tolerance"):
        assert f"`{name}`" in page or f'"{name}"' in page, name
