"""A server's day in one message: who has access, what waits, the login, the seats, the last sales."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.access.logins.sessions import LoginState, LoginStatus
from bot.access.queries.people import Group
from bot.access.queries.today import Counted, Sale, View
from bot.access.rules.payments import Payment
from bot.access.rules.seat_fee import FREE
from bot.replies import newer_release, wrong_clock
from bot.replies.dashboard import open_button
from bot.replies.login import form_button
from bot.replies.message import Message
from bot.replies.orders import person, why_stuck, why_waiting
from bot.replies.seats import distance, money
from bot.replies.sweeps import bar
from bot.replies.text import count, embed, listed, moment, origin, relative, title
from bot.replies.tone import Tone
from bot.store.records import NewerRelease

_LAST = 5  # sales
SHOWN = 5  # of what is stuck


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that waits for a person: what, as a page knows it, and the command that shows it."""

    name: str
    text: str
    command: str


def overview(view: View, *, is_manager: bool, newer: NewerRelease | None = None) -> Message:
    """Return the day, with the button that opens the dashboard; what only managers may see is for them."""
    warning = wrong_clock.warning()
    boxes = [embed("People", "\n".join(_people(view))), embed("Orders", "\n".join(_orders(view)))]
    if view.counted is not None:
        boxes.append(embed("Seats", "\n".join(seats(view.counted))))
    if view.sales:
        lines = [f"- {sale(each, with_amount=is_manager)}" for each in view.sales[:_LAST]]
        boxes.append(embed("Last sales", "\n".join(lines)))
    lines = [*filter(None, [warning]), first(view)]
    lines += [f"⚠️ {each.text}: {each.command}." for each in to_do(view, is_manager=is_manager)]
    if newer is not None:
        lines.append(f"-# {newer_release.notice(newer)}")
    buttons = [open_button(view.guild_id)]
    if is_manager and view.login.state is not LoginState.ALIVE:
        label = "Add the login" if view.login.state is LoginState.NONE else "Renew the login"
        buttons.append(form_button(view.guild_id, label))
    return Message(
        "\n".join(lines), tuple(boxes), tuple(buttons), tone=Tone.STOP if warning else tone(view)
    )


def notices(newer: NewerRelease | None) -> list[Message]:
    """Return what belongs to the whole bot and stands above a server's day: a wrong clock, a newer release."""
    warning = wrong_clock.warning()
    found = [Message(warning, tone=Tone.STOP)] if warning else []
    if newer is not None:
        found.append(Message(newer_release.notice(newer)))
    return found


def tone(view: View) -> Tone:
    """Return how the day is: done, to be looked at, or stopped."""
    if view.login.state is not LoginState.ALIVE or view.orders_stuck or view.queue.paused:
        return Tone.STOP
    waits = view.orders_waiting or view.requests or view.undecided or view.queue.unchecked
    differs = view.counted is not None and view.counted.differing
    return Tone.LOOK if waits or differs or view.queue.restoring else Tone.DONE


def first(view: View) -> str:
    """Return the first sentence: the login, and whether orders go through."""
    if view.login.state is not LoginState.ALIVE:
        return f"❌ **{login(view)}**"
    if view.orders_stuck:
        is_stuck = "is" if view.orders_stuck == 1 else "are"
        return f"⚠️ **{count(view.orders_stuck, 'order')} {is_stuck} stuck.** {login(view)}"
    if view.orders_waiting:
        waits = "is" if view.orders_waiting == 1 else "are"
        return f"⏳ **{count(view.orders_waiting, 'order')} {waits} on the way to TradingView.** {login(view)}"
    return f"✅ **Everything is on TradingView.** {login(view)}"


def login(view: View) -> str:
    """Return how the login is, in a sentence, with the next step."""
    known: LoginStatus = view.login
    if known.state is LoginState.NONE:
        return "There is no TradingView login yet: a manager adds it with `/session update`."
    if known.state is LoginState.DEAD:
        since = f" {relative(view.dead_since)}" if view.dead_since else ""
        return (
            f"The TradingView login ended{since}: a manager renews it with `/session update`. "
            "Nobody lost access; orders wait until then."
        )
    tested = f", tested {relative(known.checked_at)}" if known.checked_at else ""
    return f"The TradingView login works{tested}."


def to_do(view: View, *, is_manager: bool) -> Iterator[Chore]:
    """Yield what waits for a person beside stuck orders."""
    if view.requests:
        waits = count(len(view.requests), "member waits", "members wait")
        text = f"{waits} for a decision about a TradingView name"
        yield Chore("requests", text, "`/sync status` has the button")
    if view.undecided:
        people = count(view.undecided, "person has", "people have")
        text = f"{people} orders from a backup to decide about"
        yield Chore("undecided", text, "`/sync status` has the button")
    if view.queue.paused:
        scripts = listed(title(script) for script in view.queue.paused[:SHOWN])
        yield Chore("paused", f"TradingView refuses {scripts}", "`/sync status` says why")
    if view.counted is not None and view.counted.differing:
        differs = count(view.counted.differing, "thing differs", "things differ")
        text = f"{differs} from what should be on TradingView"
        yield Chore("differing", text, "`/sync status` shows them")
    if view.counted is not None and view.counted.untaken:
        people = count(view.counted.untaken, "person is", "people are")
        text = f"{people} on TradingView and not taken over yet"
        yield Chore("untaken", text, "`/sync status` has the button")
    if is_manager and view.payments.ends:
        text = count(
            view.payments.ends,
            "purchase waits for your word before it ends",
            "purchases wait for your word before they end",
        )
        yield Chore("ends", text, "the log channel has the question")
    if is_manager and view.payments.orders:
        paid = count(view.payments.orders, "paid order is", "paid orders are")
        text = f"{paid} of nobody who is known"
        yield Chore("orders", text, "`/webhook pending` shows them")
    if is_manager and view.payments.messages:
        waits = count(view.payments.messages, "payment message waits", "payment messages wait")
        yield Chore("messages", f"{waits} for you", "`/webhook pending` says why")


def _people(view: View) -> Iterator[str]:
    people = view.people
    accesses = ""
    if view.counted is not None and view.counted.accesses != people[Group.ACCESS]:
        accesses = f", {count(view.counted.accesses, 'access', 'accesses')} in all"
    yield f"**{count(people[Group.ACCESS], 'person has', 'people have')} access**{accesses}"
    yield f"- {people[Group.WEEK]:,} with access that ends within 7 days"
    yield f"- {people[Group.LAPSED]:,} whose access ran out this month"
    if people[Group.UNLINKED]:
        yield f"- {people[Group.UNLINKED]:,} not linked: no Discord member is tied to the name"
    if people[Group.NAMELESS]:
        yield f"- {people[Group.NAMELESS]:,} who got something and told no TradingView name yet"


def _orders(view: View) -> Iterator[str]:
    held_up = f": {why_waiting(view.queue.holdup)}" if view.queue.holdup else ""
    yield f"{view.orders_waiting:,} waiting{held_up if view.orders_waiting else ''}"
    yield f"{view.orders_stuck:,} stuck"
    for row in view.queue.stuck[:SHOWN]:
        yield (
            f"- {person(row.customer, row.permission)}, {title(row.script)}: "
            f"{why_stuck(row.permission.reason)}"
        )
    if (more := view.orders_stuck - SHOWN) > 0:
        yield f"- and {more:,} more; `/sync status` shows them"


def seats(counted: Counted) -> Iterator[str]:
    """Yield the seats of now and of the month's end, with the fee."""
    known = counted.seats
    yield f"`{bar(known.then, FREE)}` {known.today:,} today, {known.then:,} at the month's end, {FREE} without a fee"
    yield f"Likely fee for this month: **{money(known.fee.once)}**. {distance(known)}"


def sale(sold: Sale, *, with_amount: bool) -> str:
    """Return a sale in a line: who, what, from where, when, and for how much where the shop said that."""
    what = "something" if sold.item is None else title(sold.item)
    parts = [f"{person(sold.customer)}: {what} {origin(sold.purchase)}"]
    if with_amount and sold.paid is not None:
        parts.append(amount(sold.paid))
    return f"{', '.join(parts)}, {moment(sold.purchase.asked_at)}"


def amount(paid: Payment) -> str:
    """Return the money as the shop wrote it."""
    return f"{paid.amount} {paid.currency or ''}".strip()
