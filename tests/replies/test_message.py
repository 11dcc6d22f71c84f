"""From a message to Discord's arguments: sent, only what is there; edited, what is gone goes."""

import discord

from bot.replies import Button, Message
from bot.replies.message import Attached

BOX = discord.Embed(title="Box")
FULL = Message("text", (BOX,), (Button("Press", "u:x:1"),), files=(Attached("a.csv", b"a"),))


def test_a_message_is_sent_with_all_that_it_has():
    given = FULL.send_kwargs()
    assert (given["content"], given["embeds"]) == ("text", [BOX])
    assert [item.label for item in given["view"].children] == ["Press"]
    assert [file.filename for file in given["files"]] == ["a.csv"]


def test_what_a_message_lacks_is_not_sent_as_none():
    assert Message("text").send_kwargs() == {"content": "text"}
    assert Message().send_kwargs() == {}


def test_an_edit_removes_what_the_message_lacks_but_leaves_the_files():
    assert Message("text").edit_kwargs() == {"content": "text", "embeds": [], "view": None}
    assert Message().edit_kwargs()["content"] is None


def test_an_edit_replaces_the_files_by_those_of_the_message():
    given = FULL.edit_kwargs()
    assert [file.filename for file in given["attachments"]] == ["a.csv"]
    assert "files" not in given
    assert given["view"] is not None


def test_files_are_read_anew_for_each_try():
    first, second = FULL.send_kwargs()["files"][0], FULL.send_kwargs()["files"][0]
    assert first.fp is not second.fp
