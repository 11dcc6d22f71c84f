"""What a shop's list says of a contract, in the words of its messages, and by what the next one is known; pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.access.orders.moving.records import Payer, Paying
from bot.access.rules.codes import digest_of
from bot.access.rules.payments import Buyer, Fact, Line, Payment, Snapshot, Status
from bot.store.records import AWAITED

_STATUSES = {
    Paying.PAYS: Status.ACTIVE,
    Paying.TRIAL: Status.TRIAL,
    Paying.LATE: Status.PAST_DUE,
    Paying.CANCELLED: Status.ACTIVE,
}
_OWN = "moved"  # how Usher's own id of a contract begins


def line_of(payer: Payer) -> Line:
    """Return what was bought: by the shop's ids, and by its name, where messages tell it by that alone."""
    return Line(
        (*payer.keys, *([payer.product[:200]] if payer.product else [])), payer.product or None
    )


def contract_id(payer: Payer) -> str:
    """Return the id of a contract; one of Usher's own while the list does not tell the shop's."""
    known = payer.contract or payer.payment or payer.customer
    if known is not None:
        return known[:200]
    person = payer.email or str(payer.discord_id or payer.username or payer.line)
    return f"{_OWN} {hashlib.sha256(f'{person} {payer.product}'.encode()).hexdigest()[:40]}"


def facts_of(
    payer: Payer, at: datetime, ends_at: datetime | None, length: str | None = None
) -> list[Fact]:
    """Return what is known of a contract at a moment: paid until `ends_at`, else for that `length`."""
    contract = contract_id(payer)
    known: list[Fact] = [
        Payment(
            key=payer.payment or contract,
            contract=contract,
            at=payer.paid_at or at,
            lines=(line_of(payer),),
            ends_at=ends_at,
            length=None if ends_at else length,
        ),
        Buyer(
            contract=contract,
            customer=payer.customer,
            username=payer.username,
            discord_id=payer.discord_id,
            email=payer.email,
            claim_codes=(payer.licence,) if payer.licence else (),
            at=at,
        ),
    ]
    if ends_at is not None:
        renews = payer.paying in (Paying.PAYS, Paying.TRIAL)
        status = _STATUSES[payer.paying]
        known.append(
            Snapshot(contract, at, status, renews, ends_at=ends_at, customer=payer.customer)
        )
    return known


def period_of(payer: Payer, at: datetime, ends_at: datetime) -> list[Fact]:
    """Return what a list says of a contract that is known: one more period of it is paid."""
    return [
        replace(fact, key=f"{fact.key} until {ends_at:%Y%m%d%H%M}")
        if isinstance(fact, Payment)
        else fact
        for fact in facts_of(payer, at, ends_at)
    ]


def awaited_by(guild_id: int, payer: Payer) -> list[str]:
    """Return by what the next message is known, the surest first; nothing where the list tells its contract."""
    if payer.contract is not None:
        return []
    codes = [payer.licence] if payer.licence else []
    return _ids(guild_id, codes, payer.customer, payer.email)


def awaited_of(guild_id: int, facts: Iterable[Fact]) -> list[str]:
    """Return the same of what a message tells."""
    codes: list[str] = []
    customer = email = None
    for fact in facts:
        if isinstance(fact, Buyer):
            codes += fact.claim_codes
            customer, email = customer or fact.customer, email or fact.email
        elif isinstance(fact, Snapshot):
            customer = customer or fact.customer
    return _ids(guild_id, codes, customer, email)


def is_of_one(ref: str) -> bool:
    """Return whether it names one subscription, and not a buyer who may have several (on Patreon nobody has)."""
    return ref.startswith((f"{AWAITED}code ", f"{AWAITED}buyer user:"))


def _ids(guild_id: int, codes: list[str], customer: str | None, email: str | None) -> list[str]:
    found = [f"{AWAITED}code {digest_of(guild_id, code).hex()}" for code in codes]
    if customer:
        found.append(f"{AWAITED}buyer {customer[:150]}")
    if email:  # never as it is: it is a secret of the buyer's
        found.append(f"{AWAITED}address {digest_of(guild_id, email.strip().casefold()).hex()}")
    return found
