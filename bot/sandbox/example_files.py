"""Files to give to the bot's commands, so that nobody has to write one to try them."""

import base64
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.shop import Shop
from bot.sandbox.tradingview import User

Json = dict[str, Any]

MEMBERS = "members.csv"  # what another shop exports
_SLIP = "Gita_Rey"  # nobody's name
_GAPS = (
    10,
    13,
)  # of so many customers who pay, one has no access; of those who have it, one does not pay
# What stands beside name and item, by the command; a date for the one that sets an end.
_TIMES = {"bulk grant": ("duration", "1M"), "bulk extend": ("duration", "7D")}
_SET, _REVOKE, _MATCH = "bulk set", "bulk revoke", "customer match"
_SET_DAYS = 60
_KEPT = "bulk grant"  # the command for which a list is that somebody keeps


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


def to_keep(shop: Shop, name: str) -> Example | None:
    """Return the file of that name; None when there is none."""
    found = (*of_command(shop, _KEPT), members(shop))
    return next((each for each in found if each.name == name), None)


def customers(shop: Shop, path: str) -> Example:
    """Return a row for everybody whom TradingView knows."""
    titles, rows = _table(shop, path)
    return Example(f"{len(rows)} customers", "customers.csv", _csv([titles, *rows]))


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
    content = _csv([titled, *rows], delimiter=";")
    return Example("the same with mistakes", "customers-with-mistakes.csv", content)


def who_is_who(shop: Shop) -> Example:
    """Return the owner's list of which member is who on TradingView, with one slip."""
    buyers = [each for each in shop.people if each.name]
    rows = [[str(each.user.id), each.user.name, each.name or ""] for each in buyers]
    rows[-1][-1] = _SLIP
    content = _csv([["Discord ID", "Name", "TradingView"], *rows])
    return Example("Who is who", "customers.csv", content)


def members(shop: Shop) -> Example:
    """Return the members of a shop as Whop exports them: some pay without access, some have it and do not pay."""
    titles = ["Membership ID", "Product", "Status", "Renewal Period End", "Email", "TradingView username"]  # fmt: skip
    now = shop.discord.world.now()
    rows = [
        [f"mem_{number:04}", shop.publications[0].script.title, *paid, f"{name.casefold()}@example.org", name]
        for number, (name, *paid) in enumerate(_members(shop, now), 1)
    ]  # fmt: skip
    return Example(f"{len(rows)} members", MEMBERS, _csv([titles, *rows]))


def _members(shop: Shop, now: datetime) -> Iterable[tuple[str, str, str]]:
    """Yield who is in that list: a name, how they stand, and until when they paid."""
    script = shop.publications[0].script
    for index, user in enumerate(everybody(shop)):
        row = script.grants.get(user.id)
        end = None if row is None else row.end
        if end is not None and end > now:
            if index % _GAPS[1]:
                yield user.username, "active", f"{end:%Y-%m-%d %H:%M}"
        elif row is None or end is not None:
            pays = index % _GAPS[0] == 0
            until = now + timedelta(days=18) if pays else now - timedelta(days=20)
            yield user.username, "active" if pays else "expired", f"{until:%Y-%m-%d %H:%M}"


def payers_without_access(shop: Shop) -> list[str]:
    """Return who in that list pays, and has no access to the first script now."""
    now, pine_id = shop.discord.world.now(), shop.publications[0].script.pine_id
    has_access = shop.tradingview.world.has_access
    return [
        name
        for name, how, _ in _members(shop, now)
        if how == "active" and not has_access(pine_id, name)
    ]


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


def _csv(rows: Iterable[Iterable[str]], delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()
