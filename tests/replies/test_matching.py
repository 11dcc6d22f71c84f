"""What a list under a preview may send back."""

import pytest

from bot.access.errors import ButtonGone
from bot.replies.matching import chosen, column_chosen


@pytest.mark.parametrize("values", [("9",), ("1", "2"), (), ("x",), ("-1",)])
def test_a_column_that_was_not_offered_cannot_be_chosen(values):
    with pytest.raises(ButtonGone):
        column_chosen(values, (1, 2))
    assert column_chosen(("2",), (1, 2)) == 2


def test_a_pair_that_was_not_offered_cannot_be_chosen():
    assert chosen(["1-2"], []) == []
