"""The file for a dispute: what one customer bought, had, was told and did, as a page and as a table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Any

from bot.access.queries.evidence import Bought, Dossier, Shown, Sold
from bot.access.rules.cells import table
from bot.access.rules.payments import Dispute, Failure, Payment, Refund
from bot.access.sources import payments
from bot.replies.message import Attached, Message
from bot.replies.text import order_number, origin_named
from bot.store.kinds import ActorKind, Tie
from bot.store.records import Customer, Event, Script

Row = Sequence[str]

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.3rem 0}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%}.big table{min-width:40rem}"
    "td:first-child{white-space:nowrap}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #ddd}"
    "th{font-weight:600;background:#f5f5f5}.none{color:#666}@media print{body{margin:0}}"
)
_TIES: Mapping[Tie, str] = {
    Tie.CLAIMED: "the member linked the name themselves",
    Tie.PROVEN: "the member showed on TradingView that the name is theirs",
    Tie.STAFF: "staff of the server confirmed it",
}
_DONE: Mapping[str, str] = {
    "grant": "access ordered",
    "set": "end of access ordered",
    "revoke": "end of access ordered at once",
    "put_back": "access put back",
    "done": "TradingView shows it",
    "stuck": "waits for a person",
    "superseded": "replaced by a later order",
    "purchase": "purchase recorded",
    "link": "TradingView name linked",
    "unlink": "TradingView name unlinked",
    "found": "access found on TradingView",
    "payment_claimed": "purchase assigned to the customer",
    "payment_moved": "purchase taken over from another shop",
    "cannot_see": "customer reported that they do not see it",
}


def evidence(dossier: Dossier, server: str | None) -> Message:
    """Return the answer with both files."""
    name = _named(dossier.person)
    text = (
        f"📄 **Everything about {name}**, for a dispute: a page to print or to save as PDF, and the same "
        "history as a table. All times are in UTC, and nobody else is in it. Look through it before you send it."
    )
    stem = f"evidence-{dossier.person.id}-{dossier.at:%Y%m%d}"
    return Message(
        text,
        files=(
            Attached(f"{stem}.html", _page(dossier, server).encode()),
            Attached(f"{stem}.csv", _table(dossier)),
        ),
    )


def _named(person: Customer) -> str:
    if person.username is not None:
        return f"`{person.username}`"
    return f"the member {person.member_id}"


def _page(dossier: Dossier, server: str | None) -> str:
    title = f"Access of {dossier.person.username or dossier.person.member_id}"
    sections = (
        ("Who it is", ("", ""), _identity(dossier.person)),
        (
            "What was paid",
            ("When (UTC)", "Shop", "Order or subscription", "What", "Amount", "Period (UTC)"),
            sorted((row for each in dossier.sold for row in _money(each)), key=lambda row: row[0]),
        ),
        (
            "What was bought",
            ("When (UTC)", "What", "From", "Length", "Until (UTC)", "Ended (UTC)"),
            [_bought(each) for each in dossier.bought],
        ),
        (
            "What TradingView shows",
            ("Script", "TradingView id", "Name there", "Access", "Read at (UTC)"),
            [_shown(each) for each in dossier.shown],
        ),
        (
            "What happened",
            ("When (UTC)", "What", "Script", "Before", "After", "By"),
            [_event(dossier, each) for each in dossier.history],
        ),
        ("Messages to the customer", ("When (UTC)", "What"), list(_messages(dossier))),
        (
            "What the customer did in Discord",
            ("When (UTC)", "What", "Script"),
            [
                (_moment(each.at), _what(each.action), _script(dossier.scripts, each))
                for each in dossier.own_acts
            ],
        ),
    )
    body = "".join(_section(*each) for each in sections)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>Server: {escape(server or 'unknown')}. Made {_moment(dossier.at)} UTC from the records of Usher, "
        f"which gives access to invite-only scripts on TradingView.</p>{body}</body></html>"
    )


def _section(title: str, head: Row, rows: Iterable[Row]) -> str:
    cells = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    if not cells:
        return f'<h2>{escape(title)}</h2><p class="none">Nothing.</p>'
    big = " big" if len(head) > 3 else ""  # as narrow as a phone, its columns could not be read
    top = "".join(f"<th>{escape(each)}</th>" for each in head) if any(head) else ""
    return (
        f'<h2>{escape(title)}</h2><div class="wide{big}" tabindex="0"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{cells}</tbody></table></div>"
    )


def _table(dossier: Dossier) -> bytes:
    """Return the history as CSV."""
    return table(
        ("time_utc", "what", "script", "before", "after", "by"),
        (_event(dossier, each) for each in dossier.history),
    )


def _identity(person: Customer) -> list[Row]:
    rows: list[Row] = [
        ("TradingView name", person.username or "not known"),
        ("TradingView number", str(person.tv_user_id or "not known")),
        ("Discord member", str(person.member_id or "not known")),
    ]
    if person.linked_at is not None:
        rows.append(("Linked (UTC)", _moment(person.linked_at)))
    if person.tie is not None:
        rows.append(("How it is known", _TIES[person.tie]))
    return rows


def _money(sold: Sold) -> Iterator[Row]:
    shop, name = payments.label(sold.provider), order_number(sold.contract.name)
    for fact in sold.facts:
        match fact:
            case Payment():
                what = f"paid ({fact.key})"
                period = f"{_moment(fact.starts_at)} to {_moment(fact.ends_at)}"
                amount = _amount(fact.amount, fact.currency)
                yield (
                    _moment(fact.at), shop, name, what, amount, period if fact.ends_at else "",
                )  # fmt: skip
            case Refund():
                # A shop may tell of each refund, of the sum of all so far, or of both.
                is_sum = fact.amount is None and fact.total is not None
                what = "refunded so far in all" if is_sum else f"refund, {fact.state}"
                amount = _amount(fact.total if is_sum else fact.amount, None)
                yield _moment(fact.at), shop, name, f"{what} ({fact.key})", amount, ""
            case Dispute():
                yield _moment(fact.at), shop, name, f"dispute, {fact.state} ({fact.key})", "", ""
            case Failure():
                yield _moment(fact.at), shop, name, f"payment failed ({fact.key})", "", ""
            case _:
                continue


def _amount(amount: Decimal | None, currency: str | None) -> str:
    return "" if amount is None else f"{amount} {currency or ''}".strip()


def _bought(bought: Bought) -> Row:
    purchase = bought.purchase
    reasons = [each for each in bought.reasons if each.ended_at is None] or bought.reasons
    ends = [each.ends_at for each in reasons if each.ends_at is not None]
    until = _moment(max(ends)) if ends else {"lifetime": "no end", "open": "as long as it lasts"}.get(
        purchase.kind, ""
    )  # fmt: skip
    return (
        _moment(purchase.asked_at),
        bought.item.title,
        origin_named(purchase.source),
        purchase.length or "",
        until,
        _moment(purchase.ended_at),
    )


def _shown(shown: Shown) -> Row:
    state = shown.state
    access = {
        "nothing": "no access",
        "unknown": "not read yet",
        "lifetime": "access without an end",
    }
    said = access.get(state.kind, f"access until {_moment(state.ends_at)} UTC")
    return (
        shown.script.title,
        shown.script.pine_id,
        shown.permission.username,
        said,
        f"{_moment(shown.at)}{'' if shown.is_live else ' (the last time)'}",
    )


def _event(dossier: Dossier, entry: Event) -> Row:
    return (
        _moment(entry.at),
        _what(entry.action),
        _script(dossier.scripts, entry),
        _state(entry.before),
        _state(entry.after),
        _by(dossier.person, entry),
    )


def _what(action: str) -> str:
    return _DONE.get(action, action.replace("_", " "))


def _script(scripts: Mapping[int, Script], entry: Event) -> str:
    script = scripts.get(entry.script_id or 0)
    return "" if script is None else script.title


def _state(facts: Any) -> str:
    """Return an access before or after, and nothing else: other facts may name other people."""
    if not isinstance(facts, Mapping):
        return ""
    if length := facts.get("length"):
        return f"{length} more"
    if end := facts.get("ends_at"):
        return f"until {_moment(datetime.fromisoformat(end))}"
    kinds = {"nothing": "no access", "lifetime": "no end", "open": "as long as it is paid or held"}
    return kinds.get(str(facts.get("kind")), "")


def _by(person: Customer, entry: Event) -> str:
    """Return who did it: staff are not named."""
    match entry.actor_kind:
        case ActorKind.MEMBER:
            return "the customer" if entry.actor_id == str(person.member_id) else "staff"
        case ActorKind.SOURCE:
            return f"Usher, {origin_named(entry.actor_id or '')}"
        case ActorKind.KEY:
            return "an automation of the vendor"
        case ActorKind.USHER:
            return "Usher"


def _messages(dossier: Dossier) -> Iterator[Row]:
    told = [
        (at, f"told how the order of {_moment(order.asked_at)} came out ({_what(order.kind)})")
        for order, at in dossier.told
    ]
    told += [
        (at, f"reminded that it {f'ends in {days} days' if days else 'has ended'}: {_moment(end)}")
        for at, days, end in dossier.reminded
    ]
    for at, what in sorted(told):
        yield _moment(at), what


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
