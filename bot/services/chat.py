"""The wiring of the connection to Discord."""

from dataclasses import dataclass
from functools import partial

from bot import outgoing
from bot.access.ledger.clock_watch import ClockWatch
from bot.access.ledger.members_notice import MembersNotice
from bot.access.orders.unanswered import UnansweredInteractions
from bot.access.people.guild_settings import GuildSettings
from bot.access.queries.autocomplete import Autocomplete
from bot.access.queries.history import HistoryTail
from bot.access.request import May
from bot.interactions.client import Usher
from bot.interactions.components import ComponentRouter
from bot.interactions.door import Door
from bot.interactions.levels import may_manage
from bot.interactions.member_events import MemberEvents
from bot.interactions.member_names import MemberNames
from bot.services.opened import Opened


@dataclass(frozen=True)
class Chat:
    """What Discord comes in by."""

    router: ComponentRouter
    autocomplete: Autocomplete
    history: HistoryTail
    unanswered: UnansweredInteractions
    member_events: MemberEvents
    client: Usher
    member_names: MemberNames
    may: May  # whether a member manages access in a server
    clock_watch: ClockWatch


def wire_chat(opened: Opened, guild_settings: GuildSettings) -> Chat:
    """Return the client of Discord, wired, and not connected yet."""
    settings, database, jobs = opened.settings, opened.database, opened.jobs
    router, autocomplete = ComponentRouter(guild_settings), Autocomplete(database)
    history = HistoryTail(database)
    unanswered = UnansweredInteractions(database, opened.vault, jobs)
    member_events = MemberEvents(jobs)
    client = Usher(
        guild_settings=guild_settings,
        router=router,
        autocomplete=autocomplete,
        door=Door(unanswered, history, jobs),
        member_events=member_events,
        members_notice=MembersNotice(database),
        asks_for_members=settings.discord_members_intent == "auto",
        guild_id=settings.discord_guild_id,
        connector=partial(outgoing.ProxyConnector, settings, limit=0),
    )
    return Chat(
        router=router,
        autocomplete=autocomplete,
        history=history,
        unanswered=unanswered,
        member_events=member_events,
        client=client,
        member_names=client.members.names,
        may=partial(may_manage, client.members, guild_settings),
        clock_watch=ClockWatch(database, client.ask_the_time),
    )
