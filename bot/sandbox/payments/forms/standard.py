"""Standard Webhooks, with the plain message."""

import base64
import secrets
from datetime import datetime

from bot.sandbox.payments import signing
from bot.sandbox.payments.form import ONCE, Form, Letter, unix
from bot.sandbox.payments.forms import own_message


def _sign(letter: Letter, secret: str, at: datetime) -> signing.Headers:
    return signing.standard(secret, letter.body, unix(at), letter.id)


FORM = Form(
    "standard",
    "Standard Webhooks",
    own_message.write,
    _sign,
    lambda: f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
    deeds=own_message.DEEDS,
    once=own_message.DEEDS & ONCE,
)
