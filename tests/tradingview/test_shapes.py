"""What counts as another form of TradingView's answers, and that no value is ever told."""

import json

import pytest

from bot.tradingview import shapes
from bot.tradingview.response_errors import Reply

BASE = "https://www.tradingview.com"
END = "2026-11-30T23:59:59.999000+00:00"
ANN = {
    "id": 1001,
    "username": "Ann_Trades",
    "userpic": "",
    "expiration": END,
    "created": "2026-10-01T08:15:00.123456+00:00",
}
BOB = {name: value for name, value in ANN.items() if name != "expiration"} | {"username": "bob-fx"}
NEXT = "/pine_perm/list_users/?c=cD0yJm89LWNyZWF0ZWQ%3D"


def reply(data):
    return Reply(200, {}, json.dumps(data).encode())


def renamed(row, old, new):
    return {new if name == old else name: value for name, value in row.items()}


def rows(*people):
    return shapes.rows(reply({"results": list(people), "next": None}))


def page(data):
    return shapes.page(reply(data), BASE)


@pytest.mark.parametrize(
    "person", [ANN, BOB, BOB | {"expiration": None}, BOB | {"expiration": ""}, ANN | {"userpic": 1}]
)
def test_every_documented_row_is_as_known(person):
    form = rows(person)
    assert (form.differences, form.items) == ((), 1)


def test_an_end_under_another_name_is_told_before_everybody_looks_like_lifetime():
    [told] = rows(renamed(ANN, "expiration", "expires_at"), BOB).differences
    assert told == "nobody has the field `expiration`, and `expires_at` may stand for it"
    [told] = rows(renamed(ANN, "expiration", "when")).differences
    assert "`when`" in told


def test_a_new_field_beside_known_ends_is_news_and_no_difference():
    form = rows(ANN | {"trial_until": END})
    assert form.differences == ()
    assert form.news == ("fields that are new: `trial_until`",)
    assert rows(BOB | {"badge": "gold", "friend": True}).differences == ()


@pytest.mark.parametrize(
    ("person", "told"),
    [
        (renamed(ANN, "username", "name"), "`username` is missing"),
        (ANN | {"username": 5}, "`username` is a number instead of a text"),
        (renamed(ANN, "id", "user_id"), "`id` is missing"),
        (ANN | {"id": "1001"}, "`id` is a text instead of a number"),
        (ANN | {"expiration": 1790000000}, "`expiration` is a number instead of a date"),
        (ANN | {"expiration": "2026-11-30"}, "no date with a time zone"),
        (ANN | {"expiration": "2026-11-30T23:59:59"}, "no date with a time zone"),
        ("Ann_Trades", "a person is a text instead of an object"),
    ],
)
def test_whatever_is_relied_upon_in_a_row(person, told):
    assert any(told in word for word in rows(person, BOB).differences)


@pytest.mark.parametrize("next_path", [None, "", NEXT, BASE + NEXT])
def test_every_documented_page_is_as_known(next_path):
    assert page({"results": [ANN], "next": next_path}) == shapes.ResponseSchema()
    assert page({"results": []}) == shapes.ResponseSchema()
    assert page({"results": [], "prev": None}) == shapes.ResponseSchema()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([ANN], "the answer is a list instead of an object"),
        ({"users": [ANN], "next": None}, "`results` is missing; there are `next`, `users`"),
        ({"results": {"1": ANN}, "next": None}, "`results` is an object instead of a list"),
        ({"results": [], "next": 7}, "`next` is not the address of a page"),
        ({"results": [], "next": {"c": "x"}}, "`next` is not the address of a page"),
        ({"results": [], "next": "https://elsewhere.invalid/x"}, "`next` is not the address"),
        ({"results": [], "next_page": NEXT}, "`next` is missing, and `next_page` may"),
        ({"results": [], "paging": NEXT}, "`next` is missing, and `paging` may"),
    ],
)
def test_whatever_is_relied_upon_in_a_page(data, told):
    assert any(told in word for word in page(data).differences)


def test_the_name_search_is_a_list_of_names():
    known = [{"id": 1, "username": "Ann_Trades", "inactive": False}, {"username": "bob-fx"}]
    assert shapes.hints(reply(known)) == shapes.ResponseSchema((), (), 2)
    assert shapes.hints(reply([])).differences == ()
    assert shapes.hints(reply({"results": known})).differences == (
        "the answer is an object instead of a list",
    )
    assert "missing" in shapes.hints(reply([{"name": "Ann_Trades"}])).differences[0]
    assert "a number" in shapes.hints(reply([{"username": "x", "id": "1"}])).differences[0]


def test_of_the_account_page_only_that_it_is_an_object_counts():
    assert shapes.account(reply({})) == shapes.ResponseSchema()
    assert shapes.account(reply({"coins": 1, "wallet": 2})).news
    assert shapes.account(reply([1])).differences == ("the answer is a list instead of an object",)


def test_the_lists_of_scripts_hold_ids():
    known = {"scriptIdPart": "PUB;1", "scriptAccess": "invite_only", "scriptSource": "plot(close)"}
    assert shapes.published(reply([known])) == shapes.ResponseSchema((), (), 1)
    assert "missing" in shapes.published(reply([{"id": "PUB;1"}])).differences[0]
    assert shapes.published(reply({"results": []})).differences
    assert "plot" not in repr(shapes.published(reply([known | {"scriptIdPart": 1}])))
    assert shapes.managed(reply(["PUB;1"])) == shapes.ResponseSchema((), (), 1)
    assert "an object instead of a text" in shapes.managed(reply([known])).differences[0]
    named = {"scriptIdPart": "PUB;1", "scriptName": "Trend", "access": 3, "more": True}
    assert shapes.named(reply([named])) == shapes.ResponseSchema((), (), 1)
    assert "a list" in shapes.named(reply({"results": [named]})).differences[0]
    assert "scriptIdPart" in shapes.named(reply([{"scriptName": "Trend"}])).differences[0]
    assert "a text" in shapes.named(reply(["PUB;1"])).differences[0]


def test_no_value_and_nobodys_name_is_told():
    odd = {"Ann Trades!": END, "x" * 60: "secret-value", "username": 1, "id": "secret-value"}
    many = {f"person_{number}": {"secret-value": 1} for number in range(50)}
    forms = [
        rows(odd),
        page(odd),
        page(many),
        shapes.hints(reply([odd])),
        shapes.account(reply(["secret-value"])),
    ]
    text = repr(forms)
    for hidden in ("secret-value", "Ann Trades", "2026", "person_7", "xxx"):
        assert hidden not in text


def test_a_text_that_is_no_data_has_no_form():
    assert not shapes.is_data(Reply(200, {}, b'{"results": [{"id'))
    assert shapes.is_data(reply([]))
