"""A dry run from a file: read in a thread, its Discord ids looked up, compared with what people have."""

import asyncio

from bot.access.orders.bulk.batches import Batches
from bot.access.orders.bulk.records import Defaults, Draft, Filter
from bot.access.orders.bulk.selecting import chosen_of
from bot.access.people.import_records import LookUp, People
from bot.access.request import RequestContext
from bot.store.engine.database import Database
from bot.store.kinds import BatchKind
from bot.store.sweeps import standing

_MAX_TITLE = 50


class SheetDrafts:
    """Makes dry runs from files."""

    def __init__(self, database: Database, batches: Batches) -> None:
        self._database = database
        self._batches = batches

    async def draft(
        self,
        request: RequestContext,
        kind: BatchKind,
        name: str,
        data: bytes,
        defaults: Defaults,
        look_up: LookUp,
    ) -> int:
        """Make the dry run of a file; `look_up` finds the members it names. Returns the batch's number.

        Raises what `sheets.read` raises, and NothingToDo.
        """
        # Rarely needed, and large.
        from bot.access.orders.bulk import members, sheets  # noqa: PLC0415

        sheet = await asyncio.to_thread(sheets.read, data, kind, defaults, request.at)
        async with self._database.read() as connection:
            people = await standing.people(connection, request.guild_id)
        by_name = {each.name_folded: each for each in people if each.name_folded is not None}
        by_member = {each.member_id: each for each in people if each.member_id is not None}
        wanted = await asyncio.to_thread(members.wanted, sheet.entries, by_member)
        found = People((), is_everybody=False)
        if wanted.ids or wanted.names:
            found = await look_up(wanted)
        entries, unclear = await asyncio.to_thread(
            members.resolve, sheet.entries, found, by_name, by_member
        )
        draft = Draft(
            kind,
            entries,
            (*sheet.faulty, *unclear),
            chosen_of(Filter(), defaults)
            | {"unread": [each[:_MAX_TITLE] for each in sheet.unread]},
            file_name=name[:200],
            note=defaults.note,
        )
        return await self._batches.draft(request, draft)
