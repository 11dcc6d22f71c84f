"""A member's own view: what they may use and until when, what waits, what ended, and how to go on."""

from collections.abc import Sequence

from bot import clock
from bot.access.queries.own_view import OwnView
from bot.access.queries.standing import Checked
from bot.access.rules.entitlements import paid_until, wanted_of
from bot.replies.by_source import as_long_as
from bot.replies.message import Button, Message
from bot.replies.own import (
    buy_button,
    link_button,
    redeem_button,
    unseen_button,
    wrong_name_button,
)
from bot.replies.people import prove_button
from bot.replies.text import bold, day, embed, escape, listed, relative, title, until_paid
from bot.replies.tone import Tone
from bot.store.kinds import PermissionState, StateKind
from bot.store.records import Product

_MAX_ENDED = 10
_RENEW = (
    "To go on with it, press *Buy or renew*, or ask the staff of this server for more time. They know your "
    "name: you need not link it again."
)


def me(view: OwnView, guild_id: int) -> Message:
    """Return a member's own view: no internals, no numbers of other people."""
    if view.username is None:
        return _nameless(view, guild_id)
    running = _running(view)
    ended = [_ended_line(checked) for checked in view.scripts if checked.ended_at]
    if not running and not ended and view.unproven:
        return _unproven(view, guild_id)
    first = f"Your TradingView name is {bold(view.username)}."
    buttons: tuple[Button, ...] = (
        wrong_name_button(guild_id),
        redeem_button(guild_id),
        buy_button(guild_id),
    )
    if not running and not ended:
        text = (
            f"{first} You have no scripts here.\nIf you bought one, ask the staff of this server."
        )
        return Message(text, buttons=buttons)
    blocks = []
    if running:
        first += "\nOn TradingView: open a chart, then **Indicators → Invite-only scripts**."
        blocks.append("\n".join(running))
        buttons = (unseen_button(guild_id), *buttons)
    else:
        first += " Nothing of yours is running now."
    if ended:
        head = "**Ended**\n" if running else ""
        blocks.append(head + "\n".join([*ended[:_MAX_ENDED], *_more(len(ended))]))
        blocks.append(_RENEW)
    tone = None if running else Tone.LOOK
    return Message(first, (embed("Your scripts", "\n\n".join(blocks)),), buttons, tone=tone)


def looking() -> Message:
    """Return what is shown while TradingView is read."""
    return Message("⏳ **Looking on TradingView…**")


def _nameless(view: OwnView, guild_id: int) -> Message:
    """Return the view of somebody whose TradingView name is not known."""
    text = "**You have not linked a TradingView name.** Press the button, or type `/link`."
    if view.waits:
        text += f"\n⏳ {_waits(view)} as soon as I know your name; nothing is lost until then."
    buttons = (link_button(guild_id), redeem_button(guild_id), buy_button(guild_id))
    return Message(text, buttons=buttons, tone=Tone.LOOK)


def _unproven(view: OwnView, guild_id: int) -> Message:
    """Return the view of a name that the member said; the same whoever else has it, or had it before."""
    username = view.username or ""
    waits = f"\n⏳ {_waits(view)} then." if view.waits else ""
    buttons: tuple[Button, ...] = (
        prove_button(guild_id),
        wrong_name_button(guild_id),
        redeem_button(guild_id),
        buy_button(guild_id),
    )
    return Message(
        f"Your TradingView name is {bold(username)}, as you told me. You have no scripts here.\n"
        "If somebody else has that name here, or it had access before you, a member of staff still looks at "
        f"{escape(username)} first: you need not do anything, and hear from me by direct message. To show "
        "at once that it is yours, press the button. If you bought a script, ask the staff of this server."
        f"{waits}",
        buttons=buttons,
    )


def _waits(view: OwnView) -> str:
    return f"{listed(map(title, view.waits))} {'begins' if len(view.waits) == 1 else 'begin'}"


def _running(view: OwnView) -> list[str]:
    """Return what a member may use, or what is on its way: by product where it was bought as one."""
    running = [checked for checked in view.scripts if checked.is_running]
    lines: list[str] = []
    shown: set[int] = set()
    for product in {sold.id: sold for sold in view.products.values()}.values():
        of_it = [each for each in running if _is_of(view, each, product)]
        if of_it:
            lines += _product_lines(product, of_it)
            shown |= {each.script.id for each in of_it}
    lines += [f"- {_line(each)}" for each in running if each.script.id not in shown]
    lines += [f"- {title(item)}: ⏳ on its way" for item in view.waits]
    return lines


def _is_of(view: OwnView, checked: Checked, product: Product) -> bool:
    bought = (view.products.get(reason.purchase_id) for reason in checked.reasons)
    return any(each is not None and each.id == product.id for each in bought)


def _product_lines(product: Product, of_it: Sequence[Checked]) -> list[str]:
    """Return one line where its scripts stand alike, else one below for each."""
    stands = {_stands(each) for each in of_it}
    if len(stands) == 1:
        scripts = listed(title(each.script) for each in of_it)
        with_them = "" if scripts == title(product) else f" ({scripts})"
        return [f"- {title(product)}{with_them}: {stands.pop()}"]
    return [f"- {title(product)}:", *(f"  - {_line(each)}" for each in of_it)]


def _line(checked: Checked) -> str:
    return f"{title(checked.script)}: {_stands(checked)}"


def _stands(checked: Checked) -> str:
    """Return until when a script is there, or what it waits for."""
    permission = checked.permission
    if (since := checked.paused_since(clock.now())) is not None:
        return f"⏸️ paused since {day(since)}; no time passes, and your end moves later by the length of the pause"
    if permission is None or permission.state is PermissionState.STUCK:
        return "there is a problem; the staff know and will help"
    if permission.state is not PermissionState.DONE:
        return "⏳ on its way; you get a message when it is there"
    how_long = as_long_as(checked)
    return how_long or until_paid(wanted_of(permission).end, paid_until(checked.reasons))


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
