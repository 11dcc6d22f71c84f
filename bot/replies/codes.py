"""What managers read of codes, and what members do of codes and trials that are refused."""

from collections.abc import Sequence

import discord

from bot.access.orders.codes import CodeSetView, MadeCodes, Revoked
from bot.access.rules.codes import LENGTH
from bot.errors import UserError
from bot.replies.errors import explain
from bot.replies.message import Attached, Button, Message, key
from bot.replies.overview import pages
from bot.replies.own import redeem_button
from bot.replies.text import bold, count, embed, end_day, member, relative, short_day, spoken, title
from bot.replies.tone import Tone

REDEEM_FORM = "redeem_form"
FORM_TITLE = "Redeem a code"
CODE = "code"
LIST = "code_list"
PUT_BACK = "code_back"
PER_PAGE = 10
_SHOWN = 10  # codes that stand in the answer itself, beside the file


def form_items() -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the one field of the form."""
    return [
        discord.ui.Label(
            text="Your code",
            description=f"{LENGTH} letters and digits; hyphens and capitals do not matter",
            component=discord.ui.TextInput(
                custom_id=CODE, min_length=1, max_length=100, placeholder="XXXX-XXXX-XXXX-XXXX-XXXX"
            ),
        )
    ]


def invalid(guild_id: int) -> Message:
    """Return that a code does not work, the same for every reason, with a button to type it again."""
    return Message(
        "**That code does not work.** Nothing was changed. Look whether you have all of it: "
        f"a code of this server has {LENGTH} letters and digits, and a licence key stands in the shop's e-mail. It may "
        "also be used, or over: then ask whoever gave it to you.",
        buttons=(redeem_button(guild_id, "Try again"),),
        tone=Tone.STOP,
    )


def trial_refused(refusal: UserError, server: str | None) -> Message:
    """Return why a trial that waited for a name does not begin."""
    where = f" in {bold(server)}" if server else ""
    text = f"-# Your trial{where}, which waited for your TradingView name\n"
    return Message(f"{text}❌ {explain(refusal).sentence}")


def made(made: MadeCodes) -> Message:
    """Return new codes, one a line in a file; they are shown this once."""
    code_set, number = made.code_set, len(made.codes)
    lines = [f"✅ **{count(number, 'code')} made:** {_gives(code_set)}. {_limits(code_set)}"]
    if number <= _SHOWN:
        lines.append("\n".join(("```", *made.codes, "```")))
    lines.append(
        "**Keep the file: I show the codes only now**, and keep none of them myself. Members use one with "
        f"`/redeem`. `/code list` counts how many are used; `/code revoke` ends them (batch {code_set.made.id})."
    )
    return Message("\n".join(lines), files=(file(made),))


def made_on_page(made: MadeCodes) -> Message:
    """Return the same above a page that has the codes itself, this once."""
    code_set = made.code_set
    return Message(
        f"✅ **{count(len(made.codes), 'code')} made:** {_gives(code_set)}. {_limits(code_set)}\n"
        "**Copy them or keep the file: I show the codes only now**, and keep none of them myself. Members "
        f"use one with `/redeem`. This is batch {code_set.made.id}."
    )


def made_before() -> Message:
    """Return that a request that came twice made its codes the first time."""
    return Message(
        "Those codes are made already; they were shown then. To have others, make new ones."
    )


def file(made: MadeCodes) -> Attached:
    """Return new codes as a file, one a line."""
    content = "".join(f"{each}\n" for each in made.codes).encode()
    return Attached(f"codes-{made.code_set.sold.slug}-{made.code_set.made.id}.txt", content)


def listed(code_sets: Sequence[CodeSetView], guild_id: int, page: int, *, more: bool) -> Message:
    """Return a page of sets of codes, newest first."""
    if not code_sets:
        return Message("There are no codes here. `/code create` makes some.")
    return Message(
        "Codes that were made here, newest first. The codes themselves are in the files alone.",
        (embed("Codes", "\n".join(map(_line, code_sets))),),
        pages(LIST, guild_id, "all", page, more=more),
    )


def revoked(revoked: Revoked, guild_id: int) -> Message:
    """Return that codes work no more, with the way back."""
    code_set = revoked.code_set
    which = f"All codes of batch {code_set.made.id}" if revoked.code_id is None else "That code"
    work = "work" if revoked.code_id is None else "works"
    button = Button("Put back", key(PUT_BACK, guild_id, code_set.made.id, revoked.code_id or 0))
    return Message(
        f"✅ **{which} {work} no more:** {_gives(code_set)}.\n"
        "What members got for codes that they used stays theirs; to end that too, use `/access revoke`.",
        buttons=(button,),
    )


def put_back(revoked: Revoked) -> Message:
    """Return that codes work again."""
    which = f"The codes of batch {revoked.code_set.made.id} work"
    if revoked.code_id is not None:
        which = "That code works"
    return Message(f"✅ **{which} again:** {_gives(revoked.code_set)}. {_limits(revoked.code_set)}")


def choice(code_set: CodeSetView) -> str:
    """Return a set of codes for the list that opens while somebody types."""
    return (
        f"{code_set.made.id} – {spoken(code_set.length)} of {code_set.sold.title}, "
        f"{code_set.count.left:,} of {code_set.count.codes:,} work"
    )


def _gives(code_set: CodeSetView) -> str:
    return f"{spoken(code_set.length)} of {title(code_set.sold)}"


def _limits(code_set: CodeSetView) -> str:
    uses = code_set.made.uses
    each = "each works once" if uses == 1 else f"each works for {count(uses, 'member')}"
    if code_set.made.expires_at is None:
        return f"{each[:1].upper()}{each[1:]}, and never expires."
    until = f"until {end_day(code_set.made.expires_at)} ({relative(code_set.made.expires_at)})"
    return f"{each[:1].upper()}{each[1:]}, {until}."


def _line(code_set: CodeSetView) -> str:
    made, numbers = code_set.made, code_set.count
    parts = [
        f"- **{made.id}**: {count(numbers.codes, 'code')} for {_gives(code_set)}",
        f"used {numbers.used:,} of {numbers.codes * made.uses:,} times",
    ]
    if made.revoked_at is not None:
        parts.append("revoked")
    elif made.expires_at is not None:
        parts.append(f"until {end_day(made.expires_at)}")
    if made.revoked_at is None:
        parts.append(f"{numbers.left:,} work" + ("s" if numbers.left == 1 else ""))
    return f"{', '.join(parts)}; by {member(made.made_by)}, {short_day(made.made_at)}"
