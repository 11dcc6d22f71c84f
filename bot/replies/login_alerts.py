"""The direct messages about a TradingView login that has ended, and that is back."""

from datetime import datetime

from bot.replies.login import form_button
from bot.replies.message import Message
from bot.replies.text import bold, count, moment, relative
from bot.replies.tone import Tone
from bot.store.kinds import OutageStage
from bot.store.records import Outage


def to_setter(
    outage: Outage, stage: OutageStage, waiting: int, server_name: str, now: datetime
) -> Message:
    """Return the message to the member who set the login: it `ended`, `still` has, or is `back`."""
    where = f"of {bold(server_name)}"
    if stage is OutageStage.BACK:
        took = relative(outage.ended_at or now)
        return Message(
            f"✅ The TradingView login {where} works again ({took}). What waited goes on by itself; "
            "there is nothing left to do."
        )
    since = f"{moment(outage.since)} ({relative(outage.since)})"
    first = (
        f"⚠️ The TradingView login {where} has ended, {since}."
        if stage is OutageStage.ENDED
        else f"⚠️ The TradingView login {where} still does not work; it ended {since}."
    )
    orders = (
        "No order waits at the moment."
        if not waiting
        else f"{count(waiting, 'order')} {'waits' if waiting == 1 else 'wait'} and will be carried out."
    )
    return Message(
        f"{first}\n**Nobody lost access.** {orders} It can wait until morning.\nWhen you have a "
        "minute, renew it with the button, or with `/session link` in the server for a page that "
        "also works on a phone.",
        buttons=(form_button(outage.guild_id),),
        tone=Tone.STOP,
    )
