"""Many TradingView names tied to members: what would happen, and what did."""

import csv
import io
from collections import Counter
from collections.abc import Sequence

import discord

from bot.access.people.import_csv import MatchedLine, Outcome, Pair, Proposals
from bot.access.people.imports import Tied
from bot.replies.message import Attached, Button, Message, key, shorten
from bot.replies.text import bold, count, escape, member, typed

PICK = "match_pick"
PAGE = "match_page"
SHOWN = 25  # as many as a list holds

_MAX_LINES = 8
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
    Outcome.ID_SHORTENED: (
        "have a number that a spreadsheet has shortened; make that column text and export again",
        "number shortened by a spreadsheet",
    ),
}
_GOOD = (Outcome.FITS, Outcome.TIED_ALREADY)
_NOT_YET = "Nothing was changed yet."
_NO_PROOF = (
    "⚠️ An equal name is no proof: anybody can call themselves so on Discord. Look before you tie."
)


def compared(matched_lines: Sequence[MatchedLine], buttons: tuple[Button, ...]) -> Message:
    """Return what a file would do, in numbers, with its lines in a file to download."""
    found = Counter(matched.outcome for matched in matched_lines)
    lines = [f"**{count(len(matched_lines), 'line')} read.** {_NOT_YET}"]
    lines += [
        f"{'✅' if outcome in _GOOD else '⚠️'} {found[outcome]:,} {words}"
        for outcome, (words, _) in _WORDS.items()
        if found[outcome]
    ]
    wrong = [matched for matched in matched_lines if matched.outcome not in _GOOD]
    lines += [_wrong(matched) for matched in wrong[:_MAX_LINES]]
    if len(wrong) > _MAX_LINES:
        lines.append(f"-# and {len(wrong) - _MAX_LINES:,} more; the file has them all.")
    if not found[Outcome.FITS]:
        lines.append("**There is nothing to tie.**")
    return Message(
        "\n".join(lines), buttons=buttons, files=(Attached("matches.csv", table(matched_lines)),)
    )


def table(matched_lines: Sequence[MatchedLine]) -> bytes:
    """Return every line with what it comes to, as a CSV file that spreadsheets open safely."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("line", "discord", "username", "result"))
    for matched in matched_lines:
        cells = (matched.line.member, matched.line.username, _WORDS[matched.outcome][1])
        writer.writerow((matched.line.number, *(_harmless(cell) for cell in cells)))
    return text.getvalue().encode("utf-8-sig")


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
            "columns `discord_id` and `username` ties the others."
        )
        return Message("\n".join([*lines, *_unclear(proposals)]))
    shown = proposals.pairs[page * SHOWN :][:SHOWN]
    first = count(len(proposals.pairs), "member goes by a name", "members go by a name")
    lines.append(f"**{first} that I know from TradingView.** {_NOT_YET}")
    lines.append(_NO_PROOF)
    lines += [f"- {bold(pair.username)}: {member(pair.member_id)}" for pair in shown]
    pick: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=key(PICK, guild_id, page),
        placeholder="Tie only these",
        max_values=len(shown),
        options=[
            discord.SelectOption(
                label=shorten(pair.username, 100), value=f"{pair.customer_id}-{pair.member_id}"
            )
            for pair in shown
        ],
    )
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


def _harmless(cell: str) -> str:
    """Return a cell that a spreadsheet does not take for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
