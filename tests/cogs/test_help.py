"""/help: each member reads what they may do, and nothing else; who writes to the bot gets one line."""

import re

from bot.replies.guide import BUYERS
from tests.support.discord_harness import eventually, text_of


async def test_a_buyer_reads_three_lines_and_staff_theirs(harness):
    buyer = text_of((await harness.run(harness.as_buyer, "help")).original).split("\n`")[1:]
    staff = text_of((await harness.run(harness.as_mod, "help")).original).split("\n`")[1:]
    assert len(buyer) == 3
    assert {"/me", "/access grant", "/sync status"} <= set(
        re.findall(r"`(/[a-z ]+)`", "`".join(staff))
    )
    assert not any("/setup" in line or "/session" in line for line in staff)


async def test_the_words_are_those_of_discords_own_list(harness):
    said = text_of((await harness.run(harness.as_buyer, "help")).original)
    listed = {
        each["name"]: each["description"] for each in harness.as_buyer.commands(harness.guild)
    }
    assert {"link", "me", "validate"} == set(BUYERS) <= set(listed)
    for name in BUYERS:
        assert f"`/{name}` – {listed[name]}" in said


async def test_the_owner_reads_groups_with_the_daily_ones_before_those_of_the_first_day(harness):
    said = text_of((await harness.run(harness.as_owner, "help")).original)
    heads = re.findall(r"^\*\*(.+)\*\*$", said, re.MULTILINE)
    assert heads[0] == "Your own"
    assert len(heads) == len(set(heads)) >= 7
    assert heads.index("Who may use what") < heads.index("The TradingView login")
    assert heads[-1] == "Set Usher up in this server"
    groups = {block.split("\n")[0]: re.findall(r"`/(\w+)", block) for block in said.split("\n\n")}
    assert set(groups["**Who may use what**"]) == {"access"}


async def test_who_writes_to_the_bot_gets_one_line_and_not_one_for_each_message(harness):
    for text in ("hello?", "are you there", "HELLO"):
        await harness.as_buyer.say(text)

    def answers():
        return [it for it in harness.as_buyer.dms() if it.author.bot]

    await eventually(answers)
    await harness.as_stranger.say("hi")
    await eventually(lambda: len(harness.as_stranger.dms()) == 2)
    [answer] = answers()
    assert "`/me`" in text_of(answer)
    assert "`/link`" in text_of(answer)
    assert "write to the staff" in text_of(answer)
    await harness.time.advance(601)
    await harness.as_buyer.say("again")
    await eventually(lambda: len(answers()) == 2)


async def test_what_is_written_in_the_server_is_not_answered(harness):
    await harness.as_buyer.say("hello", channel=harness.channel)
    await harness.as_stranger.say("hi")
    await eventually(lambda: len(harness.as_stranger.dms()) == 2)
    assert not harness.as_buyer.dms()
    assert len(harness.as_buyer.sees(harness.channel)) == 1
