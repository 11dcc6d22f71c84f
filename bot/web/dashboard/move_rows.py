"""The people of a shop's list as a page shows them: some at a time, of one kind, and never with an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.access.errors import ButtonGone
from bot.access.orders.moving.matching import Match, Outcome, Plan
from bot.access.orders.moving.records import Payer
from bot.access.orders.moving.shop_lists import ShopList

_AT_ONCE = 50


class Group(StrEnum):
    """The kinds of rows, those first that want to be looked at; most are outcomes."""

    LEFT = "left"
    NO_ACCESS = Outcome.NO_ACCESS.value
    SHORTER = Outcome.SHORTER.value
    NO_NAME = Outcome.NO_NAME.value
    CLASH = Outcome.CLASH.value
    NO_ITEM = Outcome.NO_ITEM.value
    PART = "part"
    STRANGERS = "strangers"
    MISTAKES = "mistakes"
    LONGER = Outcome.LONGER.value
    UNDATED = Outcome.UNDATED.value
    AGREES = Outcome.AGREES.value
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page."""

    names: Sequence[str] = ()
    line: int | None = None
    member_id: int | None = None
    customer_id: int | None = None
    what: str = ""  # what they pay for, as the shop calls it, or the script that they have
    paid_until: datetime | None = None
    has_until: datetime | None = None
    is_endless: bool = False
    lacks: str = ""  # scripts of the item that they have no access to
    wrong: str = ""  # what is wrong with the row


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one kind on one page, and how many there are of each."""

    group: Group
    lines: Sequence[Line]
    page: int
    pages: int
    numbers: dict[Group, int]


def rows_of(kept: ShopList, wanted: str, page: int) -> Rows:
    """Return the rows that the address asks for; without a wish, of the first kind that has some.

    Raises ButtonGone for a kind that no page of ours links to.
    """
    plan = kept.plan
    assert plan is not None  # noqa: S101 - a list that was looked at has one
    numbers = _numbers(kept, plan)
    try:
        group = Group(wanted) if wanted else next((each for each in Group if numbers[each]), None)
    except ValueError:
        raise ButtonGone from None
    group = group or Group.AGREES
    pages = max(1, -(-numbers[group] // _AT_ONCE))
    page = min(page, pages - 1)
    return Rows(group, _lines(kept, plan, group, page * _AT_ONCE), page, pages, numbers)


def _numbers(kept: ShopList, plan: Plan) -> dict[Group, int]:
    counts = plan.counts
    numbers = {Group(each.value): counts[each] for each in Outcome}
    numbers[Group.PART] = sum(1 for each in plan.matches if each.held and each.missing)
    numbers[Group.LEFT] = 0 if kept.done is None else len(kept.done.left)
    numbers[Group.STRANGERS] = len(plan.strangers)
    numbers[Group.MISTAKES] = len(plan.listing.bad)
    numbers[Group.OVER] = len(plan.listing.over)
    return numbers


def _lines(kept: ShopList, plan: Plan, group: Group, skip: int) -> list[Line]:
    from bot.replies.change_of_shop import fault_text  # noqa: PLC0415 - rarely needed

    part = slice(skip, skip + _AT_ONCE)
    match group:
        case Group.STRANGERS:
            return [
                Line(
                    [each.username],
                    customer_id=each.customer_id,
                    what=plan.titles[each.script_id],
                    has_until=each.ends_at,
                    is_endless=each.ends_at is None,
                )
                for each in plan.strangers[part]
            ]
        case Group.MISTAKES:
            return [Line(line=each.line, wrong=fault_text(each)) for each in plan.listing.bad[part]]
        case Group.OVER:
            return [_payer(each) for each in plan.listing.over[part]]
        case Group.LEFT:
            return [_match(each) for each in (kept.done.left if kept.done else [])[part]]
        case Group.PART:
            found = [each for each in plan.matches if each.held and each.missing]
            return [_match(each) for each in found[part]]
        case _:
            found = [each for each in plan.matches if each.outcome.value == group.value]
            return [_match(each) for each in found[part]]


def _match(match: Match) -> Line:
    from bot.replies.change_of_shop import names_of, product_text  # noqa: PLC0415

    payer = match.payer
    return Line(
        names_of(match),
        payer.line,
        payer.discord_id,
        next((each.customer_id for each in match.held if each.customer_id), None),
        product_text(payer)[:100],
        match.paid_until,
        match.has_until,
        is_endless=bool(match.held) and match.has_until is None,
        lacks=", ".join(match.missing) if match.held else "",
    )


def _payer(payer: Payer) -> Line:
    return _match(Match(payer, Outcome.NO_ITEM, paid_until=payer.until))
