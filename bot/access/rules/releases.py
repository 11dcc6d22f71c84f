"""What an address says of the newest release, and whether that is newer than the Usher that runs."""

import json
from dataclasses import dataclass
from typing import Any

from yarl import URL

_MAX_VERSION = 64
_MAX_ADDRESS = 500


@dataclass(frozen=True, slots=True)
class Release:
    """A release by its version, with the address of its notes where there is one."""

    version: str
    address: str | None = None


def read(body: bytes) -> Release | None:
    """Return the release that an answer names; None where it names none that is finished.

    It may be what GitHub says of a project's latest release, JSON with `version` and perhaps `url`, or
    a version and nothing else.
    """
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = text
    if not isinstance(said, dict):
        # A bare 1.2 is a number to JSON, and a version to people.
        return _release(text.strip("\"'"), None)
    if said.get("draft") or said.get("prerelease"):
        return None
    tag = said.get("tag_name")
    if tag is not None:
        return _release(tag, said.get("html_url"))
    return _release(said.get("version"), said.get("url"))


def is_newer(version: str, running: str) -> bool:
    """Return whether a finished release comes after the version that runs."""
    named, own = _version(version), _version(running)
    return named is not None and own is not None and not named.is_prerelease and named > own


def _release(version: object, address: object) -> Release | None:
    if not isinstance(version, str) or len(version) > _MAX_VERSION:
        return None
    parsed = _version(version)
    if parsed is None or parsed.is_prerelease:
        return None
    return Release(str(parsed), _web_address(address))


def _version(text: str) -> Any:
    """Return a version that can be compared; None for what is none."""
    # 1 MB, for those alone who have an address asked.
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        return Version(text)
    except InvalidVersion:
        return None


def _web_address(text: object) -> str | None:
    """Return an address that people may be shown; None for anything that is no plain https."""
    if not isinstance(text, str) or len(text) > _MAX_ADDRESS:
        return None
    try:
        url = URL(text)
    except ValueError:
        return None
    shown = str(url)
    if url.scheme != "https" or not url.host or url.user or len(shown) > _MAX_ADDRESS:
        return None
    # Between < and >, as the log channel shows it, nothing else may end it.
    return shown if shown.isascii() and not set(shown) & set("<> \t\r\n`") else None
