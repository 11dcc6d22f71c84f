"""The pretend shop: its orders, one form of messages for each provider, and what the bot answered."""

import itertools
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.sandbox.payments.form import Form, Letter
from bot.sandbox.payments.forms import FORMS
from bot.sandbox.payments.orders import Buyer, Deed, Order, new_order

Json = dict[str, Any]

KEPT = 60  # messages and orders that the page shows
PATIENCE = 10.0  # seconds
MAX_LATE = timedelta(days=60)
_PATH = re.compile(r"/webhooks/[A-Za-z0-9_\-./?=&%]+")
_TEXT = re.compile(r"\S.{0,99}\Z")
_PRODUCT = re.compile(r"[A-Za-z0-9_\-]{1,40}\Z")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent, and what the bot answered; without a status nobody did."""

    number: int
    form: str
    event: str
    at: datetime
    status: int | None
    body: str


@dataclass(slots=True)
class Account:
    """What the vendor has with one provider: its secret, and the address that was pasted there."""

    secret: str
    path: str | None = None


class PaymentShop:
    """Sells, and tells the bot of it in the words of a provider; `on_change` hears of every change.

    `address` is the bot's own, without a path: nothing is ever sent anywhere else.
    """

    def __init__(self, address: str, now: Callable[[], datetime]) -> None:
        self.address = address
        self._now = now
        self._numbers = itertools.count(1)
        self._orders: dict[str, tuple[Form, Order]] = {}
        self.accounts = {name: Account(form.new_secret()) for name, form in FORMS.items()}
        self.sent: deque[Sent] = deque(maxlen=KEPT)
        self.on_change: Callable[[], None] = lambda: None

    def connect(self, form: str, address: str) -> None:
        """Paste the bot's address at that provider; ValueError when there is none in the text."""
        found = _PATH.search(address)
        if found is None:
            raise ValueError("that is no address of a webhook: copy it from the bot's answer")
        self._account(form).path = found.group().rstrip(".")
        self.on_change()

    def is_connected(self, form: str) -> bool:
        """Return whether that provider knows the bot's address."""
        return self._account(form).path is not None

    def keep(self, form: str, order: Order) -> None:
        """Let that provider have sold it before."""
        self._orders[order.id] = FORMS[form], order
        self.on_change()

    async def buy(self, body: Json) -> Order:
        """Sell something; ValueError says what is missing."""
        form = _form(body)
        order = new_order(
            _checked(_PRODUCT, body, "product"),
            Buyer(
                _checked(_TEXT, body, "name"),
                _checked(_TEXT, body, "email"),
                str(body.get("username") or "").strip(),
                str(body.get("discord_id") or "").strip(),
            ),
            self._moment(body),
            is_subscription=bool(body["subscription"]),
        )
        await self._do(form, order, Deed.BUY, body)
        return order

    async def happen(self, body: Json) -> None:
        """Let something happen to an order; ValueError says why it cannot."""
        found = self._orders.get(str(body["order"]))
        if found is None:
            raise ValueError("that order is gone")
        await self._do(*found, Deed(body["do"]), body)

    async def _do(self, form: Form, order: Order, deed: Deed, body: Json) -> None:
        account = self._account(form.id)
        if account.path is None:
            raise ValueError("paste the bot's address first")
        if deed not in (form.deeds if order.is_subscription else form.once):
            raise ValueError(f"{form.label} has no message for that")
        order.happen(deed, self._moment(body))
        self._orders[order.id] = form, order
        letters = form.write(order, deed, account.secret)
        if body.get("swapped"):
            letters.reverse()
        if body.get("twice"):
            letters = [letter for letter in letters for _ in range(2)]
        await self._send(form, account, letters)

    async def _send(self, form: Form, account: Account, letters: Sequence[Letter]) -> None:
        """Send them one after the other; the signature is of this moment, as at a provider that tries again."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            for letter in letters:
                at = self._now()
                headers = {
                    "Content-Type": letter.content_type,
                    **form.sign(letter, account.secret, at),
                }
                status = await _post(http, f"{self.address}{account.path}", letter, headers)
                shown = letter.body.decode().replace(account.secret, "…")
                number = next(self._numbers)
                self.sent.append(Sent(number, form.label, letter.event, at, status, shown))
                self.on_change()

    def _account(self, form: str) -> Account:
        if form not in self.accounts:
            raise ValueError("there is no such provider")
        return self.accounts[form]

    def _moment(self, body: Json) -> datetime:
        """Return when it happened: so many hours ago, where the message comes late."""
        late = timedelta(hours=float(body.get("late") or 0))
        if not timedelta() <= late <= MAX_LATE:
            raise ValueError(f"a message is at most {MAX_LATE.days} days late")
        return self._now() - late

    def describe(self) -> Json:
        """Return everything for the page, as JSON; the newest first."""
        orders = list(self._orders.values())[-KEPT:]
        return {
            "forms": [self._described(form) for form in FORMS.values()],
            "orders": [_order(form, order) for form, order in reversed(orders)],
            "sent": [
                {
                    "number": each.number,
                    "form": each.form,
                    "event": each.event,
                    "at": each.at.isoformat(timespec="milliseconds"),
                    "status": each.status,
                    "body": each.body,
                }
                for each in reversed(self.sent)
            ],
        }

    def _described(self, form: Form) -> Json:
        account = self.accounts[form.id]
        return {
            "id": form.id,
            "provider": form.name,
            "label": form.label,
            "note": form.note,
            "secret": account.secret,
            "address": account.path and f"{self.address}{account.path}",
            "sells_once": bool(form.once),
            "subscribes": bool(form.deeds),
        }


async def _post(
    http: aiohttp.ClientSession, address: str, letter: Letter, headers: dict[str, str]
) -> int | None:
    """Return the status of the bot's answer; None when none came."""
    try:
        async with http.post(
            address, data=letter.body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status
    except (TimeoutError, aiohttp.ClientError):
        return None


def _form(body: Json) -> Form:
    form = FORMS.get(str(body["form"]))
    if form is None:
        raise ValueError("there is no such provider")
    return form


def _checked(pattern: re.Pattern[str], body: Json, name: str) -> str:
    text = str(body[name]).strip()
    if not pattern.match(text):
        raise ValueError(f"fill in the {name}")
    return text


def _order(form: Form, order: Order) -> Json:
    return {
        "id": order.id,
        "form": form.id,
        "label": form.label,
        "product": order.product,
        "buyer": order.buyer.name,
        "subscription": order.is_subscription,
        "state": _state(order),
        "deeds": sorted(_possible(form, order)),
    }


def _state(order: Order) -> str:
    """Return how an order stands, in one word."""
    paid = order.paid
    if paid.dispute is not None:
        return "dispute won" if paid.dispute_won else "disputed"
    if paid.refunded:
        return "refunded" if paid.is_fully_refunded else "partly refunded"
    if order.is_cancelled:
        return "cancelled"
    return "payment failed" if order.is_past_due else "paid"


def _possible(form: Form, order: Order) -> set[Deed]:
    """Return what may happen next, of what the provider has messages for."""
    possible = set(form.deeds if order.is_subscription else form.once) - {Deed.BUY}
    paid = order.paid
    if paid.dispute is None:
        possible.discard(Deed.WIN)
    else:
        possible.discard(Deed.DISPUTE)
    if paid.dispute_won:
        possible.discard(Deed.WIN)
    if paid.is_fully_refunded:
        possible -= {Deed.REFUND, Deed.REFUND_PART}
    if order.is_cancelled:
        possible -= {Deed.RENEW, Deed.FAIL, Deed.CANCEL}
    return possible
