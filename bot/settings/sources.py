"""Where each setting comes from: the environment, the file .env, or a file that was not meant to be it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

# What editors and Windows make of the name .env, in the order in which they are looked for.
_NEARLY = (".env.txt", "env.txt", "env", "_env", ".env.env", ".env.example.txt")
_EXAMPLE = ".env.example"
ENVIRONMENT = "the environment"


@dataclass(frozen=True, slots=True)
class Given:
    """The text of a setting, and where it stands: under which name, in what."""

    text: str
    name: str
    source: str


def given(fields: Iterable[str], env_file: Path | None) -> dict[str, Given]:
    """Return what is set to something: of the file, and over it of the environment.

    Raises OSError or UnicodeDecodeError for a file that cannot be read.
    """
    # Windows editors put a mark in front.
    file = dotenv_values(env_file, encoding="utf-8-sig") if env_file and env_file.is_file() else {}
    found = {}
    for variables, source in ((file, str(env_file)), (os.environ, ENVIRONMENT)):
        for name, value in variables.items():
            if text := _tidy(
                value or ""
            ):  # set to nothing in the environment, it leaves the file's
                found[name.lower()] = Given(text, name.upper(), source)
    if "http_port" not in found and "port" in found:  # hosts give it under this name
        found["http_port"] = found["port"]
    return {field: found[field] for field in fields if field in found}


def port_of_host(settings: Mapping[str, Given]) -> str | None:
    """Return what a host that sets PORT by itself should know about it."""
    if not os.environ.get("PORT", "").strip():
        return None
    port = settings.get("http_port")
    if port is None or port.name != "PORT":
        source = port.source if port else ENVIRONMENT
        return (
            f"PORT stands in {ENVIRONMENT} (hosts set it), but HTTP_PORT in {source} counts. Take "
            "HTTP_PORT out if the host should reach Usher."
        )
    if "http_host" in settings:
        return f"HTTP_PORT is not set, so PORT of {ENVIRONMENT} is used (hosts set it)."
    return (
        f"HTTP_PORT is not set, so PORT of {ENVIRONMENT} is used (hosts set it). HTTP_HOST is not set "
        "either: with HTTP_HOST=0.0.0.0 the host can reach Usher."
    )


def misplaced(env_file: Path | None, *, is_needed: bool = True) -> str | None:
    """Return what to do about a file that was meant to be `env_file`; None when that is there, or none is.

    Where it is not needed, as the token stands in the environment, only a wrong name is said.
    """
    if env_file is None or env_file.is_file():
        return None
    if env_file.is_dir():
        return f"{env_file} is a folder, but Usher reads a file of that name. Rename the folder."
    for name in _NEARLY:
        near = env_file.with_name(name)
        if near.is_file():
            return (
                f"There is a file {near}, but Usher reads {env_file} (Windows hides endings such as "
                f".txt). Rename it:\n    {_move()} {near} {env_file}"
            )
    example = env_file.with_name(_EXAMPLE)
    if is_needed and _has_token(example):
        return (
            f"The token stands in {example}, and Usher reads {env_file}. {_copy(example, env_file)}"
        )
    return None


def _has_token(example: Path) -> bool:
    try:
        return bool(dotenv_values(example, encoding="utf-8-sig").get("DISCORD_TOKEN"))
    except (OSError, UnicodeDecodeError):
        return False


def _copy(example: Path, env_file: Path) -> str:
    if os.name == "nt":
        return f"Copy the example first:\n    copy {example} {env_file}"
    return f"Copy the example first:\n    cp {example} {env_file} && chmod 600 {env_file}"


def _move() -> str:
    return "ren" if os.name == "nt" else "mv"


def _tidy(value: str) -> str:
    """Set but empty counts as unset; `docker --env-file` leaves quotation marks on."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    return value
