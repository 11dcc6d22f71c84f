"""The buttons by which members help themselves, under a panel, `/me` and messages; all outlive a restart."""

from collections.abc import Sequence

import discord

from bot.access.rules.shop_links import with_token
from bot.replies.message import Button, Message, key, shorten
from bot.replies.text import bold, escape
from bot.replies.tone import Tone
from bot.store.records import Product

REDEEM = "redeem_open"
LINK, LINK_FORM, WRONG = "own_open_link", "own_link_form", "own_open_wrong"
ME, UNSEEN, STILL_UNSEEN, BUY = "own_me", "own_unseen", "own_still", "own_buy"
NAME = "name"
FORM_TITLE = "Your TradingView name"
_MAX_LINKS = 5  # as buttons; more become a list
_MAX_LISTED = 25
_MAX_HINT = 100  # characters that Discord shows below a field's name


def link_button(guild_id: int) -> Button:
    """Return the button that asks for a TradingView name."""
    return Button("Link TradingView", key(LINK, guild_id), discord.ButtonStyle.primary)


def wrong_name_button(guild_id: int) -> Button:
    """Return the button for whoever has another name than the one that is known."""
    return Button("Wrong name", key(WRONG, guild_id))


def me_button(guild_id: int) -> Button:
    """Return the button that shows what the member has."""
    return Button("My access", key(ME, guild_id))


def redeem_button(guild_id: int, label: str = "Redeem a code") -> Button:
    """Return the button that opens the form for a code."""
    return Button(label, key(REDEEM, guild_id))


def unseen_button(
    guild_id: int, style: discord.ButtonStyle = discord.ButtonStyle.secondary
) -> Button:
    """Return the button that has TradingView looked at."""
    return Button("I don't see it", key(UNSEEN, guild_id), style)


def still_unseen_button(guild_id: int) -> Button:
    """Return the button that calls staff although TradingView shows it."""
    return Button("I still don't see it", key(STILL_UNSEEN, guild_id))


def buy_button(guild_id: int) -> Button:
    """Return the button that shows where things are sold."""
    return Button("Buy or renew", key(BUY, guild_id))


def panel_buttons(guild_id: int) -> tuple[Button, ...]:
    """Return the buttons of a panel."""
    return (
        link_button(guild_id),
        me_button(guild_id),
        redeem_button(guild_id),
        unseen_button(guild_id),
        wrong_name_button(guild_id),
        buy_button(guild_id),
    )


def name_form(username: str | None) -> "list[discord.ui.Item[discord.ui.View]]":
    """Return the one field of the form; `username` is what is known so far."""
    where = "It stands at the top of TradingView's menu, when you are logged in there."
    hint = (
        where
        if username is None
        else f"Until now: {username}. The right one stands at the top of TradingView's menu."
    )
    return [
        discord.ui.Label(
            text="TradingView name",
            description=shorten(hint, _MAX_HINT),
            component=discord.ui.TextInput(
                custom_id=NAME, min_length=1, max_length=100, placeholder="Trader_Joe"
            ),
        )
    ]


def where_to_find(username: str, *, is_new: bool = True) -> str:
    """Return where access is found on TradingView, for whoever has it anew or for the first time."""
    text = (
        f"Where to find it: log in to TradingView as {bold(username)}, open a chart, then **Indicators → "
        "Invite-only scripts**. If it is missing, reload the page (Ctrl+R on a computer)."
    )
    return f"{text}\n{FREE_PLAN}" if is_new else text


RELOAD = "Reload the page (Ctrl+R on a computer; on a phone close the app and open it again)."
FREE_PLAN = "TradingView's free plan shows two indicators at a time: take one off the chart if there is no room."


def buy(products: Sequence[Product], token: str | None = None) -> Message:
    """Return where what is sold can be bought or renewed, or whom to ask.

    With the token in the address the shop tells which member bought.
    """
    sold = [
        (each.title, with_token(each.link, token) if token else each.link)
        for each in products
        if each.link and each.link.startswith("https://")
    ]
    if not sold:
        return Message(
            "**To buy or renew, ask the staff of this server.** They know your name: you need not link it "
            "again."
        )
    then = "After that it goes on by itself: you get a message when you can use it."
    if len(sold) <= _MAX_LINKS:
        buttons = tuple(Button(name, url=link) for name, link in sold)
        return Message(f"**Press what you want to buy or renew.** {then}", buttons=buttons)
    lines = [f"- {escape(name)}: <{link}>" for name, link in sold[:_MAX_LISTED]]
    return Message("\n".join([f"**Here you can buy or renew.** {then}", *lines]), tone=Tone.PLAIN)
