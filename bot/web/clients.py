"""Who is asking."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from aiohttp import web

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What one subscriber usually holds; limiting single addresses of it would limit nobody.
_IPV6_CLIENT = 64
# Behind so many characters nothing is of an address; so much of a header is kept at most.
_MAX_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Front:
    """What stands in front of Usher: its own proxies, and whether the public address is https."""

    proxies: tuple[Network, ...] = ()
    https: bool = False

    def came_by_https(self, request: web.BaseRequest) -> bool:
        """Return whether the visitor's request travelled encrypted, unless a proxy of ours says otherwise.

        Where the public address is https, something in front of Usher sees to it; a browser that came
        without is not bound by what it is told.
        """
        if not self.https:
            return False
        hop = _hop(request.remote or "")
        if hop is None or not any(hop.address in network for network in self.proxies):
            return True
        scheme = request.headers.get("X-Forwarded-Proto", "https")
        return scheme.rpartition(",")[2].strip().lower() == "https"


FRONT = web.AppKey("front", Front)


class _Hop(NamedTuple):
    """Where a request came by, and the client to hold to a limit when it began there."""

    address: Address
    client: str


def client_of(request: web.Request, trusted: Sequence[Network]) -> str:
    """Return the client to hold to a limit: an IPv4 address or an IPv6 network of 64 bits.

    X-Forwarded-For counts only as far as each hop, from the nearest on, is one of `trusted`.
    """
    hop = _hop(request.remote or "")
    if hop is None:
        return "unknown"
    if trusted:
        further = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
        while further and any(hop.address in network for network in trusted):
            before = _hop(further.pop().strip()[:_MAX_LENGTH])
            if before is None:
                break
            hop = before
    return hop.client


@lru_cache(4_000)  # to read an address takes longer than all the rest of the limit
def _hop(text: str) -> _Hop | None:
    address = _address(text)
    if address is None:
        return None
    if isinstance(address, IPv6Address):
        return _Hop(address, str(ip_network((address, _IPV6_CLIENT), strict=False)))
    return _Hop(address, str(address))


def _address(text: str) -> Address | None:
    """An address as proxies write it: with a port, in brackets, or as IPv4 inside IPv6."""
    text = text.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
