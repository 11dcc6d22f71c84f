"""Settings from the environment and `.env`: every mistake reported at once, by name, never by value."""

import math
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.fernet import Fernet
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from yarl import URL

from bot.errors import StartupError

Network = IPv4Network | IPv6Network

_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]+")  # what a Cookie header carries unquoted
_TOKEN_MEND = (
    "Copy it from the Discord developer portal, your application, page Bot, button Reset Token."  # noqa: S105
)
_LOG_LEVELS = "debug, info, warning, error, critical"

# What to say when a value does not even have the right kind.
_KINDS = {
    "discord_token": f"is missing. {_TOKEN_MEND}",
    "discord_guild_id": "must be the number of your server. In Discord switch on Developer Mode, "
    "right-click the server, Copy Server ID.",
    "tv_pace": "must be a number of requests a second, more than 0, such as 2.",
    "tv_concurrency": "must be a whole number, 1 or more, such as 2.",
    "http_port": "must be a whole number from 0 to 65535, such as 8080 (0 takes any free port).",
    "log_level": f"must be one of {_LOG_LEVELS}.",
    "log_format": "must be text or json.",
}


class Settings(BaseModel):
    """Everything Usher can be told from outside; made directly, it reads no environment."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    discord_token: SecretStr | None = None
    discord_guild_id: int | None = Field(default=None, gt=0, lt=2**63)
    discord_api_url: str | None = None
    discord_gateway_url: str | None = Field(default=None, validate_default=True)

    tradingview_url: str = "https://www.tradingview.com"
    pine_facade_url: str = "https://pine-facade.tradingview.com"
    tv_sessionid: SecretStr | None = None
    tv_sessionid_sign: SecretStr | None = None
    tv_pace: float = Field(default=2.0, gt=0)
    tv_concurrency: int = Field(default=2, ge=1)

    database_url: str = "sqlite+aiosqlite:///data/usher.db"
    secret_key: SecretStr | None = None

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()

    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_format: Literal["text", "json"] = "text"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The Fernet keys, the encrypting one first; empty when none was given."""
        return _parts(self.secret_key.get_secret_value()) if self.secret_key else ()

    @property
    def database_path(self) -> Path:
        """The database file; a relative one starts at the working directory."""
        return Path(make_url(self.database_url).database or "")

    @property
    def key_file(self) -> Path:
        """Where the key is made and looked for when SECRET_KEY is unset."""
        return Path("data/secret.key")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value held here, for the log's filter."""
        held = (self.discord_token, self.tv_sessionid, self.tv_sessionid_sign)
        return (*(value.get_secret_value() for value in held if value), *self.secret_keys)

    @field_validator("*", mode="before")
    @classmethod
    def _tidy(cls, value: Any, info: ValidationInfo) -> Any:
        """Set but empty counts as unset; `docker --env-file` leaves quotation marks on."""
        if not isinstance(value, str) or info.field_name is None:
            return value
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1].strip()
        return value or cls.model_fields[info.field_name].default

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("discord_token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        token = value.get_secret_value()
        if re.search(r"\s", token) or not token.isascii():
            raise ValueError(f"must be the bare token, without spaces or “Bot”. {_TOKEN_MEND}")
        return value

    @field_validator("discord_api_url")
    @classmethod
    def _api_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = _address(value, "http", "https")
        if not re.search(r"/v\d+$", url):
            raise ValueError("must end with the version, as in http://127.0.0.1:9000/api/v10.")
        return url

    @field_validator("discord_gateway_url")
    @classmethod
    def _gateway_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        # A bot with only one of them redirected would show another Discord's token to the real one.
        if "discord_api_url" in info.data and (value is None) != (
            info.data["discord_api_url"] is None
        ):
            raise ValueError(
                "and DISCORD_API_URL belong together: set both for another Discord, or neither."
            )
        return None if value is None else _address(value, "ws", "wss")

    @field_validator("tradingview_url", "pine_facade_url", "public_url")
    @classmethod
    def _web_url(cls, value: str | None) -> str | None:
        return None if value is None else _address(value, "http", "https")

    @field_validator("tv_sessionid", "tv_sessionid_sign")
    @classmethod
    def _cookie(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None:
            return None
        cookie = value.get_secret_value()
        if cookie.startswith("sessionid") or not _COOKIE_VALUE.fullmatch(cookie):
            raise ValueError(
                "must be the value of the cookie alone, without its name, spaces or semicolons."
            )
        if info.field_name == "tv_sessionid_sign" and info.data.get("tv_sessionid", ...) is None:
            raise ValueError("works only together with TV_SESSIONID: set both, or neither.")
        if info.data.get("discord_guild_id", ...) is None:
            raise ValueError(
                "needs DISCORD_GUILD_ID, the number of the server whose TradingView login this is."
            )
        return value

    @field_validator("tv_pace")
    @classmethod
    def _finite(cls, value: float) -> float:
        if not math.isfinite(value):
            raise ValueError(_KINDS["tv_pace"])
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        example = "such as sqlite+aiosqlite:///data/usher.db."
        try:
            url = make_url(value)
        except ArgumentError:
            raise ValueError(f"must be the address of a SQLite file, {example}") from None
        if url.drivername != "sqlite+aiosqlite":
            raise ValueError(f"must start with sqlite+aiosqlite:///, {example}")
        if not url.database or ":memory:" in url.database or url.database.startswith("file:"):
            raise ValueError(
                f"must name a file, {example} A database in memory forgets everything."
            )
        if url.host:
            raise ValueError(f"needs three slashes (four before a full path), {example}")
        return value

    @field_validator("secret_key")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        keys = _parts(value.get_secret_value())
        wrong = [place for place, key in enumerate(keys, start=1) if not _is_key(key)]
        if wrong or not keys:
            which = f" Number {', '.join(map(str, wrong))} is not one." if len(keys) > 1 else ""
            raise ValueError(
                "must be one or more Fernet keys (44 characters), separated by commas."
                f"{which} Leave it empty and Usher makes one in data/secret.key."
            )
        return value

    @field_validator("http_host")
    @classmethod
    def _host(cls, value: str) -> str:
        if re.search(r"[\s/]", value):
            raise ValueError("must be an address to listen at, such as 127.0.0.1 or 0.0.0.0.")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(part, strict=False) for part in _parts(value))
        except ValueError:
            raise ValueError(
                "must be addresses or networks separated by commas, such as 10.0.0.5,172.16.0.0/12."
            ) from None


class _Environment(BaseSettings, Settings):
    """The same, filled from the environment and, behind it, a file."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8-sig",  # Windows editors put a mark in front
        env_ignore_empty=True,
        extra="ignore",  # the file may serve other programs too
        frozen=True,
        hide_input_in_errors=True,
    )


class _EnvironmentWithToken(_Environment):
    discord_token: SecretStr


def load(env_file: Path | None = Path(".env"), *, need_token: bool = True) -> Settings:
    """Settings from the environment, then `env_file`; None reads no file.

    Raises StartupError (78) that names every faulty variable, how to mend it, and no value.
    """
    try:
        return (_EnvironmentWithToken if need_token else _Environment)(_env_file=env_file)
    except ValidationError as error:
        report = _report(_explained(error))
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, ValueError) else "cannot be read"
        report = f"Usher cannot start: the file {env_file} {reason}."
    raise StartupError(report)  # outside the handlers: the causes hold values


def _explained(error: ValidationError) -> dict[str, str]:
    """Variable name to what is wrong with it, in the order of the settings."""
    mistakes: dict[str, str] = {}
    for line in error.errors(include_url=False, include_input=False):
        field = str(line["loc"][0])
        reason = line.get("ctx", {}).get("error") if line["type"] == "value_error" else None
        mistakes[field.upper()] = str(reason) if reason else _KINDS.get(field, "is not understood.")
    return mistakes


def _report(mistakes: dict[str, str]) -> str:
    count = "1 setting needs" if len(mistakes) == 1 else f"{len(mistakes)} settings need"
    lines = "\n".join(f"  {name} {text}" for name, text in mistakes.items())
    return f"Usher cannot start: {count} mending (.env.example explains each).\n{lines}"


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)


def _is_key(text: str) -> bool:
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def _address(text: str, *schemes: str) -> str:
    """The address without a slash at its end; ValueError says what it should look like."""
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
