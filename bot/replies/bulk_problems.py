"""Why nothing is ordered for a row of a batch: what is wrong with it, and how to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.replies.orders import why_stuck
from bot.replies.text import listed
from bot.store.kinds import Reason, RowProblem
from bot.store.records import BatchRow


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in words, plain enough for a cell of a spreadsheet; `counted` follows "3 rows"."""

    what: str
    mend: str
    counted: str


_PROBLEMS: Mapping[RowProblem, Problem] = {
    RowProblem.NOBODY_NAMED: Problem(
        "It names nobody.",
        "Fill in username or discord_id.",
        "naming nobody",
    ),
    RowProblem.NAME_UNREADABLE: Problem(
        "This cannot be a TradingView name.",
        "Write the name as it stands on the TradingView profile.",
        "with a name that cannot be one",
    ),
    RowProblem.NAME_HAS_LONG_DASH: Problem(
        "The name has a long dash, where TradingView has - or _.",
        "Type the name by hand, with - or _.",
        "with a long dash in the name",
    ),
    RowProblem.NAME_HAS_HIDDEN_MARK: Problem(
        "An invisible character is inside the name.",
        "Type the name by hand.",
        "with an invisible character in the name",
    ),
    RowProblem.NAME_IS_OTHER_PAGE: Problem(
        "This is the address of a page that is no TradingView profile.",
        "Write the name, or the address of the profile: tradingview.com/u/NAME/",
        "with the address of another page",
    ),
    RowProblem.ID_UNREADABLE: Problem(
        "This cannot be a Discord id.",
        "Write the 17 to 20 digits (in Discord: Copy User ID). Delete the line if it is a total.",
        "with something that is no Discord id",
    ),
    RowProblem.ID_SHORTENED: Problem(
        "A spreadsheet has shortened this Discord id.",
        "Give the column the format Text, and copy the id in again.",
        "with a Discord id that a spreadsheet has shortened",
    ),
    RowProblem.ID_FITS_SEVERAL: Problem(
        "A spreadsheet has shortened this Discord id, and several members' ids begin so.",
        "Give the column the format Text, and copy the id in again.",
        "with a shortened Discord id that fits several members",
    ),
    RowProblem.MEMBER_UNKNOWN: Problem(
        "Nobody in this server has that Discord id.",
        "Check the id, or write the TradingView name.",
        "with the id of nobody here",
    ),
    RowProblem.NO_NAME_KNOWN: Problem(
        "No TradingView name of this member is known.",
        "Add the username, or have the member link it with /link.",
        "about members without a TradingView name",
    ),
    RowProblem.NAME_TAKEN: Problem(
        "The TradingView name belongs to another member.",
        "Check which of the two is right.",
        "with a name that belongs to another member",
    ),
    RowProblem.OTHER_NAME: Problem(
        "This member has another TradingView name.",
        "Check which of the two is right.",
        "about a member who has another name",
    ),
    RowProblem.NO_ITEM: Problem(
        "It does not say which script or product.",
        "Fill in item, or choose one with the command.",
        "without a script or product",
    ),
    RowProblem.ITEM_UNKNOWN: Problem(
        "There is no such script or product here.",
        "Write its short name; /script list and /product list show them.",
        "with a script or product that is not here",
    ),
    RowProblem.ITEM_EMPTY: Problem(
        "This product has no scripts.",
        "Add scripts to the product, or choose another one.",
        "about a product without scripts",
    ),
    RowProblem.ITEM_ARCHIVED: Problem(
        "This script or product is archived; what people have of it stays.",
        "Nothing to do; to change it, choose one that is on sale.",
        "about a script or product that is archived",
    ),
    RowProblem.NO_TIME: Problem(
        "It says neither how long nor until when.",
        "Fill in duration (1M) or until (2026-04-30).",
        "without a duration or an end",
    ),
    RowProblem.TWO_TIMES: Problem(
        "It says both how long and until when.",
        "Leave one of duration and until empty.",
        "with both a duration and an end",
    ),
    RowProblem.DURATION_UNREADABLE: Problem(
        "This is no length of time.",
        "Write 7D, 2W, 1M, 1Y, or L for lifetime.",
        "with a duration that I cannot read",
    ),
    RowProblem.DATE_UNREADABLE: Problem(
        "This is no date.",
        "Write it as 2026-04-30, or lifetime.",
        "with a date that I cannot read",
    ),
    RowProblem.DATE_AMBIGUOUS: Problem(
        "Which number of this date is the day cannot be seen: day and month could be mixed up.",
        "Write it as 2026-04-30; in Excel, give the column the format yyyy-mm-dd.",
        "with a date whose day and month could be mixed up",
    ),
    RowProblem.DATE_WITHOUT_ZONE: Problem(
        "This time of day has no time zone.",
        "Write the day alone, or add Z for UTC: 2026-04-30T18:00Z",
        "with a time of day without its zone",
    ),
    RowProblem.DATE_PAST: Problem(
        "This end is over.",
        "Write a day to come; /bulk revoke ends access.",
        "with an end that is over",
    ),
    RowProblem.TOO_FAR: Problem(
        "This is too long.",
        "Write L or lifetime for access without an end.",
        "with an end too far away",
    ),
    RowProblem.NOTE_TOO_LONG: Problem(
        "The note is too long.",
        "Shorten it to 200 characters.",
        "with a note that is too long",
    ),
    RowProblem.TOO_MANY_CELLS: Problem(
        "It has more cells than the first line has titles.",
        "Put text with a comma in it in quotation marks, and look whether the cells have shifted.",
        "with more cells than there are titles",
    ),
    RowProblem.TWICE: Problem(
        "Another line is about the same person and item.",
        "Keep one of the two.",
        "about somebody who stands in the file twice",
    ),
    RowProblem.USER_UNKNOWN: Problem(
        "TradingView knows nobody of that name.",
        "Check the spelling; the person may have another name by now.",
        "with a name that TradingView does not know",
    ),
    RowProblem.NO_ACCESS: Problem(
        "There is no access to change.",
        "Nothing to do; /bulk grant gives access.",
        "about people without access",
    ),
    RowProblem.ENDLESS: Problem(
        "The access has no end, so no time can be added.",
        "Nothing to do.",
        "about access without an end",
    ),
    RowProblem.SAME_ALREADY: Problem(
        "It is so already.",
        "Nothing to do.",
        "with what is so already",
    ),
    RowProblem.PAUSED: Problem(
        "It is paused: there is nothing to set.",
        "Nothing to do; /access resume lets it go on.",
        "about access that is paused",
    ),
    RowProblem.NO_END: Problem(
        "It has no end date that could be set.",
        "Nothing to do; fill in until if it should end.",
        "without an end date that could be set",
    ),
    RowProblem.BLOCKED: Problem(
        "This customer is blocked.",
        "Use /customer unblock first, if they should get it.",
        "about blocked customers",
    ),
    RowProblem.FORGOTTEN: Problem(
        "This customer is being forgotten, as they asked.",
        "Nothing to do.",
        "about customers who are being forgotten",
    ),
    RowProblem.CHANGED_SINCE: Problem(
        "Somebody changed this access after the preview.",
        "Look at it with /access check, and order it again if it is still right.",
        "changed by somebody else since the preview",
    ),
    RowProblem.UNDONE_ALREADY: Problem(
        "This is put back already.",
        "Nothing to do.",
        "put back already",
    ),
}
# What belongs to the problem, as far as there is something to say of it.
_DETAILS: Mapping[RowProblem, str] = {
    RowProblem.ITEM_UNKNOWN: "Did you mean {}?",
    RowProblem.ITEM_EMPTY: "It is {}.",
    RowProblem.OTHER_NAME: "The known one is {}.",
    RowProblem.TWICE: "It is line {}.",
    RowProblem.DATE_AMBIGUOUS: "Did you mean {}?",
}
_SEVERAL = (RowProblem.ITEM_UNKNOWN, RowProblem.DATE_AMBIGUOUS)
_OVERTAKEN = "A later order for this person took its place."


def problem_in_words(problem: RowProblem) -> Problem:
    """Return a problem in words."""
    return _PROBLEMS[problem]


def what(row: BatchRow) -> str:
    """Return what is wrong with a row, with what belongs to it; empty where nothing is."""
    if row.problem is None:
        return ""
    said = _PROBLEMS[row.problem].what
    detail = _DETAILS.get(row.problem)
    if detail is None or not row.detail:
        return said
    names = row.detail.split(", ") if row.problem in _SEVERAL else [row.detail]
    return f"{said} {detail.format(listed(names, 'or'))}"


def mend(row: BatchRow) -> str:
    """Return how to mend a row; empty where nothing is wrong."""
    return "" if row.problem is None else _PROBLEMS[row.problem].mend


def why(row: BatchRow, reason: Reason | None, *, is_overtaken: bool) -> str:
    """Return why a row is not done: its problem, what TradingView said, or a later order."""
    if reason is not None:
        return why_stuck(reason).replace("`", "").replace("**", "")
    return _OVERTAKEN if is_overtaken else what(row)
