"""Answers survive a Discord that fails in the middle of them."""

import logging

import pytest

from bot.replies import Message
from tests.support.discord_harness import at_work, open_office, text_of

ALL = {"item": "trend", "username": "Alice_T", "duration": "1M"}


@pytest.fixture
async def harness(tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.vendor.world.add_user("Alice_T")
        await harness.make_rows()
        async with at_work(harness):
            yield harness


async def grant(harness):
    request = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel, **ALL
    )
    await request.until(lambda message: "Done" in text_of(message))
    return request


async def orders(harness):
    from sqlalchemy import func, select

    from bot.store.tables.ledger import order

    async with harness.vendor.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(order))).scalar_one()


@pytest.mark.parametrize("target", ["callback", "original"])
async def test_an_answer_that_discord_took_but_did_not_confirm_is_not_repeated(harness, target):
    harness.fake.switches.lose_answers(target)
    request = await grant(harness)
    assert len(request.messages) == 1
    assert await orders(harness) == 1


async def test_a_bad_gateway_once_costs_nothing(harness):
    harness.fake.switches.fail("callback", 502, 1)
    request = await grant(harness)
    assert len(request.messages) == 1
    assert await orders(harness) == 1


@pytest.mark.parametrize("fault", ["lost", "bad gateway"])
async def test_a_form_opens_once_although_its_answer_is_lost(harness, fault, caplog):
    if fault == "lost":
        harness.fake.switches.lose_answers("callback")
    else:
        harness.fake.switches.fail("callback", 502, 1)
    request = await harness.as_owner.run(
        "session update", guild=harness.guild, channel=harness.channel
    )
    await request.form()
    sent = await harness.as_owner.submit(request, {"sessionid": "two words", "sessionid_sign": ""})
    assert "sessionid" in text_of(await sent.answered())
    assert request.messages == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_press_whose_acknowledgement_is_lost_does_its_work_once(harness):
    request = await harness.run(harness.as_mod, "access grant", **(ALL | {"username": "Alice_"}))
    harness.fake.switches.lose_answers("callback")
    pressed = await harness.as_mod.press(request.original, "Alice_T")
    await pressed.until(lambda message: "Done" in text_of(message))
    assert await orders(harness) == 1


async def test_what_nobody_foresaw_gets_a_fixed_sentence_and_its_reference_is_in_the_log(
    harness, monkeypatch, caplog
):
    async def broken(*_):
        raise RuntimeError("sessionid=abc in /srv/usher.db")

    monkeypatch.setattr(harness.overview, "status", broken)
    with caplog.at_level(logging.ERROR, "bot.interactions.responses"):
        request = await harness.run(harness.as_mod, "sync status")
    said, _, reference = text_of(request.original).partition("\n-# Reference ")
    assert said.startswith("**Something went wrong here**")
    assert "sessionid" not in said
    assert reference in caplog.text
    assert f"/sync status by {harness.mod.id}" in caplog.text


async def test_a_refusal_is_in_the_log_by_its_kind_and_without_what_was_typed(harness, caplog):
    with caplog.at_level(logging.INFO, "bot.interactions.responses"):
        request = await harness.run(
            harness.as_mod, "access grant", **(ALL | {"duration": "s3cret"})
        )
    assert "Reference" not in text_of(request.original)
    assert any("DurationUnreadable" in line for line in caplog.messages)
    assert "s3cret" not in caplog.text


async def test_an_old_command_that_discord_still_shows_is_explained(harness):
    command = harness.client.tree.remove_command("me")
    try:
        request = await harness.run(harness.as_buyer, "me")
        assert "That command has changed" in text_of(request.original)
    finally:
        harness.client.tree.add_command(command)


async def test_every_answer_mentions_nobody(harness):
    channel = harness.client.get_channel(harness.channel.id)
    await channel.send(f"<@{harness.buyer.id}>")
    assert not harness.as_buyer.sees(harness.channel)[-1].mentions


def test_a_long_text_is_cut_at_a_line():
    text = "\n".join(f"line {number}" for number in range(500))
    content = Message(text).content
    assert len(content) <= 2_000
    assert content.endswith("…")
