"""A reply as plain data: text, embeds and buttons, cut to what Discord accepts."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import discord

from bot.replies.tone import Tone, in_colour, split_text, tone_of

MAX_TEXT = 2_000
MAX_LABEL = 80
MAX_KEY = 100
MAX_BUTTONS = 25


def key(name: str, guild_id: int, *args: object) -> str:
    """Return the id of a button or form: which press it is, of which server, about what.

    It outlives a restart, so everything that the press needs must be in it. Raises ValueError when
    it is longer than Discord keeps.
    """
    text = ":".join(("u", name, str(guild_id), *(str(arg) for arg in args)))
    if len(text) > MAX_KEY:
        raise ValueError(f"the key of {name} is longer than {MAX_KEY}")
    return text


@dataclass(frozen=True, slots=True)
class Button:
    """A button: `key` names the press that answers it, or `url` opens a page."""

    label: str
    key: str | None = None
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    url: str | None = None
    disabled: bool = False

    def item(self) -> "discord.ui.Button[Any]":
        """Return it as discord.py wants it."""
        return discord.ui.Button(
            label=shorten(self.label, MAX_LABEL),
            custom_id=self.key,
            style=self.style,
            url=self.url,
            disabled=self.disabled,
        )


class Board(discord.ui.View):
    """The buttons under a message. `bot.interactions.components` answers them, so discord.py need not keep it."""

    def __init__(self, items: "Sequence[discord.ui.Item[Any]]") -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)

    def is_finished(self) -> bool:
        """Return True: discord.py keeps and times only views that are not finished."""
        return True


@dataclass(frozen=True, slots=True)
class Attached:
    """A file beside a message."""

    name: str
    content: bytes = field(repr=False)

    def file(self) -> discord.File:
        """Return it as discord.py wants it; good for one try."""
        return discord.File(io.BytesIO(self.content), self.name)


@dataclass(frozen=True, slots=True)
class Ping:
    """Whom a message calls: these roles and members hear of it, and nobody else that it names."""

    roles: tuple[int, ...] = ()
    members: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """Return the mentions."""
        return " ".join(
            [*(f"<@&{each}>" for each in self.roles), *(f"<@{each}>" for each in self.members)]
        )

    def allowed(self) -> discord.AllowedMentions:
        """Return it as discord.py wants it."""
        return discord.AllowedMentions(
            everyone=False,
            users=[discord.Object(each) for each in self.members],
            roles=[discord.Object(each) for each in self.roles],
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A reply: text, embeds, buttons, files. `items` are further parts of the board, as lists to choose from.

    Its edge is green, amber or red by `tone`, which the signs in the text say where it is not given:
    the first sentence stands above, what follows in the box with the edge. A plain one has no box.
    """

    text: str = ""
    embeds: tuple[discord.Embed, ...] = ()
    buttons: tuple[Button, ...] = ()
    items: "tuple[discord.ui.Item[Any], ...]" = ()
    files: tuple[Attached, ...] = ()
    tone: Tone | None = None
    ping: Ping | None = None

    @property
    def edge(self) -> Tone:
        """Return the tone: the given one, or that of the signs in the text."""
        return tone_of(self.text, self.embeds) if self.tone is None else self.tone

    @property
    def content(self) -> str | None:
        """Return what stands above the box, cut to Discord's limit; None when there is nothing."""
        return self._shown()[0]

    def _shown(self) -> tuple[str | None, list[discord.Embed]]:
        """Return the text above, and the boxes in their colour."""
        text = shorten(self.text, MAX_TEXT)
        boxes = list(self.embeds)
        if text and not boxes and self.edge is not Tone.PLAIN:
            text, box = split_text(text, self.edge)
            boxes = [box]
        if self.ping is not None:
            text = shorten(text, MAX_TEXT - len(self.ping.text) - 1)
            text = f"{text}\n{self.ping.text}".lstrip()
        return text or None, [in_colour(box, self.edge) for box in boxes]

    def board(self) -> Board | None:
        """Return the buttons and lists, or None."""
        items = [*self.items, *(button.item() for button in self.buttons[:MAX_BUTTONS])]
        return Board(items) if items else None

    def to_json(self) -> dict[str, Any]:
        """Return text, embeds, buttons and tone as JSON, to be sent later; the rest cannot be kept."""
        buttons = [
            {
                "label": button.label,
                "key": button.key,
                "style": button.style.value,
                "url": button.url,
                "disabled": button.disabled,
            }
            for button in self.buttons
        ]
        embeds = [embed.to_dict() for embed in self.embeds]
        tone = None if self.tone is None else self.tone.name
        return {"text": self.text, "embeds": embeds, "buttons": buttons, "tone": tone}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return the message that `to_json` made this of."""
        tone = kept.get("tone")
        return cls(
            kept["text"],
            tuple(discord.Embed.from_dict(embed) for embed in kept["embeds"]),
            tuple(
                Button(**{**button, "style": discord.ButtonStyle(button["style"])})
                for button in kept["buttons"]
            ),
            tone=None if tone is None else Tone[tone],
        )

    def send_kwargs(self, *, nonce: str | None = None) -> dict[str, Any]:
        """Return the arguments that send it: what it has, as Discord takes no None. Good for one try."""
        content, embeds = self._shown()
        parts = {
            "nonce": nonce,
            "content": content,
            "embeds": embeds,
            "view": self.board(),
            "files": [attached.file() for attached in self.files],
            "allowed_mentions": None if self.ping is None else self.ping.allowed(),
        }
        return {name: part for name, part in parts.items() if part}

    def edit_kwargs(self) -> dict[str, Any]:
        """Return the arguments that put it in place of another message. Good for one try.

        What it lacks is removed there, but for files: a message without any leaves those that stand there.
        """
        content, embeds = self._shown()
        parts: dict[str, Any] = {"content": content, "embeds": embeds, "view": self.board()}
        if self.files:
            parts["attachments"] = [attached.file() for attached in self.files]
        return parts


def shorten(text: str, longest: int) -> str:
    """Return the text, cut when too long, at a line's end where one is near; … shows the cut."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    line_end = kept.rfind("\n")
    if line_end > longest - 300:
        kept = kept[:line_end]
    return kept.rstrip().rstrip("\\") + "…"
