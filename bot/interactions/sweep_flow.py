"""Full checks in Discord: a progress bar, who is there, what differs, and the buttons under it."""

from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.people.guild_settings import GuildSettings
from bot.access.request import RequestContext
from bot.access.sweeps.adopt import Adoption, Taken
from bot.access.sweeps.drift import Kind
from bot.access.sweeps.full_checks import FullChecks
from bot.access.sweeps.repair import Repaired, Repairs
from bot.access.sweeps.reports import Drift, Report
from bot.access.sweeps.sweep import Sweeps
from bot.errors import UserError
from bot.interactions import confirm, responses
from bot.interactions.components import (
    ComponentInteraction,
    ComponentRouter,
    Handler,
    number_in,
)
from bot.interactions.confirm import Act
from bot.interactions.levels import Level, may_set_up
from bot.interactions.progress import EVERY, answer_in_the_end, drawn
from bot.interactions.responses import Interaction
from bot.notifications.outbox import Outbox
from bot.replies import Message, drift as differences, explain, setup_proof, sweeps as sweep_replies
from bot.store.records import Script

_FOLLOWED = 60.0  # seconds that a repair is watched; then they go on by themselves

T = TypeVar("T")


class SweepFlow:
    """Carries full checks, and what people press afterwards, to `bot.access` and back."""

    def __init__(
        self,
        sweeps: Sweeps,
        full_checks: FullChecks,
        drift: Drift,
        adoption: Adoption,
        repairs: Repairs,
        router: ComponentRouter,
        outbox: Outbox,
        guild_settings: GuildSettings,
    ) -> None:
        self._sweeps = sweeps
        self._full_checks = full_checks
        self._drift = drift
        self._adoption = adoption
        self._repairs = repairs
        self._router = router
        self._outbox = outbox
        self._guild_settings = guild_settings
        router.add(sweep_replies.SHOW, Level.STAFF, self.show)
        router.add(sweep_replies.TAKE_EVERY, Level.STAFF, self.take_every)
        router.add(sweep_replies.CHOOSE, Level.STAFF, self.choose)
        router.add(sweep_replies.CHOSEN, Level.STAFF, self.chosen)
        router.add(differences.REPAIR, Level.STAFF, self.repair)
        router.add(differences.REPAIR_BACK, Level.STAFF, self.put_back)
        router.add(differences.TAKE, Level.STAFF, self.take)
        router.add(differences.IGNORE, Level.STAFF, self.ignore)
        router.add(differences.COUNT_AGAIN, Level.STAFF, self.count_again)

    async def check(self, interaction: Interaction, request: RequestContext, item: str) -> None:
        """Read the whole list of one script, or of each of a product, and answer with what differs."""
        await self._in_the_end(interaction, self._check(interaction, request, item))

    async def _check(self, interaction: Interaction, request: RequestContext, item: str) -> Message:
        sold = await self._sweeps.item(request.guild_id, item)
        if sold.product is not None:
            first = sweep_replies.read_product(sold.product)
            return await self._check_each(interaction, request, sold.scripts, first)
        [script] = sold.scripts
        await self._read(interaction, request, script)
        return await self._differences(request.guild_id, script.id)

    async def check_added(
        self,
        interaction: Interaction,
        request: RequestContext,
        scripts: Sequence[Script],
        first: Message,
    ) -> None:
        """Read the lists of scripts that were just added; answers with who can be taken over."""

        async def work() -> Message:
            checked = await self._check_each(interaction, request, scripts, first)
            return await self._with_proof(interaction, checked) if scripts else checked

        await self._in_the_end(interaction, work())

    async def _check_each(
        self,
        interaction: Interaction,
        request: RequestContext,
        scripts: Sequence[Script],
        first: Message,
    ) -> Message:
        reports, lines = [], [first.text]
        for script in scripts:
            try:
                reports.append(await self._check_one(interaction, request, script))
            except UserError as refusal:  # it is added all the same
                lines.append(sweep_replies.unread(script, explain(refusal).sentence))
        message = Message("\n".join(lines), first.embeds, first.buttons)
        overall = await self._drift.overall(request.guild_id)
        return sweep_replies.after_adding(message, reports, overall.untaken, request.guild_id)

    async def _with_proof(self, interaction: Interaction, message: Message) -> Message:
        """Return the message with the button for what is next in a new server, for whoever may press it."""
        guild_id = interaction.guild_id
        if guild_id is None or not may_set_up(interaction.user, self._guild_settings):
            return message
        if await self._guild_settings.is_proven(guild_id):
            return message
        return setup_proof.offered(message, guild_id)

    async def _in_the_end(
        self, interaction: Interaction, work: Coroutine[Any, Any, Message]
    ) -> None:
        """Answer with what comes of it; what ends after 15 minutes is told in private."""
        late = sweep_replies.late
        await answer_in_the_end(interaction, work, "a full check", self._outbox, late)

    async def _check_one(
        self, interaction: Interaction, request: RequestContext, script: Script
    ) -> Report:
        await self._read(interaction, request, script)
        return await self._drift.report(request.guild_id, script.id)

    async def _read(
        self, interaction: Interaction, request: RequestContext, script: Script
    ) -> None:
        """Read the list of a script, showing how far it is."""
        await drawn(
            interaction,
            lambda tell: self._full_checks.read(script, request.member_id, tell),
            sweep_replies.progress,
        )

    async def with_differences(self, status: Message, guild_id: int) -> Message:
        """Return how the queue stands, with how much differs on TradingView and who is not known yet."""
        return sweep_replies.with_differences(status, await self._drift.overall(guild_id), guild_id)

    async def with_taking_over(self, message: Message, guild_id: int) -> Message:
        """Return the message with who was not taken over yet on any script, and the button for it."""
        overall = await self._drift.overall(guild_id)
        return sweep_replies.with_taking_over(message, overall.untaken, guild_id)

    async def _report(self, interaction: Interaction, guild_id: int, script_id: int) -> None:
        await responses.reply(interaction, await self._differences(guild_id, script_id))

    async def _differences(self, guild_id: int, script_id: int) -> Message:
        return differences.report(await self._drift.report(guild_id, script_id), guild_id)

    # What people press

    async def show(self, press: ComponentInteraction) -> None:
        """Show what differs for one script."""
        await responses.defer_in_place(press.interaction)
        await self._report(press.interaction, press.guild_id, press.number(0))

    async def take_every(self, press: ComponentInteraction) -> None:
        """Take over everybody of whom nothing is known on every script of the server."""
        await responses.defer_in_place(press.interaction)
        taken = await self._adoption.take_over_strangers(press.request())
        message = sweep_replies.taken_everywhere(taken)
        await responses.reply(press.interaction, await self._with_proof(press.interaction, message))

    async def choose(self, press: ComponentInteraction) -> None:
        """Show a page of people to choose from."""
        await responses.defer_in_place(press.interaction)
        await self._choose(press, press.page(1))

    async def chosen(self, press: ComponentInteraction) -> None:
        """Take over those who were chosen; the rest stays to choose from."""
        await responses.defer_in_place(press.interaction)
        ids = [number_in(value) for value in press.values]
        done = await self._adoption.take_over(press.request(), press.number(0), ids)
        await self._choose(press, press.page(1), done)

    async def _choose(
        self, press: ComponentInteraction, page: int, done: Taken | None = None
    ) -> None:
        found = await self._adoption.strangers(press.guild_id, press.number(0), page)
        await responses.reply(press.interaction, sweep_replies.choose(found, press.guild_id, done))

    async def repair(self, press: ComponentInteraction) -> None:
        """Have it made as it should be; asks once more before many lose something."""
        await responses.defer_in_place(press.interaction)
        script_id, kind = press.number(0), _kind(press)

        async def act(interaction: Interaction, request: RequestContext) -> Message:
            repaired = await self._repairs.repair(request, script_id, kind)
            return await self._followed(interaction, request, repaired)

        await self.confirmed(press.interaction, press.request(), act, self._back_to(script_id))

    async def confirmed(
        self,
        interaction: Interaction,
        request: RequestContext,
        act: Act,
        leave: Handler | None = None,
    ) -> None:
        """Do it and answer, after a yes of staff where one is needed; a no does `leave`."""
        await confirm.carry_out(self._router, interaction, request, Level.STAFF, act, leave=leave)

    def _back_to(self, script_id: int) -> Handler:
        """Return what a no does: nothing, and it shows what differs again."""

        async def leave(press: ComponentInteraction) -> None:
            report = await self._differences(press.guild_id, script_id)
            await responses.reply(press.interaction, differences.left(report))

        return leave

    async def _followed(
        self, interaction: Interaction, request: RequestContext, repaired: Repaired
    ) -> Message:
        """Show how far the orders are, for a minute at most."""
        until = clock.monotonic() + _FOLLOWED
        shown = -1
        while True:
            now = await self._repairs.progress(request.guild_id, repaired.reference)
            if not now.waiting or clock.monotonic() >= until:
                return differences.repaired(repaired, now, request.guild_id)
            if now.ended != shown:
                await responses.reply(
                    interaction, differences.repairs(repaired, now), provisional=True
                )
                shown = now.ended
            await clock.sleep(EVERY)

    async def put_back(self, press: ComponentInteraction) -> None:
        """Undo what a repair took away."""
        await responses.defer_in_place(press.interaction)
        reference = press.text(0)

        async def act(_: Interaction, request: RequestContext) -> Message:
            return differences.put_back(await self._repairs.put_back(request, reference))

        await self.confirmed(press.interaction, press.request(), act)

    async def take(self, press: ComponentInteraction) -> None:
        """Take over what TradingView shows: it counts from now on."""
        await responses.defer_in_place(press.interaction)
        script_id, request = press.number(0), press.request()
        if _kind(press) is Kind.OTHER_END:
            done = await self._adoption.longer_ends(request, script_id)
            message = differences.kept(done, press.guild_id)
        else:
            done = await self._adoption.take_over(request, script_id)
            message = sweep_replies.taken(done, press.guild_id)
        await responses.reply(press.interaction, message)

    async def ignore(self, press: ComponentInteraction) -> None:
        """Leave these differences alone; asks first when they are many."""
        await responses.defer_in_place(press.interaction)
        script_id, kind = press.number(0), _kind(press)

        async def act(_: Interaction, request: RequestContext) -> Message:
            number = await self._drift.ignore(request, script_id, kind)
            report = await self._drift.report(request.guild_id, script_id)
            return differences.ignored(number, kind, report, request.guild_id)

        await self.confirmed(press.interaction, press.request(), act, self._back_to(script_id))

    async def count_again(self, press: ComponentInteraction) -> None:
        """Count differences again that staff left alone: of one kind, or all of the script."""
        await responses.defer_in_place(press.interaction)
        script_id, kind = press.number(0), None
        if len(press.args) > 1 and press.text(1) != differences.EVERY_KIND:
            kind = _kind(press)
        number = await self._drift.count_again(press.request(), script_id, kind)
        report = await self._differences(press.guild_id, script_id)
        await responses.reply(press.interaction, differences.counted_again(number, report))


def _kind(press: ComponentInteraction) -> Kind:
    try:
        return Kind(press.text(1))
    except ValueError:
        raise ButtonGone from None
