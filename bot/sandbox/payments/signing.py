"""How each payment provider signs: the headers that go with a body, made as its own servers make them."""

import base64
import hashlib
import hmac
import json
from typing import Any

Headers = dict[str, str]


def mac(key: bytes, signed: bytes, algorithm: str = "sha256") -> bytes:
    """Return the HMAC of what is signed."""
    return hmac.new(key, signed, algorithm).digest()


def in_base64(digest: bytes) -> str:
    """Return a digest in base64."""
    return base64.b64encode(digest).decode()


def stripe(secret: str, body: bytes, at: int) -> Headers:
    """Return Stripe's header; the whole secret is the key, `at` is in Unix seconds."""
    digest = mac(secret.encode(), b"%d." % at + body).hex()
    return {"Stripe-Signature": f"t={at},v1={digest}"}


def standard(secret: str, body: bytes, at: int, message_id: str) -> Headers:
    """Return the headers of Standard Webhooks; what follows `whsec_` is the key in base64."""
    return _webhook(base64.b64decode(secret.removeprefix("whsec_")), body, at, message_id)


def whop(secret: str, body: bytes, at: int, message_id: str) -> Headers:
    """Return Whop's headers: those of Standard Webhooks, with the literal secret as key."""
    return _webhook(secret.encode(), body, at, message_id)


def _webhook(key: bytes, body: bytes, at: int, message_id: str) -> Headers:
    digest = mac(key, f"{message_id}.{at}.".encode() + body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{in_base64(digest)}",
    }


def generic(secret: str, body: bytes) -> Headers:
    """Return what most shops and automations send: SHA-256 of the body, in hex."""
    return {"X-Signature": mac(secret.encode(), body).hex()}


def lemon_squeezy(secret: str, body: bytes, event: str) -> Headers:
    """Return Lemon Squeezy's headers."""
    return {"X-Event-Name": event, "X-Signature": mac(secret.encode(), body).hex()}


def paddle(secret: str, body: bytes, at: int) -> Headers:
    """Return Paddle Billing's header: a colon between the time and the body."""
    digest = mac(secret.encode(), b"%d:" % at + body).hex()
    return {"Paddle-Signature": f"ts={at};h1={digest}"}


def woocommerce(secret: str, body: bytes, topic: str) -> Headers:
    """Return WooCommerce's headers."""
    resource, _, event = topic.partition(".")
    return {
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-ID": "1",
        "X-WC-Webhook-Source": "https://shop.example/",
        "X-WC-Webhook-Signature": in_base64(mac(secret.encode(), body)),
    }


def nowpayments(secret: str, body: bytes) -> Headers:
    """Return the header of NOWPayments, over the body with its keys sorted at every depth."""
    return {"x-nowpayments-sig": mac(secret.encode(), in_order(body), "sha512").hex()}


def in_order(body: bytes) -> bytes:
    """Return JSON with sorted keys and no spaces, each number spelled as it was."""
    read: Any = json.loads(body, parse_float=_Spelled, parse_int=_Spelled)
    return _written(read).encode()


class _Spelled(str):
    """A number as it stood there."""

    __slots__ = ()


def _written(value: Any) -> str:
    if isinstance(value, _Spelled):
        return str(value)
    if isinstance(value, dict):
        pairs = (f"{json.dumps(name)}:{_written(value[name])}" for name in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def patreon(secret: str, body: bytes, event: str) -> Headers:
    """Return Patreon's headers; MD5 is its own choice."""
    digest = mac(secret.encode(), body, hashlib.md5().name).hex()  # noqa: S324
    return {"X-Patreon-Event": event, "X-Patreon-Signature": digest}
