"""Full checks that a page starts: they go on by themselves, and what came of them is said on a later page."""

from collections.abc import Sequence

from bot.errors import UserError
from bot.replies import Message, explain, sweeps as replies
from bot.store.records import Script
from bot.web.dashboard.visitor import Visitor


def start(visitor: Visitor, scripts: Sequence[Script]) -> None:
    """Read the whole lists of these scripts, one after the other, beside what the browser does."""
    _ = visitor.services.jobs.spawn(_read(visitor, scripts), "a full check from the dashboard")


async def _read(visitor: Visitor, scripts: Sequence[Script]) -> None:
    services, by = visitor.services, visitor.session.member_id
    for script in scripts:
        try:
            swept = await services.sweeps.of_script(script, by=by)
        except UserError as refusal:
            visitor.note(Message(replies.unread(script, explain(refusal).sentence)))
        else:
            await services.drift.note(swept, by)
