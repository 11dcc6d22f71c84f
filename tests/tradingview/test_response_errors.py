"""Every rule of wire §13, each with a test of its name."""

import itertools
import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, strategies as st

from bot.tradingview import (
    BadPagination,
    Cookies,
    Denied,
    NoSuchScript,
    NoSuchUser,
    Refused,
    SessionRefused,
    SlowDown,
    TradingViewError,
    Trouble,
    Uncertain,
    UpstreamTrouble,
    errors,
)
from bot.tradingview.response_errors import Reply, failure
from bot.tradingview.wire import Purpose

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LOGGED_OUT = b'<!DOCTYPE html><html class="is-not-authenticated"><body>Sign in</body></html>'
PAGE = b"<html><body>Something</body></html>"
SIGNED_IN = [Purpose.READ, Purpose.WRITE]


def judge(status, body=b"", purpose=Purpose.READ, *, complete=True, **headers):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failure(Reply(status, named, body, complete), purpose, NOW)


# Rule 1 is about answers that never came: tests/tradingview/test_client.py.


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("body", [b"", PAGE, LOGGED_OUT, {"detail": "Request was throttled."}])
def test_rule_2_a_429_is_slow_down_whatever_its_body(purpose, body):
    assert type(judge(429, body, purpose)) is SlowDown


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("Tue, 10 Mar 2026 12:01:30 GMT", 90.0),
        ("Tue, 10 Mar 2026 11:59:00 GMT", 0.0),
        ("Tue, 10 Mar 2026 12:01:30 -0000", 90.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 12, 999999999999.0),  # absurd, and yet no reason to go on at once
        ("9" * 400, float("inf")),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 251629156799.0),
        ("nan", None),
        ("١", None),
    ],
)
def test_rule_2_retry_after_is_seconds_or_a_date(value, seconds):
    assert judge(429, retry_after=value).retry_after == seconds


@given(
    st.text()
    | st.from_regex(
        r"(Wed, )?[0-9]{1,4} (Jan|Oct) [0-9]{1,6} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{1,25}",
        fullmatch=True,
    )
)
@example("Wed, 21 Oct 2026 07:28:00 +99999999999999999")
def test_rule_2_a_429_is_slow_down_whatever_stands_in_retry_after(value):
    asked = judge(429, retry_after=value).retry_after
    assert asked is None or asked >= 0


def test_rule_2_retry_after_may_be_missing():
    assert judge(429).retry_after is None


@pytest.mark.parametrize("purpose", SIGNED_IN)
@pytest.mark.parametrize("status", [301, 302, 304, 307, 308])
@pytest.mark.parametrize("body", [b"", PAGE, {"status": "ok"}])
def test_rule_3_a_redirect_is_session_and_never_success(purpose, status, body):
    assert type(judge(status, body, purpose)) is SessionRefused


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599])
@pytest.mark.parametrize("body", [b"", PAGE, LOGGED_OUT, {"status": "ok"}])
def test_rule_4_a_5xx_is_upstream(purpose, status, body):
    error = judge(status, body, purpose)
    assert (type(error), error.kind) == (UpstreamTrouble, Trouble.STATUS)


@pytest.mark.parametrize("purpose", SIGNED_IN)
@pytest.mark.parametrize("status", [200, 201, 400, 404, 422])
@pytest.mark.parametrize("body", [PAGE, b"\xef\xbb\xbf\r\n <!DOCTYPE html>", b"<HTML"])
def test_rule_4_a_page_with_any_other_status_is_upstream(purpose, status, body):
    error = judge(status, body, purpose)
    assert (type(error), error.kind) == (UpstreamTrouble, Trouble.PAGE)


def test_rule_4_a_page_is_known_by_its_type_too():
    assert judge(200, b"Hello", content_type="Text/HTML; charset=utf-8").kind is Trouble.PAGE
    assert judge(200, b'{"a": 1}', content_type="text/html") is None


@pytest.mark.parametrize("purpose", SIGNED_IN)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
def test_rule_4_a_logged_out_page_is_session(purpose, status):
    assert type(judge(status, LOGGED_OUT, purpose)) is SessionRefused


@pytest.mark.parametrize("purpose", SIGNED_IN)
@pytest.mark.parametrize("body", [b"", PAGE, {"detail": "Authentication credentials"}])
@pytest.mark.parametrize("complete", [True, False])
def test_rule_5_a_401_is_session(purpose, body, complete):
    assert type(judge(401, body, purpose, complete=complete)) is SessionRefused


@pytest.mark.parametrize("purpose", SIGNED_IN)
@pytest.mark.parametrize("complete", [True, False])
def test_rule_5_a_403_is_denied_until_a_probe_tells_more(purpose, complete):
    error = judge(403, {"code": "x", "detail": "plan"}, purpose, complete=complete)
    assert (type(error), error.page, error.code, error.detail) == (Denied, False, "x", "plan")


def test_rule_5_a_403_page_is_marked_as_perhaps_a_robot_check():
    assert judge(403, PAGE).page is True


@pytest.mark.parametrize("status", [400, 404, 422])
def test_rule_6_an_unknown_user_is_told_by_its_code(status):
    body = {"code": "username_recip_not_found", "detail": "User not found: pine_id"}
    error = judge(status, body, Purpose.WRITE)
    assert (type(error), error.detail) == (NoSuchUser, "User not found: pine_id")


def test_rule_6_words_in_a_detail_are_not_a_code():
    error = judge(400, {"code": "other", "detail": "username_recip_not_found"})
    assert type(error) is Refused


@pytest.mark.parametrize(
    "body", [{"pine_id": ["Unknown."]}, {"code": "invalid", "detail": "bad pine_id"}]
)
def test_rule_7_a_422_that_mentions_the_pine_id_is_no_such_script(body):
    assert type(judge(422, body)) is NoSuchScript
    assert type(judge(400, body)) is Refused


def test_rule_8_a_refused_page_size_has_its_own_error():
    assert type(judge(400, {"code": "bad_pagination_request", "detail": "x"})) is BadPagination


@pytest.mark.parametrize("status", [400, 402, 404, 405, 409, 418, 422, 499])
def test_rule_9_any_other_4xx_is_refused_with_code_and_detail(status):
    error = judge(status, {"code": "limit", "detail": "five users"}, Purpose.WRITE)
    assert (type(error), error.status) == (Refused, status)
    assert (error.code, error.detail) == ("limit", "five users")


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("status", [200, 201, 204])
def test_rule_10_a_2xx_goes_on_to_be_read(purpose, status):
    assert judge(status, {"status": "ok"}, purpose) is None


@pytest.mark.parametrize(
    ("purpose", "expected"), [(Purpose.READ, UpstreamTrouble), (Purpose.WRITE, Uncertain)]
)
@pytest.mark.parametrize("status", [200, 201, 400, 422])
def test_a_truncated_body_is_a_case_of_its_own(purpose, expected, status):
    error = judge(status, b'{"status": "o', purpose, complete=False)
    assert (type(error), error.kind) == (expected, Trouble.TRUNCATED)


@pytest.mark.parametrize(
    ("status", "body", "complete", "kind"),
    [
        (200, PAGE, True, Trouble.PAGE),
        (200, LOGGED_OUT, True, Trouble.PAGE),
        (200, b"[", False, Trouble.TRUNCATED),
        *((status, b"", True, Trouble.STATUS) for status in (301, 400, 401, 403, 404, 422)),
    ],
)
def test_a_search_without_login_blames_no_login_and_no_name(status, body, complete, kind):
    error = judge(status, body, Purpose.PUBLIC, complete=complete)
    assert (type(error), error.kind) == (UpstreamTrouble, kind)


@pytest.mark.parametrize("status", [0, 100, 199, 600, 999])
def test_an_unknown_status_is_upstream(status):
    assert type(judge(status, {"status": "ok"})) is UpstreamTrouble


def test_detail_is_cut_and_of_one_line():
    error = judge(400, {"code": "c" * 999, "detail": "a\r\nb\x1b[0m\ud800" + "x" * 999})
    assert error.detail.startswith("a  b [0m x")
    assert len(error.detail) == 300
    assert len(error.code) == 100


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"username_recip": ["Required."]}, '{"username_recip": ["Required."]}'),
        ({"detail": ["a", "b"]}, '{"detail": ["a", "b"]}'),
        ({"detail": None, "code": "x"}, None),
        ({"code": 7}, '{"code": 7}'),
        (b"plain words", "plain words"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", None),
        ([1], "[1]"),
        (b"[" * 100_000, "[" * 300),
    ],
)
def test_whatever_a_refusal_says_is_kept_for_staff(body, detail):
    assert judge(409, body).detail == detail


def test_nothing_of_a_page_becomes_a_detail():
    assert judge(403, PAGE).detail is None


ECHOES = {
    "detail": b'{"detail": "bad abcdefghijklmnop, v3:01/23+456789="}',
    "escaped": rb'{"detail": "bad abcdefghijklmnop, v3:01\/23\u002B456789\u003d"}',
    "another key": rb'{"why": ["bad abcdefghijklmnop, v3:01\/23+456789="]}',
    "code": b'{"code": "bad abcdefghijklmnop, v3:01/23+456789="}',
    "no data": b"bad abcdefghijklmnop, v3:01/23+456789=",
    "broken off": rb'{"detail": "bad abcdefghijklmnop, v3:01\/23+456789=',
    "at the edge": b"bad abcdefghijklmnop, " + b"x" * 270 + b"v3:01/23+456789=",
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [400, 401, 403, 429])
def test_a_login_that_is_repeated_to_us_is_in_no_error(status, echo):
    login = Cookies("abcdefghijklmnop", "v3:01/23+456789=")
    reply = Reply(status, {}, ECHOES[echo], sent=login)
    error = failure(reply, Purpose.READ, NOW)
    assert "bad (hidden), " in str(error)
    assert "abcdefgh" not in str(error)
    assert "v3:" not in str(error)


def test_what_is_too_short_for_a_login_hides_no_words():
    error = failure(Reply(400, {}, b"a bad request", sent=Cookies("a")), Purpose.READ, NOW)
    assert error.detail == "a bad request"


def test_an_answer_shows_nothing_of_its_body_in_its_repr():
    assert "secret" not in repr(Reply(200, {}, b"secret", sent=Cookies("secret-login")))


@given(
    st.integers(0, 999),
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["code", "detail", "status", "x"]), inner)
            ),
        ),
    ),
    st.sampled_from(Purpose),
    st.booleans(),
    st.text(max_size=40),
)
def test_no_answer_breaks_the_judge(status, body, purpose, complete, retry_after):
    error = judge(status, body, purpose, complete=complete, retry_after=retry_after)
    assert error is None or isinstance(error, TradingViewError)
    if error is None:
        no_page = purpose is Purpose.PROFILE and status in (404, 410)
        is_page = purpose in (Purpose.PAGE, Purpose.PROFILE)
        assert no_page or 200 <= status < (400 if is_page else 300)
    else:
        assert str(error).isprintable()


def every_error(root=TradingViewError):
    return {root}.union(*(every_error(sub) for sub in root.__subclasses__()))


def test_every_error_has_the_one_root_and_says_its_facts():
    named = {e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)}
    assert named == {error for error in every_error() if error.__module__ == errors.__name__}
    for error in named:
        text = str(error(code="the_code", detail="the detail", status=418))
        assert "the_code" in text
        assert "the detail" in text
        assert "418" in text
        assert repr(error()).startswith(error.__name__)
        assert str(error())


def test_no_two_reactions_are_mistaken_for_each_other():
    reactions = [SlowDown, SessionRefused, Denied, UpstreamTrouble, Uncertain, NoSuchUser]
    reactions += [NoSuchScript, BadPagination, Refused]
    for one, other in itertools.permutations(reactions, 2):
        assert not issubclass(one, other)
