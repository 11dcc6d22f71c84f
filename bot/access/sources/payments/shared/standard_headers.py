"""The signature of Standard Webhooks, in three headers (payments-wire, section 4)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.access.rules.payments import Refused
from bot.access.sources.payments import Headers
from bot.access.sources.payments.shared.signatures import (
    digest,
    from_base64,
    header,
    insist,
    insist_on_time,
)

_PREFIX = "whsec_"
_MIN_KEY = 16  # bytes: a key that was decoded by mistake may be empty, and vouches for anybody


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
