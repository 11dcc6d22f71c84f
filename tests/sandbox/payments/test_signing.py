"""The pretend shop signs as the providers do: each one's published or computed example."""

import pytest

from bot.sandbox.payments import signing
from bot.sandbox.payments.forms import kofi

AT = 1_760_000_000
WHOP_BODY = b'{"type":"membership.activated","data":{"id":"mem_1"}}'
ORDER = b'{"order":"A-1"}'
NOW = (
    b'{"fee":{"currency":"btc","depositFee":0.1,"withdrawalFee":0},"order_id":"A-1",'
    b'"pay_amount":0.00029,"payment_id":5077125051,"payment_status":"finished","price_amount":25}'
)


def test_stripe_takes_the_whole_secret_as_key():
    body = b'{"id":"evt_1","object":"event","type":"invoice.paid"}'
    assert signing.stripe("whsec_test_secret", body, AT) == {
        "Stripe-Signature": f"t={AT},v1="
        "ac812bc54f9b023affb7a75a8194ced941f0f232ae31e8cc54b1c0dc177ace4d"
    }


@pytest.mark.parametrize(
    ("sign", "secret", "expected"),
    [
        (signing.whop, "ws_0123456789abcdef", "9GbGV9LNg9Zx7+gaBQ6lvX6J5mlJoA+ehMhSB6QJr1c="),
        (
            signing.standard,
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "Fd1g5MqA2cPL+LLXITdrtAbtoYMvV4acyv9oCJ5C0AY=",
        ),
    ],
)
def test_standard_webhooks_decode_the_secret_and_whop_does_not(sign, secret, expected):
    assert sign(secret, WHOP_BODY, AT, "msg_1") == {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(AT),
        "webhook-signature": f"v1,{expected}",
    }


def test_a_generic_hmac_is_hex_of_the_body():
    found = signing.generic("topsecret", ORDER)["X-Signature"]
    assert found == "a4b16ec618561836130b113a210aaf954aa2150cdf463e729534fc088773f9ba"


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("sha1", "rTRfZMfz6DmzeUtfvOcZXKlXSkA="),
        ("sha256", "pLFuxhhWGDYTCxE6IQqvlUqiFQzfRj5ylTT8CIdz+bo="),
    ],
)
def test_a_digest_in_base64(algorithm, expected):
    assert signing.in_base64(signing.mac(b"topsecret", ORDER, algorithm)) == expected


def test_lemon_squeezy_paddle_woocommerce_and_patreon():
    event = b'{"meta":{"event_name":"order_created"}}'
    assert signing.lemon_squeezy("lemonsecret", event, "order_created") == {
        "X-Event-Name": "order_created",
        "X-Signature": "fd2358dce124db1c199f61e19988ecd57e333a6d367339e8ad388083c25a2f89",
    }
    body = b'{"event_id":"evt_1","event_type":"transaction.completed"}'
    assert signing.paddle("pdl_ntfset_test", body, AT) == {
        "Paddle-Signature": f"ts={AT};h1="
        "f83fb0a6a7712ee73b96f0376bc5415fa4fad7898734872631b621edef4c67f0"
    }
    woo = signing.woocommerce("woo-secret", b'{"id":7,"status":"completed"}', "order.created")
    assert woo["X-WC-Webhook-Signature"] == "ALrhoZS5yihsO5+NCB/ddV7Zbw2P1pLQQ/Jz6ZwyvDI="
    assert (woo["X-WC-Webhook-Resource"], woo["X-WC-Webhook-Event"]) == ("order", "created")
    assert signing.patreon("patreonsecret", b'{"data":{"type":"member","id":"m1"}}', "e") == {
        "X-Patreon-Event": "e",
        "X-Patreon-Signature": "a7ad917b71ced9fab03aaa058606c7c3",
    }


def test_nowpayments_sorts_at_every_depth_and_keeps_each_numbers_spelling():
    mixed = (
        b'{"price_amount": 25, "payment_id": 5077125051, "order_id": "A-1", "pay_amount": 0.00029,'
        b' "payment_status": "finished",'
        b' "fee": {"withdrawalFee": 0, "depositFee": 0.1, "currency": "btc"}}'
    )
    assert signing.in_order(mixed) == NOW
    assert signing.in_order(b'{"b": [2.9e-7, 25.0], "a": null}') == b'{"a":null,"b":[2.9e-7,25.0]}'
    assert signing.nowpayments("ipnsecret", mixed) == {
        "x-nowpayments-sig": "6431b4eb0087d5fd0c44db7a23031065cb3e1e5f594b436c49a64f3d34fe177c"
        "c66c13de5aaeb724aa3e8dd3c537af83a1531df9ebd5eb8bc85e9e8918144be0"
    }


def test_kofi_carries_its_token_in_a_form():
    data = {"verification_token": "tok-1", "message_id": "m-1", "type": "Subscription"}
    assert kofi.body_of(data) == (
        b"data=%7B%22verification_token%22%3A%22tok-1%22%2C%22message_id%22%3A%22m-1%22%2C"
        b"%22type%22%3A%22Subscription%22%7D"
    )
