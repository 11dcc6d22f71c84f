"""The shop at which the customers paid until now: the list that it exports, and its next payments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from bot.sandbox.example_files import Example, csv_of, everybody
from bot.sandbox.payments.orders import Buyer, Order, Payment
from bot.sandbox.shop import Publication, Shop

FORM, MEMBERS, RENEWS = "whop", "members.csv", "carl.fx"
_TITLES = (
    "Membership ID", "Product", "Plan ID", "Status", "Renewal Period End", "Email", "TradingView username",
)  # fmt: skip
# Of so many whose access ran out, one pays nevertheless; of so many who have it, one does not.
_PAYS, _STAYS_AWAY = 10, 13
_PAID_FOR, _OVER_SINCE = timedelta(days=18), timedelta(days=20)


@dataclass(frozen=True)
class _Member:
    """Somebody in the list; `until` is what they paid for."""

    number: str
    username: str
    pays: bool
    until: datetime

    @property
    def email(self) -> str:
        return f"{self.username.casefold()}@example.org"


def members(shop: Shop) -> Example:
    """Return the list as Whop exports it: some pay without access, some have access and do not pay."""
    sold = _sold(shop)
    rows = [
        [
            f"mem_{each.number}",
            sold.script.title,
            f"plan_{sold.slug}",
            "active" if each.pays else "expired",
            f"{each.until:%Y-%m-%d %H:%M}",
            each.email,
            each.username,
        ]
        for each in _members(shop)
    ]
    return Example(f"{len(rows)} members", MEMBERS, csv_of([_TITLES, *rows]))


def unserved(shop: Shop) -> list[str]:
    """Return who pays, and has no access to what they pay for now."""
    has_access, pine_id = shop.tradingview.world.has_access, _sold(shop).script.pine_id
    return [
        each.username
        for each in _members(shop)
        if each.pays and not has_access(pine_id, each.username)
    ]


def order_of(shop: Shop, username: str) -> Order:
    """Return what somebody in the list bought there, so that it can be renewed."""
    member = next(each for each in _members(shop) if each.username == username)
    began_at = member.until - relativedelta(months=1)
    order = Order(
        member.number,
        _sold(shop).slug,
        Buyer(username, member.email, username, ""),
        is_subscription=True,
        began_at=began_at,
        changed_at=began_at,
    )
    order.payments.append(Payment(member.number, 1, began_at, began_at, member.until))
    return order


def _sold(shop: Shop) -> Publication:
    return shop.publications[0]


def _members(shop: Shop) -> Iterator[_Member]:
    now, script = shop.discord.world.now(), _sold(shop).script
    for index, user in enumerate(everybody(shop)):
        number = f"{user.id:06}"
        row = script.grants.get(user.id)
        end = None if row is None else row.end
        if end is not None and end > now:
            if index % _STAYS_AWAY:
                yield _Member(number, user.username, pays=True, until=end)
        elif row is None or end is not None:
            pays = index % _PAYS == 0
            until = now + _PAID_FOR if pays else now - _OVER_SINCE
            yield _Member(number, user.username, pays, until)
