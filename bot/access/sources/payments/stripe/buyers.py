"""Who bought at Stripe: what the buyer brought along, typed, or the shop wrote down (payments-wire, section 2)."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bot.access.rules.payments import Buyer
from bot.access.sources.payments import Options
from bot.access.sources.payments.stripe.shapes import id_of, inside, objects, text

_WORD = "tradingview"
_TYPED, _SHOP, _COPIED = 2, 1, 0  # how much a username is worth
_DISCORD_ID = re.compile(r"\d{15,20}", re.ASCII)
_DISCORD_KEYS = ("discord_id", "discord_user_id", "discord")
_MAX_EMAIL = 320


def buyer_at_checkout(
    session: dict[str, Any],
    contract: str | None,
    payment: str | None,
    at: datetime,
    options: Options,
) -> Buyer:
    """Return who went through a checkout."""
    metadata = inside(session, "metadata")
    typed = _typed(session, options)
    code = id_of(session)
    return Buyer(
        contract=contract,
        payment=payment,
        customer=id_of(inside(session, "customer")),
        token=text(inside(session, "client_reference_id")) or text(inside(metadata, "usher")),
        username=typed or _named(metadata, options),
        discord_id=_discord_id(metadata),
        email=_email(
            inside(session, "customer_details", "email"), inside(session, "customer_email")
        ),
        claim_codes=(code,) if code else (),  # it stands in the address of the success page
        rank=_TYPED if typed else _SHOP,
        at=at,
    )


def buyer_of_subscription(
    subscription: str, thing: dict[str, Any], metadata: Any, at: datetime, options: Options
) -> Buyer:
    """Return who has a subscription, as its metadata say, there or on one of its invoices."""
    return Buyer(
        contract=subscription,
        customer=id_of(inside(thing, "customer")),
        token=text(inside(metadata, "usher")),
        username=_named(metadata, options),
        discord_id=_discord_id(metadata),
        email=_email(inside(thing, "customer_email"), inside(thing, "customer", "email")),
        rank=_COPIED,
        at=at,
    )


def _typed(session: dict[str, Any], options: Options) -> str | None:
    """Return what was typed into the field for the TradingView name."""
    fields = objects(inside(session, "custom_fields"))
    wanted = text(options.get("name_field"))
    named = [field for field in fields if wanted and inside(field, "key") == wanted]
    alike = [field for field in fields if any(_WORD in name for name in _names(field))]
    return next(filter(None, map(_value, (*named, *alike))), None)


def _names(field: dict[str, Any]) -> Iterator[str]:
    for name in (inside(field, "key"), inside(field, "label", "custom")):
        if isinstance(name, str):
            yield _plain(name)


def _plain(name: str) -> str:
    """Return a name without what people put between its words."""
    return "".join(filter(str.isalnum, name.casefold()))


def _value(field: dict[str, Any]) -> str | None:
    kinds = (inside(field, "type"), "text", "dropdown", "numeric")
    values = (inside(field, kind, "value") for kind in kinds if isinstance(kind, str))
    return next(filter(None, map(text, values)), None)


def _named(metadata: Any, options: Options) -> str | None:
    """Return the TradingView name that the shop wrote into metadata."""
    if not isinstance(metadata, dict):
        return None
    wanted = text(options.get("name_field"))
    alike = sorted(key for key in metadata if _WORD in _plain(key))
    keys = (*((wanted,) if wanted else ()), *alike, "username")
    return next(filter(None, (text(metadata.get(key)) for key in keys)), None)


def _discord_id(metadata: Any) -> int | None:
    for key in _DISCORD_KEYS:
        found = text(inside(metadata, key))
        if found and _DISCORD_ID.fullmatch(found) and int(found) < 2**63:
            return int(found)
    return None


def _email(*values: Any) -> str | None:
    found = (text(value, _MAX_EMAIL) for value in values)
    return next((email for email in found if email and "@" in email), None)
