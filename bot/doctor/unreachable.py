"""Why a server could not be asked, as the end of a sentence."""

import aiohttp

from bot.outgoing import UNTRUSTED_REMEDY, is_untrusted

_WHY: tuple[tuple[type[Exception], str], ...] = (
    (
        aiohttp.ClientProxyConnectionError,
        "nothing answers at the proxy of HTTPS_PROXY or HTTP_PROXY",
    ),
    (aiohttp.ClientHttpProxyError, "the proxy of HTTPS_PROXY or HTTP_PROXY refuses"),
    (aiohttp.ClientConnectorDNSError, "this computer does not find its address"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not one that can be trusted"),
    (aiohttp.ClientSSLError, "no secure connection to it can be made"),
    (aiohttp.ClientConnectorError, "nothing answers at its address"),
    (aiohttp.InvalidURL, "its address is not a web address"),
    (TimeoutError, "it did not answer in time"),
    (aiohttp.ClientConnectionError, "the connection broke"),
)


def why_not(error: Exception) -> str:
    """Return what went wrong while it was asked."""
    why = next((why for kind, why in _WHY if isinstance(error, kind)), "its answer makes no sense")
    return f"cannot be asked: {why}."


def remedy_for(error: Exception, usual: str) -> str:
    """Return what to do about it: for a certificate its own mend, else the `usual` one."""
    return f"{UNTRUSTED_REMEDY} Then check again." if is_untrusted(error) else usual
