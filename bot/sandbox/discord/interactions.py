"""One use of a command, button, form or autocomplete, from the press to its last follow-up."""

import asyncio
import enum
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.sandbox.discord import payloads
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.snowflakes import interaction_token
from bot.sandbox.discord.world import Channel, Guild, Message, User

T = TypeVar("T")

NO_ANSWER = "The application did not respond"


class Kind(enum.IntEnum):
    """Discord's interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Reply(enum.IntEnum):
    """Discord's callback types."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


PATIENCE = 60.0  # real seconds for which the bot is waited for: a busy machine may need many


class NotAnsweredError(Exception):
    """The bot did not do in time what was waited for; the text says what it did instead."""


class Interaction:
    """What a person started and what the bot made of it."""

    def __init__(
        self,
        number: int,
        kind: Kind,
        *,
        person: User,
        channel: Channel,
        data: Json,
        created_at: datetime,
        respond_by: datetime,
        now: Callable[[], datetime],
        message: Message | None = None,
        command: str | None = None,
        target: User | None = None,
    ) -> None:
        self.id = number
        self.token = interaction_token(number)
        self.kind = kind
        self.person = person
        self.channel = channel
        self.guild: Guild | None = channel.guild
        self.data = data
        self.message = message
        self.command = command
        self.target = target  # in whose menu it was picked
        self.created_at = created_at
        self.respond_by = respond_by
        self.reply: Reply | None = None
        self.acked_at: datetime | None = None
        self.original: Message | None = None
        self.followups: list[Message] = []
        self.modal: Json | None = None
        self.choices: list[Json] | None = None
        self._edited = False
        self._is_over = False
        self._failure: str | None = None
        self._now = now
        self._moved = asyncio.Event()

    def __repr__(self) -> str:
        what = self.command or self.data.get("custom_id", "")
        return f"<Interaction {self.kind.name.lower()} {what!r}: {self.describe()}>"

    @property
    def acknowledged(self) -> bool:
        return self.reply is not None

    @property
    def deferred(self) -> bool:
        return self.reply in (Reply.DEFERRED_MESSAGE, Reply.DEFERRED_UPDATE)

    @property
    def ephemeral(self) -> bool:
        """Whether the answer (the original one) is for this person only."""
        return self.original is not None and self.original.ephemeral

    @property
    def messages(self) -> list[Message]:
        """The original answer first (the pressed message when that was updated), then follow-ups."""
        first = [] if self.original is None else [self.original]
        return [each for each in [*first, *self.followups] if not each.deleted]

    @property
    def failed(self) -> str | None:
        """What Discord shows when no acknowledgement came in time, else None."""
        if self._failure is None and not self.acknowledged and self._now() > self.respond_by:
            self._failure = NO_ANSWER
        return self._failure

    @property
    def dead(self) -> bool:
        """Whether the acknowledgement can come no more."""
        return not self.acknowledged and self._now() > self.respond_by

    def expired(self, life: float) -> bool:
        """Whether the token's life (seconds) is over."""
        return self._is_over or self._now() > self.created_at + timedelta(seconds=life)

    def end(self) -> None:
        """Let its token be as old as one that is taken no more."""
        self._is_over = True

    def fail(self, reason: str) -> None:
        self._failure = reason
        self.touch()

    def touch(self) -> None:
        """Wake those who wait for something to happen here."""
        self._moved.set()

    def answered_with(self, message: Message) -> None:
        """Note that this message has content from the bot now."""
        self._edited = True
        if message is not self.original and message not in self.followups:
            self.followups.append(message)
        self.touch()

    async def acknowledged_(self, timeout: float = PATIENCE) -> "Interaction":  # noqa: ASYNC109
        """Wait (real seconds) for the acknowledgement of whatever kind; NotAnsweredError if none."""
        await self._wait(lambda: self.acknowledged, timeout, "an acknowledgement")
        return self

    async def answered(self, timeout: float = PATIENCE) -> Message:  # noqa: ASYNC109
        """Wait for the first message with content (a form is waited for with `form`); real seconds.

        Raises:
            NotAnsweredError: nothing came, or Discord gave up on the interaction.
        """
        return await self._wait(self._answer, timeout, "an answer")

    async def until(
        self,
        check: Callable[[Message], object],
        timeout: float = PATIENCE,  # noqa: ASYNC109
    ) -> Message:
        """Wait until one of the messages, newest first, satisfies the check; real seconds.

        Raises:
            NotAnsweredError: none did.
        """

        def hit() -> Message | None:
            ready = [each for each in self.messages if not each.loading]
            return next((each for each in reversed(ready) if check(each)), None)

        return await self._wait(hit, timeout, "a message like that")

    async def form(self, timeout: float = PATIENCE) -> Json:  # noqa: ASYNC109
        """Wait for the form (modal) that the bot opens; real seconds."""
        return await self._wait(lambda: self.modal, timeout, "a form")

    def describe(self) -> str:
        """What has happened so far, for people who read a failed test."""
        parts = [self.reply.name.lower() if self.reply else "not acknowledged"]
        if self.failed:
            parts.append(self.failed)
        if self.modal:
            parts.append(f"form {self.modal['title']!r}")
        parts += [" -> ".join(repr(text) for text in each.history) for each in self.messages]
        return "; ".join(parts)

    def _answer(self) -> Message | None:
        if not self._edited:
            return None
        return next((each for each in self.messages if not each.loading), None)

    async def _wait(
        self,
        check: Callable[[], T | None],
        timeout: float,  # noqa: ASYNC109
        what: str,
    ) -> T:
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            found = check()
            if found:
                return found
            if self.failed:
                raise NotAnsweredError(f"waited for {what}: {self.describe()}")
            self._moved.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._moved.wait()
            except TimeoutError:
                raise NotAnsweredError(f"waited for {what}: {self.describe()}") from None

    def origin(self) -> Json:
        """What a message that answers this interaction says about where it came from."""
        owners = {} if self.guild is None else {"0": str(self.guild.id)}
        source: Json = {
            "interaction_metadata": {
                "id": str(self.id),
                "type": int(self.kind),
                "user": payloads.user(self.person),
                "authorizing_integration_owners": owners,
            }
        }
        metadata = source["interaction_metadata"]
        if self.kind is Kind.COMMAND:
            metadata["name"] = self.command
            if self.target is not None:
                metadata["target_user"] = payloads.user(self.target)
            source["command"] = True
            source["interaction"] = {
                "id": str(self.id),
                "type": int(self.kind),
                "name": self.command,
                "user": payloads.user(self.person),
            }
        elif self.kind is Kind.COMPONENT and self.message is not None:
            metadata["interacted_message_id"] = str(self.message.id)
        return source
