"""Plain names of commands become what Discord opens, and no text grows beyond its limit by it."""

from types import SimpleNamespace

import discord
import pytest
from discord import app_commands

from bot.replies import Message
from bot.replies.command_mentions import MAX_BOX, MAX_BOXES, CommandMentions

ID = 10**18
SUB, GROUP = 1, 2


def registered(name, options=()):
    data = {
        "id": str(ID),
        "application_id": "1",
        "name": name,
        "description": name,
        "type": 1,
        "version": "1",
        "default_member_permissions": None,
        "options": list(options),
    }
    return app_commands.AppCommand(data=data, state=SimpleNamespace(_get_guild=lambda _: None))


def option(name, kind, options=()):
    return {"name": name, "description": name, "type": kind, "options": list(options)}


@pytest.fixture
def mentions():
    known = CommandMentions()
    known.learn(
        [
            registered("me"),
            registered("access", [option("grant", SUB, [option("item", 3)])]),
            registered("deep", [option("er", GROUP, [option("still", SUB)])]),
        ]
    )
    return known


@pytest.mark.parametrize(
    ("name", "mention"),
    [
        ("`/me`", f"</me:{ID}>"),
        ("`/access grant`", f"</access grant:{ID}>"),
        ("`/deep er still`", f"</deep er still:{ID}>"),
        ("`/access`", "`/access`"),
        ("`/unknown`", "`/unknown`"),
        ("/me", "/me"),
    ],
)
def test_what_can_be_run_becomes_a_mention_and_nothing_else(mentions, name, mention):
    message = Message(f"Use {name}.", (discord.Embed(description=f"Or {name}!"),))
    changed = mentions.put_into(message)
    assert changed.text == f"Use {mention}."
    assert changed.embeds[0].description == f"Or {mention}!"
    assert message.embeds[0].description == f"Or {name}!"


def test_without_ids_the_names_stay():
    message = Message("`/me`")
    assert CommandMentions().put_into(message) is message


@pytest.mark.parametrize("many", [1, 50, 90, 94, 180, 300])
def test_a_text_that_mentions_would_make_too_long_keeps_its_names_whole(mentions, many):
    text = " ".join(["`/access grant`"] * many)
    boxes = tuple(
        discord.Embed(description=text[:MAX_BOX].rpartition(" ")[0] or text) for _ in "ab"
    )
    boxes = tuple(box for box in boxes if sum(len(each) for each in boxes) <= MAX_BOXES)
    changed = mentions.put_into(Message(text[:2_000], boxes))
    parts = changed.send_kwargs()
    assert len(parts["content"]) <= 2_000
    assert all(len(box.description) <= MAX_BOX for box in parts.get("embeds", []))
    assert sum(len(box) for box in parts.get("embeds", [])) <= MAX_BOXES
    for part in (parts["content"], *(box.description for box in parts.get("embeds", []))):
        assert part.count("<") == part.count(f":{ID}>"), "no mention is cut"
