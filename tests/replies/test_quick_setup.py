"""What is said of a role and a channel that were made, or not: what is there, what is not, what is next."""

import pytest

from bot.replies import Message, quick_setup
from bot.replies.message import Button
from bot.replies.quick_setup import Outcome, Quick

CHECKLIST = Message("**Setting up Usher**", buttons=(Button("Next", "u:x:1"),))


def said(*parts, **more):
    return quick_setup.result(Quick(*parts, **more), CHECKLIST, 1)


@pytest.mark.parametrize("outcome", [Outcome.FULL, Outcome.REFUSED, Outcome.SILENT])
def test_a_role_that_was_not_made_names_the_next_step_and_leaves_the_channel(outcome):
    message = said(outcome, Outcome.LEFT)
    assert message.text.count("❌") == 2
    assert "Try again" in message.text
    assert "the role comes first" in message.text
    assert [button.label for button in message.buttons] == ["Try again"]
    assert "Setting up" not in message.text


@pytest.mark.parametrize("outcome", [Outcome.FULL, Outcome.REFUSED, Outcome.SILENT])
def test_a_channel_that_was_not_made_says_that_the_role_stays(outcome):
    message = said(Outcome.MADE, outcome, (5,))
    assert "I made the role <@&5>" in message.text
    assert message.text.count("❌") == 1
    assert [button.label for button in message.buttons] == ["Try again"]


def test_with_both_the_checklist_goes_on():
    message = said(Outcome.MADE, Outcome.MADE, (5,), 7)
    assert "<#7>" in message.text
    assert message.text.endswith("**Setting up Usher**")
    assert [button.label for button in message.buttons] == ["Next"]


@pytest.mark.parametrize(
    ("parts", "missing", "begins"),
    [
        (
            (Outcome.LEFT, Outcome.LEFT),
            ("manage_roles", "manage_channels"),
            "To make the staff role and the log channel I need Discord's rights **Manage Roles** and",
        ),
        ((Outcome.LEFT, Outcome.KEPT), ("manage_roles",), "To make the staff role I need"),
        ((Outcome.KEPT, Outcome.LEFT), ("manage_channels",), "To make the log channel I need"),
    ],
)
def test_the_rights_are_named_once_and_why(parts, missing, begins):
    message = said(*parts, missing=missing, invite="https://discord.com/oauth2/authorize")
    assert message.text.startswith(begins)
    assert "Nothing was made yet" in message.text
    assert message.text.count("**") % 2 == 0
    assert "****" not in message.text
    link, again = message.buttons
    assert (link.url, again.label) == ("https://discord.com/oauth2/authorize", "Try again")
