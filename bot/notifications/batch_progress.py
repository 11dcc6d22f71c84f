"""Shows how far batches are, each in one message, and tells their end.

While the answer of whoever started a batch can be changed, that is the message; after 15 minutes a
direct message takes its place, or one in the log channel. What was sent is noted afterwards; a crash in
between sends the same nonce again, which Discord answers with the message it has.
"""

import asyncio
import logging
from datetime import timedelta

import discord

from bot import clock
from bot.access.orders.bulk.messages import BatchMessages, Followed
from bot.access.orders.bulk.row_results import RowResults
from bot.access.orders.bulk.views import BatchView, BatchViews
from bot.jobs import Jobs
from bot.notifications.backoff import Backoff
from bot.notifications.direct_messages import Delivery, DirectMessages
from bot.notifications.late_answers import change_answer
from bot.notifications.log_channel import LogChannel
from bot.notifications.trouble import (
    GROUND,
    TROUBLE,
    Blockade,
    in_short,
    is_final_for_message,
)
from bot.replies import Message, bulk_progress as replies
from bot.replies.command_mentions import clickable
from bot.replies.message import Attached
from bot.store.kinds import BatchState
from bot.store.records import Batch

log = logging.getLogger(__name__)

EVERY = 2.0  # seconds between two pictures of one batch, at most as many as Discord takes
IDLE = 20.0  # seconds between looks while those there are rest: an answer is given up 30 s before its end
# Seconds between two changes of a message of so many seconds: Discord takes only some of an old one.
_PACES = ((900.0, EVERY), (3_600.0, 10.0), (float("inf"), 300.0))
_REFUSED_PAUSE = 900.0  # seconds until a message that could not be changed is tried again


class _NotNow(Exception):  # noqa: N818 - named for what it says
    """Discord did not take a direct message now, but may later."""


class BatchProgress:
    """Owns the message that shows a batch, but for the answer to the press itself."""

    def __init__(
        self,
        client: discord.Client,
        messages: BatchMessages,
        views: BatchViews,
        results: RowResults,
        direct_messages: DirectMessages,
        log_channel: LogChannel,
        blockade: Blockade,
        jobs: Jobs,
    ) -> None:
        self._client = client
        self._messages = messages
        self._views = views
        self._results = results
        self._direct_messages = direct_messages
        self._log_channel = log_channel
        self._blockade = blockade
        self._jobs = jobs
        self._woken = asyncio.Event()
        self._backoff: Backoff[int] = Backoff()  # by batch, as all that follows
        self._shown: dict[int, Message] = {}
        self._not_before: dict[int, float] = {}  # by clock.monotonic()
        self._told: set[int] = set()  # those of which that could not be noted yet

    def start(self) -> None:
        """Begin to show batches, until the jobs end. Call it when the client is logged in."""
        _ = self._jobs.spawn(self._run(), "showing how far batches are")

    def wake(self) -> None:
        """Look at once: a batch was started, stopped or let go on."""
        self._woken.set()

    def answered(self, batch_id: int) -> None:
        """Note that a press was answered with the batch, so that the next picture takes the place of that."""
        self._shown.pop(batch_id, None)
        self._not_before[batch_id] = clock.monotonic() + EVERY
        self.wake()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            pause: float | None = EVERY
            if not self._blockade.left():
                try:
                    pause = await self.look()
                except GROUND as error:
                    log.info("showing batches waits (%s)", in_short(error))
                except Exception:  # the next look goes on
                    log.exception("showing batches failed; again in %s s", EVERY)
            if pause == EVERY:
                await clock.sleep(EVERY)
            else:
                await clock.set_within(pause, self._woken)

    async def look(self) -> float | None:
        """Show every batch as it stands now; returns seconds until the next look, None: once woken."""
        followed = await self._messages.followed()
        self._forget_but({each.batch.id for each in followed})
        for each in followed:
            if not self._backoff.is_put_off(each.batch.id):
                await self._attempt(each)
        resting = (BatchState.PAUSED, BatchState.APPROVAL)
        if any(each.batch.state not in resting for each in followed):
            return EVERY
        return IDLE if followed else None

    def _forget_but(self, batch_ids: set[int]) -> None:
        """Keep nothing about other batches: dry runs that were looked at, and what has been told."""
        for known in (self._shown, self._not_before):
            for batch_id in known.keys() - batch_ids:
                del known[batch_id]

    async def _attempt(self, followed: Followed) -> None:
        """Show one batch; what fails waits longer each time and holds up no other."""
        batch_id = followed.batch.id
        try:
            await self._show(followed)
        except (*TROUBLE, *GROUND, _NotNow) as error:
            self._blockade.note(error)
            pause = self._backoff.failed(batch_id)
            log.info("batch %s is shown in %s s (%s)", batch_id, pause, in_short(error))
        except Exception:  # a mistake of ours about one holds up no other
            pause = self._backoff.failed(batch_id)
            log.exception("batch %s could not be shown; again in %s s", batch_id, pause)
        else:
            self._backoff.done(batch_id)

    async def _show(self, followed: Followed) -> None:
        batch = followed.batch
        if batch.ended_at is not None:
            await self._end(followed)
        elif followed.token is not None:
            await self._in_answer(followed, followed.token)
        elif followed.needs_message:
            await self._post(batch)
        elif followed.place is not None:
            await self._in_message(batch, *followed.place)

    # While it runs

    async def _in_answer(self, followed: Followed, token: str) -> None:
        """Change the answer; where that is over, a message of its own follows."""
        batch = followed.batch
        if self._messages.is_nearly_over(batch):
            await self._messages.give_answer_up(batch.id)
            view = await self._post(batch)
            await change_answer(self._client, token, replies.moved(view))
            return
        since = clock.now() - (batch.started_at or batch.made_at)
        if since < timedelta(seconds=EVERY):
            return  # the press itself is being answered
        message = await self._news(batch)
        if message is None:
            return
        if await change_answer(self._client, token, message) is not None:
            await self._messages.give_answer_up(batch.id)
            await self._post(batch)
            return
        self._is_shown(batch, message, EVERY)

    async def _post(self, batch: Batch) -> BatchView:
        """Send a message of its own: to whoever started it, else to the log channel. Raises _NotNow."""
        view = await self._views.view(batch.guild_id, batch.id)
        message = self._worded(batch, replies.progress(view))
        nonce = f"b{_of(batch)}"
        posted = await self._direct_messages.post(_starter(batch) or 0, message, nonce=nonce)
        if posted is Delivery.TRY_AGAIN:
            raise _NotNow
        if isinstance(posted, Delivery):
            sent = await self._log_channel.post(batch.guild_id, message, nonce=nonce)
        else:
            sent = posted
        await self._messages.is_shown_in(
            batch.id, *((None, None) if sent is None else (sent.channel.id, sent.id))
        )
        self._is_shown(batch, message, EVERY)
        return view

    async def _in_message(self, batch: Batch, channel_id: int, message_id: int) -> None:
        message = await self._news(batch)
        if message is None:
            return
        message = self._worded(batch, message)
        if not await self._edit(channel_id, message_id, message):
            self._not_before[batch.id] = clock.monotonic() + _REFUSED_PAUSE
            return
        age = (clock.now() - discord.utils.snowflake_time(message_id)).total_seconds()
        self._is_shown(batch, message, next(pace for until, pace in _PACES if age < until))

    async def _news(self, batch: Batch) -> Message | None:
        """Return the picture of a batch; None where its turn has not come, or the same stands there."""
        if clock.monotonic() < self._not_before.get(batch.id, 0.0):
            return None
        view = await self._views.view(batch.guild_id, batch.id)
        message = replies.progress(view)
        shown = self._shown.get(batch.id)
        return None if shown in (message, self._worded(batch, message)) else message

    async def _edit(self, channel_id: int, message_id: int, message: Message) -> bool:
        """Put the message in that one's place; return False where Discord does not change that one now."""
        channel = self._client.get_partial_messageable(channel_id)
        try:
            parts = clickable(self._client, message).edit_kwargs()
            await channel.get_partial_message(message_id).edit(**parts)
        except discord.HTTPException as error:
            if not is_final_for_message(error):
                raise
            log.info("the message about a batch stays as it is (%s)", in_short(error))
            return False
        return True

    def _is_shown(self, batch: Batch, message: Message, pace: float) -> None:
        self._shown[batch.id] = message
        self._not_before[batch.id] = clock.monotonic() + pace

    # Its end

    async def _end(self, followed: Followed) -> None:
        """Tell whoever started it, once, with the file; what a page or a terminal started has its line in the log."""
        batch = followed.batch
        starter = _starter(batch)
        if batch.id not in self._told and starter is not None:
            await self._tell_end(followed, starter)
            self._told.add(batch.id)
        await self._messages.told(batch.id)
        self._told.discard(batch.id)

    async def _tell_end(self, followed: Followed, starter: int) -> None:
        batch = followed.batch
        view = await self._views.view(batch.guild_id, batch.id)
        files = (await self._file(batch),) if view.numbers.total else ()  # else it was long ago
        message = replies.result(view, files)
        token = None if self._messages.is_nearly_over(batch) else followed.token
        if token is not None and await change_answer(self._client, token, message) is None:
            return
        nonce, message = f"d{_of(batch)}", self._worded(batch, message)
        sent = await self._direct_messages.send(starter, message, nonce=nonce)
        if sent is Delivery.TRY_AGAIN:
            raise _NotNow
        if sent is Delivery.REFUSED:
            await self._log_channel.say_instead(batch.guild_id, starter, message, nonce=nonce)
        if followed.place is not None:
            await self._edit(*followed.place, self._worded(batch, replies.moved_on(view)))

    async def _file(self, batch: Batch) -> Attached:
        """Return the file with what became of every row."""
        from bot.replies import bulk_files  # noqa: PLC0415 - rarely needed

        rows = await self._results.every(batch.guild_id, batch.id)
        content = await asyncio.to_thread(bulk_files.results, batch.kind, rows)
        return Attached(bulk_files.result_name(batch.id), content)

    def _worded(self, batch: Batch, message: Message) -> Message:
        """Return a message with the server's name above it, where several may be meant."""
        server = self._client.get_guild(batch.guild_id)
        return replies.in_server(message, server.name if server else None)


def _starter(batch: Batch) -> int | None:
    """Return the member who started it; None for the operator, a program, or somebody who was erased."""
    member_id = batch.actor.member_id
    return member_id if member_id is not None and member_id > 0 else None


def _of(batch: Batch) -> str:
    """Return the part of a nonce for a batch; after a restore, another one may get the same id."""
    return f"{batch.id}-{batch.made_at.timestamp():.0f}"
