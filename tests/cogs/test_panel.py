"""/panel post over a real gateway: the message, its buttons, and what becomes of an earlier one."""

import pytest

from bot.access.people.panels import Panels
from bot.sandbox.discord.interactions import Kind
from bot.store.catalogue import products
from bot.store.people import customers
from tests.support.discord_harness import at_work, eventually, labels, text_of
from tests.support.fake_time import world_now

LABELS = [
    "Link TradingView",
    "My access",
    "Redeem a code",
    "I don't see it",
    "Wrong name",
    "Buy or renew",
]


async def post(harness, channel=None, **options):
    """Post it there; without a channel, where the command is typed."""
    posted = await harness.as_owner.run(
        "panel post", guild=harness.guild, channel=channel, at=harness.channel, **options
    )
    await posted.answered()
    return posted


def panels(harness, channel=None):
    found = harness.as_buyer.sees(channel or harness.channel)
    return [each for each in found if "Link TradingView" in labels(each)]


async def pressed(who, message, label):
    interaction = await who.press(message, label)
    await interaction.answered()
    return interaction


async def test_a_manager_posts_the_panel_with_all_buttons(harness):
    log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(log)
    answer = await post(harness)
    assert answer.ephemeral
    assert f"The panel stands in <#{harness.channel.id}>" in text_of(answer.original)
    [panel] = panels(harness)
    assert labels(panel) == LABELS
    assert "Your TradingView access, in three steps" in text_of(panel)
    assert await Panels(harness.vendor.database).channel(harness.guild.id) == harness.channel.id
    await harness.passes(
        lambda: any("posted the panel in" in text_of(each) for each in harness.as_mod.sees(log))
    )


async def test_own_words_keep_their_lines_and_call_nobody(harness):
    await post(harness, text=f"Hello @everyone <@{harness.buyer.id}>\\n**Second** line\nthird")
    [panel] = panels(harness)
    assert panel.content == f"Hello @everyone <@{harness.buyer.id}>\n**Second** line\nthird"
    assert not panel.mentions


async def test_posted_again_it_takes_the_place_of_the_earlier_one(harness):
    other = harness.fake.add_channel(harness.guild, "buyers")
    await post(harness)
    await post(harness, channel=other)
    assert not panels(harness)
    assert len(panels(harness, other)) == 1
    harness.fake.delete_channel(other)
    answer = await post(harness)
    assert "could not remove" not in text_of(answer.original)
    assert len(panels(harness)) == 1


async def test_an_earlier_panel_that_cannot_be_removed_is_said(harness):
    other = harness.fake.add_channel(harness.guild, "buyers")
    await post(harness, channel=other)
    harness.fake.set_overwrite(other, harness.fake.world.bot, deny=1 << 10)
    answer = await post(harness)
    assert f"could not remove the earlier one in <#{other.id}>" in text_of(answer.original)


async def test_a_channel_where_the_bot_may_not_write_is_named_with_what_is_missing(harness):
    closed = harness.fake.add_channel(harness.guild, "closed")
    harness.fake.set_overwrite(closed, harness.fake.world.bot, deny=1 << 11)
    await eventually(lambda: harness.client.get_channel(closed.id) is not None)
    me = harness.client.get_guild(harness.guild.id).me
    await eventually(
        lambda: not harness.client.get_channel(closed.id).permissions_for(me).send_messages
    )
    answer = await post(harness, channel=closed)
    assert f"I may not write in <#{closed.id}>" in text_of(answer.original)
    assert "Send Messages" in text_of(answer.original)
    assert not panels(harness, closed)


async def test_its_buttons_work_after_a_restart_months_later(closed_office):
    harness = closed_office
    async with at_work(harness):
        await harness.script()
        await harness.log_in()
        harness.vendor.world.add_user("Alice_T")
        await post(harness)
    await harness.time.advance(200 * 86_400)
    async with at_work(harness, harness.build()):
        [panel] = panels(harness)
        shown = await pressed(harness.as_buyer, panel, "My access")
        assert shown.ephemeral
        assert "You have not linked a TradingView name" in text_of(shown.original)
        opened = await harness.as_buyer.press(panel, "Link TradingView")
        sent = await harness.as_buyer.submit(opened, {"name": "alice_t"})
        await sent.answered()
        assert sent.ephemeral
        assert r"Is this your TradingView name: Alice\_T?" in text_of(sent.original)
        press = await harness.as_buyer.press(sent.original, "Yes, that is me")
        await press.until(lambda now: "is your TradingView name now" in text_of(now))
        assert labels(panel) == LABELS  # it stays as it is for everybody


async def test_a_wrong_name_opens_the_form_that_says_the_present_one(harness):
    await post(harness)
    async with harness.vendor.database.write() as connection:
        person = await customers.add(
            connection, harness.guild.id, member_id=harness.buyer.id, username="Alice_T"
        )
        await customers.tie(connection, person.id, harness.buyer.id, harness.buyer.id, world_now())
    [panel] = panels(harness)
    opened = await harness.as_buyer.press(panel, "Wrong name")
    assert "Until now: Alice_T" in str(await opened.form())
    sent = await harness.as_buyer.submit(opened, {"name": "alice_two"})
    await sent.answered()
    assert labels(sent.original) == ["New name of the same account", "Another account", "No"]


async def test_a_code_is_typed_into_a_form(harness):
    await post(harness)
    [panel] = panels(harness)
    opened = await harness.as_buyer.press(panel, "Redeem a code")
    sent = await harness.as_buyer.submit(opened, {"code": "2222-2222-2222-2222-2222"})
    await sent.answered()
    assert "That code does not work" in text_of(sent.original)


async def sell(harness, number, link="https://shop.example/{}"):
    async with harness.vendor.database.write() as connection:
        for place in range(number):
            await products.add(
                connection, harness.guild.id, by=harness.owner.id, at=world_now(), slug=f"p{place}",
                title=f"Plan {place}", link=link.format(place),
            )  # fmt: skip


@pytest.mark.parametrize(("number", "buttons"), [(0, 0), (2, 2), (5, 5), (6, 0)])
async def test_buy_or_renew_leads_to_the_shop(harness, number, buttons):
    await post(harness)
    await sell(harness, number)
    shown = await pressed(harness.as_stranger, panels(harness)[0], "Buy or renew")
    assert shown.ephemeral
    assert len(labels(shown.original)) == buttons
    if not number:
        assert "ask the staff of this server" in text_of(shown.original)
    if number == 6:
        assert "- Plan 5: <https://shop.example/5>" in text_of(shown.original)


async def test_a_panel_of_one_server_is_nothing_in_another(harness):
    await post(harness)
    other = harness.fake.add_guild("Another shop", harness.owner)
    harness.fake.add_member(other, harness.buyer)
    await eventually(lambda: harness.client.get_guild(other.id))
    [channel] = other.channels.values()
    await harness.client.get_channel(channel.id).send("x")
    message = harness.as_buyer.sees(channel)[-1]
    for name in ("own_open_link", "own_me", "own_unseen", "own_still", "own_open_wrong", "own_buy"):
        for server in (harness.guild.id, "x", 10**30):
            data = {"component_type": 2, "custom_id": f"u:{name}:{server}", "id": 1}
            forged = harness.as_buyer._send(Kind.COMPONENT, channel, data, message=message)
            await forged.until(lambda now: "too old" in text_of(now))
