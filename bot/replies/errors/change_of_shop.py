"""Refusals about a shop's list that was sent, in sentences."""

from bot.access.orders.moving import errors as refusals
from bot.replies.errors.sentence import sentence


@sentence.register
def _(_: refusals.ListGone) -> str:
    return (
        "**That list is not here any more.** It holds addresses of your customers, so it is kept in memory alone: "
        "for an hour after the last look at most, and not over a restart of Usher. Send it once more: whoever was taken "
        "over already is not taken over twice."
    )


@sentence.register
def _(_: refusals.NothingSold) -> str:
    return (
        "**There is nothing on sale in this server yet,** so nobody can be taken over. Add your scripts first: "
        "`/setup` in Discord, or *Scripts and products* on the dashboard. Nothing was changed."
    )


@sentence.register
def _(_: refusals.OtherListFirst) -> str:
    return (
        "**Another list is being taken over in this server just now.** Nothing was changed by this press. Try "
        "again once that is done."
    )
