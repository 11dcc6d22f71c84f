"""What the signatures of providers have in common: keyed digests, compared as bytes (payments-wire, section 1)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.access.rules.payments import Refused

MAX_AGE = 300.0  # seconds between a sender's clock and ours, either way


def digest(key: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    """Return the keyed digest of a message."""
    return hmac.new(key, message, getattr(hashlib, algorithm)).digest()


def from_hex(text: str) -> bytes | None:
    """Return the bytes that are written in hex, in either case; None where they are not."""
    try:
        return bytes.fromhex(text) if text.isalnum() else None
    except ValueError:
        return None


def from_base64(text: str) -> bytes | None:
    """Return the bytes that are written in base64; None where they are not."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None


def insist(expected: Iterable[bytes], given: Sequence[bytes | None]) -> None:
    """Raise Refused unless one of the given digests is an expected one."""
    known = list(expected)
    if not known:
        raise Refused("no secret is set")
    # Each pair is compared, so that the time it takes tells nothing.
    matches = [hmac.compare_digest(one, other) for one in known for other in given if other]
    if not any(matches):
        raise Refused("the signature is another one")


def insist_on_time(sent: str, now: datetime, max_age: float = MAX_AGE) -> None:
    """Raise Refused unless that unix time, in whole seconds as text, is about now."""
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        raise Refused("the time is not readable")
    if abs(now.timestamp() - int(sent)) > max_age:
        raise Refused("the time is another one")


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header, whatever the case of its name; of several they are joined, as a proxy does; else ""."""
    return ", ".join(value for key, value in headers.items() if key.lower() == name.lower())
