"""Standard Webhooks: our own payment message, signed as the specification says (payments-wire, section 4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.access.rules.payments import Heading, Reading, Stored
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared import own_message
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.standard_headers import insist_on_standard, standard_header


def verify(
    headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, options: Options
) -> None:
    """Raise Refused unless one of the secrets signed exactly these bytes, about now."""
    insist_on_standard(headers, body, secrets, now, own_message.tolerance_of(options))


def head(headers: Headers, body: bytes, options: Options) -> Heading:
    """Return the id of the message, which is that of its header, and its type."""
    return Heading(
        own_message.event_id(standard_header(headers, "id"), body),
        own_message.kind_of(json_of(body), options),
    )


def read(stored: Stored, options: Options) -> Reading:
    """Return what our own payment message says."""
    return own_message.read(stored, options)


def check_options(options: Options) -> dict[str, Any]:
    """Return the options as they are kept. Raises OptionInvalid."""
    return own_message.check_options(options)


PROVIDER = Provider(
    name="standard",
    label="Standard Webhooks",
    verify=verify,
    head=head,
    read=read,
    where="In your sender's settings for webhooks, add an endpoint with this address, and send it Usher's payment messages.",
    secret="Your sender shows the endpoint's signing secret; it begins with `whsec_`.",
    name_field="Put the buyer's TradingView name into `data.username` of the message, and their Discord id into `data.discord_id` if you know it.",
    secret_pattern=r"\S{16,200}",
    check_options=check_options,
)
