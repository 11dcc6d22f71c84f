"""The server around a real bot: roles in their order, people who come and go, also while it is away."""

from bot.sandbox.discord import permissions
from tests.support.discord_harness import at_work, open_office


def order(guild):
    return [each.name for each in sorted(guild.roles.values(), key=lambda each: each.position)]


async def test_a_dragged_role_stands_above_or_below_all_others(fake, shop):
    fake.add_role(shop.guild, "Staff")
    vip = fake.add_role(shop.guild, "VIP")
    assert order(shop.guild) == ["@everyone", "Usher", "Staff", "VIP"]
    fake.drag_role(shop.guild, vip, to_top=False)
    assert order(shop.guild) == ["@everyone", "VIP", "Usher", "Staff"]
    fake.drag_role(shop.guild, vip, to_top=True)
    assert order(shop.guild) == ["@everyone", "Usher", "Staff", "VIP"]
    assert [each.position for each in shop.guild.roles.values()] == [0, 1, 2, 3]


async def test_a_server_lives_on_while_the_bot_is_away(tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        vip, high = harness.make_role("VIP"), harness.make_role("Top", above_bot=True)
        mine = permissions.top_position(harness.guild, harness.guild.members[harness.fake.bot.id])
        assert vip.position < mine < high.position
        async with at_work(harness):
            harness.give_role(harness.buyer, vip)
            assert harness.roles_of(harness.buyer) == ["VIP"]
        await harness.fake.bot_gone()
        harness.take_role(harness.buyer, vip)
        booster = harness.boost(harness.buyer)
        newcomer = harness.join("nina")
        harness.give_role(newcomer, vip)
        harness.give_role(harness.stranger, vip)
        harness.leave(harness.stranger)
        harness.delete_role(high)
        async with at_work(harness, harness.build()):
            (session,) = harness.fake.gateway.sessions.values()
            assert {event for event in session.events if "MEMBER" in event} <= {
                "GUILD_MEMBERS_CHUNK"
            }
            assert harness.roles_of(harness.buyer) == [booster.name]
            assert harness.roles_of(newcomer) == ["VIP"]
            assert harness.roles_of(harness.stranger) is None
            harness.join(harness.stranger)
            assert harness.roles_of(harness.stranger) == []
            harness.end_boost(harness.buyer)
            assert harness.roles_of(harness.buyer) == []
            harness.ban(newcomer)
            assert harness.roles_of(newcomer) is None
