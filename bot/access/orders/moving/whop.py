"""Whop: the memberships table as it is exported. A membership's id (mem_) is what its messages name.

An export of users alone holds no membership: its next message is known by the user's id or address then.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.access.orders.moving.gathering import gathered, paying_of
from bot.access.orders.moving.records import Listing, Payer, Paying
from bot.access.orders.moving.table import Row, rows

_STATUS = (
    "status",
    "membershipstatus",
    "mostrecentaction",
    "state",
    "valid",
    "isvalid",
    "active",
    "isactive",
)
_ENDS = (
    "expiresat", "expirationdate", "expires", "renewalperiodend", "currentperiodend", "nextrenewal",
    "nextrenewaldate", "renewaldate", "renewsat", "nextbillingdate", "validuntil", "enddate", "expiry",
)  # fmt: skip
_CANCELS = ("cancelatperiodend", "canceling", "cancelling")


def read(files: Sequence[bytes], now: datetime) -> Listing:
    """Return who is in the lists. Raises ListUnreadable."""
    found = [row for data in files for row in rows(data, needs=[_STATUS])]
    return gathered(found, _payer, "whop", now)


def _payer(row: Row) -> Payer:
    paying, until = paying_of(row, *_STATUS), row.moment(*_ENDS)
    if paying in (Paying.PAYS, Paying.TRIAL) and row.is_yes(*_CANCELS):
        paying = Paying.CANCELLED
    word = row.first(*_STATUS).casefold()
    is_renewing = word in ("renewing", "joined")  # of these an end is missing
    membership = row.id_like("mem_")
    keys = tuple(filter(None, (row.id_like("plan_"), row.id_like("prod_", "pass_"))))
    ends = f"{until:%Y-%m-%dT%H:%M:%S.%fZ}" if until else ""
    return Payer(
        row.line,
        paying,
        until,
        for_good=paying is Paying.PAYS and until is None and not is_renewing,
        product=row.first("productname", "product", "producttitle", "pass", "plan", "planname"),
        keys=keys,
        contract=membership,
        payment=f"{membership}:{ends}" if membership and until else membership,
        customer=row.id_like("user_"),
        licence=row.first("licensekey", "license", "licencekey") or None,
        email=row.email("email", "useremail", "emailaddress"),
        username=row.username(),
        discord_id=row.discord_id(),
        discord_name=row.discord_name(),
    )
