"""Refusals and questions about what staff do with a customer."""

from bot.access.people import errors as refusals
from bot.replies.customers import named
from bot.replies.errors.sentence import sentence
from bot.replies.text import bold, count, escape, member, relative, typed


@sentence.register
def _(error: refusals.CustomerUnknown) -> str:
    return (
        f"**I have no record of {named(error.member_id, error.username)}.** Nothing was changed. "
        "`/customer search` finds people by a part of the name, an id, a note or an order number."
    )


@sentence.register
def _(error: refusals.GuidedAlready) -> str:
    return (
        f"**{member(error.member_id)} was sent that {relative(error.when)}.** Once a day is enough, so "
        "nothing was sent now."
    )


@sentence.register
def _(error: refusals.NotTied) -> str:
    if error.username is None:
        return f"**{named(error.member_id, None)} has no TradingView name here**, so there is nothing to untie."
    return f"**{escape(error.username)} is tied to no member**, so there is nothing to untie."


@sentence.register
def _(error: refusals.SamePerson) -> str:
    return (
        f"**Both are the same customer already: {named(error.member_id, error.username)}.** "
        "Nothing was changed."
    )


@sentence.register
def _(error: refusals.BothHaveNames) -> str:
    return (
        f"**{escape(error.username)} and {escape(error.other)} are two accounts on TradingView**, as far as I "
        "know, so they stay two customers. Nothing was changed. If one person uses both, end what one "
        "name has with `/access revoke`, give it to the other with `/access grant`, then use `/customer "
        "unlink` and `/customer link`."
    )


@sentence.register
def _(error: refusals.TargetHasName) -> str:
    return (
        f"**{member(error.member_id)} has a TradingView name already: {escape(error.username)}.** Nothing was "
        "changed. If both are one person's, a manager makes them one with `/customer merge`; otherwise "
        "use `/customer unlink` for that name first."
    )


@sentence.register
def _(error: refusals.NotBlocked) -> str:
    return f"**{named(error.member_id, error.username)} is not blocked.** Nothing was changed."


@sentence.register
def _(_: refusals.YouAreBlocked) -> str:
    return "**This does not work for you here.** Nothing was changed; please write to the staff of this server."


@sentence.register
def _(_: refusals.CustomerBlocked) -> str:
    return "**That customer is blocked**, so nothing is given automatically. Nothing was changed."


@sentence.register
def _(_: refusals.BeingForgotten) -> str:
    return (
        "**That customer is being forgotten**, so nothing new is given, and nothing comes back. Nothing was "
        "changed. Once it is done, the same name can be given access as a new customer."
    )


# Questions


@sentence.register
def _(error: refusals.GivesToBlocked) -> str:
    why = f": {typed(error.reason)}" if error.reason else ""
    return (
        f"⛔ **{named(error.member_id, error.username)} is blocked{why}.** They stay blocked, and get this "
        "all the same if you say yes. Shall I do it?"
    )


@sentence.register
def _(error: refusals.UnlinkKeepsAccess) -> str:
    return (
        f"**{escape(error.username)} has access, which stays when I untie it from "
        f"{member(error.member_id)}.** The member no longer sees it with `/me`. To end access, use "
        "`/access revoke`. Untie it?"
    )


@sentence.register
def _(error: refusals.MovesCustomer) -> str:
    before = f"from {member(error.from_id)} " if error.from_id else ""
    along = f"the access to {count(error.number, 'script')}" if error.number else "no access"
    return (
        f"**Everything of {named(None, error.username)} goes {before}to {member(error.to_id)}:** the name, "
        f"{along}, what was bought, and the history. Nothing changes on TradingView. Shall I do it?"
    )


@sentence.register
def _(error: refusals.MergesCustomers) -> str:
    kept, other = (count(number, "script") for number in error.numbers)
    return (
        f"**Two records become one: {named(error.member_id, error.username)}**, with what both have "
        f"({kept} and {other}) and the history of both. They cannot be told apart afterwards. Only a "
        "manager can say yes. Shall I do it?"
    )


@sentence.register
def _(error: refusals.ForgetsCustomer) -> str:
    ends = (
        f"First their access to {count(error.number, 'script')} ends on TradingView; then I"
        if error.number
        else "I"
    )
    return (
        f"**This forgets {named(error.member_id, error.username)} for good.** {ends} erase the name, the "
        "ids, notes, requests, messages not sent yet, and a block. The history stays, with a number in "
        f"place of {bold('them')}. It cannot be undone. Take away a role that gives access first, or it makes "
        "them a customer again. Only a manager can say yes. Shall I do it?"
    )
