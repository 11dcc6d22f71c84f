"""The switches as the page offers them: six with a plain sentence, the rest behind a fold."""

from typing import Any

from bot.sandbox.tradingview import Switches
from bot.sandbox.tradingview.switch_types import Value

Json = dict[str, Any]

# Name, what it is called, what happens, and what "on" is.
_FEATURED: tuple[tuple[str, str, str, Value], ...] = (
    ("down", "TradingView is down", "Every request is answered with an error.", True),
    ("latency", "TradingView is slow", "Every answer takes six seconds.", 6.0),
    (
        "login_ends",
        "The login in use ends",
        "The next request finds its cookies ended for good; a spare login goes on working.",
        1,
    ),
    (
        "logged_out",
        "Every login has ended",
        "All cookies stop working, those of spare logins too, until new ones are made.",
        True,
    ),
    (
        "lost_answers",
        "An answer is lost after the write",
        "The next change is made, but the connection drops before TradingView can say so.",
        1,
    ),
    (
        "silent_ok",
        "An “ok” that changes nothing",
        "The next change is answered with “ok”, and nothing is changed.",
        1,
    ),
)
_GROUPS = {"outage": "Outages", "question": "How TradingView might behave"}


def describe(switches: Switches) -> Json:
    """All switches, the featured ones first, as JSON."""
    known = {each["name"]: each for each in switches.describe()}
    featured = [
        {
            "name": name,
            "title": title,
            "text": text,
            "on": on,
            "off": known[name]["default"],
            "value": known[name]["value"],
        }
        for name, title, text, on in _FEATURED
    ]
    names = {name for name, *_ in _FEATURED}
    others = [
        {**each, "group": _GROUPS.get(each["group"], each["group"])}
        for name, each in known.items()
        if name not in names
    ]
    changed = sum(1 for each in known.values() if each["value"] != each["default"])
    return {"featured": featured, "others": others, "changed": changed}


def value_for(switches: Switches, name: str, value: object) -> object:
    """What the page sent, as the switch takes it: JSON does not tell 3 from 3.0."""
    known = switches.DIALS.get(name)
    if known is not None and known.kind == "int" and isinstance(value, float):
        return int(value) if value.is_integer() else value
    return value
