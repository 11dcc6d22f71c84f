"""/access list with a role: who of those who have an item has that role now."""

import pytest

from bot.access.queries import holders
from tests.support.discord_harness import labels, text_of


@pytest.fixture
async def vips(harness):
    """Two linked customers, of whom one has the role; a third is known by the TradingView name alone."""
    for member, name in ((harness.buyer, "Alice_T"), (harness.stranger, "Alice_Two")):
        await harness.run(
            harness.as_mod, "access grant",
            item="trend", duration="1M", member=member, username=name,
        )  # fmt: skip
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="__bob__"
    )
    role = harness.make_role("VIP")
    harness.give_role(harness.buyer, role)
    return role


async def shown(harness, **options):
    listed = await harness.run(harness.as_mod, "access list", item="trend", **options)
    return listed.original


@pytest.mark.parametrize("seen", [True, False], ids=["intent", "no intent"])
async def test_only_those_with_the_role_are_listed(harness, vips, seen):
    if not seen:
        harness.client.go_without_members()
    said = text_of(await shown(harness, role=vips))
    assert f"1 person with the role <@&{vips.id}>" in said
    assert f"<@{harness.buyer.id}>" in said
    assert f"<@{harness.stranger.id}>" not in said
    assert "bob" not in said
    assert "Only members whom I know" in said


async def test_the_end_counts_too_and_nobody_is_said(harness, vips):
    said = text_of(await shown(harness, role=vips, ends="7 days"))
    assert f"Nobody with the role <@&{vips.id}> and such an end (7 days) has **Trend**." in said
    other = harness.make_role("Nobody's")
    assert f"Nobody with the role <@&{other.id}> has" in text_of(await shown(harness, role=other))


async def test_a_role_that_everybody_has_is_had_by_all_who_are_here(harness, vips):
    harness.leave(harness.stranger)
    said = text_of(await shown(harness, role=harness.guild.roles[harness.guild.id]))
    assert f"<@{harness.buyer.id}>" in said
    assert f"<@{harness.stranger.id}>" not in said


async def test_a_product_is_cut_down_to_the_role_as_well(harness, vips):
    await harness.run(
        harness.as_owner, "product create",
        slug="gold", title="Gold", scripts="trend", duration="1M",
    )  # fmt: skip
    for member in (harness.buyer, harness.stranger):
        await harness.run(harness.as_mod, "access grant", item="gold", duration="1M", member=member)
    listed = await harness.run(harness.as_mod, "access list", item="gold", role=vips)
    said = text_of(listed.original)
    assert f"<@{harness.buyer.id}>" in said
    assert f"<@{harness.stranger.id}>" not in said


async def test_whose_time_stands_still_is_listed_with_the_role_alone(harness, vips):
    for member in (harness.buyer, harness.stranger):
        await harness.run(harness.as_mod, "access pause", member=member, item="trend")
    said = text_of(await shown(harness, role=vips))
    assert f"<@{harness.buyer.id}>" in said
    assert "paused since" in said
    assert f"<@{harness.stranger.id}>" not in said


async def test_the_pages_keep_the_role(harness, vips, monkeypatch):
    monkeypatch.setattr(holders, "PAGE", 1)
    harness.give_role(harness.stranger, vips)
    message = await shown(harness, role=vips)
    assert "Page 1 of 2" in str(message.embeds)
    pressed = await harness.as_mod.press(message, "Next ▶")
    turned = await pressed.until(lambda each: "Page 2 of 2" in str(each.embeds))
    assert "2 people with the role" in text_of(turned)
    assert labels(turned) == ["◀ Back", "Next ▶"]


async def test_where_it_cannot_be_known_that_is_said(harness, vips, monkeypatch):
    monkeypatch.setattr(holders, "MAX_MEMBERS", 1)
    said = text_of(await shown(harness, role=vips))
    assert f"I cannot say who has <@&{vips.id}> just now" in said
    assert f"<@{harness.buyer.id}>" not in said
