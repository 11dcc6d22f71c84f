"""A note of every request that arrived, without its cookies."""

from dataclasses import dataclass, field
from datetime import datetime

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
READS = frozenset({"details", "hint", "home", "published", "scripts"})  # answered to a GET
SIGN_IN = frozenset({"signin", "totp"})
WRITES = frozenset({"add", "modify", "remove"})


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
            self.form.get("username_recip") or self.form.get("username") or self.query.get("s", "")
        )
