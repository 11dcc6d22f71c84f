"""The one-time login page without JavaScript: the link is pasted, and every step is a plain form."""

import aiohttp
import pytest

from bot.access.logins.sessions import LoginState
from tests.support.vendor_fixture import HOME
from tests.support.web_page import WebPage
from tests.web.test_login import PUBLIC, RIGHT, desk  # noqa: F401 - the fixture

FORM = "application/x-www-form-urlencoded"


class Plain:
    """A browser without a script on the page, and the manager who has its link."""

    def __init__(self, desk):  # noqa: F811
        self.desk = desk
        self.page = None

    @property
    def link(self):
        return f"https://bot.example/login/#{self.desk.token}"

    async def get(self):
        async with self.desk.http.get(f"{self.desk.url}/login/") as answer:
            self.page = WebPage(await answer.text(), answer.status, answer.headers)
        return self.page

    async def post(self, fields, **headers):
        sent = {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"} | headers
        async with self.desk.http.post(
            f"{self.desk.url}/login/",
            data=fields,
            headers={name: value for name, value in sent.items() if value is not None},
        ) as answer:
            self.page = WebPage(await answer.text(), answer.status, answer.headers)
        return self.page

    async def press(self, label, **fields):
        form = self.page.form(label)
        assert (form.action, form.method) == ("./", "post")
        assert fields.keys() <= form.fields.keys() | form.choices.keys()
        return await self.post({**form.fields, **fields})

    def shown(self):
        """What is offered: the ids of the page's forms that are not hidden."""
        return {
            name
            for name in ("open", "paste", "password", "code", "again", "leave")
            if "hidden" not in self.page.ids[name]
        } & ({"open"} if "hidden" in self.page.ids["work"] else {*self.page.ids})

    async def opened(self):
        await self.get()
        assert self.shown() == {"open"}
        await self.press("Go on", token=f" {self.link} ")
        assert (self.page.status, self.shown()) == (200, {"paste", "password"})
        return self


@pytest.fixture
def plain(desk):  # noqa: F811
    return Plain(desk)


async def test_two_cookies_by_a_plain_form_and_the_page_is_used_up(desk, plain):  # noqa: F811
    await plain.opened()
    assert plain.page.headers["Cache-Control"] == "no-store"
    pair = desk.pair()
    page = await plain.press("Test and save", **pair)
    assert page.status == 200
    assert "The TradingView login works as Vendor_One" in page.text
    assert plain.shown() == set()
    assert desk.token not in page.html
    assert (await desk.held()).cookies.sessionid == pair["sessionid"]
    await plain.get()
    page = await plain.press("Go on", token=plain.link)
    assert (page.status, plain.shown()) == (410, {"open"})
    assert "/session link" in page.text


async def test_signing_in_with_the_second_factor_by_plain_forms(desk, plain):  # noqa: F811
    desk.vendor.switches.set("signin", "two-factor")
    await plain.opened()
    page = await plain.press("Sign in once", **RIGHT)
    assert (page.status, plain.shown()) == (409, {"code", "leave"})
    assert "code from your authenticator app" in page.text
    page = await plain.press("Send the code", code="999999")
    assert (page.status, plain.shown()) == (422, {"code", "leave"})
    assert "does not accept this code" in page.text
    page = await plain.press("Send the code", code="042 137")
    assert (page.status, plain.shown()) == (200, set())
    assert (await desk.held()).state is LoginState.ALIVE
    assert len(desk.vendor.fake.calls("signin")) == 1


async def test_another_account_is_asked_about_and_a_no_forgets_it(desk, plain):  # noqa: F811
    await desk.vendor.log_in()
    pair = desk.pair(vendor=desk.vendor.world.add_vendor("Vendor_Two"))
    await plain.opened()
    for answer in ("No, go back", "Yes, change the account"):
        page = await plain.press("Test and save", **pair)
        assert (page.status, plain.shown()) == (409, {"again", "leave"})
        assert "Vendor_Two" in page.text
        assert pair["sessionid"] not in page.html
        page = await plain.press(answer)
    assert page.status == 200
    assert (await desk.vendor.sessions.status(HOME)).username == "Vendor_Two"


async def test_after_a_no_the_pair_is_gone(desk, plain):  # noqa: F811
    await desk.vendor.log_in()
    await plain.opened()
    await plain.press("Test and save", **desk.pair(vendor=desk.vendor.world.add_vendor("Two")))
    await plain.press("No, go back")
    assert plain.shown() == {"paste", "password"}
    status, *_ = await desk.press("again", yes=True)
    assert status == 422
    assert (await desk.vendor.sessions.status(HOME)).username == "Vendor_One"


async def test_while_tradingview_is_silent_another_try_is_one_button(desk, plain):  # noqa: F811
    await plain.opened()
    desk.vendor.switches.set("down", True)
    page = await plain.press("Test and save", **desk.pair())
    assert (page.status, plain.shown()) == (503, {"again", "leave"})
    desk.vendor.switches.set("down", False)
    page = await plain.press("Try again")
    assert "works as Vendor_One" in page.text


async def test_a_spare_is_kept_when_the_box_is_ticked(desk, plain):  # noqa: F811
    await desk.vendor.log_in()
    await plain.opened()
    page = await plain.press("Test and save", spare="1", **desk.pair())
    assert "spare login of Vendor_One is kept" in page.text


async def test_what_was_refused_is_said_above_the_same_form_and_never_repeated(desk, plain):  # noqa: F811
    await plain.opened()
    desk.vendor.switches.set("signin", "wrong password")
    page = await plain.press("Sign in once", name="<script>", password="hunter two")
    assert (page.status, plain.shown()) == (422, {"paste", "password"})
    assert "does not accept this name and password" in page.text
    assert "hunter two" not in page.html
    assert "&lt;script&gt;" not in page.html
    page = await plain.press("Test and save", sessionid="two words", sessionid_sign="")
    assert page.status == 422
    assert "two words" not in page.html


@pytest.mark.parametrize("token", ["", "a-guess", "<script>alert(1)</script>", "x" * 43])
async def test_what_is_no_link_opens_nothing_and_is_not_repeated(desk, plain, token):  # noqa: F811
    await plain.get()
    page = await plain.press("Go on", token=token)
    assert (page.status, plain.shown()) == (410, {"open"})
    assert not token or token not in page.html


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_forms_of_other_sites_do_nothing(desk, plain, headers):  # noqa: F811
    fields = {"token": desk.token, "do": "paste", **desk.pair()}
    page = await plain.post(fields, **headers)
    assert page.status == 403
    assert desk.token not in page.html
    assert (await desk.held()).state is LoginState.NONE


async def test_only_forms_are_read_and_broken_ones_are_refused(desk):  # noqa: F811
    url, own = f"{desk.url}/login/", {"Origin": PUBLIC}
    async with desk.http.post(url, json={"token": desk.token}, headers=own) as answer:
        assert answer.status == 415
    for kind, body in ((FORM, b"token=\xff"), (f"{FORM}; charset=nothing", b"token=x")):
        headers = own | {"Content-Type": kind}
        async with desk.http.post(url, data=body, headers=headers) as answer:
            assert answer.status == 400


async def test_whoever_is_no_manager_any_more_may_not(desk, plain):  # noqa: F811
    await plain.opened()
    desk.managers.clear()
    page = await plain.press("Test and save", **desk.pair())
    assert (page.status, plain.shown()) == (403, set())
    assert (await desk.held()).state is LoginState.NONE


async def test_guesses_are_limited_and_leave_an_open_page_alone(desk, plain):  # noqa: F811
    await plain.opened()
    form = plain.page.form("Test and save").fields
    statuses = [(await plain.post({"token": "x#guess", "do": "open"})).status for _ in range(20)]
    assert statuses[0] == 410
    assert statuses[-1] == 429
    assert int(plain.page.headers["Retry-After"]) >= 1
    page = await plain.post({**form, **desk.pair()})
    assert page.status == 200


async def test_a_page_before_a_path_finds_its_parts(desk):  # noqa: F811
    async with aiohttp.ClientSession() as http, http.get(f"{desk.url}/login/") as answer:
        page = WebPage(await answer.text())
    assert all(not form.action.startswith("/") for form in page.forms)
