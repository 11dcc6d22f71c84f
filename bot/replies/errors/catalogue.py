"""Refusals about scripts, in sentences."""

from bot.access.catalogue import errors as refusals
from bot.access.orders import errors as order_refusals
from bot.replies.errors.sentence import sentence
from bot.replies.text import bold, did_you_mean, escape, member, role, staff_words, typed
from bot.tradingview.errors import NoSuchScript
from bot.tradingview.names import PineIdProblem

_PINE_IDS = {
    PineIdProblem.USER_SCRIPT: "That id belongs to a saved private script (`USER;…`), which has no "
    "list of people. Publish it as invite-only and use the id that starts with `PUB;`.",
    PineIdProblem.BUILT_IN: "That id belongs to one of TradingView's own scripts. Use the id of an "
    "invite-only script of yours; it starts with `PUB;`.",
    PineIdProblem.ADDRESS: "That is the address of a page, and its id is another one. I need the "
    "pine id: `PUB;` and 32 letters and digits.",
    PineIdProblem.BAD: "That is no pine id. It looks like `PUB;` and 32 letters and digits.",
}
_REFUSED = "TradingView refused the script: it is unknown there or belongs to another account."


@sentence.register
def _(error: refusals.ItemUnknown) -> str:
    return (
        f"**There is no {error.meant} called {typed(error.text)} here.**{did_you_mean(error.near)} "
        "Pick one from the list that opens while you type."
    )


@sentence.register
def _(error: refusals.ProductEmpty) -> str:
    return (
        f"{bold(error.title)} **has no script yet**, so there is nothing to give. "
        "A manager adds some with `/product scripts`."
    )


@sentence.register
def _(error: refusals.PineIdUnusable) -> str:
    return f"**That script was not added.** {_PINE_IDS[error.kind]}"


@sentence.register
def _(_: refusals.PineIdElsewhere) -> str:
    return "**Another server of this bot keeps that script.** One script belongs to one server."


@sentence.register
def _(error: refusals.ScriptThere) -> str:
    return f"**That script is here already**, as {typed(error.slug)}. Nothing was changed."


@sentence.register
def _(error: refusals.ScriptNotYours) -> str:
    return (
        f"**That script was not added.** {_REFUSED} Check the pine id and `/session status`."
        f"{staff_words(error.detail)}"
    )


@sentence.register
def _(_: NoSuchScript) -> str:
    return f"**{_REFUSED}** `/script list` shows the pine ids in use."


@sentence.register
def _(error: refusals.SlugUnusable) -> str:
    return (
        f"**{typed(error.text)} cannot be a short name.** Use 1 to 32 small letters, digits and "
        "hyphens, such as `trend-pro`."
    )


@sentence.register
def _(error: refusals.SlugTaken) -> str:
    if error.archived:
        state = f" (an archived {error.kind})"
    else:
        state = " (a product)" if error.kind is refusals.ItemKind.PRODUCT else ""
    return f"**The short name {typed(error.slug)} is taken**{state}. Choose another one."


@sentence.register
def _(error: refusals.TitleUnusable) -> str:
    return f"**That title does not fit.** Type 1 to {error.longest} characters."


@sentence.register
def _(error: refusals.RoleIsProducts) -> str:
    return (
        f"**I give {role(error.role_id)} to everybody who has {escape(error.product.title)}**, so it cannot open "
        "anything itself: one would bring the other for ever. Choose another role."
    )


@sentence.register
def _(error: refusals.RoleRuleThere) -> str:
    return (
        f"**{role(error.role_id)} opens {escape(error.title)} already**, with the same days of grace. "
        "Nothing was changed; `/role list` shows all of them."
    )


@sentence.register
def _(error: refusals.RoleOpensNothing) -> str:
    what = f" {escape(error.title)}" if error.title else " that"
    which = role(error.role_id) if error.role_id else "The role"
    return (
        f"**{which} does not open{what}.** Nothing was changed; `/role list` shows what roles open."
    )


@sentence.register
def _(error: refusals.PremiumNeedsLength) -> str:
    return (
        f"**{escape(error.title)} can be bought on Discord again and again**, so what it gives needs a "
        "usual length. Nothing was changed. `/product edit` with `duration` gives a product one; then choose that product."
    )


@sentence.register
def _(error: refusals.PremiumOpensNothing) -> str:
    return f"**That does not open {escape(error.title)}.** Nothing was changed."


@sentence.register
def _(_: refusals.RuleNotRemoved) -> str:
    return (
        "**That was put back already, or was removed more than 24 hours ago.** `/role list` shows what "
        "roles open; `/role add` lets one open something again."
    )


@sentence.register
def _(error: order_refusals.RoleLossDecided) -> str:
    if error.loss.decided_by is None:
        return (
            "**Everybody has that role again**, so nothing is left to decide. Nobody lost access."
        )
    who = member(error.loss.decided_by)
    what = "they keep it" if error.loss.is_kept else "it ends"
    return f"**{who} decided that already:** {what}. Nothing else was changed."


@sentence.register
def _(error: refusals.LinkUnusable) -> str:
    match error.problem:
        case refusals.LinkProblem.TOO_LONG:
            return "**That address is too long.** Use one of at most 500 characters."
        case refusals.LinkProblem.NOT_HTTPS:
            return (
                "**That is no address that I can use.** Type the whole address of your shop's page; it "
                "begins with `https://`."
            )


@sentence.register
def _(_: refusals.TrialEndless) -> str:
    return "**A trial has an end.** Type how long it lasts, such as `7D`."


@sentence.register
def _(error: refusals.GraceUnusable) -> str:
    return f"**That many grace days are not possible.** Type 0 to {error.most} days."


@sentence.register
def _(error: refusals.NothingToChange) -> str:
    return f"{bold(error.title)} **is so already.** Nothing was changed."


@sentence.register
def _(error: refusals.HolderRoleUnusable) -> str:
    match error.problem:
        case refusals.HolderRoleProblem.OPENS_ITEM:
            return (
                f"**<@&{error.role_id}> opens a script or product already** (`/role list`). What people "
                "get for what they have must not open anything itself. Choose another role, or remove "
                "that rule first."
            )
        case refusals.HolderRoleProblem.HAS_LEVEL:
            return (
                f"**Whoever has <@&{error.role_id}> may manage your customers or this server**, so your "
                "customers must not get it. Choose another role."
            )
