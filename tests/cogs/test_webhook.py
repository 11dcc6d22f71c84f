"""/webhook over a real gateway: a vendor connects a shop, says what it sells, and helps what waits."""

import re

import pytest

from bot import clock
from bot.access.orders.connections import find_connection
from bot.access.orders.price_questions import ask_in
from bot.store.kinds import DeliveryState
from bot.store.sales import connections, prices
from tests.support.discord_harness import at_work, eventually, labels, text_of
from tests.support.shops import gets, hears, is_paid, made_up_providers, states

SECRET, NEWER = "ac_00000000", "ac_11111111"
NOT_YOU = "Only those who manage this server's scripts can do that."


@pytest.fixture(autouse=True)
def providers():
    with made_up_providers():
        yield


async def add(harness, provider="acme", **fields):
    """Connect a shop; the submitted form, answered."""
    asked = await harness.as_owner.run("webhook add", guild=harness.guild, provider=provider)
    sent = await harness.as_owner.submit(asked, fields)
    await sent.answered()
    return sent


async def row(harness, number=1):
    async with harness.vendor.database.read() as connection:
        return await find_connection(connection, harness.guild.id, number)


async def sells(harness, key, name=None, number=1):
    """Let a shop sell something of which nobody said what it is."""
    async with harness.vendor.database.write() as connection:
        await prices.add(connection, number, key, name, clock.now())
        shop = await connections.by_id(connection, harness.guild.id, number)
        await ask_in(connection, shop, clock.now())


async def stuck(harness, key, state=DeliveryState.STUCK, **values):
    return await gets(harness.vendor.database, harness.vendor.vault, 1, key, state, **values)


async def paid(harness, name, **values):
    return await is_paid(
        harness.vendor.database, harness.vendor.vault, 1, name, harness.guild.id, **values
    )


async def press(harness, message, label, who=None):
    pressed = await (who or harness.as_owner).press(message, label)
    await pressed.answered()
    return pressed


# Connecting


async def test_a_vendor_connects_a_shop_and_reads_five_steps(harness):
    asked = await harness.as_owner.run("webhook add", guild=harness.guild, provider="acme")
    form = await asked.form()
    fields = [part["component"]["custom_id"] for part in form["components"]]
    assert fields == ["secret"]  # the first field, and here the only one
    sent = await harness.as_owner.submit(asked, {"secret": SECRET})
    await sent.answered()
    said, public_id = text_of(sent.original), (await row(harness)).public_id
    assert sent.ephemeral
    assert [re.search(rf"\*\*{step}\. ", said) is not None for step in range(1, 6)] == [True] * 5
    assert "At Acme: *Settings > Webhooks*" in said
    assert "*TradingView username*" in said
    assert "✅ Kept encrypted, and never shown again." in said
    assert f"`/webhooks/{public_id}`" in said
    assert "no public https address" in said
    assert "reverse_proxy 127.0.0.1:8080" in said
    assert "tunnel" in said
    assert SECRET not in said
    assert labels(sent.original)[:2] == ["New secret", "Test"]


async def test_with_a_public_address_there_is_only_one_text_to_paste(closed_office):
    harness = closed_office
    client = harness.build(public_url="https://usher.example/")
    async with at_work(harness, client):
        sent = await add(harness, secret=SECRET)
        said = text_of(sent.original)
        assert f"`https://usher.example/webhooks/{(await row(harness)).public_id}`" in said
        assert "reverse_proxy" not in said


async def test_a_form_that_comes_twice_connects_one_shop(harness):
    asked = await harness.as_owner.run("webhook add", guild=harness.guild, provider="acme")
    sent = await harness.as_owner.submit(asked, {"secret": SECRET}, deliver=2)
    await sent.answered()
    assert len(await harness.connections.listed(harness.guild.id)) == 1


async def test_a_secret_that_comes_later_is_entered_with_a_button_also_after_a_restart(harness):
    sent = await add(harness)
    assert "⬜ Not there yet." in text_of(sent.original)
    assert "At Acme it is shown beside the address once that is saved." in text_of(sent.original)
    await harness.client.close()
    async with at_work(harness):
        pressed = await harness.as_owner.press(sent.original, "Enter the secret")
        entered = await harness.as_owner.submit(pressed, {"secret": f" {SECRET} "})
        await entered.answered()
        assert "is kept" in text_of(entered.original)
        pressed = await harness.as_owner.press(entered.original, "New secret")
        entered = await harness.as_owner.submit(pressed, {"secret": NEWER})
        await entered.answered()
        assert "The one before stays good until" in text_of(entered.original)
        dropped = await press(harness, entered.original, "Remove the old secret")
        assert "The one before" not in text_of(dropped.original)
        assert (await harness.connections.one(harness.guild.id, 1)).secrets == 1


async def test_what_is_no_secret_is_refused_and_repeated_nowhere(harness, caplog):
    for name in ("bot", "cogs"):  # at the most that LOG_LEVEL makes each say
        caplog.set_level("DEBUG", name)
    caplog.set_level("INFO")
    sent = await add(harness, secret="https://hooks.example/secret-place")
    said = text_of(sent.original)
    assert "does not look like a secret of Acme Pay" in said
    assert "secret-place" not in said + caplog.text
    assert await harness.connections.listed(harness.guild.id) == []
    assert (await add(harness, secret=SECRET)).ephemeral
    assert SECRET not in caplog.text


async def test_another_shop_than_those_known_is_named_with_those_that_are(harness):
    asked = await harness.run(harness.as_owner, "webhook add", provider="paypall")
    assert "no payment provider called `paypall`" in text_of(asked.original)
    assert "`acme`" in text_of(asked.original)
    offered = await harness.as_owner.complete("webhook add", "provider", "ACM", guild=harness.guild)
    assert offered == [{"name": "Acme Pay", "value": "acme"}]


async def test_options_and_api_key_of_a_provider_that_has_them(harness):
    sent = await add(harness, "tailor", api_key="key-123456")
    assert "The address is the secret here" in text_of(sent.original)
    pressed = await harness.as_owner.press(sent.original, "Options")
    typed = "header = X-Sign\npaths.order = data.id"
    changed = await harness.as_owner.submit(pressed, {"options": typed})
    await changed.answered()
    assert (await row(harness)).options == {"header": "X-Sign", "paths": {"order": "data.id"}}
    pressed = await harness.as_owner.press(changed.original, "Options")
    [label] = (await pressed.form())["components"]
    assert label["component"]["value"] == typed
    wrong = await harness.as_owner.submit(pressed, {"options": "colour = red"})
    await wrong.answered()
    assert "Tailor does not take these options" in text_of(wrong.original)
    pressed = await harness.as_owner.press(sent.original, "API key")
    cleared = await harness.as_owner.submit(pressed, {"api_key": ""})
    await cleared.answered()
    assert (await row(harness)).api_key is None


# The test


async def test_a_test_says_what_to_press_and_then_what_came(harness):
    await add(harness, secret=SECRET)
    asked = await harness.as_owner.run(
        "webhook test", guild=harness.guild, channel=harness.channel, connection=1
    )
    await harness.passes(lambda: "I wait for a message of Acme Pay" in text_of(asked.original))
    assert "*Send test*" in text_of(asked.original)
    await hears(harness.vendor.database, 1, kind="invoice.paid")
    await harness.passes(lambda: "`invoice.paid`" in text_of(asked.original))
    assert "Its signature is good" in text_of(asked.original)


@pytest.mark.parametrize(
    ("why", "mend"),
    [
        ("the signature is another one", "Copy the secret anew"),
        ("the time is another one", "a clock is wrong"),
        ("no secret is set", "*Enter the secret*"),
        ("the body is no JSON object", "right provider"),
    ],
)
async def test_a_test_says_why_a_message_was_refused(harness, why, mend):
    await add(harness, secret=SECRET)
    asked = await harness.as_owner.run(
        "webhook test", guild=harness.guild, channel=harness.channel, connection=1
    )
    await harness.passes(lambda: "I wait" in text_of(asked.original))
    await hears(harness.vendor.database, 1, refused=why)
    await harness.passes(lambda: "❌" in text_of(asked.original))
    assert mend in text_of(asked.original)
    again = await harness.as_owner.press(asked.original, "Wait again")
    await harness.passes(lambda: "I wait" in text_of(again.original))


async def test_a_test_ends_by_itself_when_nothing_comes(harness):
    await add(harness, secret=SECRET)
    asked = await harness.as_owner.run(
        "webhook test", guild=harness.guild, channel=harness.channel, connection=1
    )
    await harness.passes(lambda: "I wait" in text_of(asked.original))
    await harness.passes(lambda: "No message of Acme Pay" in text_of(asked.original), 700)


# Prices


async def test_an_unknown_price_is_asked_about_once_in_the_log_channel_and_chosen_there(harness):
    channel = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(channel)
    await add(harness, secret=SECRET)
    waits = await stuck(harness, "e1", DeliveryState.UNMAPPED)
    await sells(harness, "price_1", "Gold, monthly")
    await sells(harness, "price_1", "Gold, monthly")

    def questions():
        return [each for each in harness.as_owner.sees(channel) if "Which product" in text_of(each)]

    await harness.passes(questions)
    await harness.time.advance(60)
    [question] = questions()
    assert "Acme Pay (connection 1) sold `Gold, monthly`" in text_of(question)
    [select] = [part for line in question.components for part in line["components"]]
    offered = [option["label"] for option in select["options"]]
    assert offered == ["Trend", "Nothing to do with us"]
    refused = await harness.as_mod.choose(question, 0, ["Trend"])
    assert NOT_YOU in text_of(await refused.answered())
    await harness.client.close()
    async with at_work(harness):
        chosen = await harness.as_owner.choose(question, 0, ["Trend"])
        await chosen.answered()
        await eventually(lambda: "is Trend" in text_of(question))
        assert "1 message that waited goes on now." in text_of(question)
        assert await states(harness.vendor.database) == {waits: DeliveryState.NEW}
        again = await harness.as_owner.run(
            "webhook edit", guild=harness.guild, channel=harness.channel, connection=1
        )
        await again.answered()
        assert "`Gold, monthly` (`price_1`) → **Trend**" in text_of(again.original)


async def test_without_a_log_channel_the_list_asks_price_by_price(harness):
    await add(harness, secret=SECRET)
    await sells(harness, "price_1")
    await sells(harness, "price_2")
    listed = await harness.run(harness.as_owner, "webhook list")
    assert "2 open" in text_of(listed.original)
    asked = await press(harness, listed.original, "Say what 2 prices are")
    assert "`price_1`" in text_of(asked.original)
    chosen = await harness.as_owner.choose(asked.original, 0, ["Nothing to do with us"])
    await chosen.answered()
    await eventually(lambda: "nothing to do with us" in text_of(asked.original))
    asked = await press(harness, asked.original, "Next price")
    assert "`price_2`" in text_of(asked.original)
    chosen = await harness.as_owner.choose(asked.original, 0, ["Trend"])
    await eventually(lambda: "is Trend" in text_of(asked.original))
    asked = await press(harness, listed.original, "Say what 2 prices are")
    assert "No price waits" in text_of(asked.original)


async def test_more_items_than_discord_lists_come_on_pages(harness):
    await add(harness, secret=SECRET)
    for number in range(30):
        await harness.script(f"script-{number:02}")
    await sells(harness, "price_1")
    listed = await harness.run(harness.as_owner, "webhook list")
    asked = await press(harness, listed.original, "Say what 1 price is")
    assert "Page 1 of 2" in text_of(asked.original)
    await press(harness, asked.original, "Next ▶")
    await eventually(lambda: "Page 2 of 2" in text_of(asked.original))
    chosen = await harness.as_owner.choose(asked.original, 0, ["Trend"])
    await chosen.answered()
    await eventually(lambda: "is Trend" in text_of(asked.original))


async def test_without_a_product_there_is_only_nothing_to_choose_until_one_is_made(closed_office):
    async with at_work(closed_office):
        await add(closed_office, secret=SECRET)
        await sells(closed_office, "price_1")
        listed = await closed_office.run(closed_office.as_owner, "webhook list")
        asked = await press(closed_office, listed.original, "Say what 1 price is")
        assert "no product here yet" in text_of(asked.original)
        await closed_office.script()
        await press(closed_office, asked.original, "Look again")
        await eventually(lambda: "no product" not in text_of(asked.original))
        chosen = await closed_office.as_owner.choose(asked.original, 0, ["Trend"])
        await chosen.answered()
        await eventually(lambda: "is Trend" in text_of(asked.original))


async def test_a_price_is_said_before_the_first_sale(harness):
    await add(harness, secret=SECRET)
    said = await harness.run(
        harness.as_owner, "webhook edit", connection=1, price="price_9", item="trend"
    )
    assert "`price_9` of Acme Pay (connection 1) is Trend" in text_of(said.original)
    half = await harness.run(harness.as_owner, "webhook edit", connection=1, price="price_9")
    assert "Which price is which product?" in text_of(half.original)


# Settings, list, end


async def test_a_vendor_decides_what_shortens_and_sees_it(harness):
    await add(harness, secret=SECRET)
    plain = await harness.run(harness.as_owner, "webhook edit", connection=1)
    assert "after a failed payment it goes on for 3 days" in text_of(plain.original).casefold()
    changed = await harness.run(
        harness.as_owner, "webhook edit", connection=1, grace=5, cancel="at once", refund="end",
        dispute="keep", ask=True, slack=1, name_field="tv",
    )  # fmt: skip
    said = text_of(changed.original)
    assert "5 days** (`grace`)" in said or "5 days (`grace`)" in said
    assert "ends **at once** (`cancel`)" in said
    assert "**I ask first** (`ask`)" in said
    assert "You chose the field `tv`." in said
    stored = await row(harness)
    assert stored.terms == {
        "grace_days": 5, "slack_days": 1, "cancel_ends_now": True, "partial_refund_ends": True,
        "dispute_holds": False,
    }  # fmt: skip


async def test_the_list_says_how_each_shop_stands(harness):
    empty = await harness.run(harness.as_owner, "webhook list")
    assert "No shop is connected yet" in text_of(empty.original)
    for secret in ("", SECRET, SECRET, SECRET):
        await add(harness, secret=secret)
    await hears(harness.vendor.database, 3, kind="invoice.paid")
    await hears(harness.vendor.database, 4, refused="the signature is another one")
    listed = await harness.run(harness.as_owner, "webhook list")
    said = text_of(listed.original).split("connection ")[1:]
    assert "The secret is missing" in said[0]
    assert "Nothing has come yet" in said[1]
    assert "`invoice.paid`" in said[2]
    assert "1 message refused" in said[3]
    assert "Copy the secret anew" in said[3]


async def test_a_removed_shop_is_gone_at_once_after_a_yes(harness):
    await add(harness, secret=SECRET)
    asked = await harness.run(harness.as_owner, "webhook remove", connection=1)
    assert "What was bought stays as it is" in text_of(asked.original)
    kept = await press(harness, asked.original, "No, leave it")
    await eventually(lambda: "stays as it was" in text_of(asked.original))
    assert kept.ephemeral
    asked = await harness.run(harness.as_owner, "webhook remove", connection=1)
    await press(harness, asked.original, "Yes, remove it")
    await eventually(lambda: "is removed" in text_of(asked.original))
    gone = await harness.run(harness.as_owner, "webhook test", connection=1)
    assert "There is no such connection here." in text_of(gone.original)


# What waits


async def test_what_nobody_is_known_to_have_paid_is_assigned_to_a_member_with_a_name(harness):
    await add(harness, secret=SECRET)
    await paid(harness, "sub_1", buyer={"username": "Alice_T", "email": "a@example.org"})
    await harness.run(harness.as_owner, "webhook edit", connection=1, price="gold", item="trend")
    view = await harness.run(harness.as_owner, "webhook pending")
    said = text_of(view.original)
    assert view.ephemeral
    assert r"**sub\_1** (Acme Pay), Trend" in said
    assert "`Alice_T`" in said
    assert "`a@example.org`" in said
    await press(harness, view.original, "Assign")
    await eventually(lambda: "Whose is the order" in text_of(view.original))
    picked = await harness.as_owner.choose(view.original, 0, [harness.buyer])
    named = await harness.as_owner.submit(picked, {"username": "Alice_T"})
    await named.answered()
    await eventually(lambda: f"is of <@{harness.buyer.id}> now" in text_of(view.original))
    await harness.passes(harness.as_buyer.dms)
    assert "You can use **Trend**" in text_of(harness.as_buyer.dms()[-1])
    view = await harness.run(harness.as_owner, "webhook pending")
    assert "Nothing waits" in text_of(view.original)


async def test_a_member_whose_name_is_known_needs_no_form_and_one_without_may_tell_it_later(
    harness,
):
    await add(harness, secret=SECRET)
    owner = harness.as_owner
    await harness.run(owner, "webhook edit", connection=1, price="gold", item="trend")
    await paid(harness, "sub_1")
    await paid(harness, "sub_2")
    for order, name in (("sub_1", ""), ("sub_2", None)):
        view = await harness.run(harness.as_owner, "webhook pending")
        label = next(
            each for each in labels(view.original) if each in ("Assign", f"Assign {order}")
        )
        await press(harness, view.original, label)
        await eventually(lambda view=view: "Whose is the order" in text_of(view.original))
        picked = await harness.as_owner.choose(view.original, 0, [harness.buyer])
        if name is not None:
            picked = await harness.as_owner.submit(picked, {"username": name})
            await picked.answered()
            await eventually(lambda view=view: "waits until they tell me" in text_of(view.original))
            await harness.run(
                harness.as_owner, "customer link", member=harness.buyer, username="Alice_T"
            )
        await eventually(lambda view=view: " now.**" in text_of(view.original))
    assert "on its way to TradingView" in text_of(view.original)


async def test_an_order_of_which_nobody_said_the_product_is_not_said_to_be_on_its_way(harness):
    await add(harness, secret=SECRET)
    await harness.run(harness.as_owner, "customer link", member=harness.buyer, username="Alice_T")
    await paid(harness, "sub_1")
    view = await harness.run(harness.as_owner, "webhook pending")
    await press(harness, view.original, "Assign")
    await eventually(lambda: "Whose is the order" in text_of(view.original))
    await harness.as_owner.choose(view.original, 0, [harness.buyer])
    await eventually(lambda: " now.**" in text_of(view.original))
    assert "It gives nothing yet" in text_of(view.original)


async def test_an_order_that_somebody_else_assigned_meanwhile_is_said_so(harness):
    await add(harness, secret=SECRET)
    await paid(harness, "sub_1")
    first, second = [await harness.run(harness.as_owner, "webhook pending") for _ in range(2)]
    for view in (first, second):
        await press(harness, view.original, "Assign")
        await eventually(lambda view=view: "Whose is" in text_of(view.original))
    picked = await harness.as_owner.choose(first.original, 0, [harness.buyer])
    await (await harness.as_owner.submit(picked, {})).answered()
    picked = await harness.as_owner.choose(second.original, 0, [harness.stranger])
    assert "That order is somebody's already" in text_of(await picked.answered())


async def test_stuck_messages_are_shown_with_the_reason_and_tried_again(harness):
    await add(harness, secret=SECRET)
    first = await stuck(harness, "e1", reason="TradingView does not know the script")
    second = await stuck(harness, "e2")
    view = await harness.run(harness.as_owner, "webhook pending")
    assert "2 messages stuck" in text_of(view.original)
    assert "`TradingView does not know the script`" in text_of(view.original)
    one = await harness.run(harness.as_owner, "webhook replay", connection=1, delivery=first)
    assert "1 message is tried again" in text_of(one.original)
    wrong = await harness.run(harness.as_owner, "webhook replay", connection=1, delivery=first)
    assert "No message with that number waits" in text_of(wrong.original)
    again = await press(harness, view.original, "Try again")
    assert "1 message is tried again" in text_of(again.original)
    assert set((await states(harness.vendor.database)).values()) == {DeliveryState.NEW}
    assert second in await states(harness.vendor.database)
    none = await harness.run(harness.as_owner, "webhook replay", connection=1)
    assert "No message waits" in text_of(none.original)


# Who may


async def test_staff_who_are_no_managers_and_buyers_may_do_none_of_it(harness):
    await add(harness, secret=SECRET)
    harness.fake.open_commands(harness.guild)
    for who in (harness.as_mod, harness.as_buyer):
        for command, options in (
            ("add", {"provider": "acme"}),
            ("list", {}),
            ("edit", {"connection": 1}),
            ("remove", {"connection": 1}),
            ("test", {"connection": 1}),
            ("replay", {"connection": 1}),
            ("pending", {}),
        ):
            asked = await harness.run(who, f"webhook {command}", **options)
            said = text_of(asked.original)
            assert "Acme" not in said, command
            assert NOT_YOU in said, command
    assert len(await harness.connections.listed(harness.guild.id)) == 1
