"""The address of a shop's page with Usher's token in it, for the shops that hand it back (payments-wire)."""

from urllib.parse import quote, urlsplit, urlunsplit

# By the end of the host's name: what takes the token.
_PARAMETERS = (
    ("buy.stripe.com", "client_reference_id"),
    ("lemonsqueezy.com", "checkout[custom][usher]"),
    ("gumroad.com", "usher"),
)


def with_token(link: str, token: str) -> str:
    """Return the address that tells the shop, and by it Usher, which member buys; others stay as they are."""
    parts = urlsplit(link)
    host = (parts.hostname or "").lower()
    for name, parameter in _PARAMETERS:
        if host == name or host.endswith(f".{name}"):
            own = f"{quote(parameter)}={quote(token)}"
            query = f"{parts.query}&{own}" if parts.query else own
            return urlunsplit(parts._replace(query=query))
    return link
