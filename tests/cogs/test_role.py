"""/role over a real gateway: who gets and loses what is said before, and many losses at once ask managers."""

import pytest

from tests.support.discord_harness import labels, open_office, text_of
from tests.support.role_shop import RoleShop

REALLY, ACCIDENT = "They really lost it: end access", "It was an accident: keep"


@pytest.fixture
async def shop(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        shop = RoleShop(harness)
        await shop.open()
        yield shop


def crowd(shop, number):
    """So many members with the role and a name of their own on TradingView."""
    users = [shop.join(f"member{each}") for each in range(number)]
    for user in users:
        shop.give_role(user, shop.vip)
    return users


async def all_open(shop, users):
    """Each of them has what the role opens, as far as it can be without a name."""

    async def numbers():
        return [each.holders for each in await shop.role_rules.listed(shop.guild.id)]

    for _ in range(60):
        await shop.rest()
        if await numbers() == [len(users)]:
            return
        await shop.time.advance(1)
    raise AssertionError(await numbers())


async def test_how_many_get_it_is_said_before_the_yes(shop):
    crowd(shop, 2)
    async with shop.running():
        asked = await shop.run(shop.as_owner, "role add", role=shop.vip, item="trend", grace=3)
        said = text_of(asked.original)
        assert f"Let <@&{shop.vip.id}> open Trend?" in said
        assert "2 members have that role now" in said
        assert "keeps **Trend** for 3 more days" in said
        assert "No role opens anything" in text_of(
            (await shop.run(shop.as_owner, "role list")).original
        )
        await shop.press(shop.as_owner, asked.original, "Yes, let it open that", "from now on")
        again = await shop.run(shop.as_owner, "role add", role=shop.vip, item="trend", grace=3)
        assert "opens Trend already" in text_of(again.original)
        listed = text_of((await shop.run(shop.as_owner, "role list")).original)
        assert "3 days of grace" in listed


async def test_without_the_intent_only_known_members_are_counted_and_that_is_said(shop):
    shop.refuse_members_intent()
    async with shop.running():
        await shop.link(shop.buyer, "Ann_Trades")
        shop.give_role(shop.buyer, shop.vip)
        shop.give_role(shop.stranger, shop.vip)
        asked = await shop.run(shop.as_owner, "role add", role=shop.vip, item="trend")
        said = text_of(asked.original)
        assert "1 of the customers that I know has that role now" in said
        assert "Discord does not show me other members" in said


async def test_everybodys_role_opens_nothing(shop):
    async with shop.running():
        everyone = next(role for role in shop.guild.roles.values() if role.id == shop.guild.id)
        answer = await shop.run(shop.as_owner, "role add", role=everyone, item="trend")
        assert "Everybody has that role" in text_of(answer.original)


async def test_a_removed_rule_takes_what_it_gave_and_comes_back(shop):
    async with shop.running():
        await shop.let_open()
        await shop.link(shop.buyer, "Ann_Trades")
        shop.give_role(shop.buyer, shop.vip)
        await shop.passes(shop.has, 30)
        asked = await shop.run(shop.as_owner, "role remove", role=shop.vip, item="trend")
        assert "1 person has **Trend** by that role, and that person loses it." in text_of(
            asked.original
        )
        await shop.press(shop.as_owner, asked.original, "Yes, remove it", "no longer opens Trend")
        await shop.passes(lambda: not shop.has(), 60)
        await shop.passes(lambda: shop.told(shop.buyer, "does not bring it any more"), 10)
        await shop.press(shop.as_owner, asked.original, "Put back", "opens Trend again")
        await shop.passes(shop.has, 60)
        answer = await shop.run(shop.as_owner, "role remove", role=shop.staff, item="trend")
        assert "does not open Trend" in text_of(answer.original)


async def test_who_lost_it_by_itself_is_put_back_from_the_log_channel(shop):
    async with shop.running():
        await shop.let_open()
        await shop.link(shop.buyer, "Ann_Trades")
        shop.give_role(shop.buyer, shop.vip)
        await shop.passes(shop.has, 30)
        shop.take_role(shop.buyer, shop.vip)
        await shop.passes(lambda: not shop.has(), 60)
        await shop.passes(lambda: shop.logged("Usher (from a role) ended **Trend**"), 30)
        [line] = shop.logged("Usher (from a role) ended **Trend**")
        assert labels(line) == ["Put back"]
        await shop.press(shop.as_mod, line, "Put back", "Done")
        await shop.passes(shop.has, 30)
        await shop.wait(30)
        assert shop.has()


async def test_what_a_role_gives_is_never_called_lifetime(shop):
    """It lasts as long as the role does: neither the member nor staff read that it is for good."""
    async with shop.running():
        await shop.let_open(grace=3)
        await shop.link(shop.buyer, "Ann_Trades")
        shop.give_role(shop.buyer, shop.vip)
        await shop.passes(lambda: shop.told(shop.buyer, "You can use"), 45)
        mine = await shop.run(shop.as_buyer, "me")
        assert "**Trend**: as long as you have the role" in text_of(mine.original)
        check = await shop.run(shop.as_mod, "access check", member=shop.buyer)
        assert "Should be: no end date\nOn TradingView: no end date" in text_of(check.original)
        assert "lifetime" not in text_of(check.original) + text_of(mine.original)
        person = await shop.run(shop.as_mod, "customer show", member=shop.buyer)
        assert "**Trend**: should be no end date; seen" in text_of(person.original)
        await shop.passes(lambda: shop.logged("TradingView shows it"), 30)
        [line] = shop.logged("TradingView shows it")
        assert "no access → no end date" in text_of(line)
        shop.take_role(shop.buyer, shop.vip)
        await shop.wait(30)
        mine = await shop.run(shop.as_buyer, "me")
        said = text_of(mine.original)
        assert "**Trend**: until **<t:" in said
        assert "unless you have the role again by then" in said


@pytest.fixture
async def lost(shop):
    """21 of 30 lost the role at once, and the managers were asked."""
    users = crowd(shop, 30)
    async with shop.running():
        await shop.let_open()
        await all_open(shop, users)
        for user in users[:21]:
            shop.take_role(user, shop.vip)
        await shop.passes(lambda: shop.logged("lost the role"), 40)
    return users


async def holders(shop):
    return [each.holders for each in await shop.role_rules.listed(shop.guild.id)]


async def test_many_losses_at_once_wait_for_a_manager_also_after_a_restart(shop, lost):
    [alarm] = shop.logged("lost the role")
    assert "21 members lost the role **VIP** at once" in text_of(alarm)
    assert f"<@{lost[0].id}>" in text_of(alarm)
    assert "and 11 more" in text_of(alarm)
    assert labels(alarm) == [REALLY, ACCIDENT]
    async with shop.running():
        await shop.wait(120)
        assert await holders(shop) == [30]
        listed = await shop.run(shop.as_owner, "role list")
        assert "Paused: many lost that role" in text_of(listed.original)
        await shop.press(shop.as_mod, alarm, REALLY, "Only those who manage")
        await shop.press(shop.as_owner, alarm, REALLY, "What the role gave 21 members ends")
        await shop.wait(30)
        assert await holders(shop) == [9]
        again = f"{ACCIDENT}: VIP"
        await shop.press(shop.as_owner, listed.original, again, "decided that already")
    assert len(shop.logged("lost the role")) == 0  # the alarm shows the decision
    assert len(shop.logged("really lost")) == 1


async def test_an_accident_takes_nothing_and_a_later_loss_counts(shop, lost):
    [alarm] = shop.logged("lost the role")
    async with shop.running():
        await shop.press(shop.as_owner, alarm, ACCIDENT, "21 members keep what the role gave")
        await shop.wait(60)
    async with shop.running():
        await shop.wait(60)
        assert await holders(shop) == [30]
        shop.give_role(lost[0], shop.vip)
        await shop.wait(2)
        shop.take_role(lost[0], shop.vip)
        await shop.wait(60)
        assert await holders(shop) == [29]


async def test_who_has_the_role_again_keeps_it_without_a_decision(shop, lost):
    async with shop.running():
        for user in lost[:21]:
            shop.give_role(user, shop.vip)
        await shop.passes(lambda: shop.logged("has it again"), 30)
        await shop.wait(60)
        assert await holders(shop) == [30]
        [alarm] = [each for each in shop.logged("lost the role") if labels(each)]
        await shop.press(shop.as_owner, alarm, REALLY, "Everybody has that role again")


async def test_a_mass_loss_while_the_bot_was_off_is_seen_at_the_start(shop):
    users = crowd(shop, 60)
    async with shop.running():
        await shop.let_open()
        await all_open(shop, users)
    for user in users[:7]:  # more than 10 % of at least 50
        shop.take_role(user, shop.vip)
    async with shop.running():
        await shop.passes(lambda: shop.logged("7 members lost the role"), 60)
        await shop.wait(60)
        assert await holders(shop) == [60]


async def test_a_deleted_role_takes_nothing_before_a_manager_decides(shop):
    async with shop.running():
        await shop.let_open()
        await shop.link(shop.buyer, "Ann_Trades")
        shop.give_role(shop.buyer, shop.vip)
        await shop.passes(shop.has, 30)
    shop.delete_role(shop.vip)
    async with shop.running():
        await shop.passes(lambda: shop.logged("was deleted"), 60)
        await shop.wait(60)
        assert shop.has()
        [alarm] = shop.logged("was deleted")
        await shop.press(shop.as_owner, alarm, REALLY, "opens nothing any more")
        await shop.passes(lambda: not shop.has(), 60)
        await shop.passes(lambda: shop.told(shop.buyer, "is gone"), 30)
        listed = await shop.run(shop.as_owner, "role list")
        assert "No role opens anything" in text_of(listed.original)


async def test_whoever_takes_no_messages_is_named_to_staff_once_a_day(shop):
    shop.fake.close_dms(shop.buyer)
    async with shop.running():
        await shop.let_open()
        shop.give_role(shop.buyer, shop.vip)
        await shop.wait(60)
        await shop.time.advance(600)
        await shop.passes(lambda: shop.logged("who take no direct messages"), 60)
        await shop.time.advance(1_000)
        await shop.wait(30)
        [line] = shop.logged("who take no direct messages")
        assert f"<@{shop.buyer.id}>" in text_of(line)
        assert "ask them to type" in text_of(line)
