"""Looks at the address under which others reach the web endpoint."""

from yarl import URL

from bot.doctor.findings import Finding
from bot.settings import Settings

_SUBJECT = "Web address"


def examine_web(settings: Settings) -> list[Finding]:
    """Return what is to be said of it; nothing where there is none."""
    if settings.public_url is None:
        return []
    if settings.trusted_proxies or not settings.public_url.startswith("https://"):
        return [Finding(_SUBJECT, f"{settings.public_url} is what others are shown.")]
    host = URL(settings.public_url).host
    return [
        Finding(
            _SUBJECT,
            f"PUBLIC_URL is set, and TRUSTED_PROXIES is not. All visitors of {host} look like one to Usher: "
            "one of them who asks too much shuts the others out.",
            "Put the address of the web server in front of Usher into TRUSTED_PROXIES; 127.0.0.1 when it runs "
            "on this computer.",
        )
    ]
