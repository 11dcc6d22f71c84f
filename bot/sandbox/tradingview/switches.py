"""Every way in which TradingView may behave: open questions of the wire, and outages (wire §15)."""

from dataclasses import dataclass

from bot.sandbox.tradingview.schema_mutations import FORMS, KNOWN
from bot.sandbox.tradingview.switch_types import FOREVER, dial, outage
from bot.sandbox.tradingview.switchboard import Switchboard, collect


@collect
@dataclass(eq=False)
class Switches(Switchboard):
    """All positions at their documented defaults; setting one checks it and wakes whoever waits.

    Counted faults hold the number of calls still to come: 0 is off, -1 lasts until switched off.
    """

    # Outages a person can picture.
    down: bool = dial(False, "TradingView is down", group="outage", featured=True)
    down_how: str = dial(
        "500",
        "How it is down",
        group="outage",
        choices=("500", "502 page", "no answer"),
    )
    hang_lands: bool = dial(
        False, "Held changes still land after the asker gave up", group="outage"
    )
    latency: float = dial(
        0.0,
        "TradingView is slow (seconds for each answer)",
        group="outage",
        maximum=600,
        featured=True,
    )
    logged_out: bool = dial(
        False, "Every TradingView login has ended", group="outage", featured=True
    )
    logged_out_after: int = dial(
        0,
        "The login ends after this many more requests (0: it does not)",
        group="outage",
        maximum=1_000_000,
    )
    forbidden: bool = dial(
        False, "The vendor's plan has lapsed (the login lives, scripts refuse)", group="outage"
    )
    rate_limit: int = dial(
        0, "Too fast above this many requests a second (0: never)", group="outage", maximum=10_000
    )
    rate_burst: int = dial(
        0,
        "Of these, at once after a rest (0: as many as in a second)",
        group="outage",
        maximum=10_000,
    )
    parallel_limit: int = dial(
        0, "Too fast above this many requests at once (0: never)", group="outage", maximum=10_000
    )
    retry_after: float = dial(
        0.0, 'Seconds to wait named with "too fast" (0: none named)', group="outage", maximum=86_400
    )
    retry_after_as: str = dial(
        "seconds", "How that wait is named", group="outage", choices=("seconds", "date")
    )
    too_many_body: str = dial(
        "json", 'What "too fast" looks like', group="outage", choices=("json", "page", "empty")
    )
    slow_body: float = dial(30.0, "Seconds a dripping answer takes", group="outage", maximum=600)

    form: str = dial(KNOWN, "The form of its answers has changed", group="outage", choices=FORMS)

    # Outages counted in calls.
    lost_answers: int = outage("Answers get lost after the write", featured=True, writes_only=True)
    silent_ok: int = outage("Says ok but changes nothing", featured=True, writes_only=True)
    late_errors: int = outage("Writes, then answers with an error", writes_only=True)
    dropped_requests: int = outage("The connection drops before anything happens")
    too_many: int = outage('Answers "too fast"')
    errors_500: int = outage("Answers with an error 500")
    pages_502: int = outage("Answers with a gateway error page")
    pages_400: int = outage("Answers with a page from the delivery network (400)")
    challenges: int = outage("Asks whether you are human (403 page)")
    redirects: int = outage("Redirects to a language site")
    login_ends: int = outage("The login of the request ends for good", featured=True)
    logged_out_pages: int = outage("Shows the logged-out home page instead of an answer")
    truncated: int = outage("The connection drops in the middle of the answer")
    cut_json: int = outage("The answer ends in the middle of its text")
    odd_answers: int = outage("Answers in a shape nobody knows")
    slow_bodies: int = outage("The answer drips in")

    # Sessions (wire §2, §3, §5).
    sign_required: bool = dial(
        True, "The second cookie (sessionid_sign) is needed", survive=(False,)
    )
    logged_out_answer: str = dial(
        "403",
        "What a dead login is answered with",
        choices=("403", "401", "page", "redirect"),
        survive=("401", "page", "redirect"),
    )
    validates_first: bool = dial(
        False, "An unknown script is reported before a dead login", survive=(True,)
    )
    rotations: int = dial(
        0,
        "The next answers bring new cookies (-1: all)",
        minimum=FOREVER,
        maximum=1_000_000,
        counts=True,
        survive=(FOREVER,),
    )
    rotation: str = dial(
        "pair",
        "Which new cookies",
        choices=("pair", "pair, old one ends", "lone sessionid", "deleting"),
    )
    coins_refuse: bool = dial(
        False, "The account page refuses although the login lives", survive=(True,)
    )
    coins_bare: bool = dial(False, "The account page tells nothing", survive=(True,))
    signin: str = dial(
        "password",
        "Signing in with name and password",
        choices=(
            "password",
            "two-factor",
            "two-factor by sms",
            "wrong password",
            "captcha",
            "rate limit",
        ),
    )
    second_factor: str = dial(
        "code",
        "The second step of signing in",
        choices=("code", "wrong code", "captcha", "too many"),
    )
    wrong_password_status: str = dial(
        "200", "Status of a wrong password", choices=("200", "401"), survive=("401",)
    )
    home: str = dial(
        "page",
        "The home page with a login",
        choices=("page", "language site", "without the name"),
        survive=("language site", "without the name"),
    )
    profile: str = dial("page", "Somebody's public page", choices=("page", "language site"))
    headers_needed: str = dial(
        "none",
        "Headers without which a request is refused",
        choices=("none", "browser", "all"),
        survive=("browser", "all"),
    )

    # Names (wire §4).
    hint_limit: int = dial(10, "Suggestions at most", minimum=1, maximum=1000, survive=(3,))
    hint_has_id: bool = dial(True, "Suggestions carry the user id", survive=(False,))
    hint_hides_exact: bool = dial(False, "The exact name falls off the suggestions")
    exact_spelling: bool = dial(False, "Names must be spelt exactly", survive=(True,))

    # One's own scripts (wire §11).
    published_logged_out: str = dial(
        "empty list",
        "The published scripts without a login",
        choices=("empty list", "refused"),
        survive=("refused",),
    )
    published_empty: bool = dial(False, "The published scripts come empty", survive=(True,))
    managed_all: bool = dial(False, "The managed scripts hold open ones too", survive=(True,))

    # Lists (wire §5).
    page_size: int = dial(
        20, "Rows on a page when not asked", minimum=1, maximum=1000, survive=(2,)
    )
    max_limit: int = dial(30, "Rows on a page at most", minimum=1, maximum=1000, survive=(10,))
    last_page: str = dial(
        "null",
        "How the last page says so",
        choices=("null", "empty", "absent"),
        survive=("empty", "absent"),
    )
    next_form: str = dial(
        "path",
        "What the next page is called",
        choices=("path", "absolute", "foreign"),
        survive=("absolute",),
    )
    short_pages: bool = dial(False, "Pages come short before the end", survive=(True,))
    steady_pages: bool = dial(False, "A list stays in place while it changes", survive=(True,))
    lifetime_as: str = dial(
        "absent",
        "How lifetime is shown",
        choices=("absent", "null", "empty"),
        survive=("null", "empty"),
    )
    filter: str = dial(
        "prefix",
        "Asking for one name finds",
        choices=("prefix", "exact", "contains", "everybody"),
        survive=("exact", "contains", "everybody"),
    )
    pictures: str = dial(
        "sometimes",
        "Large pictures in the list",
        choices=("never", "sometimes", "always"),
        survive=("never", "always"),
    )
    prunes_expired: bool = dial(False, "Ended rows disappear", survive=(True,))
    read_delay: float = dial(
        0.0, "Seconds until a change shows in the list", maximum=60, survive=(0.5, 3.0)
    )

    # Writes (wire §6-§8).
    add_status: str = dial("201", "Status of a new row", choices=("201", "200"), survive=("200",))
    add_existing: str = dial(
        "exists",
        "Adding somebody who has a row",
        choices=("exists", "ok, unchanged", "ok, changed"),
        survive=("ok, unchanged", "ok, changed"),
    )
    modify_status: str = dial(
        "ok",
        "What a change is answered with",
        choices=("ok", "null", "empty"),
        survive=("null", "empty"),
    )
    modify_absent: str = dial(
        "422",
        "Changing somebody without a row",
        choices=("422", "404", "ok"),
        survive=("404", "ok"),
    )
    lifetime_to_dated: str = dial(
        "works",
        "A date for somebody with lifetime",
        choices=("works", "ignored", "refused"),
    )
    dated_to_lifetime: str = dial(
        "works",
        "Taking the date away",
        choices=("works", "ignored", "refused"),
    )
    remove_absent: str = dial(
        "not_exists",
        "Removing somebody without a row",
        choices=("not_exists", "ok", "404", "422"),
        survive=("ok", "404", "422"),
    )
    past_dates: str = dial(
        "refuse", "Dates in the past", choices=("refuse", "accept"), survive=("accept",)
    )
    rounding: str = dial(
        "keep",
        "Dates are stored",
        choices=("keep", "end of day", "whole seconds"),
        survive=("end of day", "whole seconds"),
    )
    sixth_user: str = dial(
        "refuse", "More than five users of a private script", choices=("refuse", "accept")
    )
