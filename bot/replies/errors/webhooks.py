"""Refusals about shops, their secrets, prices and orders, in sentences."""

from bot.access.orders import errors as refusals
from bot.replies.errors.sentence import sentence
from bot.replies.text import escape, listed, typed

_MAX_NEAR = 12
_MAX_REASON = 300


@sentence.register
def _(error: refusals.ProviderUnknown) -> str:
    near = listed((typed(name) for name in error.near[:_MAX_NEAR]), "or")
    offer = f" I know {near}; any other shop can use `generic`." if near else ""
    return f"**I know no payment provider called {typed(error.text)}.** Nothing was added.{offer}"


@sentence.register
def _(_: refusals.ConnectionUnknown) -> str:
    return "**There is no such connection here.** Nothing was changed; `/webhook list` shows what there is."


@sentence.register
def _(error: refusals.TooManyConnections) -> str:
    return (
        f"**There are {error.most:,} connections here, and I take no more.** Nothing was added; "
        "`/webhook remove` removes one that you do not need."
    )


@sentence.register
def _(error: refusals.SecretUnusable) -> str:
    return (
        f"**That does not look like a secret of {escape(error.title)}.** Nothing was kept. Copy it anew at the "
        "shop, all of it and nothing else: it is not the API key, and not the address."
    )


@sentence.register
def _(error: refusals.ApiKeyUnusable) -> str:
    return f"**I cannot use that as an API key of {escape(error.title)}.** Nothing was changed."


@sentence.register
def _(error: refusals.OptionsUnusable) -> str:
    return (
        f"**{escape(error.title)} does not take these options.** Nothing was changed: "
        f"{escape(error.reason)[:_MAX_REASON]}."
    )


@sentence.register
def _(_: refusals.PriceNotNamed) -> str:
    return (
        "**Which price is which product?** Fill in both `price`, as the shop calls it, and `item`. "
        "Nothing was changed."
    )


@sentence.register
def _(_: refusals.OrderTaken) -> str:
    return "**That order is somebody's already.** Nothing was changed; `/webhook pending` shows what waits."


@sentence.register
def _(_: refusals.DeliveryUnknown) -> str:
    return (
        "**No message with that number waits for another try.** Nothing was changed; `/webhook pending` "
        "shows what does."
    )
