"""The checklist of a new server, its roles and its log channel."""

from collections.abc import Iterable
from dataclasses import replace

import discord

from bot.access.logins.sessions import LoginState
from bot.access.people.guild_settings import Setup
from bot.access.people.member_facts import MembersIntent
from bot.access.people.reminders import ReminderSettings
from bot.replies import discovery, members_intent, scripts, setup_proof, wrong_clock
from bot.replies.channel_trouble import ChannelTrouble, why
from bot.replies.holder_roles import why as why_no_role
from bot.replies.login import form_button
from bot.replies.message import Button, Message, key
from bot.replies.reminders import in_words
from bot.replies.sweeps import TAKING_OVER, take_over_everybody, untaken
from bot.replies.text import bold, count, day, listed, relative, title
from bot.replies.tone import Tone
from bot.store.kinds import RoleLevel
from bot.store.records import Product

OPEN_STAFF = "setup_open_staff"
OPEN_LOG = "setup_open_log"
PICK_STAFF = "setup_pick_staff"
PICK_LOG = "setup_pick_log"
PICK_SETTING = "setup_pick_setting"
QUICK = "setup_quick"
REMINDERS = "reminders"

_LEVELS = {RoleLevel.STAFF: "staff", RoleLevel.MANAGER: "managers"}
# What Discord itself asks for before it shows the commands.
_NEEDED = {RoleLevel.STAFF: "Timeout Members", RoleLevel.MANAGER: "Manage Server"}
_COMMANDS = {
    RoleLevel.STAFF: "`/access`, `/customer`, `/why`, `/sync`, `/seats` and `/audit`",
    RoleLevel.MANAGER: "`/script`, `/product`, `/role`, `/code`, `/panel` and `/session`",
}


def checklist(
    setup: Setup,
    guild_id: int,
    trouble: ChannelTrouble | None = None,
    intent: MembersIntent = MembersIntent.GRANTED,
    reminders: ReminderSettings | None = None,
) -> Message:
    """Return what is done, what is open, and one button for the next step.

    `trouble`: why the log channel takes nothing.
    """
    lines = [
        _step(setup.staff, "Role for staff", _roles(setup.staff), "who may give access?"),
        _log_channel(setup, trouble),
        _login(setup),
        _step(
            setup.scripts,
            "First script",
            count(setup.scripts, "script"),
            "what do you sell? `/script discover` lists your scripts to choose from",
        ),
    ]
    if setup.scripts:
        lines += [_people(setup), _proof(setup)]
        if setup.tester is not None:
            lines.append(
                f"⏳ {bold(setup.tester.username)} still has the access of the last proof; it ends by itself, "
                f"{relative(setup.tester.ends_at)}."
            )
    if setup.manager:
        lines.append(f"▫️ Managers of scripts and login: {_roles(setup.manager)}")
    if setup.scripts and reminders is not None:
        lines.append(f"▫️ Reminders: {in_words(reminders)}")
    lines += [_role_trouble(product) for product in setup.role_troubles]
    if setup.claims:
        waiting = count(setup.claims, "member waits", "members wait")
        reachable = setup.log_channel_id is not None and trouble is None
        where = (
            "in the channel above and under `/sync status`" if reachable else "under `/sync status`"
        )
        lines.append(f"⏳ {waiting} for a decision about a TradingView name, {where}.")
    if unseen := members_intent.setup_line(intent):
        lines.append(unseen)
    buttons, wrong = _next(setup, guild_id, trouble), wrong_clock.warning()
    if wrong:
        lines.append(wrong)
    is_done = not (buttons or setup.tester) and not (setup.unread or wrong or setup.role_troubles)
    first = "**Everything is set up.**" if is_done else "**Setting up Usher**"
    return Message(
        "\n".join([first, *lines]),
        buttons=buttons,
        items=(_settings(guild_id),) if setup.scripts else (),
        tone=Tone.DONE if is_done and not setup.claims else None,
    )


def _settings(guild_id: int) -> "discord.ui.Select[discord.ui.View]":
    """Return the list of what can be set beside the steps; whatever is chosen takes its place."""
    options = [
        discord.SelectOption(
            label="Reminders", value=REMINDERS, description="Messages before a customer's time ends"
        )
    ]
    return discord.ui.Select(
        custom_id=key(PICK_SETTING, guild_id), placeholder="More settings", options=options
    )


def pick_staff(guild_id: int) -> Message:
    """Return a list of the server's roles."""
    pick: discord.ui.RoleSelect[discord.ui.View] = discord.ui.RoleSelect(
        custom_id=key(PICK_STAFF, guild_id), placeholder="The role of your staff"
    )
    return Message(
        "**Which role do your staff have?** They may give and end access.", items=(pick,)
    )


def pick_log(guild_id: int) -> Message:
    """Return a list of the server's channels."""
    pick: discord.ui.ChannelSelect[discord.ui.View] = discord.ui.ChannelSelect(
        custom_id=key(PICK_LOG, guild_id),
        channel_types=[discord.ChannelType.text],
        placeholder="A channel that only staff can see",
    )
    return Message(
        "**Where should the history and warnings appear?** Choose a channel that only staff can see.",
        items=(pick,),
    )


def role_added(role_id: int, level: RoleLevel, *, new: bool, sees_commands: bool) -> Message:
    """Return that a role has a level now; some roles do not see the commands yet."""
    already = "" if new else " already"
    lines = [f"✅ **<@&{role_id}> counts as {_LEVELS[level]}{already}.**"]
    if not sees_commands:
        lines.append(hidden_commands(level))
    return Message("\n".join(lines))


def hidden_commands(level: RoleLevel) -> str:
    """Return that Discord hides the level's commands from a role, and how to show them."""
    return (
        f"⚠️ The role lacks Discord's right {bold(_NEEDED[level])}, so Discord hides "
        f"{_COMMANDS[level]} from it. Switch them on: *Server Settings > Integrations > Usher*, "
        "choose the command, then *Add roles or members*."
    )


def role_removed(role_id: int, level: RoleLevel) -> Message:
    """Return that a role lost its level."""
    return Message(f"✅ **<@&{role_id}> no longer counts as {_LEVELS[level]}.**")


def log_channel(channel_id: int, *, public: bool) -> Message:
    """Return that the history goes to that channel now."""
    lines = [f"✅ **The history and warnings appear in <#{channel_id}> from now on.**"]
    if public:
        lines.append(
            "⚠️ **Everybody in this server can read that channel**, and the lines name your "
            "customers. Hide it from `@everyone`, or choose another one."
        )
    return Message("\n".join(lines))


def approval(above: int | None, before: int | None) -> Message:
    """Return from how many people on a batch that ends access takes a second manager."""
    lines = [f"✅ **{approval_in_words(above)}**"]
    if above != before:
        lines.append(f"Until now: {approval_in_words(before)}")
    lines.append(
        "-# The other one presses too, and may be the owner, anybody with *Manage Server*, or of a role set with "
        "`/setup manager`."
    )
    return Message("\n".join(lines[:2] if above is None else lines))


def approval_in_words(above: int | None) -> str:
    """Return when a second manager is needed, as a sentence."""
    if above is None:
        return "One manager alone may end access for any number of people at once."
    if above == 0:
        return "Ending anybody's access with `/bulk` takes a second manager."
    return f"Ending access for more than {count(above, 'person', 'people')} at once takes a second manager."


def _step(done: object, name: str, facts: str, question: str) -> str:
    return f"✅ {name}: {facts}" if done else f"⬜ {name}: {question}"


def _role_trouble(product: Product) -> str:
    assert product.role_trouble is not None  # noqa: S101 - chosen so
    return (
        f"❌ Role of {title(product)}, <@&{product.role_id}>: {why_no_role(product.role_trouble)}"
    )


def _log_channel(setup: Setup, trouble: ChannelTrouble | None) -> str:
    name = "Channel for the history"
    if trouble is not None:
        return f"❌ {name}: {why(trouble)}"
    question = "where should changes and warnings appear?"
    return _step(setup.log_channel_id is not None, name, f"<#{setup.log_channel_id}>", question)


def _login(setup: Setup) -> str:
    if setup.login is LoginState.DEAD:
        return "❌ TradingView login: it has ended and needs new cookies"
    works = bold(setup.account) if setup.account else "it works"
    alive = setup.login is LoginState.ALIVE
    return _step(alive, "TradingView login", works, "which account has the scripts?")


def _proof(setup: Setup) -> str:
    name = "Proof that it works"
    if setup.proven_at is None:
        return f"⬜ {name}: a day for a tester, read back from TradingView, and taken away again"
    return f"✅ {name}: {day(setup.proven_at)}"


def _people(setup: Setup) -> str:
    """Return whether everybody who has access already is known here."""
    name = "People who have access already"
    if setup.untaken.people:
        return f"⬜ {name}: {untaken(setup.untaken)}. {TAKING_OVER}"
    if setup.unread:
        names = listed(bold(script.title) for script in setup.unread[:5])
        more = f" and {len(setup.unread) - 5} more" if len(setup.unread) > 5 else ""
        return f"⬜ {name}: nobody has read the list of {names}{more} yet; `/sync sweep` does it"
    return f"✅ {name}: all taken over"


def _next(setup: Setup, guild_id: int, trouble: ChannelTrouble | None) -> tuple[Button, ...]:
    """Return the button of the next open step, and another way to take it where there is one."""
    style = discord.ButtonStyle.primary
    choose = Button("Choose the role for staff", key(OPEN_STAFF, guild_id), style)
    if not setup.staff and setup.log_channel_id is None:
        quick = Button("Make role and channel for me", key(QUICK, guild_id), style)
        return (quick, replace(choose, style=discord.ButtonStyle.secondary))
    if not setup.staff:
        return (choose,)
    if setup.log_channel_id is None:
        return (Button("Choose the channel", key(OPEN_LOG, guild_id), style),)
    if trouble is not None:
        return (Button("Choose another channel", key(OPEN_LOG, guild_id), style),)
    if setup.login is not LoginState.ALIVE:
        return (form_button(guild_id, "Add the TradingView login"),)
    if not setup.scripts:
        return (discovery.button(guild_id), scripts.by_hand(guild_id))
    if taking_over := take_over_everybody(setup.untaken, guild_id):
        return (taking_over,)
    return () if setup.proven_at is not None else (setup_proof.button(guild_id),)


def _roles(role_ids: Iterable[int]) -> str:
    return listed(f"<@&{role_id}>" for role_id in sorted(role_ids))


def followed_by(done: Message, checklist: Message) -> Message:
    """Return what was just done, with the checklist under it."""
    text = f"{done.text}\n\n{checklist.text}"
    return Message(text, buttons=checklist.buttons, items=checklist.items)
