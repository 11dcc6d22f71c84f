"""/code, /redeem and /trial over a real gateway: a file, a code, and what a buyer reads."""

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot import clock
from bot.access.rules.guesses import OF_MEMBER
from bot.replies import codes as code_replies
from bot.sandbox.discord.interactions import Kind
from bot.store.catalogue import products
from bot.store.people import customers
from tests.support.discord_harness import eventually, labels, text_of

CODE = re.compile(r"[2-9A-Z]{4}(?:-[2-9A-Z]{4}){4}")
NO_CODE = "2222-2222-2222-2222-2222"
WRONG = "**That code does not work.** Nothing was changed."


@pytest.fixture
async def shop(harness):
    """A product with a trial and grace days; the buyer has linked their name."""
    async with harness.vendor.database.write() as connection:
        [script] = (await connection.exec_driver_sql("SELECT id FROM script")).scalars()
        gold = await products.add(
            connection, harness.guild.id, by=harness.owner.id, at=clock.now(), slug="gold",
            title="Gold", trial="3D", grace_days=2,
        )  # fmt: skip
        await products.add_scripts(connection, gold.id, [script])
    await link(harness, harness.buyer, "Alice_T")
    return harness


async def link(harness, user, name):
    async with harness.vendor.database.write() as connection:
        person = await customers.add(connection, harness.guild.id, member_id=user.id, username=name)
        await customers.tie(connection, person.id, user.id, user.id, clock.now())


async def create(harness, **options):
    """Make codes; the interaction, and the lines of its file."""
    options = {"item": "gold", "duration": "1M"} | options
    made = await harness.run(harness.as_owner, "code create", **options)
    return made, lines_of(harness, made.original)


def lines_of(harness, message):
    [file] = message.attachments
    return harness.fake.world.files[int(file["id"])].decode().splitlines()


async def redeem(harness, code, who=None):
    return await harness.run(who or harness.as_buyer, "redeem", code=code)


async def log_channel(harness):
    channel = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(channel)
    return lambda: "\n".join(text_of(each) for each in harness.as_mod.sees(channel))


async def test_a_manager_gets_codes_as_a_file_with_one_a_line(shop):
    made, lines = await create(shop, count=25, uses=3, expires="2W")
    assert made.ephemeral
    assert len(set(lines)) == 25
    assert all(CODE.fullmatch(line) for line in lines)
    said = text_of(made.original)
    assert "25 codes made:** 1 month of **Gold**. Each works for 3 members, until" in said
    assert "only now" in said
    assert not CODE.search(said)  # so many are in the file alone
    _, [single] = await create(shop)
    assert CODE.fullmatch(single)


async def test_a_buyer_redeems_a_code_and_hears_of_it_once(shop):
    shown = await log_channel(shop)
    _, [code] = await create(shop)
    used = await redeem(shop, f"  {code.lower().replace('-', ' ')} ")
    await shop.passes(lambda: "You can use" in text_of(used.original))
    assert used.ephemeral
    said = text_of(used.original)
    assert "🎉 You can use **Gold** until" in said
    assert "1 month more, by your code." in said
    assert r"log in to TradingView as **Alice\_T**" in said
    assert "Indicators → Invite-only scripts" in said
    assert not re.search(r"/access|/sync|batch|Put back", said + str(labels(used.original)))
    await shop.passes(lambda: "used a code for 1 month of **Gold**" in shown())
    await shop.passes(lambda: "TradingView shows it" in shown())
    await shop.time.advance(60)
    assert not shop.as_buyer.dms()
    assert not shop.as_mod.dms()
    assert code not in shown()
    assert "`batch 1`" in shown()


async def test_what_takes_longer_than_the_answer_lives_comes_by_direct_message_once(shop):
    _, [code] = await create(shop)
    shop.switches.hang = True
    used = await shop.as_buyer.run("redeem", guild=shop.guild, channel=shop.channel, code=code)
    await shop.passes(lambda: "TradingView does not show it yet" in text_of(used.original))
    said = text_of(used.original)
    assert "⏳ **Waiting:** 1 month of **Gold** is noted for you." in said
    assert "hear from me when you can use it" in said
    await shop.time.advance(16 * 60)
    shop.switches.hang = False
    await shop.passes(shop.as_buyer.dms, 900)
    await shop.time.advance(60)
    [told] = shop.as_buyer.dms()
    assert "🎉 You can use **Gold** until" in text_of(told)
    assert not re.search(r"/access|/sync|batch", text_of(told))


async def test_a_code_is_noted_nowhere_also_not_while_its_answer_is_owed(shop, caplog, monkeypatch):
    for name in ("bot", "cogs"):  # at the most that LOG_LEVEL makes each say
        caplog.set_level("DEBUG", name)
    caplog.set_level("INFO")
    _, [code] = await create(shop)

    async def breaks(*_):
        raise OSError("broken")

    monkeypatch.setattr(shop.vendor.services.codes, "redeem", breaks)
    said = text_of((await redeem(shop, code)).original)
    assert "Something went wrong" in said
    path = Path(make_url(shop.vendor.settings.database_url).database)
    kept = [each.read_bytes() for each in await asyncio.to_thread(list, path.parent.iterdir())]
    for form in (code, code.replace("-", "")):
        assert not [content for content in kept if form.encode() in content.upper()]
        assert form not in caplog.text + said


async def test_one_answer_for_wrong_used_and_over(shop):
    _, [used] = await create(shop)
    _, [over] = await create(shop, expires="1D")
    _, [revoked, other] = await create(shop, count=2)
    await redeem(shop, used)
    await shop.run(shop.as_owner, "code revoke", code=revoked.lower())
    await shop.time.advance(86_401)
    said = [
        (await redeem(shop, code, who)).original
        for who, codes in (
            (shop.as_stranger, (used, over, revoked, NO_CODE)),
            (shop.as_buyer, (used, "what is this?")),
        )
        for code in codes
    ]
    assert len({(text_of(each), str(each.components)) for each in said}) == 1
    assert WRONG in text_of(said[0])
    assert "✖" not in text_of(said[0])
    assert labels(said[0]) == ["Try again"]
    assert "You can use" in text_of((await redeem(shop, other)).original)


async def test_a_form_takes_a_code_too(shop):
    _, [code] = await create(shop)
    wrong = (await redeem(shop, NO_CODE)).original
    pressed = await shop.as_buyer.press(wrong, "Try again")
    sent = await shop.as_buyer.submit(pressed, {code_replies.CODE: code})
    await sent.until(lambda message: "You can use" in text_of(message))


async def test_wrong_codes_make_wait_and_the_log_channel_hears_of_it_once(shop):
    shown = await log_channel(shop)
    _, [code] = await create(shop)
    for _ in range(OF_MEMBER):
        assert WRONG in text_of((await redeem(shop, NO_CODE, shop.as_stranger)).original)
    for attempt in (NO_CODE, code):
        said = text_of((await redeem(shop, attempt, shop.as_stranger)).original)
        assert "**Too many wrong codes.** Please try again <t:" in said
    await shop.passes(lambda: f"<@{shop.stranger.id}> typed 5 wrong codes" in shown())
    assert NO_CODE not in shown()
    assert "You can use" in text_of((await redeem(shop, code)).original)


async def test_a_buyer_without_a_name_is_told_to_link_and_gets_it_then(shop):
    _, [code] = await create(shop)
    waits = await redeem(shop, code, shop.as_stranger)
    said = text_of(waits.original)
    assert "1 month of **Gold** is noted for you" in said
    assert "Now tell me your TradingView name:" in said
    linking = await shop.run(shop.as_stranger, "link", username="alice_two")
    await shop.as_stranger.press(linking.original, "Yes, that is me")
    shop.purchases.start(shop.jobs)
    await shop.passes(shop.as_stranger.dms)
    await shop.time.advance(60)
    [told] = shop.as_stranger.dms()
    assert "🎉 You can use **Gold** until" in text_of(told)
    assert r"**Alice\_Two**" in text_of(told)


async def test_lifetime_codes_are_made_after_a_yes(shop):
    asked = await shop.run(
        shop.as_owner, "code create", item="gold", duration="L", count=2, expires="2027-01-31"
    )
    assert "These 2 codes give lifetime** of **Gold**" in text_of(asked.original)
    await shop.as_owner.press(asked.original, "Yes, make them")
    await eventually(lambda: asked.original.attachments)
    code, _ = lines_of(shop, asked.original)
    assert "You can use **Gold** **for lifetime**" in text_of((await redeem(shop, code)).original)
    again = text_of((await redeem(shop, lines_of(shop, asked.original)[1])).original)
    assert "for lifetime already" in again
    assert "It still works" in again


async def test_a_code_says_which_scripts_it_changes_nothing_for_and_both_ends(shop):
    await shop.script("range", title="Range")
    added = await shop.run(shop.as_owner, "product scripts", product="gold", add="range")
    press = await shop.as_owner.press(added.original, "Yes, change it")
    await press.until(lambda now: "are changed" in text_of(now))
    await shop.run(shop.as_mod, "access grant", item="range", duration="L", member=shop.buyer)
    _, [code] = await create(shop, count=1)
    said = text_of((await redeem(shop, code)).original)
    assert "**Range**: **for lifetime**" in said
    assert "and 2 more days to renew" in said
    assert "You had **Range** without an end already: nothing changed there." in said


async def test_codes_are_listed_revoked_and_put_back(shop):
    assert "There are no codes here" in text_of(
        (await shop.run(shop.as_owner, "code list")).original
    )
    for _ in range(12):
        await create(shop)
    _, [code] = await create(shop, uses=2)
    await redeem(shop, code)
    listed = (await shop.run(shop.as_owner, "code list")).original
    assert "**13**: 1 code for 1 month of **Gold**, used 1 of 2 times, 1 works" in text_of(listed)
    await shop.as_owner.press(listed, "Next ▶")
    await eventually(lambda: "**1**: 1 code" in text_of(listed))
    [choice] = await shop.as_owner.complete("code revoke", "batch", "13", guild=shop.guild)
    assert choice["name"] == "13 – 1 month of Gold, 1 of 1 work"
    revoked = (await shop.run(shop.as_owner, "code revoke", batch=choice["value"])).original
    assert "All codes of batch 13 work no more" in text_of(revoked)
    assert WRONG in text_of((await redeem(shop, code, shop.as_stranger)).original)
    await shop.as_owner.press(revoked, "Put back")
    await eventually(lambda: "work again" in text_of(revoked))
    assert "noted for you" in text_of((await redeem(shop, code, shop.as_stranger)).original)
    said = text_of((await shop.run(shop.as_owner, "code revoke")).original)
    assert "**Which codes?**" in said


async def test_a_trial_once_and_only_for_who_is_new(shop):
    offered = await shop.as_buyer.complete("trial", "product", "go", guild=shop.guild)
    assert offered == [{"name": "Gold – 3 days", "value": "gold"}]
    assert await shop.as_buyer.complete("trial", "product", "trend", guild=shop.guild) == []
    begun = await shop.run(shop.as_buyer, "trial", product="gold")
    await shop.passes(lambda: "You can use **Gold** until" in text_of(begun.original))
    assert "It is a trial, and ends by itself." in text_of(begun.original)
    again = await shop.run(shop.as_buyer, "trial", product="Gold")
    assert "was taken before" in text_of(again.original)
    none = await shop.run(shop.as_stranger, "trial", product="trend")
    assert "There is no trial called `trend`.** You can try `gold`." in text_of(none.original)
    waits = await shop.run(shop.as_stranger, "trial", product="gold")
    assert "3 days of **Gold** is noted for you" in text_of(waits.original)
    await shop.time.advance(60)
    assert not shop.as_buyer.dms()


async def test_a_trial_that_waited_and_may_not_begin_is_told(shop):
    begun = await shop.run(shop.as_buyer, "trial", product="gold")
    await shop.passes(lambda: "You can use" in text_of(begun.original))
    await shop.run(shop.as_stranger, "trial", product="gold")
    async with shop.vendor.database.write() as connection:
        person = await customers.by_member(connection, shop.guild.id, shop.buyer.id)
        await customers.untie(connection, person.id)
    linking = await shop.run(
        shop.as_owner, "customer link", member=shop.stranger, username="Alice_T"
    )
    assert "Alice" in text_of(linking.original)
    await shop.purchases.look()
    await shop.passes(shop.as_stranger.dms)
    [told] = shop.as_stranger.dms()
    assert "The trial of Gold was taken before" in text_of(told)


async def test_codes_of_one_server_and_its_buttons_are_nothing_in_another(shop):
    _, [code] = await create(shop)
    other = shop.fake.add_guild("Another shop", shop.owner)
    shop.fake.add_member(other, shop.buyer)
    await eventually(lambda: shop.client.get_guild(other.id))
    [channel] = other.channels.values()
    tried = await shop.as_buyer.run("redeem", guild=other, channel=channel, code=code)
    assert WRONG in text_of(await tried.answered())
    await shop.client.get_channel(channel.id).send("x")
    message = shop.as_owner.sees(channel)[-1]
    for custom_id, said in (
        (f"u:{code_replies.PUT_BACK}:{other.id}:1:0", "There is no such code here"),
        (f"u:{code_replies.PUT_BACK}:{shop.guild.id}:1:0", "too old"),
    ):
        data = {"component_type": 2, "custom_id": custom_id, "id": 1}
        pressed = shop.as_owner._send(Kind.COMPONENT, channel, data, message=message)
        await pressed.until(lambda message, said=said: said in text_of(message))
    assert "You can use" in text_of((await redeem(shop, code)).original)
