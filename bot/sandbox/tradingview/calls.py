"""A note of every request that arrived, without its cookies."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

NAMES = {
    "/tvcoins/details/": "details",
    "/username_hint/": "hint",
    "/pine_perm/list_users/": "list",
    "/pine_perm/add/": "add",
    "/pine_perm/modify_user_expiration/": "modify",
    "/pine_perm/remove/": "remove",
    "/accounts/signin/": "signin",
    "/accounts/two-factor/signin/totp/": "totp",
    "/": "home",
    "/pine-facade/list": "published",
    "/pine-facade/list/": "published",
    "/pine_perm/list_scripts/": "scripts",
    "/pubscripts-get/": "pubscripts",
}
READS = frozenset(
    {"details", "hint", "home", "published", "scripts", "profile"}
)  # answered to a GET
PUBLIC = frozenset({"hint", "profile"})  # asked without a login
SIGN_IN = frozenset({"signin", "totp"})
WRITES = frozenset({"add", "modify", "remove"})


_PROFILE = re.compile(r"/u/([^/]+)/")


def name_of(path: str) -> str:
    """What is asked there; an empty text where nothing is."""
    return "profile" if _PROFILE.fullmatch(path) else NAMES.get(path, "")


def profile_in(path: str) -> str:
    """Whose page that path is; an empty text for any other."""
    found = _PROFILE.fullmatch(unquote(path.partition("?")[0]))
    return found[1] if found else ""


@dataclass(eq=False)
class Call:
    """One request and what became of it.

    `path` holds the query exactly as it was sent. `status` is None while the call is held, and stays
    so when the connection was cut instead of answered. `applied` tells whether a row changed.
    """

    method: str
    path: str
    name: str
    at: datetime
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    cookies: frozenset[str] = frozenset()
    status: int | None = None
    applied: bool = False
    dropped: bool = False

    @property
    def writes(self) -> bool:
        return self.name in WRITES

    @property
    def username(self) -> str:
        """The person the call is about, or an empty text."""
        return (
            self.form.get("username_recip")
            or self.form.get("username")
            or self.query.get("s", "")
            or profile_in(self.path)
        )
