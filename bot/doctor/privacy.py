"""Looks whether other users of this computer get at what is secret."""

import os
import stat
from pathlib import Path

from bot.doctor.findings import Finding
from bot.store.maintenance.files import is_shared

_SUBJECT = "Privacy"


def privacy(database: Path, key_file: Path, env_file: Path | None) -> list[Finding]:
    """Return findings about files that other users could read (blocking).

    Windows keeps rights elsewhere.
    """
    if os.name == "nt":
        return []
    findings = []
    if database.exists() or key_file.exists():  # the first start closes the folder itself
        findings = _of_folder(database)
    places = [database, key_file, *([env_file] if env_file is not None else [])]
    return findings + [
        Finding(_SUBJECT, f"other users of this computer can get at {place}.", f"chmod 600 {place}")
        for place in places
        # The folder's own rights are enough to keep everybody out of what is in it.
        if place.is_file() and _is_open(place) and _is_open(place.parent)
    ]


def _of_folder(database: Path) -> list[Finding]:
    folder = database.parent
    if not folder.is_dir() or not _is_open(folder):
        return []
    if not is_shared(database):
        return [
            Finding(
                _SUBJECT,
                f"other users of this computer can get at {folder}.",
                f"chmod 700 {folder}",
            )
        ]
    if folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        text = (
            f"other users of this computer can write in the folder {folder}. What Usher keeps there is "
            "its own user's alone, but a folder of its own is safer (DATABASE_URL)."
        )
        return [Finding(_SUBJECT, text, note=True)]
    return []


def _is_open(place: Path) -> bool:
    return bool(stat.S_IMODE(place.stat().st_mode) & 0o077)
