"""What a vendor reads while a shop is connected: five steps, the test, the list, and what can be set."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import discord

from bot.access.catalogue.premium_rules import PremiumOpening
from bot.access.orders.connection_view import NAME_FIELD, ConnectionView, Heard, path_of
from bot.access.sources import payments
from bot.access.sources.payments import Provider
from bot.replies import webhook_discord, webhook_prices
from bot.replies.message import Button, Message, key
from bot.replies.text import bold, count, embed, escape, moment, relative, typed
from bot.replies.tone import Tone
from bot.replies.webhook_forms import OPEN_KEY, OPEN_OPTIONS, OPEN_SECRET, flat
from bot.replies.webhook_refusals import why_refused
from bot.store.kinds import DeliveryState

DROP_OLD = "shop_drop_old"
TEST = "shop_test"
PENDING_OPEN = "shop_pending_open"
_MAX_LISTED = 12


# The five steps


def steps(
    view: ConnectionView, address: str | None, local: str, *, log_channel: bool, done: str = ""
) -> Message:
    """Return what is left to do until sales of a shop become access; `local` is where Usher listens."""
    found, row = payments.provider(view.row.provider), view.row
    first = (
        done or f"**{escape(view.label)}, connection {row.id}.** Five steps lead to the first sale."
    )
    lines = [
        f"**1. The address.** {_address(view, address)} {found.where}",
        f"**2. The secret.** {_secret(view, found)}",
        f"**3. The test.** `/webhook test` with connection {row.id} waits for the first message and tells of it.",
        f"**4. The prices.** {_prices(row.id, log_channel=log_channel)}",
        f"**5. The buyer's name.** {_name(view, found)}",
    ]
    if address is None:
        lines.insert(0, _no_address(local))
    box = embed("Five steps", "\n".join(lines))  # longer than a text may be
    return Message(first, (box,), _step_buttons(view, found), tone=_tone(view, address))


def _address(view: ConnectionView, address: str | None) -> str:
    if address is not None:
        return f"Paste this at {escape(view.label)}: `{address}`"
    return f"Behind your own https address it ends in `{path_of(view.row)}`."


def _no_address(local: str) -> str:
    """Return the ways to a public https address."""
    return (
        "⚠️ **No shop can reach Usher yet: it has no public https address.** Either a web server in front of "
        "it, such as Caddy, with these three lines and your own name:\n"
        f"```\nusher.example.com {{\n    reverse_proxy {local}\n}}\n```"
        "Then set `PUBLIC_URL=https://usher.example.com` and `TRUSTED_PROXIES=127.0.0.1`, and restart Usher. "
        f"Or, to try it, a tunnel: `cloudflared tunnel --url http://{local}` shows an https address for "
        "`PUBLIC_URL`."
    )


def _secret(view: ConnectionView, found: Provider) -> str:
    if view.secrets:
        old = ""
        if view.old_until is not None:
            old = f" The one before stays good until {moment(view.old_until)}."
        return f"✅ Kept encrypted, and never shown again.{old}"
    if not found.is_signed:
        return f"The address is the secret here: show it to nobody. {found.secret}"
    return f"⬜ Not there yet. {found.secret} Then press *Enter the secret*."


def _prices(connection_id: int, *, log_channel: bool) -> str:
    where = "in the log channel" if log_channel else "under `/webhook list`"
    return (
        f"The first time that something is sold, I ask {where} which product it is, and what was bought "
        f"waits so long. To say it before: `/webhook edit` with connection {connection_id}, price and item."
    )


def _name(view: ConnectionView, found: Provider) -> str:
    text = found.name_field
    if field := view.row.options.get(NAME_FIELD):
        text += f" You chose the field {typed(str(field))}."
    if found.link_parameter:
        text += (
            f" Or by the shop's link: what I add to it as `{found.link_parameter}` tells me which member "
            "buys."
        )
    return f"{text} Whoever tells no name is shown under `/webhook pending`."


def _step_buttons(view: ConnectionView, found: Provider) -> tuple[Button, ...]:
    guild_id, number = view.row.guild_id, view.row.id
    enter = "New secret" if view.secrets else "Enter the secret"
    style = discord.ButtonStyle.secondary if view.secrets else discord.ButtonStyle.primary
    buttons = [
        Button(enter, key(OPEN_SECRET, guild_id, number), style),
        Button("Test", key(TEST, guild_id, number)),
    ]
    if view.secrets > 1:
        buttons.append(Button("Remove the old secret", key(DROP_OLD, guild_id, number)))
    if found.check_options is not None:
        buttons.append(Button("Options", key(OPEN_OPTIONS, guild_id, number)))
    if found.takes_api_key:
        buttons.append(Button("API key", key(OPEN_KEY, guild_id, number)))
    return tuple(buttons)


def _tone(view: ConnectionView, address: str | None) -> Tone:
    is_signed = payments.provider(view.row.provider).is_signed
    return Tone.DONE if address and (view.secrets or not is_signed) else Tone.LOOK


def added(view: ConnectionView) -> str:
    """Return that a connection was added, to stand above its steps."""
    return f"✅ **{escape(view.label)} is added as connection {view.row.id}.**"


def secret_kept(view: ConnectionView) -> str:
    """Return that a secret was taken, to stand above the steps."""
    return f"✅ **The secret of {escape(view.label)}, connection {view.row.id}, is kept.**"


def changed(view: ConnectionView) -> str:
    """Return that something was changed, to stand above the steps."""
    return f"✅ **{escape(view.label)}, connection {view.row.id}, is changed.**"


# What is set


def settings(view: ConnectionView, steps: Message, prices: Sequence[Any]) -> Message:
    """Return the steps of a connection with what its vendor decided, and its prices."""
    terms, row = view.terms, view.row
    decided = [
        f"- What renews goes on for {count(terms.slack_days, 'day')} beyond its paid end (`slack`)",
        f"- After a failed payment it goes on for {count(terms.grace_days, 'day')} (`grace`)",
        "- Cancelled by the shop: ends "
        + ("**at once**" if terms.cancel_ends_now else "at the paid end")
        + " (`cancel`)",
        "- Paid back in part: "
        + ("**ends**" if terms.partial_refund_ends else "stays")
        + " (`refund`)",
        "- Disputed: "
        + ("held until the shop has won" if terms.dispute_holds else "**stays meanwhile**")
        + " (`dispute`)",
        "- Before anything is shortened: "
        + ("**I ask first**" if row.asks_first else "nothing is asked; *Put back* undoes it")
        + " (`ask`)",
    ]
    if view.options:
        options = ", ".join(f"{name} = {value}" for name, value in flat(view.options))
        decided.append(f"- Options: {typed(options)}")
    boxes = [*steps.embeds, embed("What you decided", "\n".join(decided))]
    if prices:
        boxes.append(embed("Prices", webhook_prices.lines(prices)))
    return Message(steps.text, tuple(boxes), steps.buttons, tone=steps.edge)


# The test


def waiting(view: ConnectionView) -> Message:
    """Return what to do in the shop while the first message is waited for."""
    return Message(
        f"⏳ **I wait for a message of {escape(view.label)}, connection {view.row.id}**, ten minutes at most. "
        f"{_press(view)}"
    )


def _press(view: ConnectionView) -> str:
    where = payments.provider(view.row.provider).where
    return (
        "Let the shop send one now: most have *Send test* or *Re-send* beside the address; else buy "
        f"something for nothing, or in the shop's test mode. {where}"
    )


def heard(view: ConnectionView, heard: Heard, before: Heard) -> Message:
    """Return what came: which message, whether its signature is good, and what becomes of it."""
    again = (Button("Wait again", key(TEST, view.row.guild_id, view.row.id)),)
    shop = f"{escape(view.label)}, connection {view.row.id}"
    if heard.is_refusal(before):
        return Message(
            f"❌ **A message for {shop} came, and I refused it.** {why_refused(heard.why)}",
            buttons=again,
        )
    return Message(
        f"✅ **A message of {shop} came: {typed(heard.kind or 'a greeting')}.** Its signature is good. "
        f"{_became(heard.state)}",
        buttons=again,
    )


def _became(state: DeliveryState | None) -> str:
    match state:
        case DeliveryState.DONE:
            return "It was worked on, and all is well."
        case DeliveryState.UNMAPPED:
            return "It waits until you say which product was sold: I ask in the log channel, and `/webhook list` does too."
        case DeliveryState.STUCK:
            return "It could not be worked on: `/webhook pending` says why."
        case _:
            return "A test message changes nothing, so nobody was given anything by it."


def nothing_came(view: ConnectionView) -> Message:
    """Return what to look at when no message came."""
    return Message(
        f"⚠️ **No message of {escape(view.label)}, connection {view.row.id}, came.** Nothing was changed. Look at "
        "the shop's own list of what it sent to this address: it says whether the address was reached. If "
        "not, open it in a browser: Usher must answer there, not another page.",
        buttons=(Button("Wait again", key(TEST, view.row.guild_id, view.row.id)),),
    )


def late(message: Message, server: str | None) -> Message:
    """Return what a test saw, for a direct message."""
    where = f" in {escape(server)}" if server else ""
    return Message(f"-# The test of a shop{where}\n{message.text}", tone=message.edge)


# The list


def listed(
    views: Sequence[ConnectionView],
    prices: Mapping[int, tuple[int, int]],
    guild_id: int,
    waiting: int,
    sold: Sequence[PremiumOpening] = (),
) -> Message:
    """Return how each connection stands; `prices` are the known and the open ones of each, `sold` is Discord's."""
    if not views and not sold:
        return Message(
            "**No shop is connected yet.** `/webhook add` connects one, in five steps.",
            tone=Tone.PLAIN,
        )
    lines = [line(view, *prices.get(view.row.id, (0, 0))) for view in views[:_MAX_LISTED]]
    if len(views) > _MAX_LISTED:
        lines.append(f"… and {len(views) - _MAX_LISTED} more")
    if sold:
        lines.append(webhook_discord.line(sold))
    buttons = []
    if unsaid := sum(number for _, number in prices.values()):
        label = f"Say what {count(unsaid, 'price')} {'is' if unsaid == 1 else 'are'}"
        style = discord.ButtonStyle.primary
        buttons.append(Button(label, key(webhook_prices.NEXT, guild_id), style))
    stuck = sum(view.stuck for view in views)
    if waiting or stuck:
        label = f"What waits ({waiting + stuck})"
        buttons.append(Button(label, key(PENDING_OPEN, guild_id)))
    first = f"{count(len(views) + bool(sold), 'connection')} to shops."
    return Message(first, (embed("Shops", "\n".join(lines)),), tuple(buttons))


def line(view: ConnectionView, known: int, unsaid: int) -> str:
    """Return one connection: whether it works, when it was heard last, and what is open."""
    row = view.row
    parts = [f"{_SIGNS.get(standing(view), '⚠️')} {bold(view.label)}, connection {row.id}"]
    if row.heard_at is not None:
        kind = f" ({typed(row.heard_kind)})" if row.heard_kind else ""
        parts.append(f"last message {relative(row.heard_at)}{kind}")
    parts.append(f"{count(known, 'price')} known" + (f", {unsaid} open" if unsaid else ""))
    if view.unmapped:
        parts.append(f"{count(view.unmapped, 'message')} waiting for a price")
    if view.stuck:
        parts.append(f"{count(view.stuck, 'message')} stuck")
    text = " – ".join(parts)
    if row.refused and row.refused_at is not None:
        text += (
            f"\n  {count(row.refused, 'message')} refused, the last {relative(row.refused_at)}. "
            f"{why_refused(row.refused_why)}"
        )
    if not view.secrets and payments.provider(row.provider).is_signed:
        text += (
            "\n  The secret is missing: no message is taken. `/webhook edit` has the button for it"
        )
    elif row.heard_at is None and not row.refused:
        text += "\n  Nothing has come yet: `/webhook test` waits for the first message"
    return text


class Standing(StrEnum):
    """How a connection stands, in the words of pages."""

    NO_SECRET = "the secret is missing"  # noqa: S105 - words
    REFUSED = "messages are refused"
    STUCK = "messages are stuck"
    SILENT = "nothing has come yet"
    WAITS = "messages wait for a price"
    WORKS = "works"


_SIGNS = {Standing.SILENT: "⏳", Standing.WAITS: "⏳", Standing.WORKS: "✅"}


def standing(view: ConnectionView) -> Standing:
    """Return how a connection stands; what is worst about it."""
    row = view.row
    if not view.secrets and payments.provider(row.provider).is_signed:
        return Standing.NO_SECRET
    if row.refused_at is not None and (row.heard_at is None or row.refused_at > row.heard_at):
        return Standing.REFUSED
    if view.stuck:
        return Standing.STUCK
    if row.heard_at is None:
        return Standing.SILENT
    return Standing.WAITS if view.unmapped else Standing.WORKS


# The end


def remove(view: ConnectionView, buttons: tuple[Button, ...]) -> Message:
    """Return the question before a connection is removed."""
    return Message(
        f"**Remove {escape(view.label)}, connection {view.row.id}?** Its messages are taken no more from then "
        "on: no sale, no renewal and no refund of that shop is seen. What was bought stays as it is.",
        buttons=buttons,
        tone=Tone.LOOK,
    )


def removed(view: ConnectionView) -> Message:
    """Return that a connection is removed."""
    return Message(
        f"✅ **{escape(view.label)}, connection {view.row.id}, is removed.** Its messages are taken no more, and its "
        "secret is deleted; what was bought stays. Take the address out of the shop's settings too."
    )


def kept(view: ConnectionView) -> Message:
    """Return that a connection stays."""
    return Message(f"**{escape(view.label)}, connection {view.row.id}, stays as it was.**")
