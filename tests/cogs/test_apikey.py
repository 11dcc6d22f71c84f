"""/apikey over a real gateway: shown once, listed, ended, and who may."""

import re

from bot.access.rules.api_keys import read_key
from tests.support.discord_harness import text_of

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


async def test_staff_and_buyers_make_and_see_none(harness):
    for who in (harness.as_mod, harness.as_buyer):
        refused = await create(harness, who)
        assert not KEY.search(text_of(refused.original))
        refused = await harness.run(who, "apikey list")
        assert "shop" not in text_of(refused.original)
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


async def test_the_names_are_suggested_to_managers_alone(harness):
    await create(harness)
    for who, names in ((harness.as_owner, ["shop"]), (harness.as_mod, [])):
        found = await who.suggest(
            "apikey revoke", guild=harness.guild, channel=harness.channel, focused="name", name="sh"
        )
        assert [each["name"] for each in found] == names


async def test_the_log_channel_hears_when_the_maker_is_no_manager_any_more(harness):
    log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(log)
    boss = harness.make_role("Boss")
    await harness.run(harness.as_owner, "setup manager", add=boss)
    harness.give_role(harness.mod, boss)
    made = await create(harness, harness.as_mod)
    [key] = KEY.findall(text_of(made.original))
    harness.take_role(harness.mod, boss)
    await harness.api_keys.watch()

    def said():
        return any("is no manager here any more" in text_of(each) for each in log.messages)

    await harness.passes(said)
    assert await harness.api_keys.opened_by(key)
