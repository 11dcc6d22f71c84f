"""The files of `/export`: their columns, and what is said beside them."""

import gzip
from collections.abc import Mapping, Sequence

from bot.access.queries.export_rows import AccessRow, CustomerRow, Paid, PurchaseRow
from bot.access.queries.exports import Export, Page
from bot.access.rules.cells import Cell, Table
from bot.access.sources import payments
from bot.replies.message import Attached, Message
from bot.replies.sweeps import bar
from bot.replies.text import count, listed, order_number, title
from bot.store.kinds import EntitlementKind

CUSTOMERS, PURCHASES, ACCESS = "customers", "purchases", "access"
LARGEST = 10_000_000  # bytes of a file; Discord takes little more
_PACKED = ".gz"
_LIFETIME = "lifetime"
_YES_NO = {True: "yes", False: "no", None: ""}


_COLUMNS: Mapping[str, Sequence[str]] = {
    CUSTOMERS: ("username", "discord_id", "item", "kind", "until", "note"),
    PURCHASES: (
        *("username", "discord_id", "item", "source", "reference", "kind", "length", "asked_at"),
        *("ends", "grace_days", "paused_since", "ended", "contract", "shop", "note"),
    ),
    ACCESS: (
        *("script", "username", "discord_id", "wanted", "wanted_until"),
        *("seen", "seen_until", "seen_at", "agrees"),
    ),
}


class Files:
    """The files of an export on their way; `kinds`: only these."""

    def __init__(self, *kinds: str) -> None:
        self._tables = {kind: Table(_COLUMNS[kind]) for kind in kinds or _COLUMNS}

    def add(self, page: Page) -> None:
        """Write the rows of some people (blocking)."""
        rows = {
            CUSTOMERS: map(_customer, page.customers),
            PURCHASES: map(_purchase, page.purchases),
            ACCESS: map(_access, page.access),
        }
        for kind, table in self._tables.items():
            table.add(rows[kind])

    def written(self, export: Export) -> list[Attached]:
        """Return the files; `/bulk` reads the customers back (blocking)."""
        ending = ".csv" if export.item is None else f"-{export.item.slug}.csv"
        return [
            Attached(f"{kind}{ending}", table.content()) for kind, table in self._tables.items()
        ]


def progress(far: tuple[int, int]) -> Message:
    """Return how many people are written, of how many."""
    done, total = far
    return Message(
        "⏳ **I am writing the files.** You need not wait here; they take the place of this.\n"
        f"`{bar(done, total)}` {done:,} of {total:,} people"
    )


def exported(export: Export, files: Files) -> Message:
    """Return the answer with the files; too large a one is packed (blocking)."""
    ready = [_packed(file) for file in files.written(export)]
    kept = tuple(file for file in ready if len(file.content) <= LARGEST)
    left_out = [file.name for file in ready if len(file.content) > LARGEST]
    is_packed = any(file.name.endswith(_PACKED) for file in kept)
    return Message(_text(export, left_out, is_packed=is_packed), files=kept)


def _packed(file: Attached) -> Attached:
    """Return the file, a large one packed."""
    if len(file.content) <= LARGEST:
        return file
    return Attached(f"{file.name}{_PACKED}", gzip.compress(file.content, mtime=0))


def _text(export: Export, left_out: Sequence[str], *, is_packed: bool) -> str:
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
        (
            "- access: for each script what should be on TradingView, and what was last seen there, also of people "
            "whom TradingView alone knows. Those are in no other file."
        ),
    ]
    if is_packed:
        lines.append(
            "What is larger than Discord takes is packed (`.gz`): most programs that open zip files "
            "open it."
        )
    if left_out:
        names = listed([f"`{name}`" for name in left_out])
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
