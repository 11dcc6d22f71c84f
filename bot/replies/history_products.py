"""Entries of the history about products."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.replies.holder_roles import why
from bot.replies.text import count, listed, typed
from bot.store.kinds import RoleTrouble

_WORDS = {
    "slug": "short name",
    "title": "title",
    "length": "usual length",
    "role_id": "role for holders",
    "grace_days": "grace days",
    "trial": "trial",
    "link": "link",
}


def _edited(f: Any) -> str:
    changed = [_WORDS[name] for name in f.after if name in _WORDS]
    return f"{f.who} changed {listed(changed) or 'something'} of the product {f.what}"


def _scripts(f: Any) -> str:
    added, removed = _slugs(f, "added"), _slugs(f, "removed")
    parts = [f"added {added}"] if added else []
    parts += [f"took out {removed}"] if removed else []
    gain, lose = int(f.after.get("gain", 0)), int(f.after.get("lose", 0))
    people = [f"{count(gain, 'person gets', 'people get')} something more"] if gain else []
    people += [f"{count(lose, 'person loses', 'people lose')} something"] if lose else []
    whom = listed(people) or "nobody gets more or loses anything"
    return f"{f.who} changed the scripts of the product {f.what}: {listed(parts) or 'none'}; {whom}"


def _slugs(f: Any, name: str) -> str:
    return listed(typed(str(slug)) for slug in f.after.get(name, ()))


def _trouble(f: Any) -> str:
    known = [trouble for trouble in RoleTrouble if trouble == f.after.get("reason")]
    role = f"<@&{f.after.get('role_id', 0)}>"
    if not known:
        return f"⚠️ I cannot give {role} to the holders of {f.what}; `/setup show` says why"
    return f"⚠️ I cannot give {role} to the holders of {f.what}: {why(known[0])}"


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "product_create": lambda f: f"{f.who} added the product {f.what}",
    "product_edit": _edited,
    "product_archive": lambda f: f"{f.who} archived the product {f.what}",
    "product_scripts": _scripts,
    "holder_role_trouble": _trouble,
    "holder_role_fine": lambda f: f"✅ I can give the holders of {f.what} their role again",
    "product_gain": lambda f: (
        f"{f.whom} gets {f.what} too, as {f.who} added it to a product: {f.then()}"
    ),
    "product_loss": lambda f: (
        f"{f.what} ended for {f.whom}, as {f.who} took it out of a product{f.had()}"
    ),
}
OF_ONE: Mapping[str, Callable[[Any], str]] = {
    "product_gain": lambda f: f"{f.who} added {f.what} to a product: {f.then_short()}",
    "product_loss": lambda f: f"{f.who} took {f.what} out of a product: {f.change()}",
}
