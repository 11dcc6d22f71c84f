"""Where messages to a vendor's programs may go: nowhere private, in whichever form it is written."""

from ipaddress import ip_address

import pytest
from yarl import URL

from bot.access.rules.addresses import Allowed, Target, is_public

PRIVATE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "0.0.0.0", "0.1.2.3",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "168.63.129.16", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254",
    "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "192.0.0.8", "192.0.0.192", "192.88.99.1", "3fff::1", "5f00::1", "64:ff9b:1::7f00:1", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1", "2001:db8::1", "2001:0:7f00:1::",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_of_the_open_internet_is_refused(text):
    assert not is_public(ip_address(text))
    assert not Target(URL("https://shop.example"), Allowed()).admits(text)


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_reached_by_https_alone(text):
    assert is_public(ip_address(text))
    assert Target(URL("https://shop.example"), Allowed()).admits(text)
    assert not Target(URL("http://shop.example"), Allowed()).admits(text)


def test_a_zone_of_a_link_does_not_help():
    assert not Target(URL("https://shop.example"), Allowed()).admits("fe80::1%eth0")


def test_what_is_allowed_by_name_is_reached_wherever_it_leads():
    allowed = Allowed.of(("N8N.internal.", "10.1.0.0/16", "192.168.7.7"))
    assert Target(URL("http://n8n.internal/hook"), allowed).admits("172.16.0.9")
    assert Target(URL("https://n8n.internal/hook"), allowed).admits("127.0.0.1")
    assert not Target(URL("https://other.internal/hook"), allowed).admits("172.16.0.9")


def test_what_is_allowed_by_network_is_reached_under_any_name():
    allowed = Allowed.of(("10.1.0.0/16", "192.168.7.7", "fd12::/16"))
    for text in ("10.1.2.3", "::ffff:10.1.2.3", "192.168.7.7", "fd12::5"):
        assert Target(URL("http://a.example"), allowed).admits(text)
    for text in ("10.2.0.1", "192.168.7.8", "127.0.0.1"):
        assert not Target(URL("https://a.example"), allowed).admits(text)
