"""Settings from the environment and `.env`: every mistake reported at once, by name, never by value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.engine import make_url
from yarl import URL

from bot.errors import StartupError
from bot.settings import sources
from bot.settings.sources import Given
from bot.settings.values import READERS, Network, Secret, parts

KEY_NAME = "secret.key"
_ENV_FILE = Path(".env")
# Where a browser on this computer finds what listens everywhere.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, not bound

__all__ = ["Secret", "Settings", "load", "misplaced_file", "remarks"]


@dataclass(frozen=True)
class Settings:
    """Everything Usher can be told from outside; made directly, it reads no environment."""

    discord_token: Secret | None = None
    discord_guild_id: int | None = None
    discord_members_intent: Literal["auto", "off"] = "auto"
    discord_api_url: str | None = None
    discord_gateway_url: str | None = None

    tradingview_url: str = "https://www.tradingview.com"
    pine_facade_url: str = "https://pine-facade.tradingview.com"
    tv_sessionid: Secret | None = None
    tv_sessionid_sign: Secret | None = None
    tv_pace: float = 2.0
    tv_concurrency: int = 2

    database_url: str = "sqlite+aiosqlite:///data/usher.db"
    secret_key: Secret | None = None

    http_host: str = "127.0.0.1"
    http_port: int = 8080
    http_connections: int = 100
    public_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()

    outgoing_allow: tuple[str, ...] = ()  # hosts and networks

    https_proxy: Secret | None = None  # it may hold a password
    http_proxy: Secret | None = None
    no_proxy: str | None = None

    update_check: Literal["on", "off"] = "on"
    update_url: str | None = None

    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_format: Literal["text", "json"] = "text"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The Fernet keys, the encrypting one first; empty when none was given."""
        return parts(self.secret_key.get_secret_value()) if self.secret_key else ()

    @property
    def database_path(self) -> Path:
        """The database file; a relative one starts at the working directory."""
        return Path(make_url(self.database_url).database or "")

    @property
    def key_file(self) -> Path:
        """Where the key is made and looked for when SECRET_KEY is unset: beside the database."""
        return self.database_path.parent / KEY_NAME

    @property
    def earlier_key_file(self) -> Path:
        """Where earlier versions made the key, wherever the database was; it counts when it is there."""
        return Path("data") / KEY_NAME

    def local_address(self, port: int) -> str:
        """Return where a browser on this computer finds the web endpoint that listens at that port."""
        host = _ANYWHERE.get(self.http_host, self.http_host).strip("[]")
        return str(URL.build(scheme="http", host=host, port=port))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value held here, for the log's filter."""
        held = (self.discord_token, self.tv_sessionid, self.tv_sessionid_sign)
        proxies = (self.https_proxy, self.http_proxy)
        passwords = (URL(proxy.get_secret_value()).password for proxy in proxies if proxy)
        return (
            *(value.get_secret_value() for value in held if value),
            *(password for password in passwords if password),
            *self.secret_keys,
        )


def load(env_file: Path | None = _ENV_FILE) -> Settings:
    """Return the settings of the environment, then of `env_file`; None reads no file.

    Raises StartupError (78) that names every faulty variable, where it stands, how to mend it, and no
    value.
    """
    try:
        given = sources.given(READERS, env_file)
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, ValueError) else "cannot be read"
        report = f"Usher cannot start: the file {env_file} {reason}."
    else:
        values, mistakes = _read(given)
        if not mistakes:
            return Settings(**values)
        first = None if "discord_token" in given else sources.misplaced(env_file)
        report = _report(given, mistakes, first)
    raise StartupError(report)  # outside the handlers: the causes hold values


def remarks(env_file: Path | None = _ENV_FILE) -> list[str]:
    """Return what is worth knowing about settings that can be read: of the host's own, of a wrong file."""
    given = sources.given(READERS, env_file)
    return [
        remark
        for remark in (
            sources.port_of_host(given),
            sources.misplaced(env_file, is_needed="discord_token" not in given),
        )
        if remark is not None
    ]


def misplaced_file(env_file: Path = _ENV_FILE) -> str | None:
    """Return what to do about a file that was meant to be `env_file`, as the bot's token may stand in it."""
    return sources.misplaced(env_file)


def _read(given: Mapping[str, Given]) -> tuple[dict[str, Any], dict[str, str]]:
    """What each text means, and what is wrong with those that mean nothing."""
    values: dict[str, Any] = {}
    mistakes: dict[str, str] = {}
    for field, setting in given.items():
        try:
            values[field] = READERS[field](setting.text)
        except ValueError as error:
            mistakes[field] = str(error)
    return values, _apart(given, mistakes) | mistakes


def _apart(given: Mapping[str, Given], mistakes: Mapping[str, str]) -> dict[str, str]:
    """Those that are of use only together, and are not together."""
    alone: dict[str, str] = {}
    # A bot with only one of them redirected would show another Discord's token to the real one.
    halves = ("discord_api_url" in given) != ("discord_gateway_url" in given)
    if halves and "discord_api_url" not in mistakes:
        alone["discord_gateway_url"] = (
            "and DISCORD_API_URL belong together: set both for another Discord, or neither."
        )
    if "tv_sessionid_sign" in given and "tv_sessionid" not in given:
        alone["tv_sessionid_sign"] = "works only together with TV_SESSIONID: set both, or neither."
    for field in ("tv_sessionid", "tv_sessionid_sign"):
        if field in given and "discord_guild_id" not in given:
            alone.setdefault(
                field,
                "needs DISCORD_GUILD_ID, the number of the server whose TradingView login this is.",
            )
    return alone


def _report(
    given: Mapping[str, Given], mistakes: Mapping[str, str], first: str | None = None
) -> str:
    count = "1 setting needs" if len(mistakes) == 1 else f"{len(mistakes)} settings need"
    lines = "\n".join(_line(field, given, mistakes) for field in READERS if field in mistakes)
    head = f"Usher cannot start: {count} mending (.env.example explains each)."
    return "\n".join(part for part in (head, first, lines) if part)


def _line(field: str, given: Mapping[str, Given], mistakes: Mapping[str, str]) -> str:
    if field not in given:
        return f"  {field.upper()} {mistakes[field]}"
    return f"  {given[field].name} {mistakes[field]} (It stands in {given[field].source}.)"
