"""Says whether anybody would hear of a newer release."""

from bot.doctor.findings import Finding
from bot.settings import Settings

_SUBJECT = "Newer releases"


def examine_updates(settings: Settings) -> list[Finding]:
    """Return whether they are looked for; nothing is asked here."""
    if settings.update_check == "off":
        return [Finding(_SUBJECT, "are not looked for (UPDATE_CHECK=off).", note=True)]
    if settings.update_url is None:
        return [
            Finding(
                _SUBJECT,
                "are not looked for, as UPDATE_URL is not set. With the address that names the newest "
                "release, the log channel says once when there is one.",
                note=True,
            )
        ]
    return [Finding(_SUBJECT, f"{settings.update_url} is asked once a day.")]
