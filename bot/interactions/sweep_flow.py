"""Full checks in Discord: a progress bar, who is there, what differs, and the buttons under it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from bot import clock
from bot.access.errors import ButtonGone, OverTheLine
from bot.access.request import Asked
from bot.access.sweeps.adopt import Adopting
from bot.access.sweeps.drift import Drift, Kind, Report
from bot.access.sweeps.errors import NothingDiffers, TakesFromMany
from bot.access.sweeps.repair import Mended, Mending
from bot.access.sweeps.sweep import Progress, Sweeps, Tell
from bot.errors import UserError
from bot.interactions import responses
from bot.interactions.components import Press, Presses
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.notifications.direct_messages import Say, answer_late
from bot.replies import Answer, drift as differences, explain, sweeps as said
from bot.store.records import Script

EVERY = 2.0  # seconds between two pictures of how far it is
_FOLLOWED = 60.0  # seconds that orders to mend are watched; then they go on by themselves

T = TypeVar("T")


class FullChecks:
    """Carries full checks, and what people press afterwards, to `bot.access` and back."""

    def __init__(
        self,
        sweeps: Sweeps,
        drift: Drift,
        adopting: Adopting,
        mending: Mending,
        presses: Presses,
        say: Say,
    ) -> None:
        self._sweeps = sweeps
        self._drift = drift
        self._adopting = adopting
        self._mending = mending
        self._presses = presses
        self._say = say
        presses.add(said.SHOW, Level.STAFF, self.show)
        presses.add(said.TAKE_ALL, Level.STAFF, self.take_all)
        presses.add(said.TAKE_EVERY, Level.STAFF, self.take_every)
        presses.add(said.CHOOSE, Level.STAFF, self.choose)
        presses.add(said.CHOSEN, Level.STAFF, self.chosen)
        presses.add(differences.MEND, Level.STAFF, self.mend)
        presses.add(differences.MEND_BACK, Level.STAFF, self.put_back)
        presses.add(differences.TAKE, Level.STAFF, self.take)
        presses.add(differences.IGNORE, Level.STAFF, self.ignore)

    async def check(self, interaction: Interaction, asked: Asked, item: str) -> None:
        """Read the whole list of one script, and answer with what differs."""
        await self._in_the_end(interaction, asked, self._check(interaction, asked, item))

    async def _check(self, interaction: Interaction, asked: Asked, item: str) -> Answer:
        swept = await drawn(
            interaction,
            lambda tell: self._sweeps.run(asked.guild_id, item, by=asked.by, tell=tell),
        )
        await self._drift.note(swept, asked.by)
        return await self._differences(asked.guild_id, swept.script.id)

    async def check_added(
        self, interaction: Interaction, asked: Asked, scripts: Sequence[Script], first: Answer
    ) -> None:
        """Read the lists of scripts that were just added; answers with who can be taken over."""
        work = self._check_added(interaction, asked, scripts, first)
        await self._in_the_end(interaction, asked, work)

    async def _check_added(
        self, interaction: Interaction, asked: Asked, scripts: Sequence[Script], first: Answer
    ) -> Answer:
        reports, lines = [], [first.text]
        for script in scripts:
            try:
                reports.append(await self._check_one(interaction, asked, script))
            except UserError as refusal:  # it is added all the same
                lines.append(said.unread(script, explain(refusal).sentence))
        answer = Answer("\n".join(lines), first.embeds, first.buttons)
        return said.after_adding(answer, reports, asked.guild_id)

    async def _in_the_end(
        self, interaction: Interaction, asked: Asked, work: Coroutine[Any, Any, Answer]
    ) -> None:
        """Answer with what comes of it; what ends after 15 minutes is told in private."""
        try:
            answer = await work
        except Exception as error:  # noqa: BLE001 - explained and logged there
            if await responses.fail(interaction, error, "a full check"):
                return
            answer = Answer(explain(error).text)
        else:
            if await responses.reply(interaction, answer):
                return
        server = interaction.client.get_guild(asked.guild_id)
        late = said.late(answer, server.name if server else None)
        await answer_late(interaction, asked.guild_id, late, self._say)

    async def _check_one(self, interaction: Interaction, asked: Asked, script: Script) -> Report:
        swept = await drawn(
            interaction, lambda tell: self._sweeps.of_script(script, by=asked.by, tell=tell)
        )
        await self._drift.note(swept, asked.by)
        return await self._drift.report(asked.guild_id, script.id)

    async def with_differences(self, status: Answer, guild_id: int) -> Answer:
        """How the queue stands, with how much differs on TradingView."""
        return said.with_differences(status, await self._drift.counts(guild_id), guild_id)

    async def _report(self, interaction: Interaction, guild_id: int, script_id: int) -> None:
        await responses.reply(interaction, await self._differences(guild_id, script_id))

    async def _differences(self, guild_id: int, script_id: int) -> Answer:
        return differences.report(await self._drift.report(guild_id, script_id), guild_id)

    # What people press

    async def show(self, press: Press) -> None:
        """What differs for one script."""
        await responses.defer_in_place(press.interaction)
        await self._report(press.interaction, press.guild_id, _number(press, 0))

    async def take_all(self, press: Press) -> None:
        """Everybody on one script of whom nothing is known."""
        await responses.defer_in_place(press.interaction)
        taken = await self._adopting.take_over(press.asked(), _number(press, 0))
        await responses.reply(press.interaction, said.taken([taken]))

    async def take_every(self, press: Press) -> None:
        """The same on every script of the server."""
        await responses.defer_in_place(press.interaction)
        asked, taken = press.asked(), []
        for script, _ in await self._drift.counts(press.guild_id):
            try:
                taken.append(await self._adopting.take_over(asked, script.id))
            except NothingDiffers:
                continue  # something else differs there
        if not taken:
            raise NothingDiffers
        await responses.reply(press.interaction, said.taken(taken))

    async def choose(self, press: Press) -> None:
        """A page of people to choose from."""
        await responses.defer_in_place(press.interaction)
        await self._choose(press, _number(press, 1))

    async def chosen(self, press: Press) -> None:
        """Those who were chosen; the rest stays to choose from."""
        await responses.defer_in_place(press.interaction)
        ids = [int(value) for value in press.values if value.isdecimal()]
        await self._adopting.take_over(press.asked(), _number(press, 0), ids)
        await self._choose(press, _number(press, 1))

    async def _choose(self, press: Press, page: int) -> None:
        found = await self._adopting.strangers(press.guild_id, _number(press, 0), page)
        await responses.reply(press.interaction, said.choose(found, press.guild_id))

    async def mend(self, press: Press) -> None:
        """Have it made as it should be; asks once more before many lose something."""
        await responses.defer_in_place(press.interaction)
        script_id, kind = _number(press, 0), _kind(press)

        async def act(asked: Asked, agreed: int, seats: int) -> Answer:
            mended = await self._mending.mend(asked, script_id, kind, agreed=agreed, seats=seats)
            return await self._followed(press.interaction, asked, mended)

        await self.agreed(press.interaction, press.asked(), act)

    async def agreed(
        self,
        interaction: Interaction,
        asked: Asked,
        act: Callable[[Asked, int, int], Awaitable[Answer]],
    ) -> None:
        """Do it and answer; `act` is told to what numbers somebody agreed.

        First of how many people who lose something, then of how many seats.
        """
        told = seats = 0  # what the questions named: a yes counts for no more

        async def attempt(asked: Asked, _: bool) -> Answer:
            nonlocal told, seats
            try:
                return await act(asked, told, seats)
            except TakesFromMany as question:
                told = question.people
                raise
            except OverTheLine as question:
                seats = question.seats
                raise

        await self._presses.confirmed(interaction, asked, Level.STAFF, attempt)

    async def _followed(self, interaction: Interaction, asked: Asked, mended: Mended) -> Answer:
        """Show how far the orders are, for a minute at most."""
        until = clock.monotonic() + _FOLLOWED
        shown = -1
        while True:
            now = await self._mending.progress(asked.guild_id, mended.reference)
            if not now.waiting or clock.monotonic() >= until:
                return differences.mended(mended, now, asked.guild_id)
            if now.ended != shown:
                await responses.reply(
                    interaction, differences.mending(mended, now), provisional=True
                )
                shown = now.ended
            await clock.sleep(EVERY)

    async def put_back(self, press: Press) -> None:
        """Undo what mending took away."""
        await responses.defer_in_place(press.interaction)
        reference = press.args[0] if press.args else ""

        async def act(asked: Asked, _: int, seats: int) -> Answer:
            return differences.put_back(await self._mending.put_back(asked, reference, seats=seats))

        await self.agreed(press.interaction, press.asked(), act)

    async def take(self, press: Press) -> None:
        """What TradingView shows counts from now on."""
        await responses.defer_in_place(press.interaction)
        script_id, asked = _number(press, 0), press.asked()
        if _kind(press) is Kind.OTHER_END:
            answer = differences.kept(await self._adopting.longer_ends(asked, script_id))
        else:
            answer = said.taken([await self._adopting.take_over(asked, script_id)])
        await responses.reply(press.interaction, answer)

    async def ignore(self, press: Press) -> None:
        """Leave these differences alone."""
        await responses.defer_in_place(press.interaction)
        script_id = _number(press, 0)
        number = await self._drift.ignore(press.asked(), script_id, _kind(press))
        report = await self._drift.report(press.guild_id, script_id)
        await responses.reply(press.interaction, differences.ignored(number, report))


def _number(press: Press, place: int) -> int:
    if place >= len(press.args) or not press.args[place].isdecimal():
        raise ButtonGone
    return int(press.args[place])


def _kind(press: Press) -> Kind:
    try:
        return Kind(press.args[1])
    except (IndexError, ValueError):
        raise ButtonGone from None


async def drawn(interaction: Interaction, work: Callable[[Tell], Coroutine[Any, Any, T]]) -> T:
    """What `work` returns or raises; meanwhile the answer shows every 2 s how far it is.

    After 15 minutes it cannot be shown any more.
    """
    newest: list[Progress] = []

    def tell(progress: Progress) -> None:
        newest[:] = [progress]

    task = asyncio.ensure_future(work(tell))
    shown: Progress | None = None
    in_time = True
    try:
        while not await clock.within(EVERY, task):
            if in_time and newest and newest[0] != shown:
                shown = newest[0]
                in_time = await responses.reply(interaction, said.progress(shown), provisional=True)
        return await task
    finally:
        task.cancel()
