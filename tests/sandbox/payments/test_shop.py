"""What the pretend shop sends: to the bot alone, as often and in the order asked for."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from aiohttp import web

from bot.sandbox.payments import PaymentShop
from bot.sandbox.payments.forms import FORMS
from bot.sandbox.payments.orders import PRICE

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
COURSE = ("renew", "fail", "renew", "cancel", "dispute", "win", "refund_part", "refund")
BUYER = {
    "product": "gold",
    "name": "Gita",
    "email": "gita@example.org",
    "username": "Gita-Ray",
    "discord_id": "781784956044574751",
}


@pytest.fixture
async def got():
    """What a bot's address got, as (path, headers, body)."""
    messages = []

    async def take(request):
        messages.append((request.path_qs, request.headers, await request.read()))
        return web.Response(status=401 if "closed" in request.path else 200)

    app = web.Application()
    app.router.add_post("/{rest:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    messages.append("http://{}:{}".format(*runner.addresses[0][:2]))
    yield messages
    await runner.cleanup()


@pytest.fixture
def shop(got):
    shop = PaymentShop(got.pop(), lambda: NOW)
    for name in FORMS:
        shop.connect(name, "The address: https://usher.example/webhooks/wh_1. Paste it there.")
    return shop


async def bought(shop, form, **more):
    return await shop.buy({"form": form, "subscription": True, **BUYER, **more})


def bodies(got):
    return [json.loads(body) for _, _, body in got]


async def test_every_provider_tells_of_everything_that_it_has_a_message_for(shop, got):
    for form in FORMS.values():
        for is_subscription, deeds in ((True, form.deeds), (False, form.once)):
            if not deeds:
                continue
            order = await bought(shop, form.id, subscription=is_subscription)
            for deed in COURSE:
                if deed in deeds:
                    before = len(got)
                    await shop.happen({"order": order.id, "do": deed})
                    assert len(got) > before, (form.id, deed)
    assert {each.status for each in shop.sent} == {200}
    assert {path for path, _, _ in got} == {"/webhooks/wh_1"}
    assert [form["id"] for form in shop.describe()["forms"]] == list(FORMS)


async def test_what_a_provider_never_tells_of_cannot_happen(shop, got):
    order = await bought(shop, "kofi")
    with pytest.raises(ValueError, match="Ko-fi has no message for that"):
        await shop.happen({"order": order.id, "do": "refund"})
    with pytest.raises(ValueError, match="NOWPayments has no message"):
        await bought(shop, "nowpayments")
    assert len(got) == 1


async def test_messages_come_twice_and_swapped(shop, got):
    await bought(shop, "stripe", twice=True, swapped=True)
    events = [body["type"] for body in bodies(got)]
    assert events == [
        *("checkout.session.completed",) * 2,
        *("invoice_payment.paid",) * 2,
        *("invoice.paid",) * 2,
        *("customer.subscription.created",) * 2,
    ]
    ids = [body["id"] for body in bodies(got)]
    assert all(first == second for first, second in list(pairwise(ids))[::2])
    assert len(set(ids)) == 4


async def test_a_late_message_tells_of_then_and_is_signed_now(shop, got):
    await bought(shop, "standard", late=48)
    (_, headers, body), data = got[0], bodies(got)[0]
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert data["timestamp"] == "2026-01-29T12:00:00.000Z"
    assert data["data"]["until"] == "2026-02-28T12:00:00.000Z"
    assert data["data"]["product"] == "gold"
    assert body
    with pytest.raises(ValueError, match="at most 60 days"):
        await bought(shop, "standard", late=24 * 61)


async def test_months_in_a_row_keep_their_day_and_a_retry_pays_the_same_period(shop, got):
    order = await bought(shop, "paddle")
    for deed in ("renew", "fail", "fail", "renew"):
        await shop.happen({"order": order.id, "do": deed})
    ends = [payment.ends_at.date().isoformat() for payment in order.payments]
    assert ends == ["2026-02-28", "2026-03-31", "2026-04-30"]
    paid = [body["data"] for body in bodies(got) if body["event_type"] == "transaction.completed"]
    assert [each["billing_period"]["ends_at"][:10] for each in paid] == ends


async def test_parts_that_go_back_add_up_to_all_of_it(shop, got):
    order = await bought(shop, "stripe")
    for deed in ("refund_part", "refund_part", "refund"):
        await shop.happen({"order": order.id, "do": deed})
    charges = [each["data"]["object"] for each in bodies(got) if each["type"] == "charge.refunded"]
    assert [each["amount_refunded"] for each in charges] == [1000, 2000, PRICE]
    assert [each["refunded"] for each in charges] == [False, False, True]
    with pytest.raises(ValueError, match="went back already"):
        await shop.happen({"order": order.id, "do": "refund"})


async def test_a_planned_end_is_a_date_at_stripe_now_and_was_a_flag_before(shop, got):
    for form in ("stripe", "stripe-old"):
        order = await bought(shop, form)
        await shop.happen({"order": order.id, "do": "cancel"})
        with pytest.raises(ValueError, match="nothing is charged any more"):
            await shop.happen({"order": order.id, "do": "renew"})
    new, old = (
        body["data"]["object"]
        for body in bodies(got)
        if body["type"] == "customer.subscription.updated"
    )
    end = int((NOW + timedelta(days=28)).timestamp())
    assert (new["cancel_at"], new["cancel_at_period_end"]) == (end, False)
    assert (old["cancel_at"], old["cancel_at_period_end"]) == (None, True)
    assert "current_period_end" not in new
    assert old["current_period_end"] == end
    assert new["items"]["data"][0]["current_period_end"] == end


async def test_a_dispute_is_won_only_where_there_is_one(shop):
    order = await bought(shop, "whop")
    with pytest.raises(ValueError, match="nobody disputes"):
        await shop.happen({"order": order.id, "do": "win"})
    await shop.happen({"order": order.id, "do": "dispute"})
    assert shop.describe()["orders"][0]["state"] == "disputed"
    assert "win" in shop.describe()["orders"][0]["deeds"]
    await shop.happen({"order": order.id, "do": "win"})
    assert shop.describe()["orders"][0]["state"] == "dispute won"


async def test_an_answer_is_shown_as_it_came_and_silence_as_none(shop, got):
    shop.connect("generic", "/webhooks/closed/s3cret")
    await bought(shop, "generic")
    assert got[0][0] == "/webhooks/closed/s3cret"
    assert shop.describe()["sent"][0]["status"] == 401
    silent = PaymentShop("http://127.0.0.1:9", lambda: NOW)
    with pytest.raises(ValueError, match="paste the bot's address first"):
        await bought(silent, "kofi")
    silent.connect("kofi", "/webhooks/x")
    await bought(silent, "kofi")
    sent = silent.describe()["sent"][0]
    assert sent["status"] is None
    assert silent.accounts["kofi"].secret not in sent["body"]


async def test_nothing_is_sent_anywhere_but_to_the_bot(shop):
    with pytest.raises(ValueError, match="no address of a webhook"):
        shop.connect("kofi", "https://elsewhere.example/hooks")
    shop.connect("kofi", "https://elsewhere.example/webhooks/wh_2")
    form = next(each for each in shop.describe()["forms"] if each["id"] == "kofi")
    assert form["address"].startswith("http://127.0.0.1:")
    with pytest.raises(ValueError, match="no such provider"):
        shop.connect("nobody", "/webhooks/x")
    with pytest.raises(ValueError, match="fill in the product"):
        await bought(shop, "kofi", product="a b")
    with pytest.raises(ValueError, match="order is gone"):
        await shop.happen({"order": "none", "do": "renew"})
