"""What staff are asked, and buyers told, about payments: over a real gateway."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot import clock
from bot.access.rules.payments import (
    Buyer,
    Failure,
    Line,
    Payment,
    Reading,
    Refund,
    Snapshot,
    Status,
)
from bot.store.kinds import DeliveryState
from bot.store.records import Delivery
from bot.store.sales import connections, prices
from tests.cogs.test_codes import link, log_channel
from tests.support.discord_harness import labels, text_of

MONTH = timedelta(days=30)


class Shop:
    """A shop that asks before it takes anything away, and sells the script; its messages are read already."""

    def __init__(self, harness, source):
        self.harness, self.source, self.sent = harness, source, 0

    async def tells(self, *facts):
        self.sent += 1
        delivery = Delivery(
            self.sent, self.source.id, f"e{self.sent}", "test", clock.now(), None, None,
            DeliveryState.NEW, None, 0, None, None, None,
        )  # fmt: skip
        async with self.harness.database.write() as connection:
            taken = await self.harness.contracts.take_in(
                connection, self.source, delivery, Reading(facts)
            )
        self.harness.contracts.go_on(self.source.guild_id, taken)

    async def is_paid(self, **buyer):
        now = clock.now()
        payment = Payment(
            "in_1", "sub_1", now, (Line(("p",)),), now, now + MONTH, amount=Decimal(2900)
        )
        runs = Snapshot("sub_1", now, Status.ACTIVE, renews=True)
        await self.tells(payment, runs, Buyer(contract="sub_1", **buyer))


@pytest.fixture
async def shop(harness):
    async with harness.database.write() as connection:
        [script] = (await connection.exec_driver_sql("SELECT id FROM script")).scalars()
        source = await connections.add(
            connection, harness.guild.id, public_id="x" * 22, provider="standard", options={},
            by=harness.owner.id, at=clock.now(), reference="r1",
        )  # fmt: skip
        source = await connections.change(connection, source.id, asks_first=True)
        price = await prices.add(connection, source.id, "p", None, clock.now())
        await prices.set_item(connection, price.id, script_id=script)
    return Shop(harness, source)


async def question(harness, channel):
    [asked] = [each for each in harness.as_mod.sees(channel) if "May this end?" in text_of(each)]
    return asked


@pytest.mark.parametrize(("label", "stands"), [("Keep it", True), ("End it", False)])
async def test_staff_are_asked_before_a_refund_ends_access_and_decide(harness, shop, label, stands):
    channel = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(channel)
    await link(harness, harness.buyer, "Alice_T")
    await shop.is_paid(discord_id=harness.buyer.id)
    await harness.passes(harness.as_buyer.dms)
    await shop.tells(Refund("re_1", "in_1", clock.now(), is_full=True))
    await harness.passes(
        lambda: any("May this end?" in text_of(each) for each in harness.as_mod.sees(channel))
    )
    asked = await question(harness, channel)
    said = text_of(asked)
    assert "the money was refunded" in said
    assert "sub_1" in said
    assert labels(asked) == ["Keep it", "End it"]
    row = harness.vendor.world.row
    [pine_id] = {each.script.pine_id for each in await harness.scripts.listed(harness.guild.id)}
    assert row(pine_id, "Alice_T") is not None
    pressed = await harness.as_mod.press(asked, label)
    await pressed.answered()
    await harness.passes(lambda: (row(pine_id, "Alice_T") is not None) is stands)
    await harness.passes(lambda: not labels(asked))


async def test_a_buyer_hears_once_that_a_payment_failed_and_what_to_do(harness, shop):
    await link(harness, harness.buyer, "Alice_T")
    await shop.is_paid(discord_id=harness.buyer.id)
    await harness.passes(harness.as_buyer.dms)
    for _ in range(2):
        await shop.tells(Failure("in_2", "sub_1", clock.now(), attempt=1))

    def told():
        return [each for each in harness.as_buyer.dms() if "did not go through" in text_of(each)]

    await harness.passes(told)
    await harness.time.advance(60)
    assert len(told()) == 1
    assert "You keep your access" in text_of(told()[0])


async def test_a_buyer_without_a_name_is_asked_for_it_and_has_it_once_it_is_linked(harness, shop):
    await shop.is_paid(discord_id=harness.buyer.id)
    await harness.passes(harness.as_buyer.dms)
    [asked] = harness.as_buyer.dms()
    assert "because you bought it" in text_of(asked)
    sent = await harness.run(harness.as_buyer, "link", username="Alice_T")
    pressed = await harness.as_buyer.press(sent.original, "Yes, that is me")
    await pressed.answered()
    await harness.purchases.look()
    await harness.passes(lambda: len(harness.as_buyer.dms()) == 2)
    assert "until" in text_of(harness.as_buyer.dms()[1])


async def test_what_nobody_is_known_to_have_bought_is_told_to_staff_once(harness, shop):
    shown = await log_channel(harness)
    await shop.is_paid(email="ann@example.org")
    await harness.passes(lambda: "nobody knows yet which member it is of" in shown())
    assert "ann@example.org" not in shown()
