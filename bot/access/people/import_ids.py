"""Reads Discord ids as lists have them, also those that a spreadsheet damaged; pure, no I/O.

Spreadsheets keep 15 digits of a number and programs about 17, and an id has 17 to 19: what is lost is
lost. What they put around the digits is taken away where that is certain.
"""

import re
import unicodedata
from dataclasses import dataclass

from bot.tradingview import visible

KEPT = 15  # digits that every spreadsheet keeps
_KEPT_BY_PROGRAMS = 17

_MENTION = re.compile(r"<@!?(\d{15,20})>|(?:https?://)?discord\.com/users/(\d{15,20})/?")
_WHOLE = re.compile(r"(\d{15,20})([.,]0+)?")
_GROUPED = re.compile(r"(\d{1,3}(?:([.,' _])\d{3})(?:\2\d{3}){3,5})([.,]0+)?")
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?E\+?(\d{1,3})", re.IGNORECASE)
_QUOTES = "'`\"´‘’“”"
_MAX_EXPONENT = 19


@dataclass(frozen=True, slots=True)
class Number:
    """A number where an id belongs: `kept` digits of it are as they were, the rest may be lost."""

    value: int
    kept: int
    damaged: bool  # a spreadsheet's trace is on it, so digits are probably lost

    def may_be(self, member_id: int) -> bool:
        """Return whether a spreadsheet makes this number out of that id: cut, rounded, or as a float."""
        length = len(str(member_id))
        if length != len(str(self.value)):
            return False
        lost: int = 10 ** max(0, length - self.kept)
        cut, rounded = member_id // lost * lost, (member_id + lost // 2) // lost * lost
        return self.value in (cut, rounded) or float(self.value) == float(member_id)


def read_number(text: str) -> Number | None:
    """Return the number in what stands where an id belongs; None for what is none, as a name."""
    plain = unicodedata.normalize("NFKC", visible(text)).strip().strip(_QUOTES).strip()
    if found := _MENTION.fullmatch(plain):
        return Number(int(found[1] or found[2]), len(found[1] or found[2]), damaged=False)
    if found := _SCIENTIFIC.fullmatch(plain):
        return _scientific(found[1], found[2] or "", int(found[3]))
    if found := _WHOLE.fullmatch(plain):
        return _digits(found[1], has_decimals=found[2] is not None)
    if found := _GROUPED.fullmatch(plain):
        digits = re.sub(r"\D", "", found[1])
        if KEPT <= len(digits) <= _MAX_EXPONENT + 1:
            return _digits(digits, has_decimals=found[3] is not None)
    return None


def _digits(digits: str, *, has_decimals: bool) -> Number:
    significant = len(digits.rstrip("0"))
    traceable = _KEPT_BY_PROGRAMS if has_decimals else KEPT
    damaged = len(digits) > KEPT and significant <= traceable
    return Number(int(digits), min(len(digits), max(KEPT, significant)), damaged)


def _scientific(first: str, rest: str, exponent: int) -> Number:
    digits = first + rest
    if exponent > _MAX_EXPONENT or exponent < len(rest):
        return Number(0, 0, damaged=True)
    return Number(int(digits) * 10 ** (exponent - len(rest)), len(digits), damaged=True)
