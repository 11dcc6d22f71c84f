"""Standard Webhooks: our own payment message, signed as the specification says (payments-wire, section 4)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.access.rules.payments import Heading, Reading, Refused, Stored
from bot.access.sources.payments import Headers, Options, Provider
from bot.access.sources.payments.shared import own_message
from bot.access.sources.payments.shared.bodies import json_of
from bot.access.sources.payments.shared.signatures import (
    digest,
    from_base64,
    header,
    insist,
    insist_on_time,
)

_PREFIX = "whsec_"
_MIN_KEY = 16  # bytes: a key that was decoded by mistake may be empty, and vouches for anybody


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


def insist_on_standard(
    headers: Headers, body: bytes, secrets: Sequence[str], now: datetime, tolerance: float
) -> None:
    """Raise Refused unless one of the secrets made one of the signatures in the headers.

    Each secret is tried as the specification has it, decoded, and as it stands: some senders do so (Whop).
    """
    event_id, sent, signatures = (
        standard_header(headers, name) for name in ("id", "timestamp", "signature")
    )
    if not (event_id and sent and signatures):
        raise Refused("a header of the signature is missing")
    insist_on_time(sent, now, tolerance)
    message = f"{event_id}.{sent}.".encode(errors="replace") + body
    insist(
        (digest(key, message) for secret in secrets for key in _keys_of(secret)),
        [
            from_base64(signature.rstrip(","))  # a proxy folds headers with commas
            for version, _, signature in (entry.partition(",") for entry in signatures.split())
            if version == "v1"
        ],
    )


def standard_header(headers: Headers, name: str) -> str:
    """Return a header of Standard Webhooks, also under the name that its first sender gave it."""
    return header(headers, f"webhook-{name}") or header(headers, f"svix-{name}")


def _keys_of(secret: str) -> Iterator[bytes]:
    secret = secret.strip()
    if secret:
        yield secret.encode(errors="replace")
    decoded = from_base64(secret.removeprefix("v1,").removeprefix(_PREFIX))
    if decoded and len(decoded) >= _MIN_KEY:
        yield decoded


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
