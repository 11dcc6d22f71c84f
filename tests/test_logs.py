"""No secret reaches the log, whoever logs it and however; third-party loggers never go below info."""

import contextlib
import json
import logging

import aiohttp
import discord
import pytest
from aiohttp import web

from bot import logs

COOKIE = "k3v9q0z8x7c6v5b4n3m2a1s0d9f8g7h6"
SIGN = "v3:AbCd+eFgH/iJkLmNoPqRsTuVwXyZ0123456789abcde="
TOKEN = "MTE0MDM5NTYyODE0NDM2NTU2OA.GhJkLm.s3cr3t-s3cr3t_s3cr3ts3cr3ts3cr3ts3cr3t"
INTERACTION = "aW50ZXJhY3Rpb246MTE0MDM5NTYyODE0NDM2NTU2ODpzZWNyZXQ"


@pytest.fixture(autouse=True)
def untouched(monkeypatch):
    """Every logger gets its level and handlers back, and the vault is empty."""
    names = ("", *logs._OURS, *logs._FLOORS, "discord.http", "discord.gateway")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    monkeypatch.setattr(logs, "_vault", logs._Vault())
    yield
    logging.captureWarnings(capture=False)
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def written(capsys):
    """What set_up's handler wrote."""

    class Written:
        text = ""

        def getvalue(self):
            self.text += capsys.readouterr().err
            return self.text

    return Written()


def log(name="bot.test"):
    return logging.getLogger(name)


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize(
    "line",
    [
        f"Cookie: sessionid={COOKIE}; sessionid_sign={SIGN}",
        f"cookies={{'sessionid': '{COOKIE}', 'sessionid_sign': '{SIGN}'}}",
        json.dumps({"sessionid": COOKIE, "sessionid_sign": SIGN}),
        json.dumps(json.dumps({"sessionid": COOKIE})),
        f"TV_SESSIONID={COOKIE}",
        f"Set-Cookie: sessionid={COOKIE}; Domain=.tradingview.com",
        f"the pair ended with {SIGN}",
        "the pair ended with v3%3AAbCd%2BeFgH%2FiJkLmNoPqRsTuVwXyZ0123456789abcde%3D",
        f"Authorization: Bot {TOKEN}",
        f"logging in with {TOKEN}",
        f"POST https://discord.com/api/v10/webhooks/114039562814436/{INTERACTION}/messages/@original",
        "POST http://127.0.0.1:9000/api/v10/interactions/114039/another-kind-of-secret/callback",
        f"payload {{'type': 2, 'token': '{INTERACTION}'}}",
        f"got {INTERACTION}",
        "postgresql://usher:hunter2-secret@db/usher",
        "username=vendor&password=hunter2-secret",
        "https://shop.example/pay?token=hunter2-secret",
        "TV_TOKEN=hunter2-secret",
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_unknown(written, kind, line):
    logs.set_up("debug", kind)
    log().info("%s", line)
    text = written.getvalue()
    assert logs.HIDDEN in text
    for secret in (COOKIE, SIGN[3:20], TOKEN[30:], INTERACTION, "another-kind", "hunter2"):
        assert secret not in text


@pytest.mark.parametrize("kind", ["text", "json"])
def test_known_secrets_are_hidden_in_message_arguments_and_extras(written, kind):
    secret = 'pass"word\\with +/é'
    logs.set_up("info", kind, [secret])
    log().info("in the message " + secret)
    log().info("in an argument %s", secret)
    log().info("in a dictionary %(key)s", {"key": secret})
    log().info("in a repr %r", {"key": secret})
    log().info("in an address ?q=pass%22word%5Cwith%20%2B/%C3%A9")
    assert written.getvalue().count(logs.HIDDEN) == 5
    assert "word" not in written.getvalue()


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_traceback_that_quotes_a_cookie_is_cleaned(written, kind):
    logs.set_up("info", kind)
    logs.keep_out(COOKIE)
    try:
        try:
            int(COOKIE)
        except ValueError as error:
            raise RuntimeError(f"request with {COOKIE[:]} failed") from error
    except RuntimeError:
        log().exception("the request failed", stack_info=True)
    text = written.getvalue()
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert COOKIE not in text


def test_a_secret_learned_later_is_hidden_from_then_on(written):
    logs.set_up()
    logs.keep_out("a-rotated-cookie")
    logs.keep_out(None)
    logs.keep_out("")
    log().warning("now a-rotated-cookie holds")
    assert "rotated" not in written.getvalue()


def test_a_line_written_before_hides_a_secret_learned_since(written):
    logs.set_up()
    log().warning("now a-rotated-cookie holds")
    logs.keep_out("a-rotated-cookie")
    log().warning("now a-rotated-cookie holds")
    assert written.getvalue().count("rotated") == 1


@pytest.mark.parametrize(
    "name", ["SessionID", "\u017fe\u017f\u017fionid", "to\u212aen", "PASSWORD"]
)
def test_no_spelling_of_a_name_shows_its_value(written, name):
    logs.set_up()
    log().info("%s=hunter2-secret", name)
    assert "hunter2" not in written.getvalue()


def test_a_secret_inside_another_leaves_nothing_behind(written):
    logs.set_up(secrets=["abcdef", "abcdefghij"])
    log().warning("abcdefghij")
    assert "ghij" not in written.getvalue()


def test_ordinary_lines_stay_as_they_are(written):
    logs.set_up()
    log().info("the token: Discord does not accept it")
    assert "token: Discord does" in written.getvalue()
    line = "bot.access.sync.reconcile: 3 of sqlite+aiosqlite:///data/usher.db at 2026-03-10T12:00:00.000Z"
    log().info(line)
    assert line in written.getvalue()


def test_other_handlers_keep_their_record(written, caplog):
    logs.set_up(secrets=["a-secret"])
    log().warning("say %s", "a-secret")
    assert caplog.records[-1].args == ("a-secret",)


def test_arguments_that_do_not_fit_are_no_leak(written):
    logs.set_up(secrets=["a-secret"])
    record = logging.LogRecord("bot.test", 30, "", 0, "two %s %s", ("a-secret",), None)
    logging.getLogger().handlers[-1].handle(record)  # the test runner's own would raise
    assert "do not fit" in written.getvalue()
    assert "a-secret" not in written.getvalue()


def test_nobody_can_forge_a_line(written):
    logs.set_up()
    log().info("name %s", "x\n2026-01-01 ERROR bot: forged\x1b[2J")
    assert written.getvalue().count("\n") == 1
    assert "\x1b" not in written.getvalue()


def test_json_lines_are_objects(written):
    logs.set_up("info", "json")
    log().info("line one\nline two")
    log("bot.other").error("bad")
    first, second = map(json.loads, written.getvalue().splitlines())
    assert first["message"] == "line one\nline two"
    assert (second["level"], second["logger"]) == ("error", "bot.other")


def test_the_level_is_for_our_own_loggers(written):
    logs.set_up("debug")
    log().debug("ours")
    for name in ("discord.http", "aiohttp.client", "sqlalchemy.engine", "aiosqlite", "asyncio"):
        log(name).debug("theirs")
    log("somebody.unheard.of").debug("theirs")
    log("sqlalchemy.engine.Engine").info("theirs: SELECT with values")
    assert "ours" in written.getvalue()
    assert "theirs" not in written.getvalue()


def test_a_logger_that_was_made_talkative_is_still_kept_quiet(written):
    log("discord.http").setLevel(logging.DEBUG)
    logs.set_up("debug")
    log("discord.http").debug("theirs")
    assert written.getvalue() == ""


def test_setting_up_twice_writes_once(written):
    logs.set_up("info")
    logs.set_up("warning")
    log().warning("once")
    log().info("never")
    log("discord").info("never")
    assert written.getvalue().count("once") == 1
    assert "never" not in written.getvalue()


def test_warnings_go_to_the_log(written):
    logs.set_up()
    log("py.warnings").warning("a warning")
    assert "a warning" in written.getvalue()


async def test_discord_py_at_debug_shows_neither_token_nor_form(written):
    """discord.py logs whole request bodies at debug; none of it may come through."""
    logs.set_up("debug")

    async def me(request):
        return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", me)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    base = discord.http.Route.BASE
    discord.http.Route.BASE = f"http://127.0.0.1:{port}/api/v10"
    client = discord.Client(intents=discord.Intents.none())
    try:
        with pytest.raises(discord.LoginFailure) as caught:
            await client.login(TOKEN)
        log().error("could not sign in", exc_info=caught.value)
        async with aiohttp.ClientSession() as http:
            adapter = discord.Webhook.partial(1, "webhook-secret", session=http)
            with pytest.raises(discord.HTTPException):
                await adapter.send("form-secret")
    finally:
        discord.http.Route.BASE = base
        await client.close()
        await runner.cleanup()
    text = written.getvalue()
    assert "could not sign in" in text
    for secret in (TOKEN, "webhook-secret", "form-secret"):
        assert secret not in text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain words", "plain words"),
        (" a\r\nb\x1b[0m\ud800c\u2028 ", "a  b [0m c"),
        ("\n\t", ""),
    ],
)
def test_foreign_text_becomes_one_printable_line(text, line):
    assert logs.printable_line(text) == line
    assert logs.printable_line(text).isprintable()


def test_a_web_page_is_no_line_of_the_log():
    page = "<!DOCTYPE html>\n<html><head><title>x</title></head>\n<body>1015</body></html>"
    assert logs.cleaned(f"429 Too Many Requests (error code: 0): {page}!") == (
        "429 Too Many Requests (error code: 0): [a web page]!"
    )
    assert logs.cleaned("got <html lang='en'><p>cut") == "got [a web page]"


FORGED = "2026-01-01 00:00:00 CRITICAL bot: forged"
NASTY = f"first\n{FORGED}\r\x1b[2J\u2028{FORGED}\u0085{FORGED}\x7f\u202e\ud800"


def throw(error):
    raise error


def fail():
    try:
        throw(KeyError(NASTY))
    except KeyError as error:
        error.add_note(NASTY)
        raise ValueError(NASTY) from error


@contextlib.contextmanager
def not_in_the_report():
    """Nothing logged goes into pytest's own report, whose way to the main process takes no surrogates."""
    root = logging.getLogger()
    theirs = [each for each in root.handlers if type(each).__module__.startswith("_pytest")]
    for handler in theirs:
        root.removeHandler(handler)
    yield
    for handler in theirs:
        root.addHandler(handler)


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize("group", [False, True])
def test_a_traceback_forges_no_line_and_steers_no_terminal(written, kind, group):
    logs.set_up("info", kind)
    try:
        try:
            fail()
        except ValueError as error:
            if group:
                raise ExceptionGroup(NASTY, [error, OSError(NASTY)]) from None
            raise
    except (ValueError, ExceptionGroup):
        with not_in_the_report():
            log().exception("it failed: %s", NASTY)
    text = written.getvalue()
    assert "ValueError" in text
    for char in "\r\x1b\u2028\u0085\x7f\u202e\ud800":
        assert char not in text
    lines = text.split("\n")
    assert not any(line.startswith(FORGED) for line in lines)
    if kind == "json":
        assert len(lines) == 2
        entry = json.loads(lines[0])
        assert entry["message"].startswith("it failed: first\n2026")
        assert not any(line.startswith(FORGED) for line in entry["exception"].split("\n"))


def test_what_an_exception_said_stays_on_one_line(written):
    logs.set_up()
    try:
        throw(ValueError(f"first\n{FORGED}"))
    except ValueError:
        log().exception("it failed")
    assert f"ValueError: first\\n{FORGED}\n" in written.getvalue()


def test_a_secret_after_a_line_break_in_an_exception_is_hidden(written):
    logs.set_up()
    try:
        throw(ValueError(f"first\nsessionid={COOKIE}"))
    except ValueError:
        log().exception("it failed")
    assert COOKIE not in written.getvalue()
