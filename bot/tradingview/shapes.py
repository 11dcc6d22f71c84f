"""Compares the form of TradingView's answers with the one that this client knows (wire §3 to §5, §11).

Only the names of fields and the kinds of their values are looked at and told, never a value. What
nothing relies upon may differ: it is told as news.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.tradingview import parsing
from bot.tradingview.errors import UpstreamTrouble
from bot.tradingview.response_errors import Reply, parsed

_HINT = frozenset({"id", "username", "inactive"})
_ACCOUNT = frozenset(
    [
        "coins",
        "partner_fiat_balance",
        "link",
        "partner_status",
        "aff_id",
        "currency",
        "partner_type",
    ]
)
_PAGE = frozenset({"results", "next", "prev"})
_ROW = frozenset({"id", "username", "userpic", "expiration", "created"})
_PUBLICATION = frozenset(
    {
        "userId",
        "scriptName",
        "scriptAccess",
        "scriptIdPart",
        "version",
        "extra",
        "imageUrl",
        "scriptSource",
    }
)
_FIELD = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
_LIKE_AN_END = re.compile(r"expir|(^|_)ends?(_|$)|until|valid", re.IGNORECASE)
_LIKE_A_NEXT = re.compile(r"next|cursor|more", re.IGNORECASE)
_MAX_NAMED, _MAX_FIELDS = 5, 15


@dataclass(frozen=True, slots=True)
class ResponseSchema:
    """How an answer differs, in words for staff; `items` is how many people it was about."""

    differences: tuple[str, ...] = ()
    news: tuple[str, ...] = ()
    items: int = 0


def is_data(reply: Reply) -> bool:
    """Whether it is JSON at all: of anything else, nothing about a form can be said."""
    return parsed(reply) is not None


def hints(reply: Reply) -> ResponseSchema:
    """The form of the name search."""
    data = parsed(reply)
    if not isinstance(data, list):
        return ResponseSchema((_instead("the answer", data, "a list"),))
    found: set[str] = set()
    for item in data:
        found |= _name(item)
        if isinstance(item, dict) and not _is_number(item.get("id", 1)):
            found.add(_instead("the field `id`", item["id"], "a number"))
    return ResponseSchema(tuple(sorted(found)), _fresh(data, _HINT), len(data))


def account(reply: Reply) -> ResponseSchema:
    """The form of the account page, of which only that it is an object counts."""
    data = parsed(reply)
    if not isinstance(data, dict):
        return ResponseSchema((_instead("the answer", data, "an object"),))
    return ResponseSchema((), _fresh([data], _ACCOUNT))


def page(reply: Reply, base: str) -> ResponseSchema:
    """The form of one page of a list of users, the people in it left out."""
    data = parsed(reply)
    if not isinstance(data, dict):
        return ResponseSchema((_instead("the answer", data, "an object"),))
    found = set()
    if "results" not in data:
        found.add(f"the field `results` is missing; there are {_listed(data)}")
    elif not isinstance(data["results"], list):
        found.add(_instead("the field `results`", data["results"], "a list"))
    if "next" in data and not _is_next(reply, data["next"], base):
        found.add("the field `next` is not the address of a page")
    if "next" not in data and (maybe := _maybe_next(data)):
        found.add(f"the field `next` is missing, and {_listed(maybe)} may stand for it")
    return ResponseSchema(tuple(sorted(found)), _fresh([data], _PAGE))


def rows(reply: Reply) -> ResponseSchema:
    """The form of the people on one page; nothing is said where there are none."""
    data = parsed(reply)
    people = data.get("results") if isinstance(data, dict) else None
    if not isinstance(people, list):
        return ResponseSchema()
    found: set[str] = set()
    for person in people:
        found |= _name(person)
        if isinstance(person, dict):
            found |= _person(person)
    found |= _lost_ends([person for person in people if isinstance(person, dict)])
    return ResponseSchema(tuple(sorted(found)), _fresh(people, _ROW), len(people))


def published(reply: Reply) -> ResponseSchema:
    """The form of the list of one's publications; nothing of their sources is kept or told."""
    return _scripts(reply, ("scriptIdPart", "scriptAccess"), _PUBLICATION)


def named(reply: Reply) -> ResponseSchema:
    """The form of what scripts are called; whether they are invite-only may be told or not."""
    return _scripts(reply, ("scriptIdPart",), None)


def managed(reply: Reply) -> ResponseSchema:
    """The form of the list of scripts whose access one manages: their ids alone."""
    data = parsed(reply)
    if not isinstance(data, list):
        return ResponseSchema((_instead("the answer", data, "a list"),))
    odd = {_instead("a script", item, "a text") for item in data if not isinstance(item, str)}
    return ResponseSchema(tuple(sorted(odd)), (), len(data))


def _scripts(reply: Reply, needed: Iterable[str], known: frozenset[str] | None) -> ResponseSchema:
    """A list of scripts with these texts; other fields than the `known` ones are news."""
    data = parsed(reply)
    if not isinstance(data, list):
        return ResponseSchema((_instead("the answer", data, "a list"),))
    found: set[str] = set()
    for item in data:
        if not isinstance(item, dict):
            found.add(_instead("a script", item, "an object"))
            continue
        for name in needed:
            if name not in item:
                found.add(f"the field `{name}` is missing; there are {_listed(item)}")
            elif not isinstance(item[name], str):
                found.add(_instead(f"the field `{name}`", item[name], "a text"))
    return ResponseSchema(
        tuple(sorted(found)), () if known is None else _fresh(data, known), len(data)
    )


def _name(item: Any) -> set[str]:
    if not isinstance(item, dict):
        return {_instead("a person", item, "an object")}
    if "username" not in item:
        return {f"the field `username` is missing; there are {_listed(item)}"}
    if not isinstance(item["username"], str):
        return {_instead("the field `username`", item["username"], "a text")}
    return set()


def _person(row: Mapping[str, Any]) -> set[str]:
    found = set()
    if "id" not in row:
        found.add(f"the field `id` is missing; there are {_listed(row)}")
    elif not _is_number(row["id"]):
        found.add(_instead("the field `id`", row["id"], "a number"))
    end = row.get("expiration")
    if end is not None and end != "" and not _is_moment(end):
        is_text = isinstance(end, str)
        found.add(
            "the field `expiration` is a text that is no date with a time zone"
            if is_text
            else _instead("the field `expiration`", end, "a date")
        )
    return found


def _lost_ends(people: list[dict[str, Any]]) -> set[str]:
    """Ends under another name would make everybody's access look endless: the worst change of all."""
    if any(person.get("expiration") for person in people):
        return set()
    maybe = {
        name
        for person in people
        for name, value in person.items()
        if name not in _ROW and (_LIKE_AN_END.search(name) or _is_moment(value))
    }
    if not maybe:
        return set()
    return {f"nobody has the field `expiration`, and {_listed(maybe)} may stand for it"}


def _maybe_next(data: Mapping[str, Any]) -> set[str]:
    return {
        name
        for name, value in data.items()
        if name not in _PAGE
        and (_LIKE_A_NEXT.search(name) or (isinstance(value, str) and "c=" in value))
    }


def _is_next(reply: Reply, value: Any, base: str) -> bool:
    """Whether the client would follow it, or knows it for the end of the list."""
    try:
        parsing.next_path(value, base, reply)
    except UpstreamTrouble:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _fresh(items: Iterable[Any], known: frozenset[str]) -> tuple[str, ...]:
    names = {name for item in items if isinstance(item, dict) for name in item if name not in known}
    return (f"fields that are new: {_listed(names)}",) if names else ()


def _instead(what: str, value: Any, wanted: str) -> str:
    return f"{what} is {_kind(value)} instead of {wanted}"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "yes or no"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _listed(names: Iterable[str]) -> str:
    """Names of fields; what looks like none, or so many that they may be people, is not told."""
    names = set(names)
    if len(names) > _MAX_FIELDS:
        return f"{len(names)} others"
    told = sorted({name if _FIELD.fullmatch(name) else "(another)" for name in names})
    rest = len(told) - _MAX_NAMED
    text = ", ".join(name if name == "(another)" else f"`{name}`" for name in told[:_MAX_NAMED])
    return (f"{text} and {rest} more" if rest > 0 else text) or "no fields"
