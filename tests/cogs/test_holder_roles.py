"""The role of a product: for whoever holds it, as long as they do, and never one that Usher did not give."""

import pytest

from bot.sandbox.discord import permissions
from bot.store.people import customers
from tests.support.discord_harness import text_of

GOLD = "Gold member"

pytestmark = pytest.mark.ready  # nobody is told or given anything before


@pytest.fixture
async def gold(harness):
    harness.holder_role_giver.start()
    harness.role = harness.make_role(GOLD)
    harness.log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(harness.log)
    await harness.run(harness.as_mod, "customer link", member=harness.buyer, username="Alice_T")
    return await create(harness)


async def create(harness, **options):
    options = {"slug": "gold", "title": "Gold", "scripts": "trend", "role": harness.role, **options}
    return text_of((await harness.run(harness.as_owner, "product create", **options)).original)


async def give(harness, length="1M", item="gold"):
    asked = await harness.run(
        harness.as_mod, "access grant", item=item, duration=length, username="Alice_T"
    )
    await asked.until(lambda message: "Done" in message.text)


async def end(harness):
    asked = await harness.run(harness.as_mod, "access revoke", item="gold", username="Alice_T")
    await asked.until(lambda message: "has no access" in message.text)


def has(harness):
    return GOLD in (harness.roles_of(harness.buyer) or [])


async def becomes(harness, given, seconds=90):
    await harness.passes(lambda: has(harness) is given, seconds)


async def stays(harness, given):
    for _ in range(4):
        await harness.time.advance(30)
        await harness.passes(lambda: True)
        assert has(harness) is given


async def test_a_holder_has_the_role_until_the_last_purchase_ended(harness, gold):
    await give(harness)
    await becomes(harness, True)
    await end(harness)
    await becomes(harness, False)


async def test_time_that_runs_out_takes_it_after_the_grace_days(harness, gold):
    await harness.run(harness.as_owner, "product edit", product="gold", grace=2)
    await give(harness, "7D")
    await becomes(harness, True)
    await harness.time.advance(8 * 86_400)
    await stays(harness, True)
    await harness.time.advance(86_400)
    await becomes(harness, False)


async def test_who_had_the_role_by_hand_keeps_it(harness, gold):
    harness.give_role(harness.buyer, harness.role)
    await give(harness)
    await stays(harness, True)
    await end(harness)
    await stays(harness, True)


async def test_it_is_given_once_tradingview_shows_the_access_and_not_before(harness, gold):
    harness.switches.hang = True
    await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel,
        item="gold", duration="1M", username="Alice_T",
    )  # fmt: skip
    await stays(harness, False)
    harness.switches.hang = False
    await becomes(harness, True, 600)


async def test_a_member_who_comes_back_gets_it_again(harness, gold):
    await give(harness)
    await becomes(harness, True)
    harness.leave(harness.buyer)
    await harness.time.advance(60)
    harness.join(harness.buyer)
    await becomes(harness, True)
    harness.leave(harness.buyer)
    await end(harness)
    await harness.time.advance(60)
    harness.join(harness.buyer)
    await stays(harness, False)


async def test_another_role_takes_the_place_of_the_first(harness, gold):
    await give(harness)
    await becomes(harness, True)
    harness.make_role("Club")
    club = next(role for role in harness.guild.roles.values() if role.name == "Club")
    await harness.run(harness.as_owner, "product edit", product="gold", role=club)
    await becomes(harness, False)
    await harness.passes(lambda: "Club" in harness.roles_of(harness.buyer))


@pytest.mark.parametrize("trouble", ["order", "right"])
async def test_both_causes_of_a_refusal_are_told_with_the_mend_and_then_it_goes_on(
    harness, gold, trouble
):
    bot_role = harness.fake.bot_role(harness.guild)
    bits, words = (
        bot_role.permissions,
        {
            "order": "stands above mine",
            "right": "lack the right **Manage Roles**",
        }[trouble],
    )
    if trouble == "order":
        harness.fake.drag_role(harness.guild, harness.role, to_top=True)
    else:
        harness.fake.change_role(
            harness.guild, bot_role, permissions=bits & ~permissions.MANAGE_ROLES
        )
    await give(harness)
    await stays(harness, False)

    def told():
        return [
            text_of(each) for each in harness.as_owner.sees(harness.log) if words in text_of(each)
        ]

    await harness.passes(told)
    await harness.time.advance(600)
    assert len(told()) == 1
    shown = await harness.run(harness.as_owner, "setup show")
    assert words in text_of(shown.original)
    said = await create(harness, slug="silver", title="Silver")
    assert words in said
    if trouble == "order":
        harness.fake.drag_role(harness.guild, harness.role, to_top=False)
    else:
        harness.fake.change_role(harness.guild, bot_role, permissions=bits)
    await becomes(harness, True)
    shown = await harness.run(harness.as_owner, "setup show")
    assert words not in text_of(shown.original)


async def test_a_deleted_role_is_told(harness, gold):
    harness.delete_role(harness.role)
    await give(harness)

    def told():
        return [each for each in harness.as_owner.sees(harness.log) if "is gone" in text_of(each)]

    await harness.passes(told)


async def test_a_crash_before_discord_answered_leaves_no_doubt_whose_the_role_is(harness, gold):
    from bot.store.kinds import HolderRoleState
    from bot.store.ledger import holder_roles
    from bot.store.records import HolderRole

    wished = HolderRole(harness.guild.id, harness.buyer.id, harness.role.id)
    async with harness.vendor.database.write() as connection:
        await holder_roles.keep(connection, wished, HolderRoleState.GIVING, harness.time.now())
        assert await customers.by_member(connection, harness.guild.id, harness.buyer.id)
    harness.give_role(harness.buyer, harness.role)  # Discord did it, and nothing was noted
    await give(harness)
    await stays(harness, True)
    await end(harness)
    await becomes(harness, False)


@pytest.mark.parametrize("put_off", ["buyer", "stranger"])
async def test_whoever_is_put_off_keeps_the_role_from_nobody_else(
    harness, gold, monkeypatch, put_off
):
    from bot.access.orders import holder_roles
    from bot.store.records import HolderRole

    monkeypatch.setattr(holder_roles, "AT_ONCE", 1)
    late = getattr(harness, put_off)
    wished = HolderRole(harness.guild.id, late.id, harness.role.id)
    for _ in range(5):  # an hour
        harness.holder_role_giver._backoff.failed(wished)
    stranger, name = harness.stranger, "Alice_Two"
    await harness.run(harness.as_mod, "customer link", member=stranger, username=name)
    for username in ("Alice_T", name):
        options = {"item": "gold", "duration": "1M", "username": username}
        await harness.run(harness.as_mod, "access grant", **options)
    other = harness.stranger if late is harness.buyer else harness.buyer
    await harness.passes(lambda: GOLD in (harness.roles_of(other) or []), 300)
    assert GOLD not in (harness.roles_of(late) or [])
