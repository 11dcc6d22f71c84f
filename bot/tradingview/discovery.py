"""Finding one's own scripts (wire §11). What holds a script's source is dropped where it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bot.logs import printable_line
from bot.tradingview.client import TradingViewClient
from bot.tradingview.errors import Trouble
from bot.tradingview.names import BadPineId, clean_pine_id
from bot.tradingview.response_errors import Reply, parsed, unusable
from bot.tradingview.wire import Purpose, Request

_MAX_NAME = 100
_INVITE_ONLY = 3  # pubscripts-get's number for it
_AT_ONCE = 100  # ids in one question for names


@dataclass(frozen=True, slots=True)
class OwnScript:
    """One publication; `title` is None where it was not told, `invite_only` likewise."""

    pine_id: str
    title: str | None
    invite_only: bool | None


def published_request(client: TradingViewClient) -> Request:
    """Ask for everything that the account published."""
    return Request(Purpose.READ, "/pine-facade/list?filter=published", base=client.pine_facade)


def managed_request() -> Request:
    """Ask for the scripts whose access the account manages."""
    return Request(Purpose.READ, "/pine_perm/list_scripts/")


def names_request(pine_ids: Sequence[str]) -> Request:
    """Ask what these scripts are called, at most 100 of them; hidden ones too."""
    form = urlencode({"scriptIdPart": ",".join(pine_ids), "show_hidden": "true"}).encode()
    return Request(Purpose.READ, "/pubscripts-get/", form)


async def published(client: TradingViewClient) -> list[OwnScript]:
    """Everything that the account published; an empty list also comes without a living login."""
    return _scripts(await client.ask(published_request(client), urgent=True))


async def managed(client: TradingViewClient) -> list[str]:
    """The pine ids whose access the account manages; whether only invite-only ones is not known."""
    reply = await client.ask(managed_request(), urgent=True)
    data = parsed(reply)
    if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
        raise unusable(Trouble.SHAPE, reply, Purpose.READ)
    return [pine_id for item in data if (pine_id := _pine_id(item)) is not None]


async def named(client: TradingViewClient, pine_ids: Sequence[str]) -> list[OwnScript]:
    """What is known of these, hidden ones too; whichever TradingView does not know are left out."""
    found: list[OwnScript] = []
    for start in range(0, len(pine_ids), _AT_ONCE):
        wanted = pine_ids[start : start + _AT_ONCE]
        found += _scripts(await client.ask(names_request(wanted), urgent=True))
    return found


def _scripts(reply: Reply) -> list[OwnScript]:
    data = parsed(reply)
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise unusable(Trouble.SHAPE, reply, Purpose.READ)
    return [
        OwnScript(pine_id, _title(item.get("scriptName")), _is_invite_only(item))
        for item in data
        if (pine_id := _pine_id(item.get("scriptIdPart"))) is not None
    ]


def _pine_id(value: Any) -> str | None:
    """A published script's id; private (USER;) and built-in ones (STD;) have no access list."""
    if not isinstance(value, str):
        return None
    try:
        return clean_pine_id(value)
    except BadPineId:
        return None


def _title(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return " ".join(printable_line(value).split())[:_MAX_NAME] or None


def _is_invite_only(item: dict[str, Any]) -> bool | None:
    """By the words of one call or the number of the other; None when neither is there."""
    words, number = item.get("scriptAccess"), item.get("access")
    if isinstance(words, str):
        return "invite" in words.casefold()
    if isinstance(number, int) and not isinstance(number, bool):
        return number == _INVITE_ONLY
    return None
