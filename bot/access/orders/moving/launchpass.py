"""LaunchPass: its list of members. The money goes through the vendor's own Stripe, whose messages name it.

Where the list holds Stripe's ids, these are what the contracts are known by; else the address is.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.access.orders.moving.gathering import gathered, paying_of
from bot.access.orders.moving.records import Listing, Payer, Paying
from bot.access.orders.moving.table import Row, rows

_STATUS = (
    "status",
    "subscriptionstatus",
    "memberstatus",
    "paymentstatus",
    "valid",
    "isvalid",
    "active",
    "isactive",
)
_ENDS = (
    "currentperiodend", "nextpayment", "nextpaymentdate", "nextbillingdate", "renewaldate", "renewson",
    "nextbilling", "expires", "expireson", "expirationdate", "accessends", "enddate",
)  # fmt: skip


def read(files: Sequence[bytes], now: datetime) -> Listing:
    """Return who is in the lists. Raises ListUnreadable."""
    found = [row for data in files for row in rows(data, needs=[_STATUS])]
    return gathered(found, _payer, "stripe", now)


def _payer(row: Row) -> Payer:
    paying = paying_of(row, *_STATUS)
    if paying is Paying.PAYS and row.is_yes("cancelatperiodend", "settocancel", "canceling"):
        paying = Paying.CANCELLED
    return Payer(
        row.line,
        paying,
        row.moment(*_ENDS),
        product=row.first(
            "plan", "planname", "tier", "subscription", "product", "community", "price"
        ),
        keys=tuple(filter(None, (row.id_like("price_", "plan_"), row.id_like("prod_")))),
        contract=row.id_like("sub_"),
        customer=row.id_like("cus_"),
        email=row.email("email", "memberemail", "emailaddress"),
        username=row.username(),
        discord_id=row.discord_id(),
        discord_name=row.discord_name(),
    )
