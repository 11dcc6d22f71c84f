"""The words of a change of shop, wherever its list is read: on the terminal, and on the dashboard."""

import re
from datetime import datetime

from bot.access.orders.moving.matching import Match, Outcome
from bot.access.orders.moving.records import BadRow, Fault, ListUnreadable, Payer, Paying, Wrong

_WRONG = {
    Wrong.NO_FILE: "That is no file of its own. Save the list as one first.",
    Wrong.EMPTY: "The file is empty.",
    Wrong.TOO_LARGE: "The file is too large: at most 10 MB and 50,000 rows are read at once (256 MB of a database).",
    Wrong.NO_TEXT: "The file is no CSV text. An Excel file must be saved as CSV first.",
    Wrong.ENCODING: "It is not certain which letters the file means. Save it as CSV UTF-8.",
    Wrong.CUT: "A quotation mark{line} is never closed, or a line is far too long. Export the list once more.",
    Wrong.COLUMNS: "This does not look like a list of {shop}: its columns are others. Export it once more, with all its columns.",
    Wrong.NO_DATABASE: "The file is no SQLite database, or it is damaged.",
    Wrong.TABLES: "This database is not the older panel's: it has no tables of clients and accesses.",
}
_FAULTS = {
    Fault.NO_PERSON: "nobody is named in it. Add an e-mail address, a Discord id or a TradingView name",
    Fault.NO_STATUS: "it does not say whether they pay",
    Fault.STATUS_UNKNOWN: "the word in the column {column} is not known. Write active, canceled, past_due or expired",
    Fault.DATE_UNREADABLE: "the date in the column {column} cannot be read. Write it like 2026-12-31",
    Fault.ID_DAMAGED: "a spreadsheet rounded the Discord id, so it was left out. Export the list anew, and do not open it before",
    Fault.NAME_UNREADABLE: "what stands for the TradingView name is none, so it was left out",
    Fault.TWICE: "the same subscription stands in an earlier row",
}

STANDINGS = {
    Outcome.AGREES: "has access, as paid",
    Outcome.LONGER: "has access for longer than paid; it stays",
    Outcome.SHORTER: "paid for longer than they have access",
    Outcome.UNDATED: "has access without an end; it stays",
    Outcome.NO_ACCESS: "pays, has no access",
    Outcome.NO_NAME: "pays, TradingView name unknown",
    Outcome.NO_ITEM: "pays for something else",
    Outcome.CLASH: "the name is tied to another Discord member",
}
PAYS = {
    Paying.PAYS: "pays",
    Paying.TRIAL: "on trial",
    Paying.LATE: "payment failed",
    Paying.CANCELLED: "cancelled",
    Paying.OVER: "over",
}
_ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.")


def unreadable(error: ListUnreadable, shop: str) -> str:
    """Return why a list cannot be read, and what to do."""
    line = f" in line {error.line}" if error.line else ""
    return _WRONG[error.wrong].format(line=line, shop=shop) + " Nothing was changed."


def fault_text(bad: BadRow) -> str:
    """Return what is wrong with a row of a list."""
    return _FAULTS[bad.fault].format(column=bad.column)


def moment_text(moment: datetime | None) -> str:
    """Return a moment in UTC as it stands in files; nothing for none."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def product_text(payer: Payer) -> str:
    """Return what the shop calls it."""
    return shown(payer.product) or "(no name)"


def names_of(match: Match) -> list[str]:
    """Return by which names somebody can be found: on TradingView, on Discord and in the shop."""
    payer = match.payer
    found = (match.username or payer.username, payer.discord_name, payer.id)
    return [name for each in found if each and (name := shown(each))]


def shown(text: str) -> str:
    """Return what stands in a list, unless it holds an e-mail address: those are for the file alone."""
    return "" if _ADDRESS.search(text) else text
