"""/apikey over a real gateway: shown once, listed, ended, and who may."""

import re

import pytest

from bot import clock
from bot.access.orders.api_requests import Asked
from bot.access.rules.api_keys import read_key
from bot.access.rules.duration import parse_length
from bot.sandbox.discord.options import RefusedError
from bot.store.catalogue import scripts
from bot.store.kinds import Tie
from bot.store.people import customers
from tests.support.discord_harness import labels, text_of

KEY = re.compile(r"usher_\d+_[a-z2-7]{40}[0-9a-f]{8}")


async def create(harness, who=None, **options):
    options = {"name": "shop", "scopes": "read,write"} | options
    return await harness.run(who or harness.as_owner, "apikey create", **options)


async def test_a_key_is_shown_once_to_its_maker_alone(harness):
    made = await create(harness)
    [key] = KEY.findall(text_of(made.original))
    assert read_key(key)
    assert made.original.ephemeral
    assert await harness.api_keys.opened_by(key)
    listed = await harness.run(harness.as_owner, "apikey list")
    assert "**`shop`**" in text_of(listed.original)
    assert "never used" in text_of(listed.original)
    assert not KEY.search(text_of(listed.original))
    assert listed.original.ephemeral


async def test_a_revoked_key_is_gone_at_once(harness):
    made = await create(harness, expires="30D")
    assert "It works until" in text_of(made.original)
    [key] = KEY.findall(text_of(made.original))
    await harness.run(harness.as_owner, "apikey revoke", name="Shop")
    assert await harness.api_keys.opened_by(key) is None
    listed = await harness.run(harness.as_owner, "apikey list")
    assert "There are no keys here." in text_of(listed.original)


async def test_staff_and_buyers_see_no_such_command(harness):
    for who in (harness.as_mod, harness.as_buyer):
        with pytest.raises(RefusedError, match="no command /apikey is shown"):
            await create(harness, who)
    assert await harness.api_keys.listed(harness.guild.id) == []


async def test_what_cannot_be_is_said_and_makes_no_key(harness):
    await create(harness)
    refused = [
        (await create(harness, name="SHOP"), "There is a key called `SHOP` already."),
        (await create(harness, name="b", scopes="admin"), "is nothing that a key can be for"),
        (await create(harness, name="b", expires="soon"), "soon"),
    ]
    for interaction, words in refused:
        assert words in text_of(interaction.original)
    gone = await harness.run(harness.as_owner, "apikey revoke", name="nothing")
    assert "There is no key called `nothing` here." in text_of(gone.original)
    assert len(await harness.api_keys.listed(harness.guild.id)) == 1


async def test_the_names_are_suggested_to_managers(harness):
    await create(harness)
    found = await harness.as_owner.complete("apikey revoke", "name", "sh", guild=harness.guild)
    assert [each["value"] for each in found] == ["shop"]


async def log_of(harness):
    channel = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(channel)
    harness.log = channel
    return lambda: "\n".join(text_of(each) for each in harness.as_owner.sees(channel))


async def test_the_log_channel_hears_when_the_maker_is_no_manager_any_more(harness):
    log = await log_of(harness)
    boss = harness.fake.add_role(harness.guild, "Boss", permissions=1 << 5)
    harness.give_role(harness.mod, boss)
    [key] = KEY.findall(text_of((await create(harness, harness.as_mod)).original))
    harness.take_role(harness.mod, boss)
    await harness.api_keys.watch()
    await harness.passes(lambda: "is no manager here any more" in log())
    assert "end it with `/apikey revoke`" in log()
    assert await harness.api_keys.opened_by(key)
    listed = await harness.run(harness.as_owner, "apikey list")
    assert "its maker is no manager any more" in text_of(listed.original)


async def test_what_a_program_gives_and_ends_is_told_and_can_be_put_back(harness):
    log = await log_of(harness)
    async with harness.vendor.database.write() as connection:
        person = await customers.add(
            connection, harness.guild.id, member_id=harness.buyer.id, username="Alice_T"
        )
        await customers.tie(
            connection, person.id, harness.buyer.id, harness.owner.id, clock.now(), Tie.STAFF
        )
    [text] = KEY.findall(text_of((await create(harness)).original))
    key = await harness.api_keys.opened_by(text)

    async def change(length):
        asked = Asked("Alice_T", ("trend",), length, b"x" * 32, None)
        await harness.api_requests.change(key, asked)

    def told():
        return "\n".join(text_of(each) for each in harness.as_buyer.dms())

    await change(parse_length("1M"))
    await harness.passes(lambda: "Trend" in told())
    await harness.passes(lambda: "the key `1`" in log())
    await change(None)
    await harness.passes(lambda: "has ended" in told())
    await harness.passes(lambda: "the key `1` ended" in log())
    await harness.passes(lambda: "TradingView shows it" in log().splitlines()[-1])
    entry = harness.as_owner.sees(harness.log)[-1]
    assert labels(entry) == ["Put back"]
    await harness.as_mod.press(entry, "Put back")
    async with harness.vendor.database.read() as connection:
        [script] = await scripts.listed(connection, harness.guild.id)
    await harness.passes(lambda: harness.tradingview.world.row(script.pine_id, "Alice_T"))
