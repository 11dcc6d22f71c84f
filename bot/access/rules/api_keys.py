"""Keys of the HTTP API as they are written, and what is kept of one."""

import base64
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from enum import StrEnum

PREFIX = "usher_"  # so that a key that lies where it should not is known for what it is
_SECRET_BYTES = 25  # 200 bits: nobody finds one by trying
_FORM = re.compile(r"usher_([1-9][0-9]{0,11})_([a-z2-7]{40})([0-9a-f]{8})")


class Scope(StrEnum):
    """What a key may be used for."""

    VALIDATE = "validate"  # more name checks than without a key
    READ = "read"
    WRITE = "write"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class WrittenKey:
    """The parts of a key as it is sent."""

    id: int
    secret: str = field(repr=False)


def new_secret() -> str:
    """Return a secret that nobody can guess."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode().lower()


def new_hash_key() -> str:
    """Return what a secret's digest is keyed by; it is kept encrypted."""
    return secrets.token_hex(32)


def written(key_id: int, secret: str) -> str:
    """Return a key as it is shown once: prefix, number, secret, checksum."""
    return f"{PREFIX}{key_id}_{secret}{_checksum(key_id, secret)}"


def read_key(text: str) -> WrittenKey | None:
    """Return the parts of a key; None for what is none, or mistyped: nothing need be looked up."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    key_id, secret = int(match[1]), match[2]
    return WrittenKey(key_id, secret) if match[3] == _checksum(key_id, secret) else None


def digest_of(hash_key: str, secret: str) -> bytes:
    """Return what is kept of a secret; without the hash key it tells nothing."""
    return hmac.digest(hash_key.encode(), secret.encode(), "sha256")


def _checksum(key_id: int, secret: str) -> str:
    return f"{zlib.crc32(f'{PREFIX}{key_id}_{secret}'.encode()):08x}"
