"""The log channel: one message for each order, changed into its outcome; alarms call the managers."""

from datetime import timedelta

import discord
import pytest

from bot.replies import Message
from bot.replies.tone import Tone
from bot.store.catalogue import guilds
from bot.store.ledger import log_entries
from tests.support.discord_harness import at_work, eventually, labels, open_office, text_of

ALL = {"item": "trend", "username": "Alice_T", "duration": "1M"}


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        harness.vendor.world.add_user("Alice_T")
        harness.log = harness.fake.add_channel(harness.guild, "log", public=False)
        await harness.make_rows()
        await harness.choose_log_channel(harness.log)
        yield harness


def about(harness, word="ordered"):
    return [it for it in harness.as_owner.sees(harness.log) if word in text_of(it)]


def edge(message):
    [box] = message.embeds
    return Tone(box.get("color"))


async def waiting(harness):
    harness.switches.hang = True
    request = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel, **ALL
    )
    await request.acknowledged_()
    await harness.passes(lambda: "⏳" in text_of(request.original))
    await harness.passes(lambda: about(harness))
    return request


async def test_an_order_is_one_message_that_turns_from_waiting_to_done(harness):
    async with at_work(harness):
        await waiting(harness)
        [entry] = about(harness)
        assert entry.content.startswith(f"⏳ <@{harness.mod.id}> ordered 1 month of **Trend**")
        assert edge(entry) is Tone.LOOK
        assert entry.embeds[0]["description"] == "1 month more\nWaiting for TradingView."
        assert "no access" not in text_of(entry), "nobody has looked at TradingView yet"
        harness.switches.hang = False
        await harness.passes(lambda: "✅" in about(harness)[0].content)
        [entry] = about(harness)
        assert edge(entry) is Tone.DONE
        assert "no access → until **<t:" in text_of(entry)
        assert len(about(harness, "Trend")) == 1


@pytest.mark.parametrize(("days", "word"), [(9, "until"), (-9, "ended")])
async def test_what_tradingview_showed_before_is_told_also_where_it_was_given_by_hand(
    harness, days, word
):
    end = harness.time.now() + timedelta(days=days)
    harness.vendor.world.grant(next(iter(harness.vendor.world.scripts)), "Alice_T", end)
    async with at_work(harness):
        await harness.run(harness.as_mod, "access grant", **ALL)
        await harness.passes(lambda: about(harness) and "✅" in about(harness)[0].content)
        [entry] = about(harness)
        assert f"{word} **<t:{int(end.timestamp())}:D>**" in text_of(entry).partition("→")[0]


async def test_what_was_done_at_once_is_written_once(harness):
    async with at_work(harness):
        await harness.run(harness.as_mod, "access grant", **ALL)
        await harness.run(harness.as_mod, "access revoke", item="trend", username="Alice_T")
        await harness.passes(
            lambda: about(harness, "ended") and "✅" in about(harness, "ended")[0].content
        )
        assert len(about(harness, "Trend")) == 2
        [entry] = about(harness, "ended")
        assert "→ no access" in text_of(entry)


async def test_after_a_restart_the_same_message_turns_to_done(harness):
    async with at_work(harness):
        await waiting(harness)
    harness.switches.hang = False
    async with at_work(harness):
        await harness.passes(lambda: "✅" in about(harness)[0].content)
    assert len(about(harness, "Trend")) == 1


async def test_a_crash_before_the_message_was_noted_writes_no_second_one(harness, monkeypatch):
    real = log_entries.keep

    async def lost(*_):
        raise OSError("killed")

    monkeypatch.setattr(log_entries, "keep", lost)
    async with at_work(harness):
        await waiting(harness)
    monkeypatch.setattr(log_entries, "keep", real)
    harness.switches.hang = False
    async with at_work(harness):
        await harness.passes(lambda: "✅" in about(harness)[0].content)
    assert len(about(harness, "Trend")) == 1


async def test_a_message_that_was_deleted_gets_a_fresh_one(harness):
    async with at_work(harness):
        await waiting(harness)
        harness.as_owner.delete(about(harness)[0])
        harness.switches.hang = False
        await harness.passes(lambda: about(harness) and "✅" in about(harness)[0].content)
        assert len(about(harness)) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, 50005), (400, 50083), (429, 30046), (400, 50035), (404, 10008)],
    ids=["another bot's", "archived", "edited too often", "not valid", "gone"],
)
async def test_a_message_that_cannot_be_changed_any_more_gets_a_fresh_one_and_holds_up_no_other(
    harness, status, code
):
    harness.vendor.world.add_user("Bob_T")
    async with at_work(harness):
        await waiting(harness)
        harness.fake.switches.refuse("edit", code, status, times=None)
        harness.switches.hang = False
        await harness.run(
            harness.as_mod, "access grant", item="trend", username="Bob_T", duration="1M"
        )

        def done(name):
            return [text for text in map(text_of, about(harness, name)) if "✅" in text]

        await harness.passes(lambda: done("Alice") and done("Bob"))
        assert len(done("Alice")) == len(done("Bob")) == 1


async def test_a_message_that_discord_cannot_change_just_now_is_changed_later(harness):
    async with at_work(harness):
        await waiting(harness)
        harness.fake.switches.fail("edit", 503, times=2)
        harness.switches.hang = False
        await harness.passes(lambda: "✅" in about(harness)[0].content)
        assert len(about(harness, "Trend")) == 1


async def test_a_stuck_order_turns_red_and_calls_the_managers_role(harness):
    role = harness.fake.add_role(harness.guild, "Managers", permissions=0)
    async with harness.vendor.database.write() as connection:
        await guilds.add_role(connection, harness.guild.id, role.id, "manager")
    async with at_work(harness):
        await waiting(harness)
        harness.vendor.world.delete_user(harness.vendor.world.find_user("Alice_T"))
        harness.switches.hang = False
        await harness.passes(lambda: about(harness, "is stuck"), 3_600)
        [alarm] = about(harness, "is stuck")
        assert edge(alarm) is Tone.STOP
        assert alarm.content.endswith(f"<@&{role.id}>")
        assert edge(about(harness)[0]) is Tone.STOP


async def test_without_a_managers_role_the_owner_is_called(harness):
    async with at_work(harness):
        harness.vendor.world.end_all_sessions()
        await harness.vendor.test_logins()
        harness.outcome_notifier.wake()
        await harness.passes(lambda: about(harness, "has ended"))
        [alarm] = about(harness, "has ended")
        assert edge(alarm) is Tone.STOP
        assert [user.id for user in alarm.mentions] == [harness.owner.id]
        assert "Nobody lost access" in text_of(alarm)


async def test_names_of_commands_open_them_also_after_a_restart(harness):
    for _ in range(2):
        async with at_work(harness) as client:
            await eventually(lambda client=client: client.command_mentions.known)
            request = await harness.run(harness.as_stranger, "me")
            command = next(
                each
                for each in harness.as_stranger.commands(harness.guild)
                if each["name"] == "link"
            )
            assert f"</link:{command['id']}>" in request.original.content + str(
                request.original.embeds
            )


async def test_a_discord_that_hides_the_ids_leaves_plain_names(harness, monkeypatch):
    async with at_work(harness):
        pass

    async def refused(*_, **__):
        raise discord.DiscordException

    client = harness.build()
    monkeypatch.setattr(client.tree, "fetch_commands", refused)
    async with at_work(harness, client):
        request = await harness.run(harness.as_stranger, "me")
        assert "`/link`" in str(request.original.embeds)


async def test_what_one_repair_did_for_many_is_few_messages(harness):
    script = next(iter(harness.vendor.world.scripts))
    async with at_work(harness):
        for number in range(6):
            harness.vendor.world.add_user(f"many_{number}")
            await harness.run(
                harness.as_mod,
                "access grant",
                item="trend",
                duration="1M",
                username=f"many_{number}",
            )
        await harness.passes(lambda: len(about(harness)) == 6)
        for number in range(6):
            harness.vendor.world.revoke(script, f"many_{number}")
        await harness.time.advance(60)
        shown = await harness.run(harness.as_mod, "sync sweep", item="trend")
        await shown.until(lambda now: "Give 6 missing back" in labels(now))
        await harness.as_mod.press(shown.original, "Give 6 missing back")
        await harness.passes(lambda: harness.vendor.world.row(script, "many_5"))

        def outcomes():
            shown = [text_of(it) for it in about(harness, "TradingView shows it")]
            return [text for text in shown if "ordered" not in text]

        await harness.passes(lambda: sum(text.count("many") for text in outcomes()) == 6)
        assert len(outcomes()) < 6


async def test_what_no_entry_of_the_history_can_tell_is_an_alarm_too(harness):
    async with at_work(harness):
        said = Message("⚠️ **This computer's disk is full.** Nothing was recorded.")
        assert await harness.log_channel.alarm(harness.guild.id, said)
        [alarm] = about(harness, "disk is full")
        assert edge(alarm) is Tone.STOP
        assert [user.id for user in alarm.mentions] == [harness.owner.id]
        assert not await harness.log_channel.alarm(harness.guild.id + 1, said)
