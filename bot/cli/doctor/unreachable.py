"""Why a server could not be asked, as the end of a sentence."""

import aiohttp

_WHY: tuple[tuple[type[Exception], str], ...] = (
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
