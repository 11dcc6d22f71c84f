"""A shop that signs with any HMAC, with the plain message."""

import secrets
from datetime import datetime

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import ONCE, Form, Letter
from bot.sandbox.payments.forms import own_message


def _sign(letter: Letter, secret: str, _: datetime) -> signing.Headers:
    return signing.generic(secret, letter.body)


FORM = Form(
    "generic",
    "Any HMAC",
    own_message.write,
    _sign,
    lambda: secrets.token_hex(24),
    deeds=own_message.DEEDS,
    once=own_message.DEEDS & ONCE,
    note="The header is X-Signature: SHA-256 of the body, in hex.",
)
