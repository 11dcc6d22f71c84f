"""/customer show, search, unlink, move, merge, block, unblock, forget over a real gateway."""

from bot.store.people import customers
from tests.support.discord_harness import eventually, labels, text_of
from tests.support.vendor_fixture import OTHER


async def person(harness, user=None, name=None):
    async with harness.vendor.database.read() as connection:
        if user is not None:
            return await customers.by_member(connection, harness.guild.id, user.id)
        return await customers.by_name(connection, harness.guild.id, name)


async def sold(harness, user, name="Alice_T", note=None):
    """That member has a month."""
    options = {} if note is None else {"note": note}
    request = await harness.run(
        harness.as_mod,
        "access grant",
        item="trend",
        duration="1M",
        member=user,
        username=name,
        **options,
    )
    await request.until(lambda now: "✅" in text_of(now))


async def pressed(who, message, label, text):
    press = await who.press(message, label)
    await press.until(lambda now: text in text_of(now))
    return press


async def test_one_person_stands_in_one_message(harness):
    await sold(harness, harness.buyer, note="order 4711")
    for options in ({"member": harness.buyer}, {"username": "alice_t"}):
        request = await harness.run(harness.as_mod, "customer show", **options)
        text = text_of(request.original)
        assert request.ephemeral
        assert f"<@{harness.buyer.id}>" in text
        assert "<https://www.tradingview.com/u/Alice_T/>" in text
        assert f"by <@{harness.mod.id}>" in text
        assert "**Trend**: should be until" in text
        assert "order 4711" in text
        assert "ordered 1 month" in text
        assert labels(request.original) == ["Unlink", "Block"]


async def test_a_member_without_a_record_and_a_name_alone_are_shown_too(harness):
    request = await harness.run(harness.as_mod, "customer show", member=harness.stranger)
    assert "I have no record of" in text_of(request.original)
    assert labels(request.original) == ["Link a TradingView name"]
    harness.vendor.world.grant(next(iter(harness.vendor.world.scripts)), "Alice_T", None)
    request = await harness.run(harness.as_mod, "customer show", username="Alice_T")
    assert r"I have no record of Alice\_T" in text_of(request.original)
    request = await harness.run(harness.as_mod, "customer show")
    assert "Who is it for?" in text_of(request.original)


async def test_a_claim_is_decided_from_there(harness):
    harness.vendor.world.grant(next(iter(harness.vendor.world.scripts)), "Alice_T", None)
    asked = await harness.run(harness.as_stranger, "link", username="Alice_T")
    await pressed(harness.as_stranger, asked.original, "Yes, that is me", "a member of staff looks")
    request = await harness.run(harness.as_mod, "customer show", username="Alice_T")
    assert f"<@{harness.stranger.id}> says that" in text_of(request.original)
    await pressed(harness.as_mod, request.original, "Decide", "staff must look")


async def test_people_are_found_by_what_staff_remember(harness):
    await sold(harness, harness.buyer, note="paid with order A-4711")
    for text in ("lice", "a-4711", str(harness.buyer.id), f"<@{harness.buyer.id}>", "#1"):
        request = await harness.run(harness.as_mod, "customer search", text=text)
        assert r"**Alice\_T**" in text_of(request.original), text
    press = await harness.as_mod.press(request.original, "Show")
    await press.until(lambda now: "should be until" in text_of(now))
    request = await harness.run(harness.as_mod, "customer search", text="nobody:at_all%")
    assert "No customer fits" in text_of(request.original)


async def test_many_found_people_come_page_by_page(harness):
    async with harness.vendor.database.write() as connection:
        for number in range(12):
            await customers.add(connection, harness.guild.id, username=f"a_trader{number:02}")
        await customers.add(connection, OTHER, username="a_trader99")
    request = await harness.run(harness.as_mod, "customer search", text="a_trader")
    assert "12 customers fit" in text_of(request.original)
    assert "trader09" in text_of(request.original)
    assert "trader10" not in text_of(request.original)
    press = await harness.as_mod.press(request.original, "Next ▶")
    await press.until(lambda now: "trader11" in text_of(now))
    assert "trader99" not in text_of(request.original)


async def test_staff_untie_a_name_and_are_told_that_access_stays(harness):
    await sold(harness, harness.buyer)
    request = await harness.run(harness.as_mod, "customer unlink", member=harness.buyer)
    assert "has access, which stays" in text_of(request.original)
    await pressed(harness.as_mod, request.original, "Yes, untie it", "no longer tied")
    assert await person(harness, harness.buyer) is None
    request = await harness.run(harness.as_mod, "customer unlink", username="Alice_T")
    assert "is tied to no member" in text_of(request.original)


async def test_a_refused_link_names_the_command_that_moves_it(harness):
    await sold(harness, harness.buyer)
    request = await harness.run(
        harness.as_mod, "customer link", member=harness.stranger, username="Alice_T"
    )
    assert f"belongs to <@{harness.buyer.id}> already" in text_of(request.original)
    assert "`/customer move`" in text_of(request.original)


async def test_a_lost_account_moves_with_one_yes_also_when_its_member_has_left(harness):
    await sold(harness, harness.buyer)
    harness.fake.remove_member(harness.guild, harness.buyer)
    request = await harness.run(
        harness.as_mod,
        "customer move",
        **{"from": str(harness.buyer.id), "to": harness.stranger},
    )
    assert r"Everything of Alice\_T goes from" in text_of(request.original)
    assert (await person(harness, name="Alice_T")).member_id == harness.buyer.id
    await pressed(harness.as_mod, request.original, "Yes, give it to them", "went from")
    assert (await person(harness, name="Alice_T")).member_id == harness.stranger.id
    shown = await harness.run(harness.as_stranger, "me")
    assert "**Trend**: until" in text_of(shown.original)


async def test_a_member_with_another_name_is_merged_by_a_manager_or_not_at_all(harness):
    await sold(harness, harness.buyer)
    await sold(harness, harness.stranger, "__bob__")
    request = await harness.run(
        harness.as_mod, "customer move", **{"from": "Alice_T", "to": harness.stranger}
    )
    assert "`/customer merge`" in text_of(request.original)
    names = {"from": "Alice_T", "into": "__bob__"}
    request = await harness.run(harness.as_mod, "customer merge", **names)
    assert "Only" in text_of(request.original)
    request = await harness.run(harness.as_owner, "customer merge", **names)
    assert "are two accounts on TradingView" in text_of(request.original)


async def test_two_records_of_one_person_become_one(harness):
    request = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    await request.until(lambda now: "✅" in text_of(now))
    async with harness.vendor.database.write() as connection:
        await customers.add(connection, harness.guild.id, member_id=harness.buyer.id)
    request = await harness.run(
        harness.as_owner, "customer merge", **{"from": "Alice_T", "into": f"<@{harness.buyer.id}>"}
    )
    assert "Two records become one" in text_of(request.original)
    await pressed(harness.as_owner, request.original, "Yes, make them one", "one customer now")
    assert (await person(harness, harness.buyer)).username == "Alice_T"


async def test_a_block_asks_about_what_they_have_and_staff_before_they_give_more(harness):
    await sold(harness, harness.buyer)
    request = await harness.run(
        harness.as_owner, "customer block", member=harness.buyer, reason="chargeback"
    )
    assert "is blocked, and still has access" in text_of(request.original)
    await pressed(
        harness.as_owner,
        request.original,
        "Yes, end what they have",
        "Their access to 1 script ends now",
    )
    await eventually(
        lambda: (
            harness.vendor.world.row(next(iter(harness.vendor.world.scripts)), "Alice_T") is None
        )
    )
    request = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", member=harness.buyer
    )
    assert "is blocked: `chargeback`" in text_of(request.original)
    press = await harness.as_mod.press(request.original, "Yes, do it")
    await press.until(lambda now: "✅" in text_of(now))
    shown = await harness.run(harness.as_mod, "customer show", member=harness.buyer)
    assert "⛔ Blocked since" in text_of(shown.original)
    press = await harness.as_owner.press(
        (await harness.run(harness.as_owner, "customer show", member=harness.buyer)).original,
        "Unblock",
    )
    await press.until(lambda now: "no longer blocked" in text_of(now))


async def test_a_blocked_member_cannot_link_and_reads_no_reason(harness):
    await harness.run(
        harness.as_owner, "customer block", member=harness.stranger, reason="chargeback"
    )
    request = await harness.run(harness.as_stranger, "link", username="Alice_T")
    assert "This does not work for you here" in text_of(request.original)
    assert "chargeback" not in text_of(request.original)


async def test_a_manager_has_a_customer_forgotten(harness):
    await sold(harness, harness.buyer)
    request = await harness.run(harness.as_mod, "customer forget", member=harness.buyer)
    assert "Only" in text_of(request.original)
    request = await harness.run(harness.as_owner, "customer forget", member=harness.buyer)
    assert "This forgets" in text_of(request.original)
    assert (await person(harness, harness.buyer)).username == "Alice_T"
    await pressed(
        harness.as_owner, request.original, "Yes, forget them", "The access to 1 script ends first"
    )

    async def forgotten():
        await harness.time.advance(1)
        await harness.erasures.carry_out()
        return await person(harness, harness.buyer) is None

    await eventually(forgotten)
    await eventually(lambda: any("is forgotten" in text_of(one) for one in harness.as_owner.dms()))
    shown = await harness.run(harness.as_mod, "customer search", text="lice")
    assert "No customer fits" in text_of(shown.original)
