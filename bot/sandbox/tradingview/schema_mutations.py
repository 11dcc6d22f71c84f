"""Answers in a form that nobody has seen yet: the same facts under other names or of other kinds."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.sandbox.tradingview.answers import Answer

KNOWN = "known"


def _row(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], Any]:
    def page(body: Any) -> Any:
        for row in body["results"]:
            change(row)
        return body

    return page


def _rename(old: str, new: str) -> Callable[[dict[str, Any]], None]:
    def change(fields: dict[str, Any]) -> None:
        if old in fields:
            fields[new] = fields.pop(old)

    return change


def _retype(name: str, kind: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    def change(fields: dict[str, Any]) -> None:
        if name in fields:
            fields[name] = kind(fields[name])

    return change


def _page(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], Any]:
    def page(body: Any) -> Any:
        change(body)
        return body

    return page


# Which endpoint's answer changes, and how.
_CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "ends renamed": ("list", _row(_rename("expiration", "expires_at"))),
    "ends as numbers": ("list", _row(_retype("expiration", lambda _: 1_790_000_000))),
    "names renamed": ("list", _row(_rename("username", "name"))),
    "ids as texts": ("list", _row(_retype("id", str))),
    "rows renamed": ("list", _page(_rename("results", "users"))),
    "next renamed": ("list", _page(_rename("next", "next_page"))),
    "suggestions in an object": ("hint", lambda body: {"results": body}),
    "account as a list": ("details", lambda body: [body]),
    "scripts in an object": ("published", lambda body: {"results": body}),
    "script names in an object": ("pubscripts", lambda body: {"results": body}),
    "new fields": ("list", _row(lambda row: row.update(badge="gold"))),
}
FORMS = (KNOWN, *_CHANGES)


def reshaped(answer: Answer, name: str, form: str) -> Answer:
    """The answer of that endpoint in that form; refusals stay as they are."""
    about, change = _CHANGES.get(form, ("", None))
    if name != about or answer.status >= 300 or change is None:
        return answer
    return replace(answer, body=json.dumps(change(json.loads(answer.body)), separators=(",", ":")))
