"""Keys of buttons, lists and forms that were made by hand are answered like old ones: gone."""

import ast
import logging

import pytest

from bot.interactions.components import Choice
from bot.interactions.levels import Level
from bot.replies.access_check import SET
from bot.sandbox.discord.interactions import Kind
from tests.support.discord_harness import at_work, eventually, open_office, text_of

LARGE = ("9" * 19, "9" * 30, str(2**63), "1" * 60)
NUMBERS = ("", "-1", "0", "1", "x", "1.5", "+1", " 1", "٣", "²", "0x1", *LARGE)
ARGS = (
    (),
    *((text,) for text in NUMBERS),
    *(("1", text) for text in ("", "-1", "x", "extra", "stuck", "²", *LARGE)),
    *(("trend", text) for text in ("", "-1", "x", "7", "1000000", "1000001", *LARGE)),
    *(("%", "1"), ("'", "1"), ("a b", "0"), ("\u202e", "0"), ("😀", "0"), ("1", "1", "1", "1")),
    *(("\ud800",), ("1", "\ud800"), ("1", "\ud800", "0"), ("\udfff", "1")),
)
VALUES = ((), ("",), ("x",), ("-1",), ("9" * 30,), ("²",), ("1-2", "PUB;0"), ("\ud800",))


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        async with at_work(harness):
            await harness.script()
            await harness.log_in()
            yield harness


def forms(harness):
    """Return the keys that open a form, which is no answer to read."""
    return {name for name in harness.router.levels if "form" in name or "open" in name} | {SET}


async def answer(harness, custom_id, values=(), *, guild=True):
    """Return what the owner reads after such a press."""
    channel = harness.channel if guild else harness.fake.world.dm(harness.owner)
    data = {"component_type": 3 if values else 2, "custom_id": custom_id, "id": 1}
    if values:
        data["values"] = list(values)
    pressed = harness.as_owner._send(Kind.COMPONENT, channel, data, message=harness.message)
    return text_of(await pressed.answered())


@pytest.fixture
async def posted(harness):
    await harness.client.get_channel(harness.channel.id).send("x")
    harness.message = harness.as_owner.sees(harness.channel)[-1]


async def test_no_key_made_by_hand_ends_in_an_error_of_ours(harness, posted, caplog):
    caplog.set_level(logging.INFO)
    for number, name in enumerate(sorted(set(harness.router.levels) - forms(harness))):
        for args in ARGS[
            number % 4 :: 4
        ]:  # all read them in one place: each sees some of every kind
            key = ":".join(("u", name, str(harness.guild.id), *args))[:100]
            said = await answer(harness, key)
            assert "Something went wrong" not in said, key
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_no_choice_made_by_hand_ends_in_an_error_of_ours(harness, posted, caplog):
    for name in sorted(set(harness.router.levels) - forms(harness)):
        for values in VALUES:
            key = f"u:{name}:{harness.guild.id}:1:0"
            assert "Something went wrong" not in await answer(harness, key, values), (key, values)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("text", [ascii("\ud800"), repr("[" * 4_000), "None", "5"], ids=len)
async def test_no_form_made_by_hand_ends_in_an_error_of_ours(harness, posted, caplog, text):
    names = ("until", "sessionid", "sessionid_sign", "slug", "title", "")
    inputs = [{"type": 4, "custom_id": name, "value": ast.literal_eval(text)} for name in names]
    shapes = ([{"type": 1, "components": inputs}], [{"type": 18, "component": inputs[0]}], [])
    for name in sorted(harness.router.levels):
        for components in shapes:
            data = {
                "custom_id": f"u:{name}:{harness.guild.id}:1:Alice_T",
                "components": components,
            }
            sent = harness.as_owner._send(
                Kind.MODAL, harness.channel, data, message=harness.message
            )
            assert "Something went wrong" not in text_of(await sent.answered()), data
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("target", ["1", str(2**63 - 1)])
async def test_a_menu_of_somebody_made_up_ends_in_no_error_of_ours(harness, caplog, target):
    [command] = [each for each in harness.fake.commands() if each["type"] == 2]
    user = {"id": target, "username": "x", "discriminator": "0", "avatar": None}
    data = {key: command[key] for key in ("id", "name", "type")}
    data |= {"target_id": target, "resolved": {"users": {target: user}}}
    sent = harness.as_owner._send(Kind.COMMAND, harness.channel, data, command=command["name"])
    said = text_of(await sent.answered())
    assert "Something went wrong" not in said
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("option", ["item", "username", "duration", "note"])
async def test_half_a_character_is_said_and_holds_up_no_note_of_others(harness, caplog, option):
    options = {"item": "trend", "username": "Alice_T", "duration": "1M", option: "a\ud800"}
    request = await harness.as_owner.run(
        "access grant", guild=harness.guild, channel=harness.channel, **options
    )
    assert "A character in that is broken" in text_of(await request.answered())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    choices = await harness.as_owner.complete(
        "access grant", "item", "\ud800", guild=harness.guild, channel=harness.channel
    )
    assert choices == []


@pytest.mark.parametrize("guild_id", ["", "x", "0", "-1", "²", "9" * 30, str(2**63), "12345"])
@pytest.mark.parametrize("guild", [True, False])
async def test_a_server_made_up_is_gone(harness, posted, guild_id, guild):
    for name in ("put_back", "seat_guard", "once"):
        said = await answer(harness, f"u:{name}:{guild_id}:1", guild=guild)
        assert "too old" in said or "Only" in said, said


async def test_a_question_of_one_server_is_answered_in_no_other(harness):
    seen = []

    async def run(press):
        seen.append(press.guild_id)

    other = harness.fake.add_guild("Another shop", harness.owner)
    await eventually(lambda: harness.client.get_guild(other.id))
    choices = [Choice("Yes", run)]
    [button] = harness.router.question(harness.guild.id, harness.owner.id, Level.MANAGER, choices)
    _, _, _, name, place = button.key.split(":")
    [channel] = other.channels.values()
    await harness.client.get_channel(channel.id).send("x")
    message = harness.as_owner.sees(channel)[-1]
    data = {"component_type": 2, "custom_id": f"u:once:{other.id}:{name}:{place}", "id": 1}
    pressed = harness.as_owner._send(Kind.COMPONENT, channel, data, message=message)
    assert "too old" in text_of(await pressed.answered())
    assert seen == []


async def test_one_person_cannot_push_out_the_questions_of_others(harness):
    async def nothing(_):
        raise AssertionError

    def ask(asker):
        return harness.router.question(
            harness.guild.id, asker, Level.ANYONE, [Choice("Yes", nothing)]
        )[0].key.split(":")[3]

    mine = ask(1)
    theirs = [ask(2) for _ in range(2_000)]
    kept = harness.router._questions
    assert mine in kept
    assert [name for name in theirs if name in kept] == theirs[-20:]
    await harness.time.advance(15 * 60)
    newest = ask(3)
    assert set(kept) == {newest}
