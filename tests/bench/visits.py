"""A browser as a process of its own: opens the addresses that stand in its input, one a line; answers each as JSON.

python -m tests.bench.visits PORT TOKEN_OF_A_LINK
"""

import asyncio
import http.client
import json
import sys
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Browser:
    """Signed in to the dashboard, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def open(self, address: str) -> int:
        """Return how many bytes the page has."""
        assert self._process.stdin is not None
        self._process.stdin.write(address.encode() + b"\n")
        return await self.answer()

    async def answer(self) -> int:
        """Return the same of what it opened already."""
        assert self._process.stdout is not None
        found = json.loads(await self._process.stdout.readline())
        assert found["status"] in (200, 303), found
        return int(found["bytes"])


@asynccontextmanager
async def open_browser(port: int, token: str) -> AsyncIterator[Browser]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.visits", str(port), token,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        browser = Browser(process)
        await browser.answer()  # that it is signed in
        yield browser
    finally:
        process.terminate()
        await process.wait()


def main(port: int, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {
        "Origin": f"http://127.0.0.1:{port}",
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = urllib.parse.urlencode({"token": token})
    connection.request("POST", "/dashboard/sign-in", form, headers)
    cookie = {"Cookie": _say(connection.getresponse()).partition(";")[0]}
    for line in sys.stdin:
        connection.request("GET", line.strip(), headers=cookie)
        _say(connection.getresponse())


def _say(answer: http.client.HTTPResponse) -> str:
    """Print what came, and return the cookie with it."""
    print(json.dumps({"status": answer.status, "bytes": len(answer.read())}), flush=True)
    return answer.headers["Set-Cookie"] or ""


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
