"""/bulk: hundreds at once, from a file or a filter; a dry run first, then one button."""

from dataclasses import dataclass
from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.orders.bulk.errors import FileAndFilter, NobodyChosen, NothingToDo
from bot.access.orders.bulk.records import LARGEST, Defaults, Filter
from bot.access.request import RequestContext
from bot.access.rules import duration as durations
from bot.interactions import levels, responses
from bot.interactions.attachments import download
from bot.interactions.bulk_options import EndsBefore
from bot.interactions.options import Item, Length, Until
from bot.interactions.progress import answer_in_the_end
from bot.interactions.responses import Interaction
from bot.interactions.roster import look_up
from bot.replies import Message, bulk as replies
from bot.services import Services
from bot.store.kinds import BatchKind, RowProblem
from bot.tradingview import LIFETIME, End
from cogs.bulk_batches import BulkBatches

Note = app_commands.Range[str, 1, 200]

_FILE = "A CSV file with the column username or discord_id; item, duration, until, note as you like"
_ITEM = "The script or product; with a file, for rows that name none"
_DURATION = "How much time: 7D, 2W, 1M, 1Y, or L for lifetime"
_UNTIL = "The end: 2026-04-30, a time from now such as 30D, or lifetime"
_ENDS_BEFORE = "Only who has access that ends by then: 2026-04-30, or a time from now such as 7D"
_ROLE = "Only who has this role now"
_EVERYONE = "Everyone with access"
_NOTE = "A remark for the history"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the options of a command say."""

    kind: BatchKind
    file: discord.Attachment | None
    chosen: Filter
    defaults: Defaults


class Bulk(
    BulkBatches,
    commands.GroupCog,
    group_name="bulk",
    group_description="Hundreds at once, from a file or a filter",
):
    """The commands that make a batch."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._sheets = services.bulk.sheets
        self._selection = services.bulk.selection
        self._members = services.client.members
        self._outbox = services.outbox

    @levels.manager
    @app_commands.command(
        description="Give many people access or more time; shows first what changes"
    )
    @app_commands.describe(
        file=_FILE, item=_ITEM, duration=_DURATION, until=_UNTIL, ends_before=_ENDS_BEFORE,
        role=_ROLE, everyone=_EVERYONE, note=_NOTE,
    )  # fmt: skip
    async def grant(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        item: Item | None = None,
        duration: Length | None = None,
        until: Until | None = None,
        ends_before: EndsBefore | None = None,
        role: discord.Role | None = None,
        everyone: bool = False,
        note: Note | None = None,
    ) -> None:
        """Make the dry run of it."""
        chosen = _filter(item, ends_before, role, everyone=everyone)
        await self._make(interaction, BatchKind.GRANT, file, chosen, duration, until, note)

    @levels.manager
    @app_commands.command(
        description="Give many people with dated access more time; shows first what changes"
    )
    @app_commands.describe(
        file=_FILE, item=_ITEM, duration=_DURATION, until=_UNTIL, ends_before=_ENDS_BEFORE,
        role=_ROLE, everyone=_EVERYONE, note=_NOTE,
    )  # fmt: skip
    async def extend(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        item: Item | None = None,
        duration: Length | None = None,
        until: Until | None = None,
        ends_before: EndsBefore | None = None,
        role: discord.Role | None = None,
        everyone: bool = False,
        note: Note | None = None,
    ) -> None:
        """Make the dry run of it."""
        chosen = _filter(item, ends_before, role, everyone=everyone)
        await self._make(interaction, BatchKind.EXTEND, file, chosen, duration, until, note)

    @levels.manager
    @app_commands.command(
        name="set", description="Give many people exactly this end; shows first what changes"
    )
    @app_commands.describe(
        file=_FILE, item=_ITEM, until=_UNTIL, ends_before=_ENDS_BEFORE,
        role=_ROLE, everyone=_EVERYONE, note=_NOTE,
    )  # fmt: skip
    async def set_(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        item: Item | None = None,
        until: Until | None = None,
        ends_before: EndsBefore | None = None,
        role: discord.Role | None = None,
        everyone: bool = False,
        note: Note | None = None,
    ) -> None:
        """Make the dry run of it."""
        chosen = _filter(item, ends_before, role, everyone=everyone)
        await self._make(interaction, BatchKind.SET, file, chosen, None, until, note)

    @levels.manager
    @app_commands.command(description="End the access of many people; shows first who loses it")
    @app_commands.describe(
        file=_FILE, item=_ITEM, ends_before=_ENDS_BEFORE, role=_ROLE, everyone=_EVERYONE, note=_NOTE
    )
    async def revoke(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        item: Item | None = None,
        ends_before: EndsBefore | None = None,
        role: discord.Role | None = None,
        everyone: bool = False,
        note: Note | None = None,
    ) -> None:
        """Make the dry run of it."""
        chosen = _filter(item, ends_before, role, everyone=everyone)
        await self._make(interaction, BatchKind.REVOKE, file, chosen, None, None, note)

    async def _make(
        self,
        interaction: Interaction,
        kind: BatchKind,
        file: discord.Attachment | None,
        chosen: Filter,
        length: durations.Length | None,
        until: End | durations.Length | None,
        note: str | None,
    ) -> None:
        """Answer with the dry run; nothing is changed before the button is pressed."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        end = None if until is None else _end(until, request.at)
        asked = _Asked(kind, file, chosen, Defaults(chosen.item, length, end, note))
        _refuse(asked)
        work = self._drafted(interaction, request, asked)
        await answer_in_the_end(interaction, work, f"/bulk {kind}", self._outbox, replies.late)

    async def _drafted(
        self, interaction: Interaction, request: RequestContext, asked: _Asked
    ) -> Message:
        guild_id = request.guild_id
        if asked.file is not None:
            data = await download(asked.file, LARGEST)
            batch_id = await self._sheets.draft(
                request,
                asked.kind,
                asked.file.filename,
                data,
                asked.defaults,
                look_up(interaction, guild_id),
            )
            return await self._flow.shown(guild_id, batch_id)
        members = None
        if (role_id := asked.chosen.role_id) is not None:
            known = await self._views.members(guild_id)
            members = await self._members.with_role(guild_id, role_id, known)
            if members is None:
                return replies.role_unknown(role_id)
        batch_id = await self._selection.draft(
            request, asked.kind, asked.chosen, asked.defaults, members
        )
        return await self._flow.shown(guild_id, batch_id)


def _filter(
    item: str | None, ends_before: datetime | None, role: discord.Role | None, *, everyone: bool
) -> Filter:
    return Filter(item, ends_before, None if role is None else role.id, everyone)


def _refuse(asked: _Asked) -> None:
    """Raise where the options leave open what is meant, or say it twice."""
    chosen, defaults = asked.chosen, asked.defaults
    narrows = chosen.ends_before is not None or chosen.role_id is not None or chosen.everyone
    if asked.file is not None and narrows:
        raise FileAndFilter
    if asked.file is None and not narrows and chosen.item is None:
        raise NobodyChosen
    if defaults.length is not None and defaults.until is not None:
        raise NothingToDo(((RowProblem.TWO_TIMES, 1),))


def _end(until: End | durations.Length, at: datetime) -> End:
    """Return the end that is meant at that moment."""
    end = durations.absolute(until, at)
    return LIFETIME if end is None else end.at
