"""One-time codes that members put on their public TradingView profiles, and how they are found there."""

import hashlib
import hmac
import re
import secrets

# 32 letters and digits without those that are taken for one another: 5 bits each, 60 in a code.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PARTS, _PART = 3, 4
_START = "usher"
# What people, phones and web pages put between the parts: any dash, as it is or escaped, or blanks.
_BETWEEN = r"(?:[-\s_\u00ad\u200b-\u200d\u2010-\u2015\u2212]|\\u[0-9a-f]{4}|&(?:#x?[0-9a-f]+|[a-z]+);){0,6}"
_CODE = re.compile(
    _START + _BETWEEN + _BETWEEN.join([f"([{_ALPHABET}]{{{_PART}}})"] * _PARTS), re.IGNORECASE
)
_MAX_CODES = 50  # on one page


def new_code() -> str:
    """Return a code of 60 random bits, such as `usher-7K3F-9QPX-M2TR`."""
    parts = ("".join(secrets.choice(_ALPHABET) for _ in range(_PART)) for _ in range(_PARTS))
    return "-".join((_START, *parts))


def hashed(code: str) -> bytes:
    """Return what is kept of a code: it is random and short-lived, so a plain hash gives nothing away."""
    letters = code.upper().removeprefix(_START.upper()).replace("-", "")
    return hashlib.sha256(letters.encode()).digest()


def stands_in(page: str, code_hash: bytes) -> bool:
    """Return whether a page shows that code, in any case and with any dashes."""
    for number, found in enumerate(_CODE.finditer(page)):
        if number >= _MAX_CODES:
            return False
        if hmac.compare_digest(hashed("".join(found.groups())), code_hash):
            return True
    return False
