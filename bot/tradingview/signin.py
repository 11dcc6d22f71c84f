# ruff: noqa: N818 - each error is named for what it says; the root carries the suffix
"""Signing in with name and password, for people who cannot copy cookies (wire §9).

Every call is one attempt and never more: TradingView answers a handful with a captcha that lasts for
hours, and mails the owner about each.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from bot import clock
from bot.logs import printable_line
from bot.tradingview import response_errors, wire
from bot.tradingview.errors import TradingViewError, Trouble, UpstreamTrouble
from bot.tradingview.models import Cookies

PASSWORD = "/accounts/signin/"  # noqa: S105 - an address
SECOND_FACTOR = "/accounts/two-factor/signin/totp/"
MAX_BODY = 1024 * 1024
# Seconds without any sign-in, when TradingView asked for a pause: where it named none (wire §9), and at most.
USUAL_PAUSE, MAX_PAUSE = 600.0, 24 * 3600.0
_MAX_DETAIL = 200
_CODE = re.compile(r"[0-9]{4,10}", re.ASCII)
_HTML = re.compile(rb"\s*<")


class SignInFailed(TradingViewError):
    """The root of everything that signing in can be refused with."""

    summary = "TradingView did not let this sign in"


class WrongPassword(SignInFailed):
    """The name or the password is wrong."""

    summary = "TradingView does not accept this name and password"


class CaptchaAsked(SignInFailed):
    """TradingView wants a person in a browser; trying again makes it last longer."""

    summary = "TradingView asks whether this is a person"


class TooManySignIns(SignInFailed):
    """Too many attempts; it passes after `retry_after` seconds without any."""

    summary = "TradingView has seen too many attempts to sign in"

    def __init__(
        self,
        *,
        retry_after: float | None = None,
        code: str | None = None,
        detail: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(code=code, detail=detail, status=status)
        self.retry_after = min(retry_after or USUAL_PAUSE, MAX_PAUSE)


class WrongCode(SignInFailed):
    """The code of the second factor is wrong or no longer the present one."""

    summary = "TradingView does not accept this code"


class SecondFactorOther(SignInFailed):
    """The account's second factor is none that this program can give: a text message, an e-mail."""

    summary = "The second factor of this account is none from an app"


@dataclass(frozen=True, slots=True, repr=False)
class Halfway:
    """The first step is done; good for the second one only, and never a login."""

    cookies: Cookies
    device: str | None = field(default=None)

    def __repr__(self) -> str:
        return "Halfway(<hidden>)"


class SecondFactorNeeded(SignInFailed):
    """The password was right; `halfway` goes into `SignIn.second_factor` with the app's code."""

    summary = "TradingView asks for the second factor"

    def __init__(
        self,
        halfway: Halfway | None = None,
        *,
        code: str | None = None,
        detail: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(code=code, detail=detail, status=status)
        self.halfway = halfway


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """One answer of a sign-in: its status, body, the cookies it sets and its Retry-After in seconds."""

    status: int
    body: bytes
    cookies: dict[str, str]
    retry_after: float | None = None


_CODES: dict[str, type[SignInFailed]] = {
    "recaptcha_required": CaptchaAsked,
    "rate_limit": TooManySignIns,
    "2FA_invalid_credential": WrongCode,
    "2FA_too_many_requests": TooManySignIns,
}


class SignIn:
    """Gets a login for a name and a password. `http` needs a `DummyCookieJar`; `timeout` in seconds."""

    def __init__(self, http: aiohttp.ClientSession, *, base: str, timeout: float = 20.0) -> None:
        self._http = http
        self._base = base.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def password(self, name: str, password: str) -> Cookies:
        """The first step, which is the only one for most accounts.

        Raises SecondFactorNeeded, another SignInFailed, or UpstreamTrouble; nothing holds a secret.
        """
        form = {"username": name, "password": password, "remember": "on"}
        return read_login(await self._send(PASSWORD, form, ""), secret=password)

    async def second_factor(self, halfway: Halfway, code: str) -> Cookies:
        """The second step. Raises ValueError for what is no code, and as `password` does.

        `code` is text: as a number it would lose a leading zero.
        """
        cookie = f"sessionid={halfway.cookies.sessionid}"
        if halfway.cookies.sessionid_sign:
            cookie += f"; sessionid_sign={halfway.cookies.sessionid_sign}"
        if halfway.device:
            cookie += f"; device_t={halfway.device}"
        reply = await self._send(SECOND_FACTOR, {"code": clean_code(code)}, cookie)
        login = read_login(reply, secret=code)
        if login.sessionid == halfway.cookies.sessionid:
            raise UpstreamTrouble(Trouble.SHAPE, detail="no new cookies after the second factor")
        return login

    async def _send(self, target: str, form: dict[str, str], cookie: str) -> Reply:
        """One exchange; aiohttp's exceptions end here, as they hold what was sent."""
        request = wire.Request(wire.Purpose.PUBLIC, target, urlencode(form).encode())
        headers = wire.headers(self._base, request, None)
        if cookie:
            headers["Cookie"] = cookie
        kind = Trouble.NETWORK
        try:
            async with self._http.request(
                "POST",
                URL(self._base + target, encoded=True),
                data=request.body,
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                asked = response_errors.retry_after(
                    response.headers.get("Retry-After"), clock.now()
                )
                return Reply(response.status, await _body(response), _set(response), asked)
        except TimeoutError:
            kind = Trouble.TIMEOUT
        except aiohttp.ClientConnectorCertificateError:
            kind = Trouble.CERTIFICATE
        except (aiohttp.ClientError, OSError):
            pass
        raise UpstreamTrouble(kind)  # out here, so that nothing of aiohttp hangs on it


def read_login(reply: Reply, *, secret: str = "") -> Cookies:
    """The login in an answer of either step; raises what `SignIn.password` does.

    `secret` is kept out of TradingView's own words.
    """
    data = _parsed(reply)
    code, said = data.get("code"), data.get("error")
    detail = _detail(said if isinstance(said, str) else "", secret)
    if code == "2FA_required":
        raise _second_factor(reply, data)
    known = _CODES.get(code) if isinstance(code, str) else None
    if known is TooManySignIns or (known is None and reply.status == 429):
        raise TooManySignIns(
            retry_after=reply.retry_after,
            code=code if known else None,
            detail=detail,
            status=reply.status,
        )
    if known is not None:
        raise known(code=code, detail=detail, status=reply.status)
    # The code of a wrong password was never recorded: an error that is none of the known (wire §17, 19).
    if said or reply.status == 401:
        raise WrongPassword(detail=detail, status=reply.status)
    if not 200 <= reply.status < 300 or not isinstance(data.get("user"), dict):
        raise UpstreamTrouble(Trouble.SHAPE, status=reply.status)
    return _pair(reply)


def clean_code(text: str) -> str:
    """The digits of a code as somebody types it, leading zeros kept; raises ValueError."""
    code = "".join(text.split())
    if not _CODE.fullmatch(code):
        raise ValueError("that is no code of an authenticator app")
    return code


def _parsed(reply: Reply) -> dict[str, Any]:
    if reply.status >= 500:
        raise UpstreamTrouble(Trouble.STATUS, status=reply.status)
    try:
        data = json.loads(reply.body)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        return data
    if reply.status in (401, 429):
        return {}
    page = _HTML.match(reply.body) is not None
    raise UpstreamTrouble(Trouble.PAGE if page else Trouble.SHAPE, status=reply.status)


def _second_factor(reply: Reply, data: dict[str, Any]) -> SignInFailed:
    kinds = data.get("two_factor_types")
    names = {
        one.get("name") if isinstance(one, dict) else one
        for one in (kinds if isinstance(kinds, list) else [])
    }
    if names and "totp" not in names:
        return SecondFactorOther(code="2FA_required", status=reply.status)
    return SecondFactorNeeded(Halfway(_pair(reply), reply.cookies.get("device_t")))


def _pair(reply: Reply) -> Cookies:
    try:
        return Cookies(reply.cookies["sessionid"], reply.cookies.get("sessionid_sign"))
    except (KeyError, ValueError):
        raise UpstreamTrouble(
            Trouble.SHAPE, status=reply.status, detail="no cookies came with the answer"
        ) from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Its beginning, which is all of what is no page."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            response.close()
            break
    return bytes(body)


def _set(response: aiohttp.ClientResponse) -> dict[str, str]:
    """The cookies that an answer sets; those that it deletes are left out."""
    found = {}
    for line in response.headers.getall("Set-Cookie", ()):
        name, _, value = line.partition(";")[0].partition("=")
        if value.strip().strip('"'):
            found[name.strip()] = value.strip().strip('"')
    return found


def _detail(text: str, secret: str) -> str | None:
    if secret:
        text = text.replace(secret, "(hidden)")
    return printable_line(text[:_MAX_DETAIL]) or None
