"""The way from the page to the bot's own: the address that its answer to /dashboard has, opened at once."""

from html import escape

from aiohttp import hdrs, web

from bot.sandbox.discord import RefusedError
from bot.sandbox.sandbox import Sandbox

_OWN = ("same-origin", "none")  # `none`: typed in
_REFUSED = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>The dashboard – Usher sandbox</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="brand.css">
<link rel="stylesheet" href="base.css">
</head>
<body class="alone">
<main>
<h1>The dashboard did not open</h1>
<p>{why}</p>
<p><a class="button primary" href="dashboard">Try again</a></p>
</main>
</body>
</html>
"""


def add_to(app: web.Application, sandbox: Sandbox) -> None:
    """Serve `/dashboard`: the owner asks the bot for its link, and the browser goes there."""

    async def lead(request: web.Request) -> web.Response:
        if request.headers.get("Sec-Fetch-Site", "none") not in _OWN:
            return _refused(403, "Open it from the sandbox's own page.")
        try:
            address = await sandbox.simulation.dashboard_address()
        except RefusedError as error:
            return _refused(422, str(error))
        return web.Response(status=303, headers={hdrs.LOCATION: address})

    app.router.add_get("/dashboard", lead)


def _refused(status: int, why: str) -> web.Response:
    sentence = escape(f"{why[:1].upper()}{why[1:].rstrip('.')}.")
    return web.Response(status=status, text=_REFUSED.format(why=sentence), content_type="text/html")
