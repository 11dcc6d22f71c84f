"""The wiring of what goes out to Discord without being asked."""

from dataclasses import dataclass

from bot.access.ledger.direct_messages import WaitingMessages
from bot.access.ledger.link_calls import LinkCalls
from bot.access.logins.outages import Outages
from bot.access.orders.holder_roles import HolderRoles
from bot.access.people.guild_settings import GuildSettings
from bot.access.people.panels import Panels
from bot.access.people.reminders import Reminders
from bot.jobs import Jobs
from bot.notifications.batch_progress import BatchProgress
from bot.notifications.direct_messages import DirectMessages
from bot.notifications.disk_alarm import DiskAlarm
from bot.notifications.holder_roles import HolderRoleGiver
from bot.notifications.interrupted import Interrupted
from bot.notifications.link_calls import LinkCaller
from bot.notifications.log_channel import LogChannel
from bot.notifications.login_alerts import LoginAlerts
from bot.notifications.order_outcomes import OutcomeNotifier
from bot.notifications.outbox import Outbox
from bot.notifications.panels import PanelPoster
from bot.notifications.reminders import ReminderNotifier
from bot.notifications.trouble import Blockade
from bot.services.bulk import Bulk
from bot.services.chat import Chat
from bot.services.opened import Opened
from bot.services.sync import Sync


@dataclass(frozen=True)
class Notifications:
    """What tells people of what came of their orders, and of trouble."""

    blockade: Blockade
    direct_messages: DirectMessages
    log_channel: LogChannel
    outbox: Outbox
    reminders: Reminders
    panel_poster: PanelPoster
    outcome_notifier: OutcomeNotifier
    batch_progress: BatchProgress
    login_alerts: LoginAlerts
    disk_alarm: DiskAlarm
    holder_role_giver: HolderRoleGiver


def wire_notifications(
    opened: Opened,
    outages: Outages,
    sync: Sync,
    guild_settings: GuildSettings,
    chat: Chat,
    batches: Bulk,
) -> Notifications:
    """Return what tells people, wired, and not started yet."""
    database, jobs = opened.database, opened.jobs
    client, history, may = chat.client, chat.history, chat.may
    waiting, blockade, panels = WaitingMessages(database), Blockade(), Panels(database)
    direct_messages = DirectMessages(client, waiting, blockade)
    log_channel = LogChannel(client, history, guild_settings, blockade, may)
    outbox, reminders = Outbox(client, waiting, direct_messages, log_channel), Reminders(database)
    outcome_notifier = OutcomeNotifier(
        client,
        sync.outcomes,
        sync.notifier,
        direct_messages,
        log_channel,
        outbox,
        blockade,
        Interrupted(client, chat.unanswered, history, direct_messages, log_channel),
        ReminderNotifier(client, reminders, direct_messages, client.members.find),
        LinkCaller(client, LinkCalls(database), panels.channel),
        jobs,
    )
    waiting.on_new.append(outcome_notifier.wake)
    return Notifications(
        blockade=blockade,
        direct_messages=direct_messages,
        log_channel=log_channel,
        outbox=outbox,
        reminders=reminders,
        panel_poster=PanelPoster(client, panels),
        outcome_notifier=outcome_notifier,
        batch_progress=_show_progress(batches, chat, direct_messages, log_channel, blockade, jobs),
        login_alerts=LoginAlerts(client, outages, direct_messages, may),
        disk_alarm=DiskAlarm(database.has_room, history, log_channel),
        holder_role_giver=HolderRoleGiver(
            client, HolderRoles(database), sync.notifier, blockade, jobs
        ),
    )


def _show_progress(
    batches: Bulk,
    chat: Chat,
    direct_messages: DirectMessages,
    log_channel: LogChannel,
    blockade: Blockade,
    jobs: Jobs,
) -> BatchProgress:
    """Return what draws the messages of batches anew, woken by each change of a batch."""
    progress = BatchProgress(
        chat.client,
        batches.messages,
        batches.views,
        batches.results,
        direct_messages,
        log_channel,
        blockade,
        jobs,
    )
    batches.batches.on_change.append(progress.wake)
    batches.runner.on_found.append(progress.wake)
    return progress
