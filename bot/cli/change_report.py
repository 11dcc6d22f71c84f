"""What `usher import --from` says: in sentences on the terminal.

E-mail addresses never stand here (`change_table` writes them to a file): the shop's own number, the Discord
name and the TradingView name say on the terminal who somebody is.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bot.access.orders.moving.matching import Match, Outcome, Plan
from bot.access.orders.moving.records import (
    BadRow,
    Fault,
    Listing,
    ListUnreadable,
    Payer,
    Wrong,
)
from bot.access.orders.moving.taking_over import Done
from bot.store.sales.moving import Access

_T = TypeVar("_T")

NO_ITEMS = (
    "There is nothing on sale in this server yet, so nobody can be taken over. Add your scripts first: "
    "/setup in Discord, or Items in the dashboard. Nothing was changed."
)
_SHOWN = 30  # people of one kind on the terminal, where a file names them all

_WRONG = {
    Wrong.EMPTY: "The file is empty.",
    Wrong.TOO_LARGE: "The file is too large: at most 10 MB and 50,000 rows are read at once (256 MB of a database).",
    Wrong.NO_TEXT: "The file is no CSV text. An Excel file must be saved as CSV first.",
    Wrong.ENCODING: "It is not certain which letters the file means. Save it as CSV UTF-8.",
    Wrong.CUT: "A quotation mark{line} is never closed, or a line is far too long. Export the list once more.",
    Wrong.COLUMNS: "This does not look like a list of {shop}: its columns are others. Export it as the README says.",
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


def read(listing: Listing) -> str:
    """Return what a list holds, and its rows that are not understood."""
    lines = [
        f"{_people(len(listing.payers))} in the list who pay, {len(listing.over)} who no longer do."
    ]
    if listing.bad:
        lines.append(f"Not understood, or not wholly ({len(listing.bad)}):")
        lines += [f"  line {bad.line}: {_fault(bad)}." for bad in listing.bad[:_SHOWN]]
        if len(listing.bad) > _SHOWN:
            lines.append(f"  and {len(listing.bad) - _SHOWN} more.")
    return "\n".join(lines)


def unreadable(error: ListUnreadable, shop: str) -> str:
    """Return why a list cannot be read, and what to do."""
    line = f" in line {error.line}" if error.line else ""
    return _WRONG[error.wrong].format(line=line, shop=shop.capitalize()) + " Nothing was changed."


def connection_unclear(numbers: Sequence[int], wanted: int | None) -> str:
    """Return that it must be said which webhook is meant."""
    wrong = (
        "There are several webhooks of that shop."
        if wanted is None
        else f"There is no webhook {wanted} of that shop."
    )
    listed = ", ".join(map(str, numbers))
    mend = (
        f"Add --connection with one of these: {listed}." if numbers else "/webhook list shows all."
    )
    return f"{wrong} {mend} Nothing was changed."


def question(product: str, number: int, slugs: Sequence[str]) -> str:
    """Return the question which item a product of the shop is."""
    return f"{_people(number)} pay for “{product or '(no name)'}”. Which of yours is that: {', '.join(slugs)}?"


def items_missing(unknown: Iterable[tuple[str, int]], slugs: Sequence[str]) -> str:
    """Return that it must be said which item each product is, and how."""
    found = [*unknown]
    lines = ["Say which of your items each of these is:"]
    lines += [f"  “{product or '(no name)'}” ({_people(number)})" for product, number in found]
    lines.append(
        f'Yours are: {", ".join(slugs)}. Write for each: --map "{found[0][0]}={slugs[0]}", or =none.'
    )
    return "\n".join([*lines, "Nothing was changed."])


def no_such_item(slug: str, product: str, slugs: Sequence[str]) -> str:
    """Return that an item does not exist."""
    return f"“{product}” cannot be “{slug}”: you have {', '.join(slugs)}. Nothing was changed."


def read_by_other(title: str) -> str:
    """Return that the list is being read by the running bot."""
    return f"Usher itself is reading who has {title} right now. Try again in some minutes. Nothing was changed."


def summary(plan: Plan, *, named_in: Path | None, is_connected: bool) -> str:
    """Return what a list comes to, with the names of all who need a person."""
    lines = ["", f"{plan.number(Outcome.AGREES)} have access until the end that is paid."]
    if number := plan.number(Outcome.LONGER):
        lines.append(f"{number} have access for longer than is paid. Their end stays.")
    if number := plan.number(Outcome.UNDATED):
        lines.append(
            f"{number} have access without an end. It stays so until the shop's next message of them; then"
            " it ends with what is paid."
        )
    lines += _part(
        plan,
        named_in,
        "pay, and have no access",
        (Outcome.NO_ACCESS,),
        "--grant-missing gives it to them.",
    )
    lines += _part(
        plan,
        named_in,
        "pay, and nobody knows their TradingView name",
        (Outcome.NO_NAME,),
        "They can use /link in Discord; or add a column with their names.",
    )
    lines += _part(
        plan,
        named_in,
        "paid for longer than they have access",
        (Outcome.SHORTER,),
        "--extend-to-paid gives the missing time. Else their next payment does.",
    )
    lines += _part(
        plan,
        named_in,
        "stand with a name that is another member's",
        (Outcome.CLASH,),
        "Look at them with /who.",
    )
    lines += _part(plan, named_in, "pay for something that is no item here", (Outcome.NO_ITEM,), "")
    lacking = [match for match in plan.matches if match.held and match.missing]
    lines += _named(
        lacking,
        named_in,
        "have a part of what they pay for",
        "",
        lambda match: f"{_who(match)}, without {', '.join(match.missing)}",
    )
    lines += _strangers(plan, named_in)
    if plan.listing.provider is None:
        lines.append("No payment messages come from there, so nobody is tied to a subscription.")
    elif not is_connected:
        lines.append(
            f"This server is not connected to {plan.listing.provider.capitalize()} yet: connect it with"
            " /webhook add, so that the next payments count."
        )
    if named_in is not None:
        lines.append(f"Everybody is in {named_in}. It holds e-mail addresses: keep it to yourself.")
    return "\n".join(lines)


def dry(plan: Plan) -> str:
    """Return that nothing was changed, and what to do next."""
    number = plan.number(Outcome.AGREES, Outcome.LONGER, Outcome.SHORTER, Outcome.UNDATED)
    return f"Nothing was changed. The same with --apply takes {_people(number)} over."


def done(result: Done) -> str:
    """Return what was taken over."""
    lines = [f"Taken over: {_people(result.tied)}. No end was changed on TradingView."]
    if result.known:
        lines.append(f"{result.known} were taken over before.")
    if result.ordered:
        lines.append(
            f"Ordered for {_people(result.ordered)}; Usher sends it to TradingView now, or once it runs."
        )
    if result.left:
        lines.append(
            f"Left for now ({len(result.left)}); run it again later, or look at them with /who:"
        )
        lines += [f"  {_who(match)}" for match in result.left]
    return "\n".join(lines)


def _part(
    plan: Plan, named_in: Path | None, what: str, outcomes: Sequence[Outcome], mend: str
) -> list[str]:
    found = [match for match in plan.matches if match.outcome in outcomes]
    return _named(found, named_in, what, mend, _told)


def _named(
    found: Sequence[_T], named_in: Path | None, what: str, mend: str, told: Callable[[_T], str]
) -> list[str]:
    if not found:
        return []
    shown = found[:_SHOWN] if named_in is not None else found
    lines = [f"{len(found)} {what}. {mend}".rstrip()]
    lines += [f"  {told(each)}" for each in shown]
    return lines + (
        [f"  and {len(found) - len(shown)} more in the file."] if len(found) > len(shown) else []
    )


def _strangers(plan: Plan, named_in: Path | None) -> list[str]:
    def told(access: Access) -> str:
        end = "without an end" if access.ends_at is None else f"until {moment_text(access.ends_at)}"
        return f"{access.username}: {plan.titles[access.script_id]}, {end}"

    mend = "Nothing of them is touched."
    return _named(
        [*plan.strangers], named_in, "have access, and do not pay in this list", mend, told
    )


def _told(match: Match) -> str:
    until = match.paid_until
    paid = f", pays until {moment_text(until)}" if until else ""
    has = f", has until {moment_text(match.has_until)}" if match.has_until else ""
    return f"{_who(match)}: {match.payer.product or '(no name)'}{paid}{has}"


def _who(match: Match) -> str:
    payer: Payer = match.payer
    found = [match.username or payer.username, payer.discord_name]
    if payer.discord_id:
        found.append(f"Discord {payer.discord_id}")
    named = " · ".join(each for each in (*found, payer.id) if each)
    return f"{named} (line {payer.line})"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _fault(bad: BadRow) -> str:
    return _FAULTS[bad.fault].format(column=bad.column)


def moment_text(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
