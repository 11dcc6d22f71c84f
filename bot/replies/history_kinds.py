"""The history by what its entries are about, to choose from."""

from collections.abc import Mapping

from bot.replies import (
    history_payments,
    history_people,
    history_products,
    history_purchases,
    history_shops,
    history_sweeps,
)
from bot.replies.history import ACTIONS, ALARMS
from bot.store.kinds import OrderKind, OrderState

_BEGINNINGS: Mapping[str, tuple[str, ...]] = {
    "people": (
        *("link", "match", "unlink", "name_", "account_", "limit_", "claim", "called_"),
        *history_people.SENTENCES,
    ),
    "sales": (
        *history_payments.SENTENCES,
        *history_purchases.SENTENCES,
        *history_shops.SENTENCES,
    ),
    "checks": (
        *("restore", "was_there", "found", "retry", "shape_", "clock_"),
        *history_sweeps.SENTENCES,
    ),
    "login": ("session_", "login_page", "dashboard_"),
    "items": ("script_", "role_", "roles_", "premium_", *history_products.SENTENCES),
    "access": (*OrderKind, *OrderState, "not_shown", "seat_allowed"),
}
_LABELS: Mapping[str, str] = {
    "access": "Access: given, changed, ended",
    "people": "People and their names",
    "sales": "Sales and payments",
    "items": "Scripts, products and roles",
    "checks": "Full checks and repairs",
    "login": "Login and dashboard",
    "settings": "Settings and the rest",
    "alarms": "Alarms only",
}


def _kind_of(action: str) -> str:
    for kind, beginnings in _BEGINNINGS.items():
        if any(
            action == each or (each[-1] == "_" and action.startswith(each)) for each in beginnings
        ):
            return kind
    return "settings"


_BY_KIND: Mapping[str, frozenset[str]] = {
    **{
        kind: frozenset(action for action in ACTIONS if _kind_of(action) == kind)
        for kind in _LABELS
    },
    "alarms": ALARMS,
}


def kinds() -> list[tuple[str, str]]:
    """Return each kind with what it is called."""
    return list(_LABELS.items())


def actions_of(kind: str) -> frozenset[str] | None:
    """Return the entries of that kind; None for a word that is none."""
    return _BY_KIND.get(kind)
