"""The edge of an answer: its colour, and which words stand above it."""

import discord
import pytest

from bot.replies import Message
from bot.replies.message import MAX_TEXT, Ping
from bot.replies.tone import Tone

DETAILS = "Nobody lost access. It can wait."


def shown(message):
    parts = message.send_kwargs()
    return parts.get("content"), [
        (box.description, box.colour and box.colour.value) for box in parts.get("embeds", [])
    ]


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("✅ **Done:** it is there.\nMore.", Tone.DONE),
        ("🎉 You can use it.\nMore.", Tone.DONE),
        ("⏳ **Waiting:** for it.\nMore.", Tone.LOOK),
        ("⚠️ **The login has ended.** More.", Tone.LOOK),
        ("❌ **It has ended.** More.", Tone.STOP),
        ("-# Your order, yesterday\n✅ **Done:** it is there.", Tone.DONE),
        ("✅ **It works.**\n⚠️ The second cookie is missing.", Tone.LOOK),
        ("**Nothing waits.**\n⚠️ Two things differ.", Tone.LOOK),
        ("**Setting up**\n✅ One step\n⬜ Another", Tone.PLAIN),
        ("**Open this page.** It works once.", Tone.PLAIN),
    ],
)
def test_the_signs_say_the_colour(text, tone):
    assert Message(text).edge is tone
    content, boxes = shown(Message(text))
    if tone is Tone.PLAIN:
        assert (content, boxes) == (text, [])
    else:
        assert [colour for _, colour in boxes] == [tone.value]


def test_a_given_tone_counts_more_than_the_signs():
    assert Message("⚠️ **Not done:** it.\nWhy.", tone=Tone.STOP).edge is Tone.STOP


@pytest.mark.parametrize(
    ("text", "above", "below"),
    [
        (f"⚠️ **The login has ended.** {DETAILS}", "⚠️ **The login has ended.**", DETAILS),
        ("✅ **Done:** Ann has it.\nOne month added.", "✅ **Done:** Ann has it.", "One month added."),
        ("-# Small\n✅ It is there. Look.", "-# Small\n✅ It is there.", "Look."),
        ("❌ **`two. words` cannot be one.** Type it.", "❌ **`two. words` cannot be one.**", "Type it."),
        ("❌ **Version 1. Pro ends.** Why.", "❌ **Version 1. Pro ends.**", "Why."),
        ("✅ Ann has Version 1.5 now", "✅ Ann has Version 1.5 now", "-# Nothing more to do."),
        ("⏳ **Asking…**", "⏳ **Asking…**", "-# One moment."),
        ("✅ It works again; what waited goes on", "✅ It works again", "What waited goes on"),
        ("⚠️ They differ; `/sync status` shows it.", "⚠️ They differ.", "`/sync status` shows it."),
        ("✅ **Pro; 1** is `a; b` now.", "✅ **Pro; 1** is `a; b` now.", "-# Nothing more to do."),
    ],
)  # fmt: skip
def test_the_first_sentence_stands_above_and_the_rest_in_the_box(text, above, below):
    assert shown(Message(text))[0] == above
    assert shown(Message(text))[1][0][0] == below


def test_a_message_with_boxes_keeps_its_text_whole_and_colours_them():
    box = discord.Embed(description="⚠️ The two differ.")
    message = Message("Ann has 1 script. Look.", (box,))
    assert shown(message) == ("Ann has 1 script. Look.", [(box.description, Tone.LOOK.value)])
    assert box.colour is None, "the caller's own box is left alone"


def test_a_call_names_only_whom_it_calls_and_fits():
    message = Message("⚠️ " + "x" * 3_000, ping=Ping(roles=(7,), members=(8,)), tone=Tone.STOP)
    parts = message.send_kwargs()
    assert parts["content"].endswith("<@&7> <@8>")
    assert len(parts["content"]) <= MAX_TEXT
    allowed = parts["allowed_mentions"].to_dict()
    assert (allowed["roles"], allowed["users"], allowed.get("parse")) == ([7], [8], [])
