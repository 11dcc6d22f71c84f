"""Checks: what is wrong, each with its mend, then what is fine; and a file about it to pass on."""

import json
import re
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot import clock
from bot.doctor.findings import Finding, Place, Severity
from bot.interactions.levels import Level
from bot.replies.message import Attached
from bot.web.dashboard import retries
from bot.web.dashboard.files import file_response
from bot.web.dashboard.forms import Form
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import SETTINGS, Visitor

HERE = "checks"
_LABELS = {
    Place.LOGIN: "To the login",
    Place.SETTINGS: "To the settings",
    Place.ITEMS: "To scripts and products",
    Place.STUCK: "Show who it is",
    Place.DIFFERENCES: "To the differences",
    Place.BACKUPS: "To the backups",
}
_PIECE = re.compile(r"`(?P<code>[^`]+)`|(?P<address>https://[^\s;,)]+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found when somebody last had it checked."""

    at: datetime
    findings: tuple[Finding, ...]


def add_to(routes: Routes) -> None:
    """Serve the page, its forms and the file."""
    checks = Checks()
    routes.page(HERE, Level.MANAGER, checks.show)
    routes.form(HERE, Level.MANAGER, checks.check)
    routes.form(f"{HERE}/retry", Level.STAFF, retry)
    routes.page(f"{HERE}/diagnostics", Level.MANAGER, checks.download)


class Checks:
    """Remembers by server what was asked last, until the program ends."""

    def __init__(self) -> None:
        self._asked: dict[tuple[int, bool], Asked] = {}  # by server, and whether all of it was seen

    async def show(self, visitor: Visitor, request: web.Request) -> web.StreamResponse:
        """Show what is known now, and what was found when it was last asked for."""
        from bot.interactions.portal import invite_link  # noqa: PLC0415 - as in _findings

        whole = await visitor.sees_whole()
        findings = await self._findings(visitor, request, whole=whole)
        asked = self._asked.get((visitor.guild_id, whole))
        application_id = visitor.services.client.application_id
        by_severity = {
            severity: [each for each in findings if each.severity is severity]
            for severity in Severity
        }
        return await visitor.page(
            "dashboard/checks.html",
            wrong=by_severity[Severity.WRONG],
            notes_found=by_severity[Severity.NOTE],
            fine=by_severity[Severity.FINE],
            asked_at=None if asked is None else asked.at,
            whole=whole,
            invite=None if application_id is None else invite_link(application_id),
            labels=_LABELS,
            pieces=_pieces,
        )

    async def check(self, visitor: Visitor, _: Form, request: web.Request) -> Done:
        """Ask Discord and TradingView, and read the files."""
        from bot.doctor.running import ask  # noqa: PLC0415 - as in _findings

        services, guild_id = visitor.services, visitor.guild_id
        whole = await visitor.sees_whole()
        found = await ask(services, request.app[SETTINGS], guild_id, whole=whole)
        self._asked[guild_id, whole] = Asked(clock.now(), tuple(found))
        return Done(HERE)

    async def download(self, visitor: Visitor, request: web.Request) -> web.StreamResponse:
        """Give the file."""
        from bot.doctor.diagnostics import diagnostics  # noqa: PLC0415 - as in _findings

        whole = await visitor.sees_whole()
        content = await diagnostics(
            visitor.services,
            request.app[SETTINGS],
            visitor.guild_id,
            await self._findings(visitor, request, whole=whole),
            whole=whole,
        )
        name = f"usher-diagnostics-{clock.now():%Y-%m-%d}.json"
        return file_response(Attached(name, json.dumps(content, indent=2).encode()))

    async def _findings(
        self, visitor: Visitor, request: web.Request, *, whole: bool
    ) -> list[Finding]:
        # It is looked at rarely, and costs memory from then on only.
        from bot.doctor.running import look  # noqa: PLC0415

        settings, guild_id = request.app[SETTINGS], visitor.guild_id
        found = await look(visitor.services, settings, guild_id, whole=whole)
        asked = self._asked.get((guild_id, whole))
        return found if asked is None else [*found, *asked.findings]


async def retry(visitor: Visitor, form: Form, _: web.Request) -> Done | web.StreamResponse:
    """Try again what waits or is stuck for one script, as `/sync retry` does."""
    return await retries.retry(visitor, form, form.text("item"), HERE)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Return the text in pieces: what is typed somewhere, addresses, and the words between."""
    text = text[:1].upper() + text[1:]  # it stands below its subject, not behind it
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in _PIECE.finditer(text):
        pieces.append(("text", text[end : match.start()]))
        pieces.append((match.lastgroup or "text", match[match.lastgroup or 0].rstrip(".")))
        end = match.end() - (match[0].endswith("."))
    return [*pieces, ("text", text[end:])]
