"""The shops whose lists are read, each by a module of its own that is loaded when it is needed."""

import importlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType

from bot.access.orders.moving.records import LARGEST, Listing, ListUnreadable, Wrong

PANEL = "panel"
SHOPS = {
    "whop": "Whop",
    "launchpass": "LaunchPass",
    "stripe": "Stripe",
    "patreon": "Patreon",
    "gumroad": "Gumroad",
    PANEL: "the older panel",
}


def read(shop: str, paths: Sequence[Path], now: datetime) -> Listing:
    """Return what the lists of a shop say (blocking: call it in a thread). Raises ListUnreadable or OSError."""
    if not all(path.is_file() for path in paths):  # a pipe or a device may have no end
        raise ListUnreadable(Wrong.NO_FILE)
    if shop == PANEL:
        panel = _reader(PANEL)
        return _together([panel.read(path, now) for path in paths])
    files: list[bytes] = []
    for path in paths:
        if path.stat().st_size > LARGEST:
            raise ListUnreadable(Wrong.TOO_LARGE)
        files.append(path.read_bytes())
    return read_sent(shop, files, now)


def read_sent(shop: str, files: Sequence[bytes], now: datetime) -> Listing:
    """Return what the lists of a shop say, which are in memory (slow: call it in a thread). Raises ListUnreadable."""
    reader = _reader(shop)
    if shop == PANEL:
        return _together([reader.read_sent(data, now) for data in files])
    listing: Listing = reader.read(files, now)
    return listing


def _reader(shop: str) -> ModuleType:
    return importlib.import_module(f"bot.access.orders.moving.{shop}")


def _together(found: Sequence[Listing]) -> Listing:
    payers, bad, over = (
        tuple(each for listing in found for each in getattr(listing, name))
        for name in ("payers", "bad", "over")
    )
    return Listing(None, payers, bad, over)
