"""What is left over of an earlier run is answered once, in private, with what came of it."""

import asyncio
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, select

from bot import clock
from bot.store.ledger import unanswered as store
from bot.store.tables.ledger import unanswered
from tests.support.discord_harness import at_work, eventually, open_office, text_of

ALL = {"item": "trend", "username": "Alice_T", "duration": "1M"}


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        for name in ("Alice_T", "bob-fx"):
            harness.vendor.world.add_user(name)
        harness.log = harness.fake.add_channel(harness.guild, "log", public=False)
        await harness.make_rows()
        await harness.choose_log_channel(harness.log)
        yield harness


async def noted(harness):
    async with harness.vendor.database.read() as connection:
        return (await connection.execute(select(unanswered.c.interaction_id))).scalars().all()


async def left_by(harness, interaction, who, **changed):
    """The interaction is noted as if its program had been killed."""
    row = {
        "interaction_id": interaction.id,
        "guild_id": harness.guild.id,
        "member_id": who.user.id,
        "asked": "`/access grant` trend 1M",
        "asked_at": clock.now(),
        "token": harness.vendor.vault.seal(interaction.token),
        "in_place": True,
    }
    async with harness.vendor.database.write() as connection:
        await connection.execute(insert(unanswered).values(row | changed))


async def told(harness):
    async def nothing_left():
        return not await noted(harness)

    await eventually(nothing_left)


async def asked(harness, who):
    """A question that was acknowledged, and answered with nothing that counts here."""
    async with at_work(harness):
        request = await harness.run(who, "help")
        await told(harness)
    harness.before = text_of(request.original)
    return request


async def test_within_15_minutes_the_first_answer_is_changed(harness):
    request = await asked(harness, harness.as_mod)
    await left_by(harness, request, harness.as_mod)
    async with at_work(harness):
        await told(harness)
    assert len(request.messages) == 1
    said = text_of(request.original)
    assert "**I was interrupted while I worked on this:** `/access grant` trend 1M." in said
    assert "Nothing was ordered or changed. Please ask again." in said
    assert not harness.as_mod.dms()


async def test_later_it_comes_as_one_direct_message(harness):
    request = await asked(harness, harness.as_mod)
    await left_by(harness, request, harness.as_mod)
    await harness.time.advance(15 * 60)
    for _ in range(2):
        async with at_work(harness):
            await told(harness)
    [message] = harness.as_mod.dms()
    assert "What you asked in **The shop**" in text_of(message)
    assert "Nothing was ordered or changed" in text_of(message)
    assert text_of(request.original) == harness.before


async def test_closed_direct_messages_go_to_the_log_channel_never_where_it_was_asked(harness):
    request = await asked(harness, harness.as_mod)
    harness.fake.close_dms(harness.mod)
    await left_by(harness, request, harness.as_mod)
    await harness.time.advance(15 * 60)
    async with at_work(harness):
        await told(harness)
    said = [one.content for one in harness.as_owner.sees(harness.log)]
    assert sum("takes no direct messages" in text for text in said) == 1
    assert len(harness.as_mod.sees(harness.channel)) == 1


async def test_a_discord_that_fails_is_tried_again(harness):
    request = await asked(harness, harness.as_mod)
    await left_by(harness, request, harness.as_mod)
    harness.fake.switches.slow_down("original", times=2, via=False)
    async with at_work(harness):
        await harness.passes(lambda: "interrupted" in text_of(request.original), 200)
        await told(harness)
    assert not harness.as_mod.dms()


async def test_what_discord_never_heard_of_it_has_answered_itself(harness):
    """Killed between the note and the acknowledgement: Discord says that nobody answered."""
    async with at_work(harness):
        harness.fake.switches.fail("callback", 403, None)
        request = await harness.as_mod.run("help", guild=harness.guild, channel=harness.channel)
        await eventually(lambda: harness.fake.switches.faults[0].hit == 2)
        harness.fake.switches.clear()

        async def nothing_left():
            await harness.time.advance(15)
            return not await noted(harness)

        await eventually(nothing_left)
    assert not harness.as_mod.dms()
    assert not request.messages


async def test_an_order_that_came_of_it_is_told_as_every_order_is(harness):
    async with at_work(harness):
        request = await harness.run(harness.as_mod, "access grant", **ALL)
        assert "Done" in text_of(request.original)
    await left_by(harness, request, harness.as_mod)
    async with at_work(harness):
        await told(harness)
    assert "Done" in text_of(request.original)
    assert len(request.messages) == 1
    assert not harness.as_mod.dms()


async def test_what_else_was_done_is_told_with_what_the_history_holds(harness):
    async with at_work(harness):
        request = await harness.run(
            harness.as_mod, "customer link", member=harness.buyer, username="bob-fx"
        )
        await told(harness)
    await left_by(harness, request, harness.as_mod)
    async with at_work(harness):
        await told(harness)
    said = text_of(request.original)
    assert "**This was done before**, and it counts" in said
    assert "tied **bob-fx** to" in said


async def test_beside_a_message_that_others_see_it_is_said_to_the_asker_alone(harness):
    request = await asked(harness, harness.as_mod)
    await left_by(harness, request, harness.as_mod, in_place=False)
    async with at_work(harness):
        await told(harness)
    first, second = request.messages
    assert text_of(first) == harness.before
    assert "interrupted" in text_of(second)
    assert second.ephemeral


async def test_nothing_is_left_of_what_was_answered(harness):
    async with at_work(harness):
        await harness.run(harness.as_mod, "access grant", **ALL)
        await harness.run(harness.as_mod, "access grant", **(ALL | {"duration": "soon"}))
        question = await harness.run(harness.as_mod, "access grant", **(ALL | {"username": "Ali"}))
        press = await harness.as_mod.press(question.original, "No, leave it")
        await press.until(lambda message: "Left as it was" in text_of(message))
        await told(harness)


async def test_suggestions_are_not_noted(harness, monkeypatch):
    async with at_work(harness):

        async def never(*_):
            raise AssertionError

        monkeypatch.setattr(harness.unanswered, "note", never)
        assert await harness.as_mod.complete("access grant", "item", "t", guild=harness.guild)


async def test_what_is_let_go_while_the_others_are_read_is_answered_too(harness, monkeypatch):
    """A look that began before must not take it for somebody else's."""
    request = await asked(harness, harness.as_mod)
    await left_by(harness, request, harness.as_mod)
    kept = harness.unanswered
    kept._in_hand |= {1, request.id}
    kept.let_go(1)  # a reason to look
    listed = store.listed

    async def let_go_meanwhile(connection):
        found = await listed(connection)
        kept.let_go(request.id)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(store, "listed", let_go_meanwhile)
        await kept.left_over()
    assert [each.interaction_id for each in await kept.left_over()] == [request.id]


async def test_a_second_delivery_leaves_the_first_to_its_work(harness, monkeypatch):
    """Discord may deliver an interaction twice; the second ends at once, and the first is still at it."""
    async with at_work(harness) as client:
        await harness.run(harness.as_mod, "help")
        goes_on = asyncio.Event()
        listed = harness.overview.status

        async def slow(*options):
            await goes_on.wait()
            return await listed(*options)

        monkeypatch.setattr(harness.overview, "status", slow)
        request = await harness.as_mod.run(
            "sync status", guild=harness.guild, channel=harness.channel
        )
        await request.acknowledged_()
        second = SimpleNamespace(id=request.id, extras={})
        client.door.left(second)
        for _ in range(3):
            await harness.outcome_notifier._interrupted.tell()
        assert await noted(harness) == [request.id]
        assert request.original.loading
        goes_on.set()
        await request.answered()
        await told(harness)
    assert "interrupted" not in text_of(request.original)


async def test_what_could_not_be_looked_for_is_looked_for_again(harness, monkeypatch):
    request = await asked(harness, harness.as_mod)
    await left_by(harness, request, harness.as_mod)
    harness.build()
    unanswered_ones = harness.vendor.services.unanswered
    await harness.vendor.services.open()
    real = store.listed

    async def fails(_):
        raise OSError("disk I/O error")

    monkeypatch.setattr(store, "listed", fails)
    with pytest.raises(OSError, match="disk"):
        await unanswered_ones.left_over()
    monkeypatch.setattr(store, "listed", real)
    assert [each.interaction_id for each in await unanswered_ones.left_over()] == [request.id]
