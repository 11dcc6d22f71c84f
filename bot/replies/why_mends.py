"""The mends of what `/why` finds, as buttons: each does what a command does, with the same questions."""

from collections.abc import Callable, Mapping

import discord

from bot import clock
from bot.access.ledger.receipts import WaitingFor
from bot.access.queries.causes import Cause, Explanation, opening
from bot.access.request import Subject
from bot.access.rules.entitlements import gives_more
from bot.replies import customers, login, sweeps, undecided
from bot.replies.access_check import END, TAKE
from bot.replies.claims import CLAIMS
from bot.replies.message import Button, key
from bot.replies.orders import PUT_BACK, TRY_NOW
from bot.store.kinds import Reason

# The buttons and forms under an answer; they outlive a restart.
ASK, RETRY, SET_RIGHT, CORRECT = "why_ask", "why_retry", "why_right", "why_name"
TELL, FOLLOW, RESUME = "why_tell", "why_roles", "why_resume"
OPEN_GRANT, GRANT_FORM = "why_grant_open", "why_grant_form"
OPEN_NAME, NAME_FORM = "why_name_open", "why_name_form"
ITEM, DURATION, USERNAME = "item", "duration", "username"
ANY = "*"  # stands for an item that was not named
_MAX_NEAR = 4
_GREEN, _RED = discord.ButtonStyle.success, discord.ButtonStyle.danger
Buttons = tuple[Button, ...]


def mends(found: Explanation) -> Buttons:
    """Return what mends the cause, as far as a press can."""
    return _MENDS[found.cause](found)


def grant_form(item: str | None) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the fields of the form that gives somebody time; the item is asked for where none was named."""
    fields: list[discord.ui.Item[discord.ui.View]] = []
    if item is None:
        fields.append(
            discord.ui.Label(
                text="Item",
                description="The short name of a script or a product",
                component=discord.ui.TextInput(custom_id=ITEM, min_length=1, max_length=32),
            )
        )
    fields.append(
        discord.ui.Label(
            text="How much time",
            description="7D, 2W, 1M, 1Y, or L for lifetime",
            component=discord.ui.TextInput(
                custom_id=DURATION, min_length=1, max_length=50, placeholder="1M"
            ),
        )
    )
    return fields


def name_form() -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the one field of the form that gives a customer another TradingView name."""
    return [
        discord.ui.Label(
            text="TradingView name",
            description="As on their profile now, or the address of the profile",
            component=discord.ui.TextInput(custom_id=USERNAME, min_length=1, max_length=200),
        )
    ]


def subject_key(subject: Subject, customer_id: int | None = None) -> str:
    """Return whom a button is about, as its key holds it."""
    if customer_id is not None:
        return f"c{customer_id}"
    return f"n{subject.username}" if subject.username else f"m{subject.member_id}"


def _about(found: Explanation) -> str:
    who = found.who
    customer_id = None if who.customer is None else who.customer.id
    return subject_key(Subject(who.member_id, who.username), customer_id)


def slug_of(found: Explanation) -> str:
    """Return the short name of what a grant is for: the item asked about, else the script of the cause."""
    if found.item is not None:
        return found.item.slug
    return ANY if found.part is None else found.part.script.slug


def why_reason(found: Explanation) -> Reason | None:
    """Return why only a person can help the order, as TradingView or a restore left it."""
    if found.part is None or found.part.permission is None:
        return None
    return found.part.permission.reason


def _near_items(found: Explanation) -> Buttons:
    about = _about(found)
    return tuple(
        button
        for slug in found.near[:_MAX_NEAR]
        for button in _button(slug, ASK, found, about, slug)
    )


def _look_on(found: Explanation) -> Buttons:
    return _button("Look at their access", ASK, found, _about(found), found.asked or ANY, "w")


def _link(found: Explanation) -> Buttons:
    decide = _button("Decide", CLAIMS, found, style=_GREEN) if found.who.claim is not None else ()
    link = _button(
        "Link a TradingView name",
        customers.OPEN_LINK,
        found,
        found.who.member_id or 0,
        style=discord.ButtonStyle.secondary if decide else _GREEN,
    )
    return (*decide, *link)


def _names(found: Explanation) -> Buttons:
    """Return the near names: pressed, one is the customer's; of a name alone, it is asked about."""
    customer, item = found.who.customer, slug_of(found)
    buttons: list[Button] = []
    for name in found.near[:_MAX_NEAR]:
        if customer is None:
            buttons += _button(name, ASK, found, subject_key(Subject(username=name)), item)
        else:
            buttons += _button(name, CORRECT, found, customer.id, name)
    return (*buttons, *_other_name(found))


def _other_name(found: Explanation) -> Buttons:
    customer = found.who.customer
    return () if customer is None else _button("Another name", OPEN_NAME, found, customer.id)


def _grant(found: Explanation, label: str = "Grant") -> Buttons:
    buttons = _button(label, OPEN_GRANT, found, _about(found), slug_of(found), style=_GREEN)
    if found.who.is_blocked:
        return (*buttons, *_unblock(found))
    return (*_follow(found), *buttons)


def _follow(found: Explanation) -> Buttons:
    """Return the button that follows a role which opens it and was not seen yet."""
    is_open = found.cause in (Cause.NEVER, Cause.ENDED)
    if not is_open or found.part is None or not opening(found.part, found.who):
        return ()
    return _button(
        "Follow their roles now", FOLLOW, found, found.who.member_id or 0, slug_of(found)
    )


def _grant_again(found: Explanation) -> Buttons:
    receipt = found.receipt
    if receipt is not None and receipt.can_put_back:
        return _button("Put back", PUT_BACK, found, receipt.order.id, style=_GREEN)
    return _grant(found, "Grant again")


def _unblock(found: Explanation) -> Buttons:
    person = found.who.customer
    return () if person is None else _button("Unblock", customers.UNBLOCK, found, person.id)


def _resume(found: Explanation) -> Buttons:
    return _button("Resume", RESUME, found, _about(found), slug_of(found), style=_GREEN)


def _go_on(found: Explanation) -> Buttons:
    """Return what lets a waiting order go on; where only time helps, how the queue stands."""
    assert found.part is not None  # noqa: S101 - it is about a script
    match found.waiting_for:
        case WaitingFor.NO_LOGIN:
            return (login.form_button(found.guild_id, "Add the login"),)
        case WaitingFor.LOGIN_DEAD:
            return (login.form_button(found.guild_id),)
        case WaitingFor.UNDECIDED:
            return _button("Decide", undecided.SHOW, found, style=_GREEN)
        case WaitingFor.SCRIPT_PAUSED | WaitingFor.CHANGED:
            return _button("Try once more", RETRY, found, found.part.script.slug)
        case WaitingFor.ASKING | WaitingFor.TRADINGVIEW if found.receipt is not None:
            return _button("Try now", TRY_NOW, found, found.receipt.order.id)
        case _:
            return _button("Show what waits", sweeps.STATUS, found)


def _unstick(found: Explanation) -> Buttons:
    assert found.part is not None  # noqa: S101 - it is about a script
    match why_reason(found):
        case Reason.TOO_LATE | Reason.RESTORED:
            return _grant(found)
        case Reason.NO_SUCH_USER | Reason.OTHER_PERSON:
            return _other_name(found)
        case _:
            return _button("Try once more", RETRY, found, found.part.script.slug)


def _agree(found: Explanation) -> Buttons:
    """Return the two ways to make both agree: what should be there, or what is there."""
    assert found.part is not None  # noqa: S101 - it is about a script
    checked, now = found.part.checked, clock.now()
    about = (found.part.script.id, found.who.username or "")
    take: Buttons = ()
    if checked.known.gives_access(now) and not gives_more(checked.wanted, checked.known, now):
        take = _button("Take over", TAKE, found, *about, style=_GREEN)
    if not checked.wanted.gives_access(now):
        return (*take, *_button("End access", END, found, *about, style=_RED))
    return (*_button("Set to what it should be", SET_RIGHT, found, *about), *take)


def _tell(found: Explanation) -> Buttons:
    """Return the button that sends the list, where that member may know of what they have."""
    person, part = found.who.customer, found.part
    if person is None or person.member_id is None or part is None:
        return ()
    if any(reason.withheld for reason in part.checked.reasons):
        return ()
    return _button("Send that to the buyer", TELL, found, person.id)


def _button(
    label: str,
    name: str,
    found: Explanation,
    *args: object,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> Buttons:
    """Return a button; none where its key is longer than Discord keeps: the commands take any name."""
    try:
        return (Button(label, key(name, found.guild_id, *args), style),)
    except ValueError:
        return ()


_MENDS: Mapping[Cause, Callable[[Explanation], Buttons]] = {
    Cause.NO_ITEM: _near_items,
    Cause.NOT_HERE: _look_on,
    Cause.NO_NAME: _link,
    Cause.NAME_UNKNOWN: _names,
    Cause.NEVER: _grant,
    Cause.ENDED: _grant,
    Cause.ROLE_MISSING: _grant,
    Cause.HELD_BACK: _grant_again,
    Cause.BLOCKED: _unblock,
    Cause.PAUSED: _resume,
    Cause.WAITING: _go_on,
    Cause.STUCK: _unstick,
    Cause.DIFFERS: _agree,
    Cause.STANDS: _tell,
}
