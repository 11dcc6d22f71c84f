"""How the text of each setting is read: what it means, or a sentence on what it should look like."""

import math
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from yarl import URL

Network = IPv4Network | IPv6Network

_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]+")  # what a Cookie header carries unquoted
_TOKEN_REMEDY = (
    "Copy it from the Discord developer portal, your application, page Bot, button Reset Token."  # noqa: S105
)


class Secret:
    """A text that shows itself only to who asks for it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def get_secret_value(self) -> str:
        """Return the text itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('**********')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)


def parts(text: str) -> tuple[str, ...]:
    """Return what stands between commas."""
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)


def _token(text: str) -> Secret:
    if re.search(r"\s", text) or not text.isascii():
        raise ValueError(f"must be the bare token, without spaces or “Bot”. {_TOKEN_REMEDY}")
    return Secret(text)


def _cookie(text: str) -> Secret:
    if text.startswith("sessionid") or not _COOKIE_VALUE.fullmatch(text):
        raise ValueError(
            "must be the value of the cookie alone, without its name, spaces or semicolons."
        )
    return Secret(text)


def _keys(text: str) -> Secret:
    keys = parts(text)
    wrong = [place for place, key in enumerate(keys, start=1) if not _is_key(key)]
    if wrong or not keys:
        which = f" Number {', '.join(map(str, wrong))} is not one." if len(keys) > 1 else ""
        raise ValueError(
            "must be one or more Fernet keys (44 characters), separated by commas."
            f"{which} Leave it empty and Usher makes one beside the database."
        )
    return Secret(text)


def _is_key(text: str) -> bool:
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def _number(
    kind: type[int] | type[float], fits: Callable[[float], bool], wrong: str
) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not fits(number):  # no comparison holds for what is no number
            raise ValueError(wrong)
        return number

    return read


def _choice(*choices: str, wrong: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(wrong)
        return text.lower()

    return read


def _web_url(text: str, *schemes: str) -> str:
    """The address without a slash at its end; ValueError says what it should look like."""
    schemes = schemes or ("http", "https")
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        url, port = URL(), None
    if url.scheme not in schemes or not url.host or port == 0:
        raise ValueError(f"must be a full address that starts with {wanted}.")
    if url.user or url.password or url.query_string or url.fragment:
        raise ValueError("must be an address without a user name, “?” or “#”.")
    return text.rstrip("/")


def _proxy(text: str) -> Secret:
    """The address of a proxy; it may hold a name and a password, which no mistake shows."""
    try:
        url = URL(text if "://" in text else f"http://{text}")
        fits = url.scheme in ("http", "https") and bool(url.host) and url.port != 0
    except ValueError:
        fits, url = False, URL()
    if not fits:
        raise ValueError("must be the address of an HTTP proxy, such as http://proxy.example:3128.")
    return Secret(str(url))


def _hosts(text: str) -> str:
    if "://" in text or any(re.search(r"\s", part) for part in parts(text)):
        raise ValueError(
            "must be names of hosts separated by commas, such as localhost,.example.com."
        )
    return ",".join(parts(text))


def is_safe(address: str) -> bool:
    """Return whether secrets may travel to that address: encrypted, or without leaving this computer."""
    url = URL(address)
    if url.scheme in ("https", "wss") or url.host == "localhost":
        return True
    try:
        return ip_address(url.host or "").is_loopback
    except ValueError:
        return False


def _safe_url(text: str, *schemes: str) -> str:
    """Return the address of somebody who is shown our tokens or cookies."""
    url = _web_url(text, *schemes)
    if not is_safe(url):
        encrypted, open_ = ("wss", "ws") if "ws" in schemes else ("https", "http")
        raise ValueError(
            f"must start with {encrypted}://, or logins and tokens would travel there for everybody to read. "
            f"{open_}:// is for this computer alone (127.0.0.1, localhost)."
        )
    return url


def _update_url(text: str) -> str:
    """Return the address as it stands; what it answers is believed, so nobody on the way may change it."""
    try:
        url = URL(text)
        fits = bool(url.host) and url.port != 0 and not (url.user or url.password or url.fragment)
    except ValueError:
        fits, url = False, URL()
    if not fits or url.scheme not in ("http", "https") or not is_safe(text):
        raise ValueError(
            "must be a full address that starts with https://, without a user name or “#”."
        )
    return text


def _api_url(text: str) -> str:
    url = _safe_url(text)
    if not re.search(r"/v\d+$", url):
        raise ValueError("must end with the version, as in http://127.0.0.1:9000/api/v10.")
    return url


def _database(text: str) -> str:
    example = "such as sqlite+aiosqlite:///data/usher.db."
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError(f"must be the address of a SQLite file, {example}") from None
    if not url.drivername.startswith("sqlite"):
        raise ValueError(
            f"is the address of another kind of database; many hosts set it by themselves. Usher keeps "
            f"everything in a file: set it to the place of one, {example}"
        )
    if url.drivername != "sqlite+aiosqlite":
        raise ValueError(f"must start with sqlite+aiosqlite:///, {example}")
    if not url.database or ":memory:" in url.database or url.database.startswith("file:"):
        raise ValueError(f"must name a file, {example} A database in memory forgets everything.")
    if url.host:
        raise ValueError(f"needs three slashes (four before a full path), {example}")
    return text


def _host(text: str) -> str:
    if re.search(r"[\s/]", text):
        raise ValueError("must be an address to listen at, such as 127.0.0.1 or 0.0.0.0.")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part, strict=False) for part in parts(text))
    except ValueError:
        raise ValueError(
            "must be addresses or networks separated by commas, such as 10.0.0.5,172.16.0.0/12."
        ) from None


_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?")


def _allowed(text: str) -> tuple[str, ...]:
    """Return hosts and networks as they stand; what is neither is refused."""
    given = parts(text)
    if all(_is_network(part) or _HOST.fullmatch(part) for part in given):
        return given
    raise ValueError(
        "must be names of hosts, addresses or networks separated by commas, such as n8n.internal,10.0.0.0/8."
    )


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


# How each setting is read, in the order in which mistakes are told.
READERS: dict[str, Callable[[str], Any]] = {
    "discord_token": _token,
    "discord_guild_id": _number(
        int,
        lambda number: 0 < number < 2**63,
        "must be the number of your server. In Discord switch on Developer Mode, "
        "right-click the server, Copy Server ID.",
    ),
    "discord_members_intent": _choice("auto", "off", wrong="must be auto or off."),
    "discord_api_url": _api_url,
    "discord_gateway_url": lambda text: _safe_url(text, "ws", "wss"),
    "tradingview_url": _safe_url,
    "pine_facade_url": _safe_url,
    "tv_sessionid": _cookie,
    "tv_sessionid_sign": _cookie,
    "tv_pace": _number(
        float,
        lambda pace: 0 < pace < math.inf,
        "must be a number of requests a second, more than 0, such as 2.",
    ),
    "tv_concurrency": _number(
        int, lambda count: count >= 1, "must be a whole number, 1 or more, such as 2."
    ),
    "database_url": _database,
    "secret_key": _keys,
    "http_host": _host,
    "http_port": _number(
        int,
        lambda port: 0 <= port <= 65535,
        "must be a whole number from 0 to 65535, such as 8080 (0 takes any free port).",
    ),
    "http_connections": _number(
        int, lambda count: count >= 1, "must be a whole number, 1 or more, such as 100."
    ),
    "public_url": _web_url,
    "trusted_proxies": _networks,
    "outgoing_allow": _allowed,
    "https_proxy": _proxy,
    "http_proxy": _proxy,
    "no_proxy": _hosts,
    "update_check": _choice("on", "off", wrong="must be on or off."),
    "update_url": _update_url,
    "log_level": _choice(
        *("debug", "info", "warning", "error", "critical"),
        wrong="must be one of debug, info, warning, error, critical.",
    ),
    "log_format": _choice("text", "json", wrong="must be text or json."),
}
