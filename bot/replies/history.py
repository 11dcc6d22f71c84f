"""The history in words: one line for each entry, for `/audit` and for the log channel."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.access.orders.pending import STUCK
from bot.access.people.api_keys import ORPHANED
from bot.access.queries.overview import History
from bot.access.queries.self_check import CALLED
from bot.replies import (
    api_keys,
    history_bulk,
    history_payments,
    history_people,
    history_plans,
    history_products,
    history_purchases,
    history_shops,
    history_sweeps,
    links,
    members_intent,
    newer_release,
    outgoing,
    panel,
    roles,
    seats,
    self_check,
    wrong_clock,
)
from bot.replies.history_facts import Facts
from bot.replies.message import Message, shorten
from bot.replies.orders import why_stuck
from bot.replies.overview import pages
from bot.replies.text import (
    bold,
    embed,
    escape,
    short_day,
    typed,
)
from bot.replies.tone import Tone
from bot.store.kinds import OrderKind, OrderState
from bot.store.records import Customer, Event, Product, Script

AUDIT = "audit"
_MAX_LINE = 380


def _sold(facts: Facts) -> str:
    """Return what Discord sells, by its name there."""
    name = str(facts.after.get("name", ""))
    return f"{bold(name)} from Discord" if name else "something from Discord"


def _above(facts: Mapping[str, Any]) -> str:
    """Return for how many people one manager is enough."""
    above = facts.get("above")
    if above == 0:
        return "from the first one on"
    return "never" if above is None else f"more than {above:,}"


def line(entry: Event, item: Script | Product | None, customer: Customer | None) -> str:
    """Return one entry in one line, without its date."""
    return _cut(_text(entry, item, customer), entry.note)


def headline(entry: Event, item: Script | Product | None, customer: Customer | None) -> str:
    """Return one entry without its note, and without what stood before: both have places of their own."""
    return _cut(_text(entry, item, customer, _HEADLINES))


def _text(
    entry: Event,
    item: Script | Product | None,
    customer: Customer | None,
    others: "Mapping[str, Callable[[Facts], str]] | None" = None,
) -> str:
    """Return what happened, in the words of `others` where they have some."""
    say = (others or {}).get(entry.action) or _SENTENCES.get(entry.action)
    if say is None:
        return escape(entry.action.replace("_", " "))
    return say(Facts(entry, item, customer))


def _cut(text: str, note: str | None = None) -> str:
    """Return it with the note, in one line that is not too long."""
    whole = f"{text} – {typed(note)}" if note else text
    return shorten(whole.replace("\n", " "), _MAX_LINE)


def in_lines(entries: Sequence[Event], item: Callable[[Event], Script | Product | None]) -> str:
    """Return entries about one person, who is not named in each, with their dates and their items."""
    return "\n".join(
        f"- {short_day(entry.at)} {_cut(_text(entry, item(entry), None, _OF_ONE), entry.note)}"
        for entry in entries
    )


def audit(history: History, guild_id: int) -> Message:
    """Return one person's history, newest first."""
    if not history.events:
        return Message(
            f"There is no history of {bold(history.username)}. Check the spelling; "
            "`/access check` also looks on TradingView."
        )
    lines = in_lines(history.events, history.item)
    page = f"Page {history.page + 1}" if history.page or history.more else None
    return Message(
        f"The history of {bold(history.username)}, newest first.",
        (embed("History", lines, footer=page),),
        pages(AUDIT, guild_id, history.username, history.page, more=history.more),
    )


def _named(facts: Facts, text: str) -> str:
    name = facts.after_text("username") or facts.before_text("username") or facts.whom
    return text.format(who=facts.who, name=name, member=facts.member)


# By what the history keeps of a limit that a member reached.
_LIMITS = {
    "link": "tried to link more than three names within a day",
    "proof": "asked for more than five codes within a day",
    "look": "pressed *I don't see it* more than ten times within a day",
    "look_up": "looked up many names within a short while",
}

_SENTENCES: Mapping[str, Callable[[Facts], str]] = {
    OrderKind.GRANT: lambda f: f"{history_purchases.ordered(f)} for {f.whom}",
    OrderKind.SET: lambda f: f"{f.who} set the end of {f.what} for {f.whom}: {f.then()}{f.had()}",
    OrderKind.REVOKE: lambda f: f"{f.who} ended {f.what} for {f.whom}{f.had()}",
    OrderKind.PUT_BACK: lambda f: f"{f.who} put back {f.what} for {f.whom}",
    **history_plans.SENTENCES,
    **history_bulk.SENTENCES,
    **history_payments.SENTENCES,
    OrderState.DONE: lambda f: f"✅ {f.what} for {f.whom}: {f.then()}; TradingView shows it",
    OrderState.STUCK: lambda f: f"⚠️ {f.what} for {f.whom} is stuck. {why_stuck(f.reason())}",
    "clock_wrong": lambda f: wrong_clock.describe(f.seconds()),
    "clock_right": lambda _: (
        "✅ The clock of the computer that Usher runs on is right again: what waited for it goes on"
    ),
    "not_shown": lambda f: (
        f"⚠️ TradingView says yes to {f.what} for {f.whom}, but its list does not show it after "
        f"{f.number('try', 'tries')}. I go on trying once an hour. To end it yourself: "
        "`/access revoke`, wait for the answer, then order it anew"
    ),
    OrderState.SUPERSEDED: lambda f: (
        f"a later order took the place of one of {f.what} for {f.whom}"
    ),
    "found": lambda f: f"found on TradingView: {f.what} for {f.whom}, {f.then()}",
    "retry": lambda f: f"{f.who} had everything for {f.what} tried again",
    "link": lambda f: _named(f, "{who} tied {name} to {member}"),
    "match": lambda f: f"{f.who} tied {f.number('name')} to members",
    "matched": lambda f: _named(f, "{who} tied {name} to {member}"),
    "unlink": lambda f: f"{f.who} untied {f.before_name()} from {f.member}",
    "name_confirmed": lambda f: _named(f, "{who} said that {name} is {member}'s for certain"),
    "name_proven": lambda f: _named(
        f, "{member} showed with a code on the public TradingView page that {name} is theirs"
    ),
    "account_moved": lambda f: (
        f"{f.member} moves from {f.before_name()} to {f.after_text('username') or 'another'} on TradingView: what they have "
        "stands there first, and ends at the old name then"
    ),
    "limit_reached": lambda f: (
        f"{f.member} {_LIMITS.get(str(f.after.get('what')), 'asked too often')}; I say no for now"
    ),
    "claim": lambda f: _named(f, "{member} says that {name} is theirs; staff must look"),
    "claim_withdrawn": lambda f: f"{f.member} took back the request for {f.before_name()}",
    "claim_accepted": lambda f: _named(f, "{who} accepted that {name} belongs to {member}"),
    "claim_refused": lambda f: _named(f, "{who} refused that {name} belongs to {member}"),
    **history_people.SENTENCES,
    "script_add": lambda f: f"{f.who} added the script {f.what}",
    "script_rename": lambda f: f"{f.who} renamed a script to {f.what}",
    "script_archive": lambda f: f"{f.who} archived the script {f.what}",
    **history_products.SENTENCES,
    "script_paused": lambda f: (
        f"⚠️ TradingView refuses {f.what}: {typed(str(f.after.get('reason', '')))}. "
        "What is ordered for it waits; `/sync status` says what to do"
    ),
    **api_keys.SENTENCES,
    "session_set": lambda f: (
        f"{f.who} renewed the TradingView login {f.after_text('username')}".rstrip()
    ),
    "session_dead": lambda f: (
        "⚠️ **The TradingView login has ended.** Nobody lost access. "
        f"{f.waiting()} It can wait until morning: a manager renews it with `/session update` or "
        "`/session link`, and everything goes on by itself"
    ),
    "session_still_dead": lambda f: (
        f"⚠️ **The TradingView login has not worked since {f.since()}.** Nobody lost access. "
        f"{f.waiting()} A manager renews it with `/session update` or `/session link`"
    ),
    "session_spare_set": lambda f: f"{f.who} added a spare TradingView login",
    "session_spare_used": lambda f: (
        "⚠️ The TradingView login had ended, and a spare one took its place. Nothing was held up; "
        f"{f.left()}"
    ),
    "session_spare_dead": lambda f: f"A spare TradingView login has ended; {f.left()}",
    "session_environment_other": lambda f: (
        "⚠️ The cookies in `TV_SESSIONID` are those of "
        f"{f.after_text('username') or 'another account'} on TradingView, not of "
        f"{f.before_text('username') or 'the account in use'}, so they are not used. To change the account, a manager gives them to me "
        "with `/session update`; if not, take them out of the bot's settings"
    ),
    "session_alive": lambda _: "✅ The TradingView login works again; what waited goes on",
    "session_left": lambda _: (
        "Usher deleted the TradingView login: it had been removed from this server for 30 days"
    ),
    "login_page": lambda f: f"{f.who} opened a one-time page for the TradingView login",
    "login_page_refused": lambda f: (
        f"⚠️ A try on {f.who}'s one-time page for the TradingView login was refused. Nothing was changed"
    ),
    "login_refused": lambda f: (
        f"⚠️ A TradingView login that {f.who} gave on the dashboard was refused. Nothing was changed"
    ),
    "dashboard_opened": lambda f: f"{f.who} signed in to the dashboard",
    "dashboard_sessions_ended": lambda f: (
        f"{f.who} signed {f.number('browser')} out of the dashboard"
    ),
    "backup_made": lambda f: f"{f.who} made a copy of the database",
    "backup_downloaded": lambda f: f"{f.who} downloaded a copy of the database",
    "session_forgotten": lambda f: f"{f.who} deleted the TradingView login",
    "session_lost": lambda _: (
        "⚠️ The key of the stored TradingView login was lost, so the login was given up. Nobody lost "
        "access; orders wait. A manager gives a new login with `/session update`"
    ),
    "shape_changed": lambda f: (
        f"⚠️ **TradingView answers in another form than Usher knows** ({f.differences()}). Nothing is "
        "changed there, orders wait, nobody lost access. Look for a newer Usher; `/sync retry` goes on "
        "all the same"
    ),
    "shape_known": lambda _: (
        "✅ TradingView answers again in the form that Usher knows; what waited goes on"
    ),
    "shape_accepted": lambda f: (
        f"{f.who} let Usher go on although TradingView answers in another form"
    ),
    "messages_stopped": lambda _: (
        "⚠️ **Discord takes this bot for spam and stops its direct messages**, in all servers. Nobody lost "
        "access; commands work, and what I have to tell people waits and goes on by itself. Whoever runs "
        "the bot can appeal: <https://discord.com/developers/applications>, the bot's application, or "
        "<https://dis.gd/contact>"
    ),
    "messages_resumed": lambda _: "✅ Discord takes direct messages of this bot again",
    "members_unseen": lambda _: members_intent.announced(),
    "members_seen": lambda _: members_intent.over(),
    "setup_staff": lambda f: f"{f.who} changed who counts as staff",
    "setup_manager": lambda f: f"{f.who} changed who counts as manager",
    "setup_log": lambda f: f"{f.who} changed the channel for these lines",
    "setup_approval": lambda f: (
        f"{f.who} changed from how many people on ending access takes a second manager: "
        f"{_above(f.after)}, until now {_above(f.before)}"
    ),
    "setup_quick": lambda f: f"{f.who} has what is missing of staff role and log channel made",
    "proof_begun": lambda f: (
        f"{f.who} began a proof of the setup: {f.what} for {f.whom}, for a day, to be taken away at once"
    ),
    "proof_done": lambda f: (
        f"✅ The setup is proven: TradingView showed {f.what} for {f.whom}, and shows it no more"
    ),
    "setup_reminders": lambda f: (
        f"{f.who} changed the reminders before a paid end: days {f.after_text('days') or '**none**'}, "
        f"nights of {f.after_text('time_zone')}"
    ),
    "restored": lambda f: (
        f"⚠️ **The database was restored from a backup of {f.since()}.** Nothing is changed on "
        "TradingView before I have read the list of every script there; that happens by itself"
        f"{history_sweeps.untold(f)}"
    ),
    "restore_checked": lambda f: f"the whole list of {f.what} was read after the restore",
    "was_there": lambda f: (
        f"{f.what} for {f.whom}: {f.then()}; TradingView showed it after the restore already"
    ),
    "restore_over": history_sweeps.restored,
    "restore_unread": history_sweeps.unread,
    CALLED: self_check.described,
    "panel_posted": lambda f: panel.described(f.who, f.after),
    **history_purchases.SENTENCES,
    **history_shops.SENTENCES,
    **outgoing.HISTORY,
    **history_sweeps.SENTENCES,
    "seats": lambda f: seats.warned(f.after),
    "seat_guard": lambda f: (
        f"{f.who} switched the question before number 101 {'on' if f.after.get('on') else 'off'}"
    ),
    "seat_allowed": lambda f: (
        f"⚠️ {f.who} said yes to {f.number('person', 'people')} at the month's end: "
        + (f"{more:,} more" if (more := f.after.get("more", 1)) > 1 else f"{f.whom} on {f.what}")
    ),
    "role_add": lambda f: f"{f.who} let {f.role()} open {f.what}",
    "role_remove": lambda f: f"{f.who} ended that {f.role()} opens {f.what}",
    "role_put_back": lambda f: f"{f.who} put back that {f.role()} opens {f.what}",
    "premium_add": lambda f: f"{f.who} let {_sold(f)} open {f.what}",
    "premium_remove": lambda f: f"{f.who} ended that {_sold(f)} opens {f.what}",
    "roles_lost": lambda f: roles.lost(f.after),
    "roles_lost_ended": lambda f: (
        f"{f.who} decided that {f.number('member')} really lost {f.role()}: what it gave ends"
    ),
    "roles_lost_kept": lambda f: (
        f"{f.who} decided that {f.number('member')} lost {f.role()} by accident: what it gave stays"
    ),
    "roles_lost_over": lambda f: (
        f"✅ Everybody who lost {f.role()} has it again; nothing is left to decide"
    ),
    "newer_release": lambda f: newer_release.told(f.after),
    "called_to_link": lambda f: links.called(f.after),
    "joined": lambda _: "Usher joined this server",
    "left": lambda _: "Usher was removed from this server; everything waits until it is back",
}

_HEADLINES: Mapping[str, Callable[[Facts], str]] = {
    OrderKind.SET: lambda f: f"{f.who} set the end of {f.what} for {f.whom}",
    OrderKind.REVOKE: lambda f: f"{f.who} ended {f.what} for {f.whom}",
    **history_plans.HEADLINES,
}
# In the history of one person, who need not be named in each line.
_OF_ONE: Mapping[str, Callable[[Facts], str]] = {
    OrderKind.GRANT: history_purchases.ordered,
    OrderKind.SET: lambda f: f"{f.who} set {f.what}: {f.change()}",
    OrderKind.REVOKE: lambda f: f"{f.who} ended {f.what}: {f.change()}",
    OrderKind.PUT_BACK: lambda f: f"{f.who} put back {f.what}",
    **history_plans.OF_ONE,
    OrderState.DONE: lambda f: f"✅ {f.what}: {f.then_short()}",
    OrderState.STUCK: lambda f: f"⚠️ {f.what} is stuck. {why_stuck(f.reason())}",
    OrderState.SUPERSEDED: lambda f: f"a later order for {f.what} took the place of one",
    "found": lambda f: f"found on TradingView: {f.what}, {f.then_short()}",
    "was_there": lambda f: f"{f.what}: {f.then_short()}; it was there after the restore already",
    **history_sweeps.OF_ONE,
    **history_products.OF_ONE,
}

ACTIONS = frozenset(_SENTENCES)
# What only a person can mend: a message of its own that calls the managers.
ALARMS = frozenset(
    {
        OrderState.STUCK,
        "not_shown",
        "script_paused",
        "session_dead",
        "session_still_dead",
        "session_lost",
        "shape_changed",
        "clock_wrong",
        "messages_stopped",
        "roles_lost",
        "holder_role_trouble",
        "outgoing_off",
        ORPHANED,
        STUCK,
    }
)


def entry_message(entry: Event, text: str) -> Message:
    """Return one entry as a message of its own; what is an alarm has a red edge."""
    if not text.endswith((".", "…", "!", "?", "`")):
        text += "."
    return Message(text, tone=Tone.STOP if entry.action in ALARMS else None)
