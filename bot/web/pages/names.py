"""Puts the names of members, roles and channels into a finished page, all at once."""

import re
from collections.abc import Callable, Mapping

from markupsafe import escape

_PLACE = re.compile("\ue000([mrc])(\\d{1,20})\ue001")


def members_in(text: str) -> set[int]:
    """Return the members whose names the page wants."""
    return {int(found[2]) for found in _PLACE.finditer(text) if found[1] == "m"}


def put_in(
    text: str,
    members: Mapping[int, str],
    role: Callable[[int], str | None],
    channel: Callable[[int], str | None],
    address: str,
) -> str:
    """Return the page with names in place; a member's leads to what is known of them below `address`."""

    def named(found: re.Match[str]) -> str:
        number = int(found[2])
        if found[1] == "m":
            name = members.get(number)
            shown = f"member {number}" if name is None else f"@{name}"
            return f'<a href="{escape(address)}people?q={number}">{escape(shown)}</a>'
        if found[1] == "r":
            return f'<span class="tag">@{escape(role(number) or "a deleted role")}</span>'
        return f'<span class="tag">#{escape(channel(number) or "a deleted channel")}</span>'

    return _PLACE.sub(named, text)
