"""The lists of shops: what each row says of whom, in any letters, order and dates; what is wrong is named by line."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from bot.access.orders.moving import (
    dates,
    gumroad,
    launchpass,
    panel,
    patreon,
    readers,
    stripe,
    whop,
)
from bot.access.orders.moving.records import Fault, ListUnreadable, Paying, Wrong

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, 10, tzinfo=UTC)
PAYS, TRIAL, LATE, CANCELLED, OVER = Paying


def one(listing):
    [payer] = listing.payers
    assert listing.bad == ()
    return payer


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-04-01", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-04-01 10:00", APRIL),
        ("2026-04-01T10:00:00.000Z", APRIL),
        ("2026-04-01T12:00:00+02:00", APRIL),
        ("2026-04-01 10:00:00 UTC", APRIL),
        ("2026-04-01 10:00:00.000000", APRIL),
        ("2026-04-01 10:00:00 +0000", APRIL),
        ("1775037600", APRIL),
        ("1775037600000", APRIL),
        ("Apr 1, 2026", datetime(2026, 4, 1, tzinfo=UTC)),
        ("April 1st, 2026 10:00 AM", APRIL),
        ("1 Apr 2026 10:00", APRIL),
        ("04/01/2026", datetime(2026, 4, 1, tzinfo=UTC)),
        ("04/01/2026 10:00:00", APRIL),
        *(
            (each, None)
            for each in ("", "soon", "31/31/2026", "0001-01-01", "9" * 70, "2026-13-01")
        ),
        # In UTC there is no such moment; some programs write it where there is no end.
        *((each, None) for each in ("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00")),
    ],
)
def test_dates_are_read_as_shops_write_them(text, moment):
    assert dates.moment(text) == moment


def test_a_day_above_twelve_shows_how_a_list_writes_its_dates():
    assert not dates.is_day_first(["04/01/2026", "12/31/2026"])
    assert dates.is_day_first(["04/01/2026", "31/12/2026"])
    assert dates.is_day_first(["01.04.2026"])
    assert dates.moment("01/04/2026", day_first=True) == datetime(2026, 4, 1, tzinfo=UTC)


STRIPE = (
    "id,Customer ID,Customer Email,Plan,Product,Status,Current Period End (UTC),Cancel At Period End,"
    "Canceled At (UTC),Ended At (UTC)\n"
)


def test_stripe_names_the_subscription_and_its_customer_adds_who_that_is():
    subscriptions = STRIPE + "sub_1,cus_1,,price_1,prod_1,active,2026-04-01 10:00,false,,\n"
    customers = (
        "id,Email,Name,discord_id (metadata),tradingview_username (metadata)\n"
        "cus_1,A@Example.org,Ann,781784956044574751, @Ann_Trades \n"
    )
    for files in ((subscriptions, customers), (customers, subscriptions)):
        payer = one(stripe.read([file.encode() for file in files], NOW))
        assert (payer.contract, payer.customer, payer.keys) == (
            "sub_1",
            "cus_1",
            ("price_1", "prod_1"),
        )
        assert (payer.paying, payer.until) == (PAYS, APRIL)
        assert (payer.email, payer.username) == ("a@example.org", "Ann_Trades")
        assert payer.discord_id == 781784956044574751
        assert "example" not in repr(payer)


@pytest.mark.parametrize(
    ("row", "paying"),
    [
        ("active,2026-04-01 10:00,false,,", PAYS),
        ("active,2026-04-01 10:00,true,,", CANCELLED),
        ("active,2026-04-01 10:00,,2026-03-01 10:00,", CANCELLED),
        ("trialing,2026-04-01 10:00,,,", TRIAL),
        ("past_due,2026-04-01 10:00,,,", LATE),
        ("canceled,2026-04-01 10:00,,2026-03-01 10:00,2026-03-02 10:00", OVER),
        ("unpaid,2026-04-01 10:00,,,", OVER),
        ("incomplete_expired,,,,", OVER),
    ],
)
def test_stripe_says_how_a_subscription_stands(row, paying):
    found = stripe.read([f"{STRIPE}sub_1,cus_1,a@example.org,price_1,prod_1,{row}\n".encode()], NOW)
    [payer] = found.payers or found.over
    assert (payer.paying, bool(found.over)) == (paying, paying is OVER)


def test_whop_is_known_by_its_ids_wherever_they_stand_and_in_any_letters():
    text = (
        "﻿status\tEMAIL\tRenewal Period End\tPlan\tProduct ID\tid\tUser\tWhat is your TradingView username?\n"
        "Renewing\tA@example.org\t2026-04-01T10:00:00.000Z\tplan_1\tprod_1\tmem_1\tuser_1\tAnn_Trades\n"
    )
    payer = one(whop.read([text.encode("utf-16")], NOW))
    assert (payer.contract, payer.customer, payer.keys) == ("mem_1", "user_1", ("plan_1", "prod_1"))
    assert payer.payment == "mem_1:2026-04-01T10:00:00.000000Z"  # as Whop's messages come to
    assert (payer.username, payer.until, payer.paying) == ("Ann_Trades", APRIL, PAYS)


def test_whop_bought_once_is_for_good_and_one_that_renews_without_a_date_is_not():
    titles = "Membership ID,Status,Email\n"
    once = one(whop.read([f"{titles}mem_1,completed,a@example.org\n".encode()], NOW))
    assert (once.for_good, once.until) == (True, None)
    renewing = one(whop.read([f"{titles}mem_1,renewing,a@example.org\n".encode()], NOW))
    assert not renewing.for_good
    assert whop.read([f"{titles}mem_1,canceling,a@example.org\n".encode()], NOW).over


def test_launchpass_is_known_by_stripes_ids():
    text = (
        "Name;Email;Discord Username;Discord ID;Plan;Status;Next Payment;Stripe Customer ID;Stripe Subscription\n"
        "Ann;a@example.org;ann;781784956044574751;Gold;Active;01.04.2026 10:00;cus_1;sub_1\n"
    )
    found = launchpass.read([text.encode()], NOW)
    payer = one(found)
    assert (found.provider, payer.contract, payer.customer) == ("stripe", "sub_1", "cus_1")
    assert (payer.until, payer.discord_name) == (APRIL, "ann")


PATREON = (
    "Name,Email,Discord,Patron Status,Tier,Charge Frequency,Last Charge Date,Last Charge Status,User ID,"
    "Access Expiration,Next Charge Date\n"
)


@pytest.mark.parametrize(
    ("row", "paying", "until"),
    [
        ("Active patron,Gold,monthly,2026-03-01 10:00:00,Paid,9,,2026-04-01 10:00:00", PAYS, APRIL),
        ("Active patron,Gold,monthly,2026-03-01 10:00:00,Paid,9,,", PAYS, APRIL),
        ("Active patron,Gold,annual,2025-04-01 10:00:00,Paid,9,,", PAYS, APRIL),
        ("Declined patron,Gold,monthly,2026-03-05 10:00:00,Declined,9,,", LATE, datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("Former patron,Gold,monthly,2026-03-01 10:00:00,Paid,9,2026-04-01 10:00:00,", CANCELLED, APRIL),
        ("Former patron,Gold,monthly,2026-03-01 10:00:00,Refunded,9,,", OVER, None),
        ("Former patron,Gold,monthly,2025-03-01 10:00:00,Paid,9,,", OVER, datetime(2025, 4, 1, 10, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_patreon_is_known_by_the_person(row, paying, until):
    found = patreon.read([f"{PATREON}Ann,a@example.org,ann#1,{row}\n".encode()], NOW)
    [payer] = found.payers or found.over
    assert (payer.paying, payer.until) == (paying, until)
    assert (payer.contract, payer.customer, payer.product) == (None, "user:9", "Gold")
    assert payer.discord_name == "ann#1"


def test_who_follows_on_patreon_for_free_is_nobody():
    assert patreon.read([f"{PATREON}Ann,a@example.org,,,,,,,9,,\n".encode()], NOW).payers == ()


GUMROAD = (
    "Purchase ID,Item Name,Purchase Email,Purchase Date,Purchase Time (UTC timezone),Fully Refunded?,Disputed?,"
    "Dispute Won?,Variants,Product ID,Recurrence,Cancellation Date,Subscription End Date,License Key,"
    "TradingView username\n"
)


def charge(
    sale,
    bought,
    *,
    went_back=0,
    recurrence="monthly",
    cancelled="",
    ended="",
    licence="K-1",
    tier="",
):
    return (
        f"{sale},Scripts,A@example.org,{bought:%Y-%m-%d},{bought:%Y-%m-%d %H:%M:%S} UTC,{went_back},0,0,{tier},gold,"
        f"{recurrence},{cancelled},{ended},{licence},Ann_Trades\n"
    )


FEBRUARY, MARCH = datetime(2026, 2, 1, 10, tzinfo=UTC), datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_gumroad_counts_the_last_charge_of_a_subscription():
    text = GUMROAD + charge("s2", MARCH) + charge("s1", FEBRUARY) + "Totals,,,,,,,,,,,,,,\n"
    payer = one(gumroad.read([text.encode()], NOW))
    assert (payer.payment, payer.contract, payer.until) == ("sale:s2", None, APRIL)
    assert (payer.licence, payer.keys, payer.product) == ("K-1", ("gold",), "Scripts")
    assert "K-1" not in repr(payer)
    back = GUMROAD + charge("s2", MARCH, went_back=1) + charge("s1", FEBRUARY)
    assert one(gumroad.read([back.encode()], NOW)).until == MARCH.replace(month=3)


def test_gumroad_tells_who_cancelled_what_was_bought_once_and_each_tier():
    cancelled = GUMROAD + charge("s1", MARCH, cancelled="2026-03-05 10:00:00 UTC")
    assert one(gumroad.read([cancelled.encode()], NOW)).paying is CANCELLED
    over = GUMROAD + charge("s1", FEBRUARY, ended="2026-03-01")
    assert gumroad.read([over.encode()], NOW).over
    once = one(
        gumroad.read([(GUMROAD + charge("s1", MARCH, recurrence="", tier="Pro")).encode()], NOW)
    )
    assert (once.for_good, once.contract, once.paid_at) == (True, "sale:s1", MARCH)
    assert (once.product, once.keys) == ("Scripts · Pro", ())


def test_gumroads_subscribers_are_known_by_their_subscriptions():
    text = (
        "Subscription ID,Email,Product,Status,Next charge date\n"
        "sub==,a@example.org,Scripts,alive,2026-04-01 10:00\n"
        "sub2==,b@example.org,Scripts,pending_cancellation,2026-04-01 10:00\n"
        "sub3==,c@example.org,Scripts,cancelled,\n"
    )
    found = gumroad.read([text.encode()], NOW)
    assert [(each.contract, each.paying, each.until) for each in found.payers] == [
        ("subscription:sub==", PAYS, APRIL),
        ("subscription:sub2==", CANCELLED, APRIL),
    ]
    assert [each.contract for each in found.over] == ["subscription:sub3=="]


def test_a_list_may_say_yes_and_no_instead_of_a_status():
    text = (
        "Membership ID,Valid,Expires at\nmem_1,TRUE,2026-04-01\nmem_2,false,2026-04-01\nmem_3,0,\n"
    )
    found = whop.read([text.encode()], NOW)
    assert [(each.contract, each.paying) for each in found.payers] == [
        ("mem_1", PAYS),
        ("mem_2", CANCELLED),
    ]
    assert [each.contract for each in found.over] == ["mem_3"]


def test_what_a_terminal_would_obey_is_taken_out():
    text = "Membership ID,Status,Product,Discord\nmem_1,completed,Go\x1b[2Jld,a\x07nn\n"
    payer = one(whop.read([text.replace("\x1b", "").encode()], NOW))
    assert (payer.product, payer.discord_name) == ("Go[2Jld", "ann")


def test_what_is_wrong_is_named_by_line_and_the_rest_is_taken():
    text = (
        "Membership ID,Email,Status,Expires at,Discord ID,TradingView username\n"
        "mem_1,a@example.org,active,2026-04-01,7.81785E+17,Ann_Trades\n"
        "mem_2,b@example.org,,2026-04-01,,\n"
        "mem_3,c@example.org,asleep,2026-04-01,,\n"
        "mem_4,d@example.org,active,next week,,\n"
        "mem_1,a@example.org,active,2026-04-01,,\n"
        ",,active,2026-04-01,,\n"
        "\n"
        "mem_5,e@example.org,active,2026-04-01,,what is that?\n"
    )
    found = whop.read([text.encode()], NOW)
    assert [payer.contract for payer in found.payers] == ["mem_1", "mem_5"]
    assert [(bad.line, bad.fault, bad.is_left) for bad in found.bad] == [
        (2, Fault.ID_DAMAGED, False),
        (3, Fault.NO_STATUS, True),
        (4, Fault.STATUS_UNKNOWN, True),
        (5, Fault.DATE_UNREADABLE, True),
        (6, Fault.TWICE, True),
        (7, Fault.NO_PERSON, True),
        (9, Fault.NAME_UNREADABLE, False),
    ]


def test_a_list_is_found_below_what_stands_above_it_whatever_parts_its_cells():
    head, row = "Membership ID{0}Email{0}Status", 'mem_1{0}a@example.org{0}"active"'
    for above, delimiter, line in (("sep=;\r\n", ";", 3), ("Members of March\n\n", "\t", 4)):
        text = above + f"{head}\n{row}\n".format(delimiter)
        [payer] = whop.read([text.encode("utf-16")], NOW).payers
        assert (payer.contract, payer.line) == ("mem_1", line)


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b'Status\na\n"' + b"x\n" * 2_000 + b'"\n', Wrong.CUT),
        (b"", Wrong.EMPTY),
        (b"  \n\n", Wrong.EMPTY),
        (b"a,b\n1,2\n", Wrong.COLUMNS),
        (b"Status\n\0\n", Wrong.NO_TEXT),
        (b"Status\n\xff\xfe\x80\n", Wrong.ENCODING),
        (b'Status\n"' + b"x" * 200_000, Wrong.CUT),
        (b"Status\n" + b"active\n" * 60_000, Wrong.TOO_LARGE),
        (b"x" * (11 * 1024 * 1024), Wrong.TOO_LARGE),
        (b"x" * (5 * 1024 * 1024), Wrong.CUT),
    ],
)
def test_what_is_no_list_is_said_so(data, wrong):
    with pytest.raises(ListUnreadable) as refused:
        whop.read([data], NOW)
    assert refused.value.wrong is wrong


# The older panel


def panel_file(tmp_path, script):
    path = tmp_path / "panel.db"
    with sqlite3.connect(path) as raw:
        raw.executescript(script)
    raw.close()
    return path


CLIENTS = "CREATE TABLE clients (id INTEGER PRIMARY KEY, tradingview_username TEXT, email TEXT);"
INDICATORS = "CREATE TABLE indicators (id INTEGER PRIMARY KEY, name TEXT, pine_id TEXT);"
ACCESSES = "CREATE TABLE accesses (id INTEGER PRIMARY KEY, client_id INT, indicator_id INT, expires_at TEXT, active INT);"


def test_the_older_panels_accesses_name_who_has_what(tmp_path):
    path = panel_file(
        tmp_path,
        CLIENTS
        + INDICATORS
        + ACCESSES
        + "INSERT INTO clients VALUES (1, 'Ann_Trades', 'a@example.org'), (2, 'bob-fx', '');"
        "INSERT INTO indicators VALUES (7, 'Trend', 'PUB;1');"
        "INSERT INTO accesses VALUES (1, 1, 7, '2026-04-01 10:00:00', 1), (2, 2, 7, 'lifetime', 1), (3, 2, 7, NULL, 0);",
    )
    before = path.read_bytes()
    found = panel.read(path, NOW)
    assert [(each.username, each.until, each.for_good, each.product) for each in found.payers] == [
        ("Ann_Trades", APRIL, False, "Trend"),
        ("bob-fx", None, True, "Trend"),
    ]
    assert (found.provider, len(found.over), found.payers[0].keys) == (None, 1, ("PUB;1",))
    assert path.read_bytes() == before
    assert panel.read_sent(before, NOW) == found


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE other (id INT);",
        CLIENTS,
        "CREATE VIEW clients AS SELECT 1 AS id; CREATE VIEW accesses AS SELECT 1 AS client_id;",
        "CREATE TABLE clients (id INT, price INT); CREATE TABLE accesses (client_id INT);",
        CLIENTS + "CREATE TABLE accesses (id INT, what TEXT);",
    ],
)
def test_another_database_is_not_the_panels(tmp_path, script):
    with pytest.raises(ListUnreadable) as refused:
        panel.read(path := panel_file(tmp_path, script), NOW)
    assert refused.value.wrong is Wrong.TABLES
    with pytest.raises(ListUnreadable) as refused:
        panel.read_sent(path.read_bytes(), NOW)
    assert refused.value.wrong is Wrong.TABLES


def test_nothing_of_a_strangers_database_is_run(tmp_path):
    """Generated columns are not read, triggers and views not run, and values are not without measure."""
    script = CLIENTS + (
        "CREATE TABLE accesses (id INT, client_id INT, until TEXT, expires_at TEXT AS (hex(client_id)));"
        "CREATE TRIGGER later AFTER INSERT ON clients BEGIN DELETE FROM accesses; END;"
        "INSERT INTO clients VALUES (1, 'Ann_Trades', '');"
        "INSERT INTO accesses (id, client_id, until) VALUES (1, 1, '2026-04-01 10:00');"
    )
    path = panel_file(tmp_path, script)
    assert panel.read(path, NOW).payers[0].until == APRIL
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE clients SET email = hex(zeroblob(1000000))")
    raw.close()
    with pytest.raises(ListUnreadable) as refused:
        panel.read(path, NOW)
    assert refused.value.wrong is Wrong.NO_DATABASE
    with pytest.raises(ListUnreadable) as refused:
        panel.read_sent(path.read_bytes(), NOW)
    assert refused.value.wrong is Wrong.NO_DATABASE


def test_what_is_no_database_or_a_damaged_one_is_said_so(tmp_path):
    path = tmp_path / "odd.db"
    for data in (b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 5000):
        path.write_bytes(data)
        with pytest.raises(ListUnreadable) as refused:
            panel.read(path, NOW)
        assert refused.value.wrong is Wrong.NO_DATABASE
        with pytest.raises(ListUnreadable) as refused:
            panel.read_sent(data, NOW)
        assert refused.value.wrong is Wrong.NO_DATABASE


def test_a_database_in_which_names_are_no_text_is_damaged(tmp_path):
    path = tmp_path / "odd.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE clients (id INTEGER, username TEXT)")
    data = path.read_bytes().replace(b"CREATE TABLE clients", b"CREATE TABL\xbd clients")
    path.write_bytes(data)
    for read in (lambda: panel.read(path, NOW), lambda: panel.read_sent(data, NOW)):
        with pytest.raises(ListUnreadable) as refused:
            read()
        assert refused.value.wrong is Wrong.NO_DATABASE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes as on Linux and macOS")
@pytest.mark.parametrize("shop", ["whop", "panel"])
def test_a_pipe_is_no_list_and_nobody_waits_for_it(tmp_path, shop):
    os.mkfifo(tmp_path / "list")
    with pytest.raises(ListUnreadable) as refused:
        readers.read(shop, [tmp_path / "list"], NOW)
    assert refused.value.wrong is Wrong.NO_FILE
