"""What `usher import --from` says: in sentences on the terminal.

E-mail addresses never stand here (`bot.replies.change_files` writes them to a file): the shop's own number, the Discord
name and the TradingView name say on the terminal who somebody is.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from bot.access.orders.moving.matching import Match, Outcome, Plan
from bot.access.orders.moving.records import Listing
from bot.access.orders.moving.taking_over import Done
from bot.replies.change_of_shop import fault_text, moment_text, names_of, product_text
from bot.store.sales.moving import Access

_T = TypeVar("_T")

NO_ITEMS = (
    "There is nothing on sale in this server yet, so nobody can be taken over. Add your scripts first: "
    "/setup in Discord, or Items in the dashboard. Nothing was changed."
)
_SHOWN = 30  # people of one kind on the terminal, where a file names them all
_LINES = 8  # of the rows with the same mistake


# Who needs a person to look at them: one, several, and what helps.
_NEED = {
    Outcome.NO_ACCESS: (
        "person pays, and has no access.",
        "people pay, and have no access.",
        "--grant-missing gives it.",
    ),
    Outcome.NO_NAME: (
        "person pays, and nobody knows their TradingView name.",
        "people pay, and nobody knows their TradingView names.",
        "/link in Discord tells it, or a column with the names in the list.",
    ),
    Outcome.SHORTER: (
        "person paid for longer than they have access.",
        "people paid for longer than they have access.",
        "--extend-to-paid gives the missing time; else the next payment does.",
    ),
    Outcome.CLASH: (
        "person stands there with a name that is another member's here.",
        "people stand there with a name that is another member's here.",
        "Look at it with /customer show.",
    ),
    Outcome.NO_ITEM: (
        "person pays for something that is no item here.",
        "people pay for something that is no item here.",
        "",
    ),
}


def read(listing: Listing) -> str:
    """Return what a list holds, and its rows that are not understood."""
    number = len(listing.payers)
    lines = [
        f"The list: {_count(number, 'person pays', 'people pay')}, {len(listing.over)} no longer."
    ]
    by_fault: dict[str, list[int]] = {}
    for bad in listing.bad:
        by_fault.setdefault(fault_text(bad), []).append(bad.line)
    if by_fault:
        lines.append(
            "Not understood, or not wholly; who stands there counts as not paying, if left out:"
        )
    for fault, found in by_fault.items():
        shown = ", ".join(map(str, found[:_LINES]))
        more = f" and {len(found) - _LINES} more" if len(found) > _LINES else ""
        lines.append(f"  {'line' if len(found) == 1 else 'lines'} {shown}{more}: {fault}.")
    return "\n".join(lines)


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


def cannot_write(path: Path) -> str:
    """Return that a file cannot be written there."""
    return f"{path} cannot be written there. Name a file in a folder of yours. Nothing was changed."


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


def summary(
    plan: Plan, *, named_in: Path | None, is_connected: bool, given: Collection[Outcome] = ()
) -> str:
    """Return what a list comes to, with the names of all who need a person; `given` is ordered by now."""
    lines = ["", f"{_have(plan.number(Outcome.AGREES))} access until the end that is paid."]
    if number := plan.number(Outcome.LONGER):
        lines.append(f"{_have(number)} access for longer than is paid. Their end stays.")
    if number := plan.number(Outcome.UNDATED):
        lines.append(
            f"{_have(number)} access without an end. It stays so until the shop's next message of them; then"
            " it ends with what is paid."
        )
    for outcome, (one, many, mend) in _NEED.items():
        found = [match for match in plan.matches if match.outcome is outcome]
        shown = mend if outcome not in given else "It is ordered now."
        lines += _named(found, named_in, (one, many), shown, _told)
    lacking = [match for match in plan.matches if match.held and match.missing]
    part = ("person has a part of what they pay for.", "people have a part of what they pay for.")
    lines += _named(
        lacking,
        named_in,
        part,
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
            f"Left for now ({len(result.left)}): something is on its way for them, their subscription is another"
            " customer's here, or the list does not say until when they paid. Run it again later, or look at"
            " them with /customer show:"
        )
        lines += [f"  {_who(match)}" for match in result.left]
    return "\n".join(lines)


def _named(
    found: Sequence[_T],
    named_in: Path | None,
    what: tuple[str, str],
    mend: str,
    told: Callable[[_T], str],
) -> list[str]:
    """Return how many there are and who: all of them, or some where a file names all."""
    if not found:
        return []
    shown = found[:_SHOWN] if named_in is not None else found
    lines = [f"{_count(len(found), *what)} {mend}".rstrip()]
    lines += [f"  {told(each)}" for each in shown]
    if len(found) > len(shown):
        lines.append(f"  and {len(found) - len(shown)} more in the file.")
    return lines


def _strangers(plan: Plan, named_in: Path | None) -> list[str]:
    def told(access: Access) -> str:
        end = "without an end"
        if access.ends_at is not None:
            end = f"until {moment_text(access.ends_at)} UTC"
        return f"{access.username}: {plan.titles[access.script_id]}, {end}"

    what = (
        "person has access, and does not pay in this list.",
        "people have access, and do not pay in this list.",
    )
    return _named(plan.strangers, named_in, what, "Nothing of that is touched.", told)


def _told(match: Match) -> str:
    until, ends = match.paid_until, match.has_until
    paid = f", pays until {moment_text(until)} UTC" if until else ""
    has = f", has until {moment_text(ends)} UTC" if ends else ""
    return f"{_who(match)}: {product_text(match.payer)}{paid}{has}"


def _who(match: Match) -> str:
    line, member_id = match.payer.line, match.payer.discord_id
    named = " · ".join([*names_of(match), *([f"Discord {member_id}"] if member_id else [])])
    return f"{named} (line {line})" if named else f"line {line}"


def _have(number: int) -> str:
    return _count(number, "person has", "people have")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"
