"""The panel of the server in a browser: members, roles and what the bot hears of them."""

import pytest
import pytest_asyncio

from bot.sandbox import opened
from tests.support.fake_time import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox():
    """The page and the stand-ins, without a bot."""
    async with opened(0, with_bot=False) as sandbox:
        yield sandbox


async def test_the_server_is_played_by_key_and_told_to_the_bot(sandbox, look):
    discord, guild = sandbox.simulation.shop.discord, sandbox.simulation.shop.guild
    eyes = await look(sandbox, 390, 844)
    bea = sandbox.simulation.shop.person("buyer").user

    async def pressed(where, *keys):
        await eyes.page.locator(where).first.focus()
        await eyes.press(*keys)

    await pressed("#bottom [data-view=server]", "Enter")
    await pressed("#server-role", "V", "I", "P", "Enter")
    await eyes.sees("#server-roles li", "VIP")
    vip = next(role for role in guild.roles.values() if role.name == "VIP")
    await pressed(f"#has-{vip.id}", "Space")
    await eventually(lambda: guild.members[bea.id].roles == [vip])
    await eyes.sees("#server-roles li", "1 member, below the bot")
    focused = "document.activeElement.id"
    assert await eyes.page.evaluate(focused) == f"has-{vip.id}"
    await pressed("#server-boosts", "Space")
    await eventually(lambda: guild.members[bea.id].roles == [vip, guild.booster_role])
    await eyes.page.locator(f"#has-{guild.booster_role.id}[disabled]").wait_for()
    await pressed("#server-dms", "Space")
    await eventually(lambda: not bea.dms_open)
    await pressed(f"[data-key='drag {vip.id}']", "Enter")
    await eyes.sees("#server-roles li", "above the bot")
    await pressed(f"[data-key='delete {vip.id}']", "Enter")
    await eyes.page.locator("#server-roles li", has_text="VIP").wait_for(state="detached")
    await pressed("[data-key=server-ban]", "Enter")
    await eyes.sees("#server-one", "Is banned")
    assert guild.bans == {bea.id: bea}
    for sentence in ("Has left", "Leave the server"):  # the ban is lifted, then she comes back
        await pressed("[data-key=server-go]", "Enter")
        await eyes.sees("#server-one", sentence)
    assert guild.members[bea.id].roles == []
    await pressed("#server-intent", "Enter")
    await eyes.page.locator("#server-intent[aria-checked=true]").wait_for()
    assert not discord.members_allowed


async def test_a_newcomer_can_be_played_and_who_left_reads_only_direct_messages(sandbox, look):
    shop = sandbox.simulation.shop
    eyes = await look(sandbox)
    await eyes.page.locator("#tab-server").click()
    await eyes.page.locator("#server-newcomer").fill("Hugo")
    await eyes.press("Enter")
    await eyes.page.locator("#people label", has_text="Hugo").click()
    await eyes.sees("#channels button", "general")
    await eyes.page.locator("#say").fill("Hello!")
    await eyes.press("Enter")
    await eyes.sees("#messages .message", "Hello!")
    await eyes.page.locator("#server-one button", has_text="Leave the server").click()
    await eyes.sees("#people label", "has left the server")
    await eyes.page.locator("#channels [data-key='place dm'][aria-current]").wait_for()
    assert not await eyes.page.locator("#channels button", has_text="general").count()
    assert shop.newcomers[0].user.id not in shop.guild.members
