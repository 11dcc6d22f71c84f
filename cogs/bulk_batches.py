"""The part of /bulk about batches that there are: list, show, undo, and the buttons under them."""

from discord import app_commands
from discord.ext import commands

from bot.access.request import RequestContext
from bot.interactions import confirm, levels, responses
from bot.interactions.bulk_flow import BulkFlow
from bot.interactions.bulk_options import Batch
from bot.interactions.components import ComponentInteraction, Handler
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import (
    Message,
    bulk as replies,
    bulk_keys as keys,
    bulk_progress as progress_replies,
    history_bulk,
)
from bot.services import Services

_BATCH = "The number of the batch; pick it from the list"


class BulkBatches(commands.Cog):
    """The commands about batches that there are, and every button about one."""

    def __init__(self, services: Services) -> None:
        self._batches = services.bulk.batches
        self._views = services.bulk.views
        self._undo = services.bulk.undo
        self._flow = BulkFlow(services.bulk.views, services.bulk.results)
        self._progress = services.batch_progress
        self._router = services.router
        for name, handler in (
            (keys.START, self.start),
            (keys.DISCARD, self.discard),
            (keys.REFRESH, self.refresh),
            (keys.ROWS, self.rows),
            (keys.PAUSE, self.pause),
            (keys.RESUME, self.resume),
            (keys.CANCEL, self.cancel),
            (keys.APPROVE, self.approve),
            (keys.SHOW, self.show_beside),
            (keys.UNDO, self.undo_beside),
            (keys.FILE, self.file),
            (keys.LIST, self.turn),
        ):
            services.router.add(name, Level.MANAGER, handler)

    @levels.manager
    @app_commands.command(name="list", description="The batches of this server, newest first")
    async def list_(self, interaction: Interaction) -> None:
        """Show the newest."""
        await responses.defer(interaction)
        message = await self._page(levels.request(interaction).guild_id, 0)
        await responses.reply(interaction, message)

    async def turn(self, press: ComponentInteraction) -> None:
        """Show another page."""
        await responses.defer_in_place(press.interaction)
        message = await self._page(press.guild_id, press.page(1))
        await responses.reply(press.interaction, message)

    async def _page(self, guild_id: int, page: int) -> Message:
        views, page, pages = await self._views.listed(guild_id, page)
        return progress_replies.listed(views, guild_id, page, pages)

    @levels.manager
    @app_commands.command(description="How far a batch is, or what became of it")
    @app_commands.describe(batch=_BATCH)
    async def show(self, interaction: Interaction, batch: Batch) -> None:
        """Show it, with its buttons."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        await responses.reply(interaction, await self._flow.shown(guild_id, batch))

    @levels.manager
    @app_commands.command(description="Put back what a batch changed, within 24 hours of its end")
    @app_commands.describe(batch=_BATCH)
    async def undo(self, interaction: Interaction, batch: Batch) -> None:
        """Show first what would be put back."""
        await responses.defer(interaction)
        await self._undone(interaction, levels.request(interaction), batch)

    async def undo_beside(self, press: ComponentInteraction) -> None:
        """Do the same from a button, whose message stays."""
        await responses.defer(press.interaction)
        await self._undone(press.interaction, press.request(), press.number(0))

    async def _undone(
        self, interaction: Interaction, request: RequestContext, batch_id: int
    ) -> None:
        undo_id = await self._undo.draft(request, batch_id)
        await responses.reply(interaction, await self._flow.shown(request.guild_id, undo_id))

    # Under a dry run

    async def start(self, press: ComponentInteraction) -> None:
        """Start it; where it needs a second manager, it waits for one."""
        await responses.defer_in_place(press.interaction)
        batch_id = press.number(0)

        async def act(_: Interaction, request: RequestContext) -> Message:
            await self._batches.start(request, batch_id)
            return await self._flow.shown(request.guild_id, batch_id)

        await confirm.carry_out(
            self._router,
            press.interaction,
            press.request(),
            Level.MANAGER,
            act,
            leave=self._leave(batch_id),
        )
        self._progress.answered(batch_id)

    def _leave(self, batch_id: int) -> Handler:
        async def leave(press: ComponentInteraction) -> None:
            await self._answer(press, batch_id)

        return leave

    async def discard(self, press: ComponentInteraction) -> None:
        """Forget the dry run."""
        await responses.defer_in_place(press.interaction)
        await self._batches.drop(press.request(), press.number(0))
        await responses.reply(press.interaction, replies.dropped())

    async def rows(self, press: ComponentInteraction) -> None:
        """Show the first rows, beside the dry run."""
        await responses.defer(press.interaction)
        message = await self._flow.rows(press.guild_id, press.number(0))
        await responses.reply(press.interaction, message)

    # While it runs, and after

    async def pause(self, press: ComponentInteraction) -> None:
        """Let it stand still."""
        await responses.defer_in_place(press.interaction)
        await self._batches.pause(press.request(), press.number(0))
        await self._answer(press, press.number(0))

    async def resume(self, press: ComponentInteraction) -> None:
        """Let it go on."""
        await responses.defer_in_place(press.interaction)
        await self._batches.resume(press.request(), press.number(0))
        await self._answer(press, press.number(0))

    async def cancel(self, press: ComponentInteraction) -> None:
        """End it before its end."""
        await responses.defer_in_place(press.interaction)
        await self._batches.cancel(press.request(), press.number(0))
        await self._answer(press, press.number(0))

    async def approve(self, press: ComponentInteraction) -> None:
        """Let it begin that another manager started it; the log channel keeps who it was."""
        await responses.defer_in_place(press.interaction)
        request = press.request()
        batch = await self._batches.approve(request, press.number(0))
        if press.args[1:] == (keys.IN_LOG,):
            message = history_bulk.approved(batch, request.member_id)
            await responses.reply(press.interaction, message)
        else:
            await self._answer(press, batch.id)

    async def refresh(self, press: ComponentInteraction) -> None:
        """Show it as it stands now."""
        await responses.defer_in_place(press.interaction)
        await self._answer(press, press.number(0))

    async def show_beside(self, press: ComponentInteraction) -> None:
        """Show it beside a line of the log channel, which stays."""
        await responses.defer(press.interaction)
        await responses.reply(
            press.interaction, await self._flow.shown(press.guild_id, press.number(0))
        )

    async def file(self, press: ComponentInteraction) -> None:
        """Make the file with what became of every row."""
        await responses.defer(press.interaction)
        message = await self._flow.file(press.guild_id, press.number(0))
        await responses.reply(press.interaction, message)

    async def _answer(self, press: ComponentInteraction, batch_id: int) -> None:
        message = await self._flow.shown(press.guild_id, batch_id)
        await responses.reply(press.interaction, message)
        self._progress.answered(batch_id)
