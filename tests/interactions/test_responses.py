"""Answers survive a Discord that fails in the middle of them."""

import logging

import pytest

from bot.replies import Answer
from tests.support.discord_harness import at_work, open_office, text_of

ALL = {"item": "trend", "username": "Alice_T", "duration": "1M"}


@pytest.fixture
async def office(tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as office:
        office.shop.world.add_user("Alice_T")
        await office.make_rows()
        async with at_work(office):
            yield office


async def grant(office):
    asked = await office.as_mod.run(
        "access grant", guild=office.guild, channel=office.channel, **ALL
    )
    await asked.until(lambda message: "Done" in text_of(message))
    return asked


async def orders(office):
    from sqlalchemy import func, select

    from bot.store.tables.core import wish

    async with office.shop.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(wish))).scalar_one()


@pytest.mark.parametrize("target", ["callback", "original"])
async def test_an_answer_that_discord_took_but_did_not_confirm_is_not_repeated(office, target):
    office.fake.switches.lose_answers(target)
    asked = await grant(office)
    assert len(asked.messages) == 1
    assert await orders(office) == 1


async def test_a_bad_gateway_once_costs_nothing(office):
    office.fake.switches.fail("callback", 502, 1)
    asked = await grant(office)
    assert len(asked.messages) == 1
    assert await orders(office) == 1


async def test_a_press_whose_acknowledgement_is_lost_does_its_work_once(office):
    asked = await office.run(office.as_mod, "access grant", **(ALL | {"username": "Alice_"}))
    office.fake.switches.lose_answers("callback")
    pressed = await office.as_mod.press(asked.original, "Alice_T")
    await pressed.until(lambda message: "Done" in text_of(message))
    assert await orders(office) == 1


async def test_what_nobody_foresaw_gets_a_fixed_sentence_and_its_reference_is_in_the_log(
    office, monkeypatch, caplog
):
    async def broken(*_):
        raise RuntimeError("sessionid=abc in /srv/usher.db")

    monkeypatch.setattr(office.views, "status", broken)
    with caplog.at_level(logging.ERROR, "bot.interactions.responses"):
        asked = await office.run(office.as_mod, "sync status")
    said, _, reference = text_of(asked.original).partition("\n-# Reference ")
    assert said.startswith("**Something went wrong here**")
    assert "sessionid" not in said
    assert reference in caplog.text
    assert f"/sync status by {office.mod.id}" in caplog.text


async def test_a_refusal_is_in_the_log_by_its_reference_and_without_what_was_typed(office, caplog):
    with caplog.at_level(logging.INFO, "bot.interactions.responses"):
        asked = await office.run(office.as_mod, "access grant", **(ALL | {"duration": "s3cret"}))
    reference = text_of(asked.original).rpartition(" ")[2]
    line = next(one for one in caplog.messages if reference in one)
    assert "DurationUnreadable" in line
    assert "s3cret" not in caplog.text


async def test_an_old_command_that_discord_still_shows_is_explained(office):
    command = office.client.tree.remove_command("me")
    try:
        asked = await office.run(office.as_buyer, "me")
        assert "That command has changed" in text_of(asked.original)
    finally:
        office.client.tree.add_command(command)


async def test_every_answer_mentions_nobody(office):
    channel = office.client.get_channel(office.channel.id)
    await channel.send(f"<@{office.buyer.id}>")
    assert not office.as_buyer.sees(office.channel)[-1].mentions


def test_a_long_text_is_cut_at_a_line():
    text = "\n".join(f"line {number}" for number in range(500))
    content = Answer(text).content
    assert len(content) <= 2_000
    assert content.endswith("…")
