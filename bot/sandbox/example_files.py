"""Files to give to the bot's commands, so that nobody has to write one to try them."""

import base64
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.sandbox.shop import Shop
from bot.sandbox.tradingview import User

Json = dict[str, Any]

_SLIP = "Gita_Rey"  # nobody's name
# What stands beside name and item, by the command; a date for the one that sets an end.
_TIMES = {"bulk grant": ("duration", "1M"), "bulk extend": ("duration", "7D")}
_SET, _REVOKE, _MATCH = "bulk set", "bulk revoke", "customer match"
_SET_DAYS = 60


@dataclass(frozen=True)
class Example:
    """One file; `label` says what is in it."""

    label: str
    name: str
    content: bytes

    def describe(self) -> Json:
        """Return it for the page, as JSON."""
        return {"label": self.label, **as_option(self)}


def as_option(example: Example) -> Json:
    """Return a file as the page gives it to an option of a command."""
    content = base64.b64encode(example.content).decode()
    return {"name": example.name, "base64": content}


def of_command(shop: Shop, path: str) -> list[Example]:
    """Return the files that are offered for a command; none for most."""
    if path == _MATCH:
        return [who_is_who(shop)]
    if path in (*_TIMES, _SET, _REVOKE):
        return [customers(shop, path), customers_with_mistakes(shop, path)]
    return []


def customers(shop: Shop, path: str) -> Example:
    """Return a row for everybody whom TradingView knows."""
    titles, rows = _table(shop, path)
    return Example(f"{len(rows)} customers", "customers.csv", csv_of([titles, *rows]))


def customers_with_mistakes(shop: Shop, path: str) -> Example:
    """Return the same, as it comes out of a spreadsheet that many hands worked on."""
    titles, rows = _table(shop, path)
    rows[4][0] = ""
    rows[9][1] = "tremd"
    rows[15] = [*rows[14]]
    rows[19][0] = "two words"
    rows[23][0] = _SLIP
    rows[27].append("called on Monday")
    if len(titles) > len(("username", "item")):
        rows[32][2] = "01/02/2026" if path == _SET else "1 moth"
    titled = ["TradingView name", "Script", *titles[2:]]
    content = csv_of([titled, *rows], delimiter=";")
    return Example("the same with mistakes", "customers-with-mistakes.csv", content)


def who_is_who(shop: Shop) -> Example:
    """Return the owner's list of which member is who on TradingView, with one slip."""
    buyers = [each for each in shop.people if each.name]
    rows = [[str(each.user.id), each.user.name, each.name or ""] for each in buyers]
    rows[-1][-1] = _SLIP
    content = csv_of([["Discord ID", "Name", "TradingView"], *rows])
    return Example("Who is who", "customers.csv", content)


def everybody(shop: Shop) -> list[User]:
    """Return all on TradingView but the vendor."""
    world = shop.tradingview.world
    vendors = {vendor.user for vendor in world.vendors}
    return [user for user in world.users if user not in vendors]


def _table(shop: Shop, path: str) -> tuple[list[str], list[list[str]]]:
    """Return the titles and the rows of a list of everybody, fit for that command."""
    titles, more = ["username", "item"], []
    if path == _SET:
        end = shop.discord.world.now() + timedelta(days=_SET_DAYS)
        titles, more = [*titles, "until"], [f"{end:%Y-%m-%d}"]
    elif path in _TIMES:
        title, time = _TIMES[path]
        titles, more = [*titles, title], [time]
    return titles, [[user.username, shop.first_item, *more] for user in everybody(shop)]


def csv_of(rows: Iterable[Iterable[str]], delimiter: str = ",") -> bytes:
    """Return rows as the text of a table."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()
