"""Many TradingView names tied to members: what would happen, and what did."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord

from bot.access.errors import ButtonGone
from bot.access.people.import_records import (
    BEST,
    Columns,
    MatchedLine,
    Outcome,
    Pair,
    Proposals,
    Taken,
)
from bot.access.people.imports import Tied
from bot.access.rules import cells
from bot.replies.message import Attached, Button, Message, key, shorten
from bot.replies.sweeps import bar
from bot.replies.text import bold, count, escape, member, typed

PICK = "match_pick"
PAGE = "match_page"
SHOWN = 25  # as many as a list holds

_MAX_LINES = 8
_MAX_PROPOSED = 10
# How each outcome is counted in the answer, and what the file says beside its line.
_WORDS = {
    Outcome.FITS: ("fit", "fits"),
    Outcome.TIED_ALREADY: ("are tied so already", "tied already"),
    Outcome.SEVERAL_MEMBERS: (
        "fit to several members; use the member's number (discord_id)",
        "several members go by that name",
    ),
    Outcome.MEMBER_UNKNOWN: ("name nobody who is in this server", "nobody in this server"),
    Outcome.NAME_UNKNOWN: (
        "name a TradingView user whom I do not know yet: use `/customer link` for those",
        "TradingView name not known here",
    ),
    Outcome.NAME_TAKEN: ("name somebody who belongs to another member", "belongs to another"),
    Outcome.OTHER_NAME: ("name a member who has another name", "member has another name"),
    Outcome.CLAIMED: (
        "are about a request that staff must decide first, in the log channel",
        "a request waits for staff",
    ),
    Outcome.CONTRADICTED: ("contradict another line", "contradicts another line"),
    Outcome.NO_MEMBER: ("name no member", "no member given"),
    Outcome.NO_NAME: ("have no TradingView name", "no TradingView name given"),
    Outcome.NAME_UNREADABLE: ("cannot be a TradingView name", "cannot be a TradingView name"),
    Outcome.NAME_HAS_LONG_DASH: (
        "have a long dash in the TradingView name, where TradingView has `-` or `_`",
        "cannot be a TradingView name: a long dash stands where - or _ belongs",
    ),
    Outcome.NAME_HAS_HIDDEN_MARK: (
        "have an invisible character inside the TradingView name; type those names by hand",
        "cannot be a TradingView name: an invisible character is inside",
    ),
    Outcome.NAME_IS_OTHER_PAGE: (
        "have the address of a page that is no TradingView profile",
        "cannot be a TradingView name: the address of another page",
    ),
    Outcome.ID_SHORTENED: (
        "have a number that a spreadsheet has shortened; make that column text and export again",
        "a spreadsheet has shortened this number",
    ),
    Outcome.ID_FITS_ONE: (
        "have a number that a spreadsheet has shortened, but one member's begins so: pick from the list",
        "a spreadsheet has shortened this number; one member's begins so",
    ),
    Outcome.ID_FITS_SEVERAL: (
        "have a number that a spreadsheet has shortened, and several members' begin so: correct it",
        "a spreadsheet has shortened this number; several members' begin so",
    ),
}
_GOOD = (Outcome.FITS, Outcome.TIED_ALREADY)
_NOT_YET = "Nothing was changed yet."
_NO_PROOF = (
    "⚠️ An equal name is no proof: anybody can call themselves so on Discord. Look before you tie."
)


@dataclass(frozen=True, slots=True)
class Picks:
    """The keys of the lists under a preview; None: there is no such list."""

    username: str | None = None  # another column with the TradingView names
    member: str | None = None  # another column with the members
    proposed: str | None = None  # those whose shortened number fits


_NO_PICKS = Picks()


def progress(asked: tuple[int, int]) -> Message:
    """Return how many members Discord was asked about, of how many."""
    done, number = asked
    return Message(
        "⏳ **Looking for the members:** Discord does not show me everybody here, so I ask about one after "
        f"the other, as fast as it allows. Nothing is changed.\n`{bar(done, number)}` {done:,} of {number:,}"
    )


def late(message: Message, server: str | None) -> Message:
    """Return what comes after the 15 minutes in which an answer can be changed."""
    where = f" of {bold(server)}" if server else ""
    return replace(
        message, text=f"The comparison with the members{where} is ready.\n{message.text}"
    )


def compared(
    matched_lines: Sequence[MatchedLine],
    buttons: tuple[Button, ...],
    columns: Columns,
    taken: Taken = BEST,
    picks: Picks = _NO_PICKS,
    done: Tied | None = None,
) -> Message:
    """Return what a file would do, in numbers, with its lines in a file to download."""
    found = Counter(matched.outcome for matched in matched_lines)
    lines = [] if done is None else [tied(done).text]
    lines.append(f"**{count(len(matched_lines), 'line')} read.** {_NOT_YET}")
    lines += _taken(columns, taken)
    lines += [
        f"{'✅' if outcome in _GOOD else '⚠️'} {found[outcome]:,} {words}"
        for outcome, (words, _) in _WORDS.items()
        if found[outcome]
    ]
    by_name = sum(matched.by_name and matched.pair is not None for matched in matched_lines)
    if by_name:
        lines.append(
            f"-# {by_name:,} of those that fit are found by a Discord name, and anybody can call "
            "themselves so. Look before you tie."
        )
    proposed = proposed_in(matched_lines)
    lines += [
        f"- {bold(pair.username)}: {member(pair.member_id)}?" for pair in proposed[:_MAX_PROPOSED]
    ]
    wrong = [matched for matched in matched_lines if matched.outcome not in _GOOD]
    lines += [_wrong(matched) for matched in wrong[:_MAX_LINES]]
    if len(wrong) > _MAX_LINES:
        lines.append(f"-# and {len(wrong) - _MAX_LINES:,} more; the file has them all.")
    if not found[Outcome.FITS]:
        lines.append("**There is nothing to tie.**" if not proposed else "**Nothing else fits.**")
    return Message(
        "\n".join(lines),
        buttons=buttons,
        items=_lists(columns, taken, picks, proposed),
        files=(Attached("matches.csv", table(matched_lines)),),
    )


def proposed_in(matched_lines: Sequence[MatchedLine]) -> list[Pair]:
    """Return the pairs that only a person can say yes to, as many as a list holds."""
    pairs = (
        matched.pair
        for matched in matched_lines
        if matched.pair is not None and matched.outcome is Outcome.ID_FITS_ONE
    )
    return list(dict.fromkeys(pairs))[:SHOWN]


def fitting_in(matched_lines: Sequence[MatchedLine]) -> list[Pair]:
    """Return the pairs that one press ties."""
    pairs = (
        matched.pair
        for matched in matched_lines
        if matched.pair is not None and matched.outcome is Outcome.FITS
    )
    return list(dict.fromkeys(pairs))


def _taken(columns: Columns, taken: Taken) -> list[str]:
    """Return which columns were taken, where others might be meant."""
    lines = []
    if len(columns.usernames) > 1:
        title = _column(columns, columns.of_username(taken))
        lines.append(f"The TradingView names are taken from the column {bold(title)}.")
    if len(columns.members) > 1:
        titles = [bold(_column(columns, place)) for place in columns.of_member(taken)]
        rest = f", and from {titles[1]} where that is empty" if len(titles) > 1 else ""
        lines.append(f"The members are taken from the column {titles[0]}{rest}.")
    if lines:
        lines.append("-# If that is wrong, choose another column below.")
    return lines


def _column(columns: Columns, place: int) -> str:
    title = shorten(" ".join(columns.titles[place].split()), 80) or "without a title"
    twice = sum(other.split() == columns.titles[place].split() for other in columns.titles) > 1
    return f"{title} (column {place + 1})" if twice else title


def _lists(
    columns: Columns, taken: Taken, picks: Picks, proposed: Sequence[Pair]
) -> "tuple[discord.ui.Item[discord.ui.View], ...]":
    lists = []
    for pick, places, placeholder, now in (
        (
            picks.username,
            columns.usernames,
            "Another column for the names",
            columns.of_username(taken),
        ),
        (
            picks.member,
            columns.members,
            "Another column for the members",
            columns.of_member(taken)[0],
        ),
    ):
        if pick is not None:
            options = [
                discord.SelectOption(label=_column(columns, place), value=str(place))
                for place in places
                if place != now
            ]
            lists.append(_list(pick, placeholder, options[:SHOWN], 1))
    if picks.proposed is not None:
        lists.append(_list(picks.proposed, "Tie only these", _options(proposed), len(proposed)))
    return tuple(lists)


def _list(
    pick: str, placeholder: str, options: list[discord.SelectOption], most: int
) -> "discord.ui.Select[discord.ui.View]":
    return discord.ui.Select(
        custom_id=pick, placeholder=placeholder, max_values=most, options=options
    )


def _options(pairs: Sequence[Pair]) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=shorten(pair.username, 100), value=f"{pair.customer_id}-{pair.member_id}"
        )
        for pair in pairs
    ]


def table(matched_lines: Sequence[MatchedLine]) -> bytes:
    """Return every line with what it comes to, as a CSV file that spreadsheets open safely."""
    return cells.table(
        ("line", "discord", "username", "result"),
        (
            (
                matched.line.number,
                matched.line.member,
                matched.line.username,
                _WORDS[matched.outcome][1],
            )
            for matched in matched_lines
        ),
    )


def tie_label(number: int) -> str:
    """Return the label of the button that ties."""
    return f"Tie {count(number, 'name')}"


def tied(result: Tied) -> Message:
    """Return how many names were tied."""
    lines = [f"✅ **{count(len(result.pairs), 'name')} tied.** TradingView was not touched."]
    if result.changed:
        lines.append(
            f"⚠️ {result.changed:,} no longer fitted and were left as they are; run it again to see why."
        )
    return Message("\n".join(lines))


def proposed(
    proposals: Proposals,
    page: int,
    guild_id: int,
    buttons: tuple[Button, ...],
    done: Tied | None = None,
) -> Message:
    """Return the pairs with equal names, to be tied all at once or chosen from a list."""
    lines = [] if done is None else [tied(done).text]
    if not proposals.pairs:
        lines.append(
            "**No member goes by a TradingView name that is still nobody's.** A file with the "
            "columns `discord_id` and `tradingview` ties the others."
        )
        return Message("\n".join([*lines, *_unclear(proposals)]))
    shown = proposals.pairs[page * SHOWN :][:SHOWN]
    first = count(len(proposals.pairs), "member goes by a name", "members go by a name")
    lines.append(f"**{first} that I know from TradingView.** {_NOT_YET}")
    lines.append(_NO_PROOF)
    lines += [f"- {bold(pair.username)}: {member(pair.member_id)}" for pair in shown]
    pick = _list(key(PICK, guild_id, page), "Tie only these", _options(shown), len(shown))
    turns = tuple(
        Button(label, key(PAGE, guild_id, to))
        for label, to in (("Back", page - 1), ("Next", page + 1))
        if 0 <= to * SHOWN < len(proposals.pairs)
    )
    return Message(
        "\n".join([*lines, *_unclear(proposals)]), buttons=(*buttons, *turns), items=(pick,)
    )


def chosen(values: Sequence[str], pairs: Sequence[Pair]) -> list[Pair]:
    """Return the proposals picked from the list, as far as they still stand."""
    picked = set(values)
    return [pair for pair in pairs if f"{pair.customer_id}-{pair.member_id}" in picked]


def column_chosen(values: Sequence[str], places: Sequence[int]) -> int:
    """Return the column picked from a list. Raises ButtonGone when it offered no such column."""
    for place in places:
        if values == (str(place),):
            return place
    raise ButtonGone


def _unclear(proposals: Proposals) -> list[str]:
    if not proposals.unclear:
        return []
    return [
        f"-# {count(proposals.unclear, 'name fits', 'names fit')} to several members: left out."
    ]


def _wrong(matched: MatchedLine) -> str:
    what = " and ".join(
        typed(text) for text in (matched.line.member, matched.line.username) if text
    )
    return (
        f"-# Line {matched.line.number}: {what or 'empty'} – {escape(_WORDS[matched.outcome][1])}"
    )
