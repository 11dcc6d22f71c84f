"""Discord's limits for messages and embeds; broken ones are answered with 50035 or 50006."""

import re
from typing import Any

from bot.sandbox.discord.components import check_components
from bot.sandbox.discord.errors import ApiError, Form, Json, Path, empty_message
from bot.sandbox.discord.payloads import UPLOAD_LIMIT
from bot.sandbox.discord.world import COMPONENTS_V2

CONTENT = 2000
EMBEDS = 10
EMBED_TOTAL = 6000
NONCE = 25

_URL = re.compile(r"^(https?|attachment|discord)://\S+$")


def check_message(
    body: Json, *, editing: bool = False, files: int = 0, flags: int = 0, path: Path = ()
) -> None:
    """Raise ApiError when Discord would not take this message.

    `files` counts the uploads beside the body, `flags` are those of the message that is edited.
    """
    form = Form()
    content = body.get("content")
    form.text((*path, "content"), content, 0, CONTENT)
    embeds = form.items((*path, "embeds"), body.get("embeds"), 0, EMBEDS)
    _check_embeds(form, (*path, "embeds"), embeds)
    v2 = bool(((body.get("flags") or 0) | flags) & COMPONENTS_V2)
    components = body.get("components")
    if components:
        check_components(form, (*path, "components"), components, v2=v2)
    if v2 and (content or embeds):
        form.add(
            (*path, "content"),
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        )
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        form.text((*path, "nonce"), nonce, 0, NONCE)
    form.done()
    if not editing and not (_has_text(content) or embeds or files or components):
        raise empty_message()


def check_edit_leaves_something(content: str, *parts: list[Any]) -> None:
    """Raise 50006 when an edit would leave nothing to see."""
    if not _has_text(content) and not any(parts):
        raise empty_message()


def check_uploads(sizes: list[int]) -> None:
    """Raise 40005 for a file over 10 MiB."""
    if any(size > UPLOAD_LIMIT for size in sizes):
        raise ApiError(413, 40005, "Request entity too large")
    if len(sizes) > 10:
        form = Form()
        form.items(("attachments",), sizes, 0, 10)
        form.done()


def check_choices(choices: Any) -> list[Json]:
    """The answers to an autocomplete, at most 25, names of 1 to 100."""
    form = Form()
    taken = form.items(("data", "choices"), choices, 0, 25)
    for index, choice in enumerate(taken):
        path: Path = ("data", "choices", index)
        form.text((*path, "name"), choice.get("name"), 1, 100, required=True)
        value = choice.get("value")
        if isinstance(value, str):
            form.text((*path, "value"), value, 1, 100, required=True)
        elif value is None:
            form.required((*path, "value"))
    form.done()
    return taken


def _has_text(content: Any) -> bool:
    return isinstance(content, str) and bool(content.strip())


def _check_embeds(form: Form, path: Path, embeds: list[Any]) -> None:
    total = 0
    for index, embed in enumerate(embeds):
        here: Path = (*path, index)
        if not isinstance(embed, dict):
            form.add(here, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            continue
        total += _check_embed(form, here, embed)
    if total > EMBED_TOTAL:
        form.add(
            path,
            "MAX_EMBED_SIZE_EXCEEDED",
            f"Embed size exceeds maximum size of {EMBED_TOTAL}",
        )


def _check_embed(form: Form, path: Path, embed: Json) -> int:
    """Check one embed; returns the characters that count towards the total."""
    footer = embed.get("footer") or {}
    author = embed.get("author") or {}
    texts = [
        form.text((*path, "title"), embed.get("title"), 0, 256),
        form.text((*path, "description"), embed.get("description"), 0, 4096),
        form.text((*path, "footer", "text"), footer.get("text"), 0, 2048, required=bool(footer)),
        form.text((*path, "author", "name"), author.get("name"), 0, 256, required=bool(author)),
    ]
    for index, field in enumerate(form.items((*path, "fields"), embed.get("fields"), 0, 25)):
        here: Path = (*path, "fields", index)
        for key, high in (("name", 256), ("value", 1024)):
            text = field.get(key)
            blank = isinstance(text, str) and not text.strip()
            texts.append(
                form.text((*here, key), "" if blank else text, 0, high, required=True),
            )
    form.number((*path, "color"), embed.get("color"), 0, 0xFFFFFF)
    for key in ("url", "image", "thumbnail"):
        link = embed.get(key)
        link = link.get("url") if isinstance(link, dict) else link
        if link is not None and not _URL.match(str(link)):
            where = (*path, key) if key == "url" else (*path, key, "url")
            form.add(where, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    return sum(len(text.strip()) for text in texts if text)
