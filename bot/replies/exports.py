"""The files of `/export`: their columns, and what is said beside them."""

import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.access.queries.export_rows import AccessRow, CustomerRow, Paid, PurchaseRow
from bot.access.queries.exports import Export
from bot.access.rules.cells import Cell, table
from bot.access.sources import payments
from bot.replies.message import Attached, Message
from bot.replies.text import count, listed, order_number, title
from bot.store.kinds import EntitlementKind

CUSTOMERS, PURCHASES, ACCESS = "customers", "purchases", "access"
LARGEST = 10_000_000  # bytes of a file, and of all of one answer; Discord takes little more
_LIFETIME = "lifetime"
_YES_NO = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One of the files before it is written: what stands in it, and how a row becomes cells."""

    name: str
    head: Sequence[str]
    rows: Sequence[Any]
    cells: Callable[[Any], Iterable[Cell]]

    def written(self, rows: Iterable[Any] | None = None) -> bytes:
        """Return the file; `rows`: the same, through whatever counts them on their way."""
        return table(self.head, map(self.cells, self.rows if rows is None else rows))


def sheets(export: Export) -> dict[str, Sheet]:
    """Return the files of an export by what they are about; `/bulk` reads the customers back."""
    ending = ".csv" if export.item is None else f"-{export.item.slug}.csv"
    return {
        CUSTOMERS: Sheet(
            f"{CUSTOMERS}{ending}",
            ("username", "discord_id", "item", "kind", "until", "note"),
            export.customers,
            _customer,
        ),
        PURCHASES: Sheet(
            f"{PURCHASES}{ending}",
            (
                *("username", "discord_id", "item", "source", "reference", "kind", "length"),
                *("asked_at", "ends", "grace_days", "paused_since", "ended"),
                *("contract", "shop", "note"),
            ),
            export.purchases,
            _purchase,
        ),
        ACCESS: Sheet(
            f"{ACCESS}{ending}",
            (
                *("script", "username", "discord_id", "wanted", "wanted_until"),
                *("seen", "seen_until", "seen_at", "agrees"),
            ),
            export.access,
            _access,
        ),
    }


def attached(export: Export, kind: str) -> Attached:
    """Return one of the files (slow for a large one; call it in a thread)."""
    sheet = sheets(export)[kind]
    return Attached(sheet.name, sheet.written())


def exported(export: Export) -> Message:
    """Return the answer with the files (slow for large ones; call it in a thread)."""
    files = [Attached(sheet.name, sheet.written()) for sheet in sheets(export).values()]
    packed = sum(len(file.content) for file in files) > LARGEST
    if packed:
        files = [
            Attached(f"{file.name}.gz", gzip.compress(file.content, mtime=0)) for file in files
        ]
    kept, room = [], LARGEST
    for file in files:
        if len(file.content) <= room:
            kept.append(file)
            room -= len(file.content)
    return Message(
        _text(export, packed, [file for file in files if file not in kept]), files=tuple(kept)
    )


def _text(export: Export, packed: bool, left_out: Sequence[Attached]) -> str:
    what = "of this server" if export.item is None else f"of {title(export.item)}"
    people = count(export.people, "person", "people")
    lines = [
        f"📄 **The customers {what}: {people}.** The files name them, so keep them safe. All times are in UTC.",
        (
            "- customers: who has what now, and until when they paid; `/bulk set` takes it back as it is. "
            "An empty `until` is no mistake: that lasts as long as a role or a subscription, is paused, or "
            "waits to be worked out."
        ),
        "- purchases: everything that was ever bought or given.",
        "- access: for each script what should be on TradingView, and what was last seen there.",
    ]
    if packed:
        lines.append(
            "They are larger than Discord takes, so they are packed (gzip): open them with any "
            "program for zip files first."
        )
    if left_out:
        names = listed([f"`{file.name}`" for file in left_out])
        lines.append(
            f"⚠️ Even packed there was no room for {names}. `usher export` on the bot's own computer "
            "writes every file."
        )
    return "\n".join(lines)


def _until(paid: Paid) -> Cell:
    """Return the end as `/bulk` takes it back; nothing where there is none to set."""
    is_for_ever = paid.kind is EntitlementKind.LIFETIME and paid.is_fixed
    return _LIFETIME if is_for_ever else paid.ends_at


def _customer(row: CustomerRow) -> tuple[Cell, ...]:
    who = row.who
    return who.username, who.member_id, row.item, row.paid.kind, _until(row.paid), row.note


def _purchase(row: PurchaseRow) -> tuple[Cell, ...]:
    sale, contract = row.sale, row.contract
    is_for_ever = sale.kind is EntitlementKind.LIFETIME
    return (
        row.who.username,
        row.who.member_id,
        row.item,
        sale.source,
        sale.reference,
        sale.kind,
        sale.length,
        sale.asked_at,
        _LIFETIME if is_for_ever else sale.latest or sale.ends_at,
        sale.grace_days,
        sale.paused_at,
        row.ended_at,
        None if contract is None else order_number(contract.name),
        None if contract is None else payments.label(contract.provider),
        sale.note,
    )


def _access(row: AccessRow) -> tuple[Cell, ...]:
    return (
        row.script,
        row.username,
        row.member_id,
        row.wanted.kind,
        row.wanted.ends_at,
        row.seen.kind,
        row.seen.ends_at,
        row.seen_at,
        _YES_NO[row.agrees],
    )
