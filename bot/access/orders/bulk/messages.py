"""Which message shows how far a batch is, and whether its end was told."""

from dataclasses import dataclass

from bot import clock
from bot.access.orders.outcomes import MARGIN, TOKEN_LIFE
from bot.store.engine.database import Database
from bot.store.ledger import batches
from bot.store.records import Batch
from bot.store.vault import UnreadableError, Vault

_YET_TO_BE_SENT = (
    0  # as its channel: the answer cannot be changed any more, another message is to follow
)


@dataclass(frozen=True, slots=True)
class Followed:
    """A batch whose progress or end is yet to be shown, and where."""

    batch: Batch
    token: str | None  # the answer of whoever started it can still be changed

    @property
    def needs_message(self) -> bool:
        """Return whether a message is to be sent in the place of the answer."""
        return self.token is None and self.batch.channel_id == _YET_TO_BE_SENT

    @property
    def place(self) -> tuple[int, int] | None:
        """Return the channel and the message that shows it; None where there is none."""
        if not self.batch.channel_id or self.batch.message_id is None:
            return None
        return self.batch.channel_id, self.batch.message_id


class BatchMessages:
    """Keeps where a batch is shown; an answer's token is encrypted, and gone once it is of no use."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def followed(self) -> list[Followed]:
        """Return the batches whose end was not told yet, oldest first."""
        async with self._database.read() as connection:
            found = await batches.untold(connection)
        return [Followed(batch, self._token(sealed)) for batch, sealed in found]

    def _token(self, sealed: bytes | None) -> str | None:
        if sealed is None:
            return None
        try:
            return self._vault.open(sealed)
        except UnreadableError:  # sealed with a key that was taken away since
            return None

    @staticmethod
    def is_nearly_over(batch: Batch) -> bool:
        """Return whether the answer can soon not be changed any more."""
        since = batch.started_at
        return since is None or clock.now() > since + TOKEN_LIFE - MARGIN

    async def give_answer_up(self, batch_id: int) -> None:
        """Note that the answer cannot be changed any more, so that a message of its own is to follow."""
        async with self._database.write() as connection:
            await batches.change(
                connection, batch_id, answer_token=None, channel_id=_YET_TO_BE_SENT
            )

    async def is_shown_in(
        self, batch_id: int, channel_id: int | None, message_id: int | None
    ) -> None:
        """Note which message shows how far a batch is; None: none can."""
        async with self._database.write() as connection:
            await batches.change(connection, batch_id, channel_id=channel_id, message_id=message_id)

    async def told(self, batch_id: int) -> None:
        """Note that the end of a batch was told."""
        async with self._database.write() as connection:
            await batches.change(connection, batch_id, answer_token=None, told_at=clock.now())
