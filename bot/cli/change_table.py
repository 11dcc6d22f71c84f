"""The file of `usher import --from`: everybody in a shop's list, and who has access beside them.

It alone holds e-mail addresses, as a vendor finds a buyer by nothing else in some shops; its owner alone may
read it.
"""

import csv
import io
import os
from pathlib import Path

from bot.access.orders.moving.matching import Outcome, Plan
from bot.access.orders.moving.records import Payer, Paying
from bot.cli.change_report import moment_text

_STANDINGS = {
    Outcome.AGREES: "has access, as paid",
    Outcome.LONGER: "has access for longer than paid; it stays",
    Outcome.SHORTER: "paid for longer than they have access",
    Outcome.UNDATED: "has access without an end; it stays",
    Outcome.NO_ACCESS: "pays, has no access",
    Outcome.NO_NAME: "pays, TradingView name unknown",
    Outcome.NO_ITEM: "pays for something else",
    Outcome.CLASH: "the name is tied to another Discord member",
}
_PAYS = {
    Paying.PAYS: "pays",
    Paying.TRIAL: "on trial",
    Paying.LATE: "payment failed",
    Paying.CANCELLED: "cancelled",
    Paying.OVER: "over",
}
_COLUMNS = (
    "what", "shop id", "line", "discord_id", "discord name", "username", "e-mail", "pays", "product", "item",
    "paid until", "has until", "without access to",
)  # fmt: skip


def write(path: Path, plan: Plan) -> None:
    """Write the file for its owner alone; what stood there is replaced as a whole."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        file.write(table(plan))
    part.replace(path)


def table(plan: Plan) -> str:
    """Return everybody as CSV, fit to be opened by a spreadsheet."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(_COLUMNS)
    for match in plan.matches:
        has_end = match.held and match.has_until is None
        row = _told(match.payer, _STANDINGS[match.outcome])
        row["username"] = match.username or match.payer.username or ""
        row["item"] = match.item.slug if match.item else ""
        row["paid until"] = moment_text(match.paid_until)
        row["has until"] = "no end" if has_end else moment_text(match.has_until)
        row["without access to"] = ", ".join(match.missing)
        rows.writerow(_line(row))
    for payer in plan.listing.over:
        rows.writerow(_line(_told(payer, "no longer pays")))
    for access in plan.strangers:
        rows.writerow(
            _line(
                {
                    "what": "has access, does not pay",
                    "username": access.username,
                    "item": plan.titles[access.script_id],
                    "has until": moment_text(access.ends_at) or "no end",
                }
            )
        )
    return file.getvalue()


def _told(payer: Payer, what: str) -> dict[str, str]:
    return {
        "what": what,
        "shop id": payer.id,
        "line": str(payer.line),
        "discord_id": str(payer.discord_id or ""),
        "discord name": payer.discord_name or "",
        "username": payer.username or "",
        "e-mail": payer.email or "",
        "pays": _PAYS[payer.paying],
        "product": payer.product,
        "paid until": moment_text(payer.until),
    }


def _line(row: dict[str, str]) -> list[str]:
    return [_safe(row.get(column, "")) for column in _COLUMNS]


def _safe(text: str) -> str:
    """Return a cell with which no spreadsheet calculates."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
