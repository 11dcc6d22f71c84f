"""The edge of a message: green, amber, red or none, as its signs say, around all but its first sentence."""

import enum
import re
from collections.abc import Sequence

import discord


class Tone(enum.Enum):
    """What a message means for the person who reads it; the value is the colour of its edge."""

    DONE = 0x2E9E5E
    LOOK = 0xE0A030  # it waits, or asks, or wants to be looked at
    STOP = 0xD1383D  # refused, stuck or broken
    PLAIN = None


_SIGNS = {
    "✅": Tone.DONE,
    "🎉": Tone.DONE,
    "⏳": Tone.LOOK,
    "⚠": Tone.LOOK,
    "❌": Tone.STOP,
    "✖": Tone.STOP,
}
# In the box under a sentence that stands alone and has no seam, so that the edge has something to hold.
_WORDS = {Tone.DONE: "Nothing more to do.", Tone.LOOK: "Please look.", Tone.STOP: "Please read."}
_SOON = "One moment."
_SENTENCE_ENDS = re.compile(r"[.!?…](?:\*\*)?(?= |$)")
_SEAM = re.compile(r"; (?=[^ ])")
_BOLD = re.compile(r"(?<!\\)\*\*")


def tone_of(text: str, embeds: Sequence[discord.Embed] = ()) -> Tone:
    """Return what the signs at the beginnings of lines say: the first line's, or a graver one below it."""
    lines = [
        line
        for part in (text, *(box.description or "" for box in embeds))
        for line in part.split("\n")
    ]
    tones = [_SIGNS.get(line[:1], Tone.PLAIN) for line in lines if not line.startswith("-# ")]
    for grave in (Tone.STOP, Tone.LOOK):
        if grave in tones:
            return grave
    return tones[0] if tones else Tone.PLAIN


def split_text(text: str, tone: Tone) -> tuple[str, discord.Embed]:
    """Return the first sentence, with small lines above it, and the box that holds what follows."""
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if not line.startswith("-# ")), 0)
    end = _end_of_sentence(lines[first])
    above = "\n".join([*lines[:first], lines[first][:end]])
    below = "\n".join([lines[first][end:].strip(), *lines[first + 1 :]]).strip("\n")
    if not below:
        above, below = _halves(above)
    word = _SOON if lines[first].startswith("⏳") else _WORDS[tone]
    return above, discord.Embed(description=below or f"-# {word}")


def _end_of_sentence(line: str) -> int:
    """Return where the line's first sentence ends, outside of bold and of what was typed."""
    ends = (found.end() for found in _SENTENCE_ENDS.finditer(line))
    return next((end for end in ends if _is_outside(line[:end])), len(line))


def _halves(text: str) -> tuple[str, str]:
    """Return a sentence that stands alone cut in two at its semicolon; whole where it has none."""
    for seam in _SEAM.finditer(text):
        if _is_outside(text[: seam.start()]):
            stop = "." if text.endswith(".") else ""
            below = text[seam.end() :]
            return text[: seam.start()] + stop, below[0].upper() + below[1:]
    return text, ""


def _is_outside(head: str) -> bool:
    """Return whether what follows this is neither bold nor typed by somebody."""
    return len(_BOLD.findall(head)) % 2 == 0 and head.count("`") % 2 == 0


def in_colour(box: discord.Embed, tone: Tone) -> discord.Embed:
    """Return the box with the edge of that tone; one with a colour of its own keeps it."""
    if tone is Tone.PLAIN or box.colour is not None:
        return box
    coloured = box.copy()
    coloured.colour = discord.Colour(tone.value)
    return coloured
