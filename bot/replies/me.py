"""A member's own view: what they may use and until when, what ended, and how to go on."""

from bot.access.queries.standing import Checked, Person
from bot.access.rules.entitlements import paid_until, wanted_of
from bot.replies.message import Message
from bot.replies.people import prove_button
from bot.replies.text import bold, day, embed, escape, relative, title, until_paid
from bot.replies.tone import Tone
from bot.store.kinds import PermissionState, StateKind

_MAX_ENDED = 10
_RENEW = (
    "To go on with it, ask the staff of this server for more time. They know your name: you need not "
    "link it again."
)


def me(person: Person, guild_id: int) -> Message:
    """Return a member's own view: no internals, no numbers of other people."""
    running = [line for line in map(_running_line, person.scripts) if line]
    ended = [_ended_line(checked) for checked in person.scripts if checked.ended_at]
    first = f"Your TradingView name is {bold(person.username)}."
    if not running and not ended and person.unproven:
        return _unproven(person, guild_id)
    if not running and not ended:
        return Message(
            f"{first} You have no scripts here.\nIf you bought one, ask the staff of this server."
        )
    blocks = []
    if running:
        first += (
            "\nOn TradingView: open a chart, then **Indicators → Invite-only scripts**. "
            "To change your name, use `/unlink`."
        )
        blocks.append("\n".join(running))
    else:
        first += " Nothing of yours is running now."
    if ended:
        head = "**Ended**\n" if running else ""
        blocks.append(head + "\n".join([*ended[:_MAX_ENDED], *_more(len(ended))]))
        blocks.append(_RENEW)
    tone = None if running else Tone.LOOK
    return Message(first, (embed("Your scripts", "\n\n".join(blocks)),), tone=tone)


def _unproven(person: Person, guild_id: int) -> Message:
    """Return the view of a name that the member said; the same whoever else has it, or had it before."""
    return Message(
        f"Your TradingView name is {bold(person.username)}, as you told me. You have no scripts here.\n"
        "If somebody else has that name here, or it had access before you, a member of staff still looks at "
        f"{escape(person.username)} first: you need not do anything, and hear from me by direct message. To show "
        "at once that it is yours, press the button. If you bought a script, ask the staff of this server.",
        buttons=(prove_button(guild_id),),
    )


def _running_line(checked: Checked) -> str | None:
    """Return what a member may use, or what is on its way; None for what is over."""
    if checked.permission is None or checked.ended_at is not None:
        return None
    wanted, name = wanted_of(checked.permission).end, title(checked.script)
    if checked.permission.state is PermissionState.STUCK:
        return f"- {name}: there is a problem; the staff know and will help"
    if checked.permission.state is not PermissionState.DONE:
        return f"- {name}: ⏳ on its way; you get a message when it is there"
    if wanted is None:
        return None
    return f"- {name}: {until_paid(wanted, paid_until(checked.reasons))}"


def _ended_line(checked: Checked) -> str:
    """Return when access ended, and whether its time was over or the staff ended it."""
    by_staff = checked.permission is not None and checked.permission.wanted is StateKind.NOTHING
    how = "ended by the staff" if by_staff else "ended"
    when = (
        f" **{day(checked.ended_at)}** ({relative(checked.ended_at)})" if checked.ended_at else ""
    )
    return f"- {title(checked.script)}: {how}{when}"


def _more(total: int) -> list[str]:
    return [f"- and {total - _MAX_ENDED} more"] if total > _MAX_ENDED else []
