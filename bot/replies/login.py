"""The TradingView login: its state, its form, and what became of new cookies."""

import discord

from bot.access.logins.sessions import LoginCheck, LoginState, LoginStatus, Updated
from bot.access.logins.spares import SpareKept
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import bold, count, escape, listed, member, relative
from bot.replies.tone import Tone

FORM = "login_form"
OPEN_FORM = "login_open"
TITLE = "TradingView login"
SPARE_FORM = "spare_form"
OPEN_SPARE = "spare_open"
SPARE_TITLE = "Spare TradingView login"
SESSIONID = "sessionid"
SIGN = "sessionid_sign"
_MAX_TITLES = 5
_MAX_TYPED = 4_000  # as much as Discord lets people type; more comes as a file
_MAX_TITLE = 50


def form_items() -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the two fields of the form."""
    how = "F12 > Application (Firefox: Storage) > Cookies; a private window, closed without logging out"
    return [
        discord.ui.Label(
            text=SESSIONID,
            description=how,
            component=discord.ui.TextInput(
                custom_id=SESSIONID,
                min_length=1,
                max_length=_MAX_TYPED,
                placeholder="32 characters; or all that a cookie extension exports",
            ),
        ),
        discord.ui.Label(
            text=SIGN,
            description="The second cookie, beside the first; nearly every account needs it",
            component=discord.ui.TextInput(
                custom_id=SIGN, required=False, max_length=_MAX_TYPED, placeholder="v3:…"
            ),
        ),
    ]


def form_button(guild_id: int, label: str = "Renew the login") -> Button:
    """Return the button that opens the form."""
    return Button(label, key(OPEN_FORM, guild_id), discord.ButtonStyle.primary)


def spare_button(guild_id: int) -> Button:
    """Return the button that opens the form for a spare."""
    return Button("Add a spare login", key(OPEN_SPARE, guild_id))


def testing() -> Message:
    """Return what is shown while new cookies are tested."""
    return Message("⏳ **Testing the login with TradingView…** The old one stays until it works.")


def testing_now() -> Message:
    """Return what is shown while the stored login is tested."""
    return Message("⏳ **Testing the login with TradingView…**")


def kept_or_used(outcome: Updated | SpareKept, guild_id: int | None = None) -> Message:
    """Return whether the cookies are kept as a spare, or used; with a server, then offer to add a spare."""
    return spare_kept(outcome) if isinstance(outcome, SpareKept) else updated(outcome, guild_id)


def updated(
    update: Updated, guild_id: int | None = None, *, scripts_follow: bool = False
) -> Message:
    """Return that the new cookies are in use; with a server, offer to add a spare.

    `scripts_follow`: a list of the account's scripts stands below.
    """
    whose = f" as {escape(update.username)}" if update.username else ""
    goes_on = " What was waiting goes on now."
    if not update.has_scripts:
        goes_on = "" if scripts_follow else " Next, `/script discover` finds your scripts."
    lines = [f"✅ **The TradingView login works{whose}.**{goes_on}"]
    if not update.has_sign:
        lines.append(
            "⚠️ The second cookie, `sessionid_sign`, is missing. It works now, but TradingView may "
            "ask for it at any time: better add it."
        )
    if update.missing:
        lines.append(
            f"⚠️ TradingView does not show the list of people of {_titles(update.missing)} to this "
            "account. Orders for it wait."
        )
    if update.unchecked:
        lines.append(f"TradingView gave no answer about {_titles(update.unchecked)}.")
    buttons = () if guild_id is None else (spare_button(guild_id),)
    return Message("\n".join(lines), buttons=buttons)


def spare_kept(spare: SpareKept) -> Message:
    """Return that the cookies are kept as a spare."""
    whose = f" of {escape(spare.username)}" if spare.username else ""
    return Message(
        f"✅ **The spare login{whose} is kept.** {_spares(spare.spares)} I test it every day; when the "
        "login in use ends, it takes over by itself."
    )


def link(address: str) -> Message:
    """Return the button to the one-time page."""
    return Message(
        "**Open this page within ten minutes.** There you paste the two cookies, or sign in with name "
        "and password; nothing of it passes through Discord. It works once, and only for you: do not "
        "pass the address on.",
        buttons=(Button("Open the page", url=address),),
    )


def _spares(number: int) -> str:
    if not number:
        return "There is no spare login."
    return f"There {'is' if number == 1 else 'are'} {count(number, 'spare login')}."


def status(login: LoginStatus, verdict: LoginCheck | None, guild_id: int) -> Message:
    """Return how the login stands; `verdict` is that of a test made just now."""
    if login.state is LoginState.NONE:
        return Message(
            "**There is no TradingView login yet.** The button opens a form for the two cookies.",
            buttons=(form_button(guild_id, "Add the login"),),
            tone=Tone.LOOK,
        )
    whose = f" as {escape(login.username)}" if login.username else ""
    since = f" (since {relative(login.since)})" if login.since else ""
    if login.state is LoginState.DEAD:
        first = (
            f"❌ **The TradingView login{whose} has ended**{since}. Orders wait; none is lost. "
            "New cookies let them go on."
        )
    elif verdict is LoginCheck.ALIVE:
        first = f"✅ **The TradingView login works{whose}**; tested just now."
    else:
        tested = f" The last test was {relative(login.checked_at)}." if login.checked_at else ""
        first = (
            f"**The TradingView login{whose} worked when last tested.**{tested} TradingView does "
            "not answer just now."
        )
    tone = None if first.startswith(("✅", "❌")) else Tone.LOOK
    lines = [first]
    if login.set_at is not None:
        by = " from the settings of the program"
        if login.set_by is not None:
            by = f" by {member(login.set_by)}"
        lines.append(f"Added {relative(login.set_at)}{by}.")
    if not login.has_sign:
        lines.append("⚠️ The second cookie, `sessionid_sign`, is missing.")
    if login.spares:
        lines.append(f"{_spares(login.spares)} Should the login in use end, one takes over.")
    buttons = [form_button(guild_id)]
    if login.state is LoginState.ALIVE and login.takes_spare:
        buttons.append(spare_button(guild_id))
    return Message("\n".join(lines), buttons=tuple(buttons), tone=tone)


_LIVES_ON = (
    "I delete only what I keep. **At TradingView the login itself lives on**, and so it does in backups of my "
    "database. To end it there, open your settings on tradingview.com and **sign out on all devices**."
)


def forget(username: str | None, buttons: tuple[Button, ...]) -> Message:
    """Return the question that is asked before the login is deleted."""
    whose = f" of {escape(username)}" if username else ""
    return Message(
        f"**Delete the TradingView login{whose}?** Access on TradingView stays as it is, but nothing "
        f"can be given or ended until there is a new login.\n{_LIVES_ON}",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def kept() -> Message:
    """Return that the login stays."""
    return Message("**The TradingView login stays.**")


def forgotten() -> Message:
    """Return that the login is deleted."""
    return Message(
        f"**The TradingView login is deleted.** Orders wait until there is a new one.\n{_LIVES_ON}",
        tone=Tone.LOOK,
    )


def _titles(titles: tuple[str, ...]) -> str:
    shown = [bold(shorten(title, _MAX_TITLE)) for title in titles[:_MAX_TITLES]]
    if len(titles) > _MAX_TITLES:
        shown.append(f"{len(titles) - _MAX_TITLES} more")
    return listed(shown)
