"""Looks at the database and the key: there, writable, private, and fitting together."""

import os
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from bot import clock, logs, tradingview_accounts
from bot.access.logins import environment
from bot.access.logins.cookies import digest, pack, unpack
from bot.access.logins.renewal import Keep
from bot.doctor.discord_portal import KeptToken
from bot.doctor.findings import Finding, Place
from bot.doctor.login import ENVIRONMENT, Held
from bot.doctor.privacy import privacy
from bot.settings import Settings
from bot.store.engine.database import Database, open_database
from bot.store.engine.trial import try_out
from bot.store.kinds import RoleTrouble
from bot.store.logins import sessions
from bot.store.maintenance import backup, ground
from bot.store.maintenance.ground import GroundError
from bot.store.maintenance.inspect import Examined, Login, examine
from bot.store.maintenance.revision import Schema
from bot.store.vault import UnreadableError, Vault, key_in_use
from bot.tradingview import Cookies

STALE_HOURS = 48  # older than two of the daily ones


@dataclass(frozen=True, slots=True)
class Files:
    """Findings, and the logins that can be tested."""

    findings: list[Finding]
    logins: list[Held]
    is_new: bool = False  # no database yet
    token: KeptToken | None = None  # None: none was given in the browser


def examine_files(settings: Settings, env_file: Path | None = None) -> Files:
    """Examine everything that lies on this computer (blocking; call it in a thread); changes nothing."""
    path = settings.database_path
    findings = [_writable(path), space(path)]
    examined = examine(path)
    findings.append(_schema(examined))
    if examined.schema not in (Schema.ABSENT, Schema.UNREADABLE):
        findings.append(backups(path))
    findings += [role(title, trouble) for title, trouble in examined.role_troubles]
    vault, about_key = _key(settings, examined)
    findings += [about_key, *_kept_safely(settings, env_file)]
    return Files(
        findings,
        _logins(settings, examined, vault),
        is_new=examined.schema is Schema.ABSENT,
        token=_token(examined, vault),
    )


def examine_whole(settings: Settings, env_file: Path | None = None) -> list[Finding]:
    """Return what takes long to find out of the files that a running bot uses (blocking): all of it is read."""
    examined = examine(settings.database_path)
    _, about_key = _key(settings, examined)
    return [
        _writable(settings.database_path),
        _schema(examined),
        about_key,
        *_kept_safely(settings, env_file),
    ]


def _kept_safely(settings: Settings, env_file: Path | None) -> list[Finding]:
    findings = []
    if apart := tradingview_accounts.key_on_other_disk(settings):
        findings.append(Finding("Key", *apart))
    key_file = key_in_use(settings.key_file, settings.earlier_key_file)
    return findings + privacy(settings.database_path, key_file, env_file)


def _token(examined: Examined, vault: Vault | None) -> KeptToken | None:
    if examined.bot_token is None:
        return None
    token = None if vault is None else vault.open(examined.bot_token)
    logs.keep_out(token)
    return KeptToken(token)


_ROLES = {
    RoleTrouble.DELETED: (
        "it is gone from the server.",
        "Choose another one with /product edit in Discord.",
    ),
    RoleTrouble.MANAGED: (
        "it belongs to an app or to Discord itself.",
        "Choose another one with /product edit in Discord.",
    ),
    RoleTrouble.RIGHT: (
        "the bot lacks the right Manage Roles.",
        "In Discord open Server Settings > Roles, the bot's role, and switch Manage Roles on.",
    ),
    RoleTrouble.ORDER: (
        "it stands above the bot's own role.",
        "In Discord open Server Settings > Roles and drag the bot's role above it.",
    ),
}


def role(title: str, trouble: RoleTrouble) -> Finding:
    """Return why the holders of a product do not get its role, as it was when the bot last looked."""
    why, remedy = _ROLES[trouble]
    text = f"the role of {title} cannot be given to its holders: {why}"
    return Finding("Roles", text, remedy, place=Place.ITEMS)


def _writable(path: Path) -> Finding:
    place = path if path.is_file() else ground.nearest_folder(path)
    folder = place if place.is_dir() else place.parent
    try:
        ground.look_at_place(path)
        if not all(os.access(needed, os.W_OK) for needed in {place, folder}):
            raise ground.unwritable(path)
        try_out(path)
    except GroundError as trouble:
        return _of(trouble)
    return Finding("Database", f"{path} can be written.")


def _of(trouble: GroundError) -> Finding:
    return Finding("Database", trouble.wrong, trouble.remedy)


def space(path: Path) -> Finding:
    """Return how much room there is where the database lies (blocking)."""
    free = ground.free_bytes(path)
    text = f"{_size(free)} are free where the database is."
    if free > ground.LITTLE:
        return Finding("Disk", text)
    return Finding("Disk", text, "Make room: on a full disk nothing can be recorded.")


def _size(count: int) -> str:
    megabytes = count / 1024 / 1024
    return f"{megabytes / 1024:,.1f} GB" if megabytes >= 1024 else f"{megabytes:,.1f} MB"


def _schema(examined: Examined) -> Finding:
    subject = "Database"
    match examined.schema:
        case Schema.ABSENT:
            return Finding(subject, "there is none yet; the first start makes it.", note=True)
        case Schema.OLDER:
            return Finding(subject, "the next start brings it up to date.", note=True)
        case Schema.CURRENT:
            return Finding(subject, "is up to date.")
        case Schema.NEWER:
            return Finding(
                subject,
                "was written by a newer Usher.",
                "Start the newer version, or restore an older backup.",
            )
        case Schema.UNREADABLE if examined.trouble is not None:
            return _of(examined.trouble)
        case Schema.UNREADABLE:
            return Finding(
                subject,
                "cannot be read as a database.",
                "Restore a backup. Keep the damaged file until that has worked.",
            )


def backups(database: Path) -> Finding:
    """Return how old the newest daily copy is (blocking)."""
    subject = "Backups"
    made = backup.newest(database)
    remedy = (
        f"Run `usher backup FILE`, and keep `usher run` running: it makes one a day in "
        f"{backup.folder_of(database)}, if there is room."
    )
    if made is None:
        text = "there is none yet; `usher run` makes one a day."
        return Finding(subject, text, note=True, place=Place.BACKUPS)
    hours = max(0, int((clock.now() - made).total_seconds() // 3600))
    age = f"{hours} hours" if hours < 48 else f"{hours // 24} days"
    text = f"the newest is {age} old, of {made:%Y-%m-%d %H:%M} UTC."
    return Finding(subject, text, remedy if hours >= STALE_HOURS else None, place=Place.BACKUPS)


def _key(settings: Settings, examined: Examined) -> tuple[Vault | None, Finding]:
    file = key_in_use(settings.key_file, settings.earlier_key_file)
    where = "SECRET_KEY" if settings.secret_keys else str(file)
    backup = (
        f"Put the earlier key back ({where}) from your backup. If it is lost for good, "
        "`usher session drop` gives up what was encrypted with it and keeps everything else."
    )
    try:
        keys = settings.secret_keys or _stored_keys(file)
        vault = Vault(*keys) if keys else None
    except (OSError, ValueError):
        return None, Finding("Key", f"{where} holds no usable key.", backup)
    if vault is None:
        if examined.sealed:
            return None, Finding("Key", f"{where} is missing, but logins are stored.", backup)
        return None, Finding("Key", f"{where} is made at the first start.", note=True)
    try:
        for sealed in examined.sealed:
            vault.open(sealed)
    except UnreadableError:
        return None, Finding("Key", f"{where} is not the key of this database.", backup)
    return vault, Finding("Key", f"{where} fits.")


def _stored_keys(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    text = path.read_text(encoding="utf-8")
    keys = tuple(key for key in (part.strip() for part in text.split(",")) if key)
    if not keys:
        raise ValueError("an empty key file")
    return keys


class _StoredLogin:
    """A login of the database, beside a running bot: what either is answered with is the other's too."""

    def __init__(self, settings: Settings, vault: Vault, login: Login) -> None:
        self._settings, self._vault, self._login = settings, vault, login
        self._version = login.version

    async def keep(self, fresh: Cookies) -> None:
        """Keep a renewed pair over the very one that was read here; a running bot adopts it."""
        sealed, account_id = self._vault.seal(pack(fresh)), self._login.account_id
        async with self._opened() as there, there.write() as connection:
            self._version += await sessions.renew(connection, account_id, self._version, sealed)

    async def follow(self) -> Cookies | None:
        """Return the pair that took this one's place since it was read, if one did."""
        async with self._opened() as there, there.read() as connection:
            stored = await sessions.of_guild(connection, self._login.guild_id)
        if stored is None or stored.session.version == self._version:
            return None
        self._version = stored.session.version
        cookies = unpack(self._vault.open(stored.sealed))
        logs.keep_out(cookies.sessionid)
        logs.keep_out(cookies.sessionid_sign)
        return cookies

    def _opened(self) -> AbstractAsyncContextManager[Database]:
        return open_database(self._settings.database_url)


def _keep_for_environment(settings: Settings, mark: str) -> Keep | None:
    """Return what keeps a renewed pair for the bot, to which the one in the environment is of no use."""
    guild_id = settings.discord_guild_id
    if guild_id is None:
        return None  # no server uses that pair

    async def keep(fresh: Cookies) -> None:
        async with tradingview_accounts.database_beside(settings) as there:
            vault = await tradingview_accounts.vault_of(settings, there)
            await environment.keep_in_environment(there, vault, guild_id, mark)(fresh)

    return keep


def _held(settings: Settings, vault: Vault, login: Login) -> Held:
    stored = _StoredLogin(settings, vault, login)
    cookies = unpack(vault.open(login.cookies))
    where = f"server {login.guild_id}"
    return Held(where, login.guild_id, cookies, login.pine_ids, stored.keep, stored.follow)


def _logins(settings: Settings, examined: Examined, vault: Vault | None) -> list[Held]:
    stored = [_held(settings, vault, login) for login in examined.logins] if vault else []
    given = tradingview_accounts.pair_of(settings)
    if given is None:
        return stored
    mark = digest(given)
    if any(held.cookies == given for held in stored) or any(
        login.environment_digest == mark for login in examined.logins
    ):
        return stored  # in use, or replaced since
    if vault is not None and mark in examined.renewed:
        given = unpack(vault.open(examined.renewed[mark]))
    keep = _keep_for_environment(settings, mark)
    owned = (
        login.pine_ids for login in examined.logins if login.guild_id == settings.discord_guild_id
    )
    return [Held(ENVIRONMENT, settings.discord_guild_id, given, next(owned, ()), keep), *stored]
