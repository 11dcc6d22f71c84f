"""Turns the bytes of a vendor's file into text, where it is certain what they mean; pure, no I/O.

UTF-8 proves itself: other text is no UTF-8 by chance. UTF-16 counts with its mark. The older
encodings of one region cannot be told apart by looking, and a wrong one turns a name into somebody
else's, so they are refused. One thing is let through: a Western word with single accents, as `Zoë`,
written by an old spreadsheet. The letters in `_CERTAIN` are the same in Windows-1252, 1250 and 1254;
text in Cyrillic, Chinese or Japanese has such bytes side by side, or others beside them.
"""

import codecs
import re

from bot.access.people.import_errors import EncodingUnclear, FileUnreadable

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_NO_TEXT = (b"PK\x03\x04", b"%PDF-")  # a workbook or an archive, a printed page
_SAMPLE = 400  # bytes; the names of the columns stand in them
_CERTAIN = "ÁÂÄÇÉËÍÎÓÔÖÚÜßáâäçéëíîóôöúü".encode("windows-1252")
_UNCERTAIN = re.compile(  # another one, two side by side, or one alone
    rb"[^\x00-\x7f%b]|[\x80-\xff]{2}|(?<![A-Za-z])[%b](?![A-Za-z])" % (_CERTAIN, _CERTAIN)
)
_AT_ONCE = 64 * 1024  # bytes; meanwhile no other thread has its turn
_SHIFT = "\x1b"  # how Japanese mail switches its alphabet


def decode(data: bytes) -> str:
    """Return the text of a file.

    Raises:
        EncodingUnclear: text, but it cannot be told which letters are meant.
        FileUnreadable: no text.
    """
    if data.startswith(_UTF32):
        raise EncodingUnclear
    if not data.startswith(_UTF16) and (b"\0" in data or data.startswith(_NO_TEXT)):
        raise EncodingUnclear if _is_wide(data[:_SAMPLE]) else FileUnreadable
    try:
        text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith(_UTF16):
            raise FileUnreadable from error
        text = _western(data)
    if "\0" in text:
        raise FileUnreadable
    if _SHIFT in text:
        raise EncodingUnclear
    return text


def _is_wide(sample: bytes) -> bool:
    """Return whether every other byte is empty, as where UTF-16 lacks its mark."""
    empty = sorted((sample[0::2].count(0), sample[1::2].count(0)))
    return empty[0] * 20 <= len(sample) and empty[1] * 4 >= len(sample)


def _western(data: bytes) -> str:
    for start in range(0, len(data), _AT_ONCE):
        end = start + _AT_ONCE
        found = _UNCERTAIN.search(data, start, end + 1)  # the next byte is seen, and not judged yet
        if found is not None and found.start() < end:
            raise EncodingUnclear
    return data.decode("windows-1252")
