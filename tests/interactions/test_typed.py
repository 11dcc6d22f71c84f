"""Whom a typed text means."""

import pytest

from bot.access.request import Subject
from bot.interactions.typed import customer_meant, member_meant


@pytest.mark.parametrize(
    ("typed", "member_id"),
    [
        ("781384788765712384", 781384788765712384),
        (" <@781384788765712384> ", 781384788765712384),
        ("<@!781384788765712384>", 781384788765712384),
        (
            "9999999999999999999",
            None,
        ),  # no number of Discord's is so large, nor can it be looked up
        ("12345678901234", None),
        ("Alice_T", None),
    ],
)
def test_a_mention_or_an_id_is_a_member(typed, member_id):
    assert member_meant(typed) == member_id


def test_everything_else_is_a_name():
    assert customer_meant("Alice_T") == Subject(username="Alice_T")
    assert customer_meant("<@781384788765712384>") == Subject(781384788765712384)
