"""Signing in with name, password and second factor, and the home page (wire §9, §11)."""

from bot.sandbox.tradingview import answers
from bot.sandbox.tradingview.answers import Answer, Outcome
from bot.sandbox.tradingview.switches import Switches
from bot.sandbox.tradingview.world import Session, Vendor, World

# Nearly everything is answered with 200; the body tells (wire §9).
_CAPTCHA = ("recaptcha_required", "Please confirm that you are not a robot.")
_TOO_OFTEN = ("rate_limit", "You have made too many attempts. Please try again later.")
_WRONG = ("", "Invalid username or password")  # its code was never recorded
_SECOND = ("2FA_required", "Second authentication factor is required.")
_WRONG_CODE = ("2FA_invalid_credential", "Invalid code.")
_TOO_MANY_CODES = ("2FA_too_many_requests", "Too many attempts.")


class SignInDesk:
    """Answers those who sign in; every success opens a login of its own."""

    def __init__(self, world: World, switches: Switches) -> None:
        self._world = world
        self._switches = switches

    def password(self, form: dict[str, str], user_agent: str) -> Outcome:
        """The first step."""
        mode = self._switches.signin
        if mode == "captcha" or not user_agent.startswith("Mozilla/"):
            return _refused(_CAPTCHA)
        if mode == "rate limit":
            return _refused(_TOO_OFTEN)
        vendor = self._world.find_vendor(form.get("username", ""))
        right = vendor is not None and form.get("password") == vendor.password
        if vendor is None or not right or mode == "wrong password":
            return _refused(_WRONG, int(self._switches.wrong_password_status))
        if mode.startswith("two-factor"):
            kind = "sms" if mode.endswith("sms") else "totp"
            outcome = _refused(_SECOND, more={"two_factor_types": [{"name": kind}]})
            return _with_cookies(outcome.answer, self._world.open_halfway(vendor))
        return self._signed_in(vendor)

    def second_factor(self, form: dict[str, str], sessionid: str) -> Outcome:
        """The second step, with the provisional cookies of the first."""
        mode = self._switches.second_factor
        if mode == "captcha":
            return _refused(_CAPTCHA)
        if mode == "too many":
            return _refused(_TOO_MANY_CODES, 429)
        vendor = self._world.halfway.get(sessionid)
        # Compared as text: a code that was taken for a number has lost its leading zero.
        if vendor is None or form.get("code") != vendor.code or mode == "wrong code":
            return _refused(_WRONG_CODE)
        del self._world.halfway[sessionid]
        return self._signed_in(vendor)

    def home(self, session: Session | None, path: str) -> Outcome:
        """The home page; it names whoever is signed in."""
        if session is None:
            return Outcome(answers.logged_out_page())
        if self._switches.home == "language site":
            return Outcome(answers.redirect(path))
        named = self._switches.home == "page"
        return Outcome(answers.home_page(session.vendor.user.username if named else None))

    def _signed_in(self, vendor: Vendor) -> Outcome:
        user = {"id": vendor.user.id, "username": vendor.user.username, "is_pro": True}
        answer = answers.as_json(200, {"error": "", "user": {**user, "auth_token": "invented"}})
        return _with_cookies(answer, self._world.open_session(vendor))


def _refused(
    refusal: tuple[str, str], status: int = 200, more: dict[str, object] | None = None
) -> Outcome:
    code, error = refusal
    body = {"error": error, "code": code} if code else {"error": error}
    return Outcome(answers.as_json(status, body | (more or {})))


def _with_cookies(answer: Answer, pair: tuple[str, str | None]) -> Outcome:
    answer.headers += answers.cookies_as_headers(*pair)
    answer.headers.append(("Set-Cookie", "device_t=aW52ZW50ZWQ; Max-Age=12960000; Path=/"))
    return Outcome(answer)
