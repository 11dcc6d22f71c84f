"""Codes as people read and type them, and what is kept of one."""

import hashlib
import math
import secrets
import unicodedata

# One sign of each that look alike on paper or on a phone, and none of 1, I and L.
ALPHABET = "23456789ACDEFHJKMNPRTVWXY"
LENGTH = 20  # signs
_GROUP = 4
_ALIKE = str.maketrans("0OQZSGBU", "DDD2568V")
_MAX_TYPED = 200  # characters; a longer text holds more than a code
BITS = LENGTH * math.log2(len(ALPHABET))  # nobody finds one by trying, not even with the database


def new_signs() -> str:
    """Return the signs of a code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def in_groups(signs: str) -> str:
    """Return a code as people read it: "K7DM-XA3F-PW9C-HTV4-RN2E"."""
    return "-".join(signs[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def read_code(text: str) -> str | None:
    """Return the signs of a code as it was typed or pasted; None for what cannot be one.

    Any case, and whatever stands between the signs; what looks like another sign is taken for it.
    """
    if len(text) > _MAX_TYPED:
        return None
    plain = unicodedata.normalize("NFKC", text).upper()
    signs = "".join(sign for sign in plain if sign.isalnum()).translate(_ALIKE)
    return signs if len(signs) == LENGTH and set(signs) <= set(ALPHABET) else None


def digest_of(guild_id: int, signs: str) -> bytes:
    """Return what is kept of a code of that server; in another server the same signs are unknown.

    A code is random and long: there is nothing for a slow hash, or for a key, to protect. Nor can
    codes that were sold stop working when a key is changed or lost.
    """
    return hashlib.sha256(f"{guild_id} {signs}".encode(errors="replace")).digest()
