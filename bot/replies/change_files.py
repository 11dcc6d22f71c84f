"""The file of a change of shop: everybody in a shop's list, and who has access beside them.

It alone holds e-mail addresses, as a vendor finds a buyer by nothing else in some shops.
"""

from collections.abc import Iterator

from bot.access.orders.moving.matching import Plan
from bot.access.orders.moving.records import Payer
from bot.access.rules import cells
from bot.access.rules.cells import Cell
from bot.replies.change_of_shop import PAYS, STANDINGS, fault_text, moment_text

_COLUMNS = (
    "what", "shop id", "line", "discord_id", "discord name", "username", "e-mail", "pays", "product", "item",
    "paid until (UTC)", "has until (UTC)", "without access to",
)  # fmt: skip


def table(plan: Plan) -> bytes:
    """Return everybody as CSV, fit to be opened by a spreadsheet."""
    return cells.table(_COLUMNS, ([row.get(column) for column in _COLUMNS] for row in _rows(plan)))


def _rows(plan: Plan) -> Iterator[dict[str, Cell]]:
    for match in plan.matches:
        has_end = match.held and match.has_until is None
        row = _told(match.payer, STANDINGS[match.outcome])
        row["username"] = match.username or match.payer.username
        row["item"] = match.item.slug if match.item else None
        row["paid until (UTC)"] = moment_text(match.paid_until)
        row["has until (UTC)"] = "no end" if has_end else moment_text(match.has_until)
        row["without access to"] = ", ".join(match.missing)
        yield row
    for payer in plan.listing.over:
        yield _told(payer, "no longer pays")
    for bad in plan.listing.bad:
        yield {"what": f"not understood: {fault_text(bad)}", "line": bad.line}
    for access in plan.strangers:
        yield {
            "what": "has access, does not pay",
            "username": access.username,
            "item": plan.titles[access.script_id],
            "has until (UTC)": moment_text(access.ends_at) or "no end",
        }


def _told(payer: Payer, what: str) -> dict[str, Cell]:
    return {
        "what": what,
        "shop id": payer.id,
        "line": payer.line,
        "discord_id": payer.discord_id,
        "discord name": payer.discord_name,
        "username": payer.username,
        "e-mail": payer.email,
        "pays": PAYS[payer.paying],
        "product": payer.product,
        "paid until (UTC)": moment_text(payer.until),
    }
