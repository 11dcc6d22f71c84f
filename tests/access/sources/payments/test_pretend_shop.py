"""What the sandbox's pretend shop sends is what the providers' readers take: each form, from sale to dispute."""

from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from bot.access.rules.payments import Buyer, Dispute, Failure, Payment, Refund, Snapshot, Stored
from bot.access.sources.payments import names, provider
from bot.sandbox.payments.forms import FORMS
from bot.sandbox.payments.orders import Buyer as Customer, Deed, new_order

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
GITA = Customer("Gita", "gita@example.org", "Gita-Ray", "781784956044574751")
COURSE = ("buy", "renew", "fail", "renew", "cancel", "dispute", "win", "refund_part", "refund")
TELLS = {
    Deed.BUY: Payment,
    Deed.RENEW: Payment,
    Deed.FAIL: (Failure, Snapshot),
    Deed.CANCEL: Snapshot,
    Deed.DISPUTE: Dispute,
    Deed.WIN: Dispute,
    Deed.REFUND: Refund,
    Deed.REFUND_PART: Refund,
}


def read(form, letter, secret, at):
    """What the bot makes of a letter, after it was checked."""
    seller = provider(form.name)
    sent = {"Content-Type": letter.content_type, **form.sign(letter, secret, at)}
    headers = CIMultiDict(sent)
    if seller.is_signed:
        seller.verify(headers, letter.body, [secret], at, {})
    heading = seller.head(headers, letter.body, {})
    reading = seller.read(Stored(heading.event_id, heading.kind, letter.body, at), {})
    assert not reading.is_test
    return reading.facts


def test_every_provider_has_a_form():
    assert {form.name for form in FORMS.values()} == set(names())


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_each_form_is_vouched_for_and_says_what_happened(form):
    for is_subscription, deeds in ((True, form.deeds), (False, form.once)):
        if not deeds:
            continue
        order = new_order("gold", GITA, NOW, is_subscription=is_subscription)
        secret, told = form.new_secret(), []
        for number, deed in enumerate(map(Deed, COURSE)):
            if deed not in deeds:
                continue
            at = NOW + timedelta(days=30 * number)
            order.happen(deed, at)
            facts = [
                fact
                for letter in form.write(order, deed, secret)
                for fact in read(form, letter, secret, at)
            ]
            assert any(isinstance(fact, TELLS[deed]) for fact in facts), (deed, facts)
            told += facts
        buyers = [fact for fact in told if isinstance(fact, Buyer)]
        # somebody to find: a name, a Discord id or, from the least talkative, an address
        known = {(each.username, each.discord_id, each.email) for each in buyers}
        assert known != {(None, None, None)} or form.name == "nowpayments"
        if form.name not in ("kofi", "nowpayments", "patreon"):
            assert any(each.username == "Gita-Ray" for each in buyers)
