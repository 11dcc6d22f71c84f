"""Which addresses messages to a vendor's own programs may go to: public ones, and those that are allowed by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Hosts that a cloud answers at to its own machines alone, although the address looks public.
_METADATA = frozenset({IPv4Address("168.63.129.16"), IPv6Address("fd00:ec2::254")})
# What the registries keep for protocols and examples, and Python takes for public in some versions.
_RESERVED = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("3fff::/20"),
    IPv6Network("5f00::/16"),
)
_NAT64 = IPv6Network("64:ff9b::/96")  # an IPv4 address stands in the last 32 bits


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be reached although it is private, and without encryption: names of hosts, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, parts: Sequence[str]) -> "Allowed":
        """Return what these names, addresses and networks allow."""
        hosts, networks = set(), []
        for part in parts:
            try:
                networks.append(ip_network(part, strict=False))
            except ValueError:
                hosts.add(part.casefold().rstrip("."))
        return cls(frozenset(hosts), tuple(networks))

    def names(self, host: str) -> bool:
        """Return whether a host is allowed by its name, wherever that leads."""
        return host.casefold().rstrip(".") in self.hosts

    def holds(self, address: Address) -> bool:
        """Return whether an address lies in an allowed network."""
        return any(each in network for each in _forms(address) for network in self.networks)


@dataclass(frozen=True, slots=True)
class Target:
    """Where one address of the web may lead to; asked again for each connection that is made."""

    url: URL
    allowed: Allowed

    def admits(self, text: str) -> bool:
        """Return whether a connection to that address of the network may be made."""
        address = ip_address(text.partition("%")[0])
        if self.allowed.names(self.url.host or "") or self.allowed.holds(address):
            return True
        return self.url.scheme == "https" and is_public(address)


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the open internet, in whichever form it is written."""
    return all(
        form.is_global
        and not (form.is_multicast or form.is_reserved or form.is_link_local or form.is_loopback)
        and not (isinstance(form, IPv6Address) and form.is_site_local)
        and form not in _METADATA
        and not any(form in network for network in _RESERVED)
        for form in _forms(address)
    )


def _forms(address: Address) -> tuple[Address, ...]:
    """Return the address that is meant: of IPv4 inside IPv6 the inner one, and where it is tunnelled both."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    inner: list[Address] = [address]
    if address.sixtofour:
        inner.append(address.sixtofour)
    if address.teredo:
        inner.extend(address.teredo)
    if address in _NAT64:
        inner = [IPv4Address(int(address) & 0xFFFFFFFF)]
    return tuple(inner)
