"""Discord's markup as HTML, so that a page says what the bot says in the same words."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from markupsafe import Markup, escape

from bot.replies.text import plain_day, plain_moment

# What stands for a member until the page's names are put in, all at once (`names.put_in`).
MEMBER, ROLE, CHANNEL = "\ue000m{}\ue001", "\ue000r{}\ue001", "\ue000c{}\ue001"

_INLINE = re.compile(
    r"\\(?P<escaped>[\\*_~`|<>\[\]#:-])"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<bold>(?:\\.|[^\\\n])+?)\*\*"
    r"|(?<![\w*])\*(?=\S)(?P<italic>(?:\\.|[^\\*\n])+?)(?<=\S)\*(?!\w)"
    r"|<t:(?P<time>-?\d{1,12})(?::(?P<style>\w))?>"
    r"|<@!?(?P<member>\d{1,20})>"
    r"|<@&(?P<role>\d{1,20})>"
    r"|<#(?P<channel>\d{1,20})>"
    r"|</(?P<command>[\w -]{1,100}):\d+>"
    r"|\[(?P<label>(?:\\.|[^\\\]\n])+)\]\(<?(?P<target>https://[^\s()<>]+)>?\)"
    r"|<?(?P<address>https?://[^\s<>()]+)>?"
)
_DATES = frozenset("dD")
_PRIVATE = re.compile("[\ue000\ue001]")


def as_html(text: str) -> Markup:
    """Return the text as HTML; whatever is no markup of Discord's stands there letter for letter."""
    parts: list[Markup] = []
    for place, part in enumerate(_PRIVATE.sub("", text).split("```")):
        if place % 2:  # what stands between two of them is shown letter for letter
            parts.append(Markup("<pre><code>{}</code></pre>").format(part.strip("\n")))
        else:
            parts += _blocks(part)
    return Markup("").join(parts)


def without_places(shown: object) -> object:
    """Return what a page shows; text that was made here alone may hold the place of a name."""
    return _PRIVATE.sub("", shown) if type(shown) is str else shown


def _blocks(text: str) -> list[Markup]:
    lines: list[Markup] = []
    in_list = False
    for line in map(str.strip, text.split("\n")):
        item = re.match(r"(?:- |• )(.*)", line)
        if (item is not None) != in_list:
            lines.append(Markup("</ul>") if in_list else Markup("<ul>"))
            in_list = not in_list
        if item is not None:
            lines.append(Markup("<li>{}</li>").format(_inline(item[1])))
        elif line:
            lines.append(_block(line))
    if in_list:
        lines.append(Markup("</ul>"))
    return lines


def as_inline(text: str) -> Markup:
    """Return one line of it as HTML, to stand within a sentence of the page's own."""
    return _inline(_PRIVATE.sub("", text))


def _block(line: str) -> Markup:
    if line.startswith("-# "):
        return Markup('<p class="small quiet">{}</p>').format(_inline(line[3:]))
    heading = re.match(r"#{1,3} (.*)", line)
    if heading is not None:
        return Markup('<p class="lead">{}</p>').format(_inline(heading[1]))
    return Markup("<p>{}</p>").format(_inline(line.removeprefix("> ")))


def _inline(text: str) -> Markup:
    parts: list[Markup] = []
    end = 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[end : found.start()]), _marked(found)]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _marked(found: re.Match[str]) -> Markup:
    name = found.lastgroup or ""
    if found["label"] is not None:
        return _link(found["target"], _inline(found["label"]))
    if found["time"] is not None:
        return _moment(int(found["time"]), found["style"] or "f")
    return _MARKS[name](found[name])


def _moment(seconds: int, style: str) -> Markup:
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return escape(str(seconds))
    is_date = style in _DATES
    return Markup('<time datetime="{}" data-as="{}">{}</time>').format(
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "relative" if style == "R" else "day" if is_date else "moment",
        plain_day(at) if is_date else plain_moment(at),
    )


def _link(address: str, label: str | Markup) -> Markup:
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, label)


_MARKS: dict[str, Callable[[str], Markup]] = {
    "escaped": escape,
    "code": lambda text: Markup("<code>{}</code>").format(text),
    "bold": lambda text: Markup("<strong>{}</strong>").format(_inline(text)),
    "italic": lambda text: Markup("<em>{}</em>").format(_inline(text)),
    "member": lambda number: escape(MEMBER.format(number)),
    "role": lambda number: escape(ROLE.format(number)),
    "channel": lambda number: escape(CHANNEL.format(number)),
    "command": lambda name: Markup("<code>/{}</code>").format(name),
    "address": lambda address: _link(address, address),
}
