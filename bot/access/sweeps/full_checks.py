"""Full checks that a person asked for: one they wait for, and some that go on while they look at a page."""

from collections.abc import Sequence

from bot import clock
from bot.access.catalogue.lookup import script_of
from bot.access.sweeps.errors import CheckRunning
from bot.access.sweeps.reports import Drift
from bot.access.sweeps.sweep import Progress, Sweeps, Tell
from bot.errors import UserError
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.records import Script

_ASKED_AGAIN = 1.0  # seconds
_WAITED = 3.0  # seconds; a short list is read by then


class FullChecks:
    """Reads a script's whole list for somebody, and remembers what differs."""

    def __init__(self, database: Database, sweeps: Sweeps, drift: Drift, jobs: Jobs) -> None:
        self._database = database
        self._sweeps = sweeps
        self._drift = drift
        self._jobs = jobs
        self._refused: dict[int, UserError] = {}  # by script, why the last such one ended early

    async def read(self, script: Script, by: int, tell: Tell = lambda _: None) -> None:
        """Read the list of a script; `tell` hears how far it is. Raises as `Sweeps.of_script` does."""
        swept = await self._sweeps.of_script(script, by=by, tell=tell)
        await self._drift.note(swept, by)

    async def read_anew(self, script: Script, by: int) -> None:
        """Read the list of a script, once nobody else reads it. Raises as `Sweeps.of_script` does."""
        while self.progress(script.id) is not None:
            await clock.sleep(_ASKED_AGAIN)
        await self.read(script, by)

    async def begin(self, guild_id: int, script_id: int, by: int) -> bool:
        """Begin to read, and return whether the list is read already; a longer one goes on by itself.

        Raises CheckRunning, ButtonGone when that server has no such script, or what stopped it at once.
        """
        async with self._database.read() as connection:
            script = await script_of(connection, guild_id, script_id)
        if self.progress(script.id) is not None:
            raise CheckRunning(script)
        _ = self._refused.pop(script.id, None)
        task = self._jobs.spawn(self._go_on(script, by), f"a full check of {script.slug}")
        if not await clock.within(_WAITED, task):
            return False
        if (refusal := task.result()) is not None:
            _ = self._refused.pop(script.id, None)  # it is said at once
            raise refusal
        return True

    def begin_each(self, scripts: Sequence[Script], by: int) -> None:
        """Read the lists of these scripts one after the other, while nobody waits; `refusal` tells what failed."""
        _ = self._jobs.spawn(self._read_each(scripts, by), "full checks that a page began")

    async def _read_each(self, scripts: Sequence[Script], by: int) -> None:
        for script in scripts:
            if self.progress(script.id) is None:
                _ = self._refused.pop(script.id, None)
                _ = await self._go_on(script, by)

    def progress(self, script_id: int) -> Progress | None:
        """Return how far the check of that script is, whoever asked for it; None while there is none."""
        return self._sweeps.progress(script_id)

    def under_way(self) -> dict[int, Progress]:
        """Return how far each check is that is under way, by script, whoever asked for it."""
        return self._sweeps.under_way()

    def refusal(self, script_id: int) -> UserError | None:
        """Return why the last check that went on by itself ended early; None when it did not."""
        return self._refused.get(script_id)

    async def _go_on(self, script: Script, by: int) -> UserError | None:
        try:
            await self.read(script, by)
        except UserError as refusal:
            self._refused[script.id] = refusal
            return refusal
        return None
