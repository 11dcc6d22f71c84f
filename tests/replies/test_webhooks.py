"""What a vendor reads about shops fits into Discord, whichever provider it is, and says what to do."""

from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot.access.orders.connection_view import ConnectionView, Heard
from bot.access.orders.pending import PendingOrder, PendingView
from bot.access.orders.price_questions import PriceQuestion, PriceView
from bot.access.sources import payments
from bot.replies import webhook_forms, webhook_pending, webhook_prices, webhooks
from bot.replies.tone import Tone
from bot.replies.webhook_refusals import why_refused
from bot.store.kinds import DeliveryState
from bot.store.records import Connection, Contract, Delivery, Price, Product, Script
from tests.replies.test_limits import assert_fits

WHEN = datetime(2026, 3, 10, tzinfo=UTC)
BIG = 2**53 - 1
TITLE = "*" * 50 + "`" * 50
SCRIPT = Script(BIG, BIG, "PUB;x", "s" * 32, TITLE, None, None, None)
PRODUCT = Product(BIG, BIG, "p" * 32, TITLE, None, None, 0, None, None, None)
PRICE = Price(BIG, BIG, "k" * 200, "`n*" * 60, None, None, False, WHEN, WHEN)
NAMES = payments.names()


def view(name="stripe", *, secrets=0, **values):
    rest = {
        "heard_at": None, "heard_kind": None, "refused": 0, "refused_at": None, "refused_why": None,
        "options": {"name_field": "f" * 100}, "terms": {}, "asks_first": True,
    } | values  # fmt: skip
    row = Connection(
        id=BIG, guild_id=BIG, public_id="x" * 32, provider=name, secrets=None, api_key=None, made_by=1,
        made_at=WHEN, reference="r", removed_at=None, **rest,
    )  # fmt: skip
    label = payments.provider(name).label
    return ConnectionView(row, label, secrets, WHEN if secrets > 1 else None, 99, 99)


def steps(shown, address=None):
    return webhooks.steps(shown, address, "127.0.0.1:8080", log_channel=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("address", [None, "https://" + "a" * 200])
def test_steps_settings_and_forms_fit_for_every_provider(name, address):
    shown = view(name, secrets=2)
    message = steps(shown, address)
    assert_fits(message)
    assert payments.provider(name).where in message.embeds[0].description
    assert payments.provider(name).name_field in message.embeds[0].description
    assert_fits(webhooks.settings(shown, message, [PriceView(PRICE, SCRIPT)] * 50))
    for said in (webhooks.waiting(shown), webhooks.nothing_came(shown), webhooks.removed(shown)):
        assert_fits(said)
    assert len(webhook_forms.form_title(name)) <= 45
    for label in webhook_forms.add_items(name):
        assert len(label.description) <= 100


def test_only_a_shop_that_can_be_reached_and_is_trusted_is_green():
    assert steps(view()).edge is Tone.LOOK
    assert steps(view(secrets=1)).edge is Tone.LOOK
    assert steps(view(), "https://a").edge is Tone.LOOK
    assert steps(view(secrets=1), "https://a").edge is Tone.DONE


def test_a_list_of_many_shops_fits():
    bad = {"refused": 10**6, "refused_at": WHEN, "refused_why": "w`" * 50, "heard_at": WHEN}
    shown = [view(secrets=1, heard_kind="k`" * 50, **bad)] * 50
    assert_fits(webhooks.listed(shown, {BIG: (10**6, 10**6)}, BIG, 10**6))


def test_whatever_waits_fits():
    contract = Contract(
        id=BIG, guild_id=BIG, connection_id=1, name="_" * 200, facts=[], buyer=None, customer_ref=None,
        customer_id=None, claimed_how=None, claimed_by=None, why="past_due", paid_end=WHEN, renews=True,
        made_at=WHEN, changed_at=WHEN, told=[],
    )  # fmt: skip
    order = PendingOrder(contract, "stripe", ("_" * 200,) * 5, "`u" * 500, "e@" * 500)
    message = Delivery(
        BIG,
        1,
        "e",
        "k" * 100,
        WHEN,
        None,
        None,
        DeliveryState.STUCK,
        "r" * 100,
        9,
        None,
        None,
        None,
    )
    others = [contract.__class__(**{**_values(contract), "id": each}) for each in range(5)]
    orders = tuple(PendingOrder(each, "stripe", order.what, None, order.email) for each in others)
    shown = PendingView(orders, 10**6, ((message, "stripe"),) * 5, 10**6, 10**6)
    assert_fits(webhook_pending.view(shown, BIG, 1_000_000))
    assert len(webhook_pending.whose(order, BIG).text) <= 2_000
    assert len(webhook_pending.choice(message)) > 0


def _values(record):
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


@pytest.mark.parametrize("number", [0, 1, 24, 25, 200])
def test_a_question_about_a_price_lists_what_discord_takes_on_each_page(number):
    items = (*[PRODUCT] * (number // 2), *[SCRIPT] * (number - number // 2))
    asked = PriceQuestion(PRICE, view().row, items, SCRIPT)
    shown = 0
    for page in range(max(1, -(-number // 24))):
        message = webhook_prices.question(asked, page)
        assert len(message.content) <= 2_000
        [select] = [each for each in message.items if isinstance(each, discord.ui.Select)]
        assert 1 <= len(select.options) <= 25
        assert all(len(option.label) <= 100 for option in select.options)
        shown += len(select.options) - 1
    assert shown == number


def test_a_page_that_is_no_more_shows_the_last_one():
    asked = PriceQuestion(PRICE, view().row, (SCRIPT,) * 3, None)
    assert len(webhook_prices.question(asked, 9).items[0].options) == 4


@pytest.mark.parametrize(
    "why",
    [
        "no secret is set",
        "the signature is another one",
        "the time is another one",
        "w" * 100,
        None,
    ],
)
def test_a_refusal_says_what_to_do(why):
    before, after = Heard(None, None, 0, None), Heard(None, None, 1, why)
    said = webhooks.heard(view(), after, before)
    assert_fits(said)
    assert said.edge is Tone.STOP
    assert why_refused(why)


@pytest.mark.parametrize("state", [*DeliveryState, None])
def test_a_message_that_came_says_what_becomes_of_it(state):
    before = Heard(None, None, 3, "x")
    heard = Heard(WHEN + timedelta(1), "k`" * 50, 3, "x", state)
    said = webhooks.heard(view(), heard, before)
    assert_fits(said)
    assert "signature is good" in said.text


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", {}),
        ("header = X-Sign\n\nprefix = sha256=", {"header": "X-Sign", "prefix": "sha256="}),
        ("paths.order = data.id", {"paths": {"order": "data.id"}}),
        ("types.sale.paid = paid", {"types": {"sale.paid": "paid"}}),
        ("a\na.b = c", {"a": "", "a.b": "c"}),
    ],
)
def test_options_are_read_line_by_line_and_shown_as_they_are_typed(text, options):
    assert webhook_forms.read_options(text) == options
    shown = "\n".join(f"{name} = {value}" for name, value in webhook_forms.flat(options))
    assert webhook_forms.read_options(shown) == options
