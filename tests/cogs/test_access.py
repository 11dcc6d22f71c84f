"""/access over a real gateway: from typed options to TradingView's list and back."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from tests.support.discord_harness import at_work, eventually, labels, text_of

ALL = {"item": "trend", "username": "Alice_T"}


def ends(harness, name="Alice_T"):
    pine_id = next(iter(harness.vendor.world.scripts))
    row = harness.vendor.world.row(pine_id, name)
    return None if row is None else row.end


async def rows(harness):
    from sqlalchemy import func, select

    from bot.store.tables.ledger import order

    async with harness.vendor.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(order))).scalar_one()


async def grant(harness, duration="1M", **options):
    return await harness.run(
        harness.as_mod, "access grant", **({**ALL, "duration": duration} | options)
    )


async def pressed(harness, message, label, expected, **more):
    """Press a button and wait until its message says what is expected."""
    press = await harness.as_mod.press(message, label, **more)
    await press.until(lambda now: expected in text_of(now))


async def test_a_grant_is_done_once_tradingview_shows_it(harness):
    granted = await grant(harness, username=" @alice_t ")
    said = text_of(granted.original)
    assert granted.ephemeral
    assert r"✅ **Done:** **Alice\_T** has **Trend** until **<t:" in said
    assert "1 month added" in said
    assert ends(harness) == datetime(2026, 4, 10, 12, tzinfo=UTC)


async def test_a_hanging_tradingview_is_acknowledged_said_and_turns_to_done_by_itself(harness):
    harness.switches.hang = True
    request = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel, duration="1M", **ALL
    )
    await request.acknowledged_()
    assert request.deferred
    await harness.passes(
        lambda: "⏳ **Waiting:** 1 month of **Trend**" in text_of(request.original)
    )
    harness.switches.hang = False
    await harness.passes(lambda: "✅ **Done:**" in text_of(request.original))
    assert len(request.messages) == 1
    assert not harness.as_mod.dms()


async def test_an_unknown_name_offers_near_names_and_grant_anyway_without_a_row(harness):
    request = await grant(harness, username="Alice_")
    assert "TradingView knows nobody called `Alice_`" in text_of(request.original)
    assert labels(request.original)[-2:] == ["Grant anyway", "No, leave it"]
    assert await rows(harness) == 0
    await pressed(harness, request.original, "Alice_T", "Done")
    assert ends(harness) is not None
    assert labels(request.original) == []


async def test_grant_anyway_keeps_the_order(harness):
    request = await grant(harness, username="Nobody_Yet")
    await pressed(harness, request.original, "Grant anyway", "Not done")
    assert "Ask for the exact spelling" in text_of(request.original)
    assert await rows(harness) == 1


async def test_a_question_pressed_twice_counts_once(harness):
    request = await grant(harness, username="Alice_")
    await pressed(harness, request.original, "Alice_T", "Done", deliver=2)
    assert await rows(harness) == 1


async def test_the_same_command_delivered_twice_counts_once(harness):
    request = await grant(harness, deliver=2)
    await request.until(lambda message: "Done" in text_of(message))
    assert await rows(harness) == 1
    assert ends(harness) == datetime(2026, 4, 10, 12, tzinfo=UTC)


async def test_an_earlier_end_asks_first_and_can_be_put_back(harness):
    await grant(harness, "1Y")
    request = await harness.run(harness.as_mod, "access set", until="7D", **ALL)
    assert "takes time away" in text_of(request.original)
    assert ends(harness) == datetime(2027, 3, 10, 12, tzinfo=UTC)
    await pressed(harness, request.original, "Yes, shorten it", "Done")
    assert ends(harness) == datetime(2026, 3, 17, 12, tzinfo=UTC)
    await pressed(harness, request.original, "Put back", "put back")
    assert ends(harness) == datetime(2027, 3, 10, 12, tzinfo=UTC)


async def test_no_leaves_it_as_it_was(harness):
    await grant(harness, "1Y")
    request = await harness.run(harness.as_mod, "access set", until="7D", **ALL)
    await pressed(harness, request.original, "No, leave it", "Left as it was")
    assert ends(harness) == datetime(2027, 3, 10, 12, tzinfo=UTC)


async def test_a_revoke_of_lifetime_asks_first_and_a_put_back_survives_a_restart(harness):
    await grant(harness, "L")
    request = await harness.run(harness.as_mod, "access revoke", **ALL)
    assert "This ends everything" in text_of(request.original)
    await pressed(harness, request.original, "Yes, end it", "has no access")
    await harness.client.close()
    async with at_work(harness):
        await pressed(harness, request.original, "Put back", "put back")


async def test_a_question_from_before_a_restart_says_that_nothing_was_changed(harness):
    request = await grant(harness, username="Alice_")
    await harness.client.close()
    async with at_work(harness):
        pressed = await harness.as_mod.press(request.original, "Alice_T")
        assert "too old" in text_of(await pressed.answered())
    assert await rows(harness) == 0


async def test_time_upon_lifetime_offers_to_give_it_an_end(harness):
    await grant(harness, "L")
    again = await grant(harness, "1M")
    assert "changes nothing" in text_of(again.original)
    await pressed(harness, again.original, "Let it end in 1 month", "until **<t:")
    assert ends(harness) == datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"duration": "0D"}, "`7D`, `2W`"),
        ({"duration": "-5D"}, "`7D`, `2W`"),
        ({"duration": "99999Y"}, "type `L`"),
        ({"duration": "soon"}, "`7D`, `2W`"),
        ({"duration": "🚀" * 250}, "`7D`, `2W`"),
        ({"item": "tren"}, "**trend**"),
        ({"item": "x" * 500}, "Pick one from the list"),
        ({"username": "u" * 500}, "paste the address"),
        ({"username": "💸"}, "paste the address"),
        ({"username": None}, "Fill in `member`"),
    ],
)
async def test_bad_input_is_answered_with_what_to_type_instead_and_no_row(harness, options, advice):
    given = {key: value for key, value in (ALL | {"duration": "1M"} | options).items() if value}
    request = await harness.run(harness.as_mod, "access grant", **given)
    assert advice in text_of(request.original)
    assert "Reference" not in text_of(request.original)
    assert await rows(harness) == 0


@pytest.mark.parametrize(
    ("until", "advice"),
    [
        ("2020-01-01", "is over"),
        ("01/02/2026", "two ways"),
        ("31.12.2026", "`2026-12-31`"),
        ("tomorrow", "2026-04-30"),
    ],
)
async def test_a_bad_end_is_answered_with_what_to_type_instead(harness, until, advice):
    request = await harness.run(harness.as_mod, "access set", until=until, **ALL)
    assert advice in text_of(request.original)
    assert await rows(harness) == 0


async def test_check_shows_what_should_be_beside_what_is(harness):
    await grant(harness, username="__bob__")
    checked = await harness.run(harness.as_mod, "access check", username="__BOB__")
    said = text_of(checked.original)
    assert r"**\_\_bob\_\_** has 1 script" in said
    assert "Should be: until" in said
    assert "On TradingView: until" in said
    assert "given by staff 1 month" in said


async def test_list_is_paged_by_end_date(harness):
    for number in range(20):
        harness.vendor.world.add_user(f"Buyer{number:02}")
        await grant(harness, f"{number + 1}D", username=f"Buyer{number:02}")
    listed = await harness.run(harness.as_mod, "access list", item="trend")
    first = text_of(listed.original)
    assert "20 people" in first
    assert "Buyer00" in first
    assert "Buyer19" not in first
    await pressed(harness, listed.original, "Next ▶", "Buyer19")
    await pressed(harness, listed.original, "◀ Back", "Buyer00")


async def test_suggestions_show_scripts_names_and_the_resulting_date(harness):
    await grant(harness, "1M")
    complete = harness.as_mod.complete
    items = await complete("access grant", "item", "tre", guild=harness.guild)
    assert items == [{"name": "trend – Trend", "value": "trend"}]
    names = await complete("access grant", "username", "ali", guild=harness.guild)
    assert [one["value"] for one in names] == ["Alice_T"]
    path, there = "access grant", {"guild": harness.guild}
    dates = await complete(path, "duration", "1m", **there, item="trend", username="alice_t")
    assert dates == [{"name": "1 month – until 10 May 2026", "value": "1M"}]
    dates = await complete(path, "duration", "7", **there)
    assert dates[0] == {"name": "7 days – until 17 March 2026", "value": "7D"}
    ends_ = await complete("access set", "until", "2026-04-30", **there)
    assert ends_ == [{"name": "until 30 April 2026", "value": "2026-04-30"}]
    assert len(await complete("access set", "until", "", **there)) == 7


async def test_months_in_a_row_end_on_the_day_that_was_shown_for_them(harness):
    await harness.run(harness.as_mod, "access set", **ALL, until="2027-01-31")
    there = {"guild": harness.guild, "item": "trend", "username": "Alice_T"}
    for day in ("28 February", "31 March", "30 April"):
        complete = harness.as_mod.complete
        [shown] = await complete("access grant", "duration", "1m", **there)
        assert shown["name"] == f"1 month – until {day} 2027"
        given = await grant(harness, "1M")
        assert f"until **{day} 2027, end of day UTC**" in text_of(given.original)


async def test_the_next_months_of_an_end_counted_from_now_are_counted_from_now_too(harness):
    harness.time.set(datetime(2027, 1, 31, 12, tzinfo=UTC))
    await harness.run(harness.as_mod, "access set", **ALL, until="1M")
    assert ends(harness) == datetime(2027, 2, 28, 12, tzinfo=UTC)
    await grant(harness, "1M")
    assert ends(harness) == datetime(2027, 3, 31, 12, tzinfo=UTC)


async def test_a_month_that_takes_the_place_of_access_without_an_end_begins_a_row(harness):
    harness.time.set(datetime(2027, 1, 31, 12, tzinfo=UTC))
    harness.vendor.world.grant(next(iter(harness.vendor.world.scripts)), "Alice_T", None)
    given = await grant(harness, "1M")
    await pressed(harness, given.original, "Let it end in 1 month", "until **<t:")
    assert ends(harness) == datetime(2027, 2, 28, 12, tzinfo=UTC)
    await grant(harness, "1M")
    assert ends(harness) == datetime(2027, 3, 31, 12, tzinfo=UTC)


async def test_check_says_waiting_after_five_seconds_and_then_what_is_known(harness):
    await grant(harness)
    harness.switches.hang = True
    checked = await harness.as_mod.run(
        "access check", guild=harness.guild, channel=harness.channel, username="Alice_T"
    )
    await checked.acknowledged_()
    await harness.passes(lambda: "Waiting for TradingView" in text_of(checked.original))
    await harness.passes(lambda: "Should be: until" in text_of(checked.original))
    assert "it did not answer just now; last seen" in text_of(checked.original)


async def test_somebody_only_tradingview_knows_can_be_ended(harness):
    pine_id = next(iter(harness.vendor.world.scripts))
    harness.vendor.world.grant(pine_id, "__bob__", None)
    request = await harness.run(harness.as_mod, "access revoke", item="trend", username="__bob__")
    if "Shall I do it?" in text_of(request.original):
        await pressed(harness, request.original, "Yes, end it", "has no access")
    assert r"**\_\_bob\_\_** has no access to **Trend** any more" in text_of(request.original)
    assert ends(harness, "__bob__") is None
    await pressed(harness, request.original, "Put back", "put back")


async def test_nothing_to_end_is_said(harness):
    request = await harness.run(harness.as_mod, "access revoke", **ALL)
    assert "nothing to end" in text_of(request.original)
    assert await rows(harness) == 0


async def test_the_history_names_who_did_what(harness):
    await grant(harness, note="order 17")
    shown = await harness.run(harness.as_mod, "audit", username="alice_t")
    said = text_of(shown.original)
    assert f"<@{harness.mod.id}> ordered 1 month of **Trend** – `order 17`" in said
    assert "✅ **Trend**: until <t:" in said
    lines = said.split("\n")[2:]
    assert len(lines) >= 2
    assert all(re.match(r"- <t:\d+:d> \S", line) for line in lines)
    assert not any("them" in line for line in lines)


async def test_a_member_sees_their_own_scripts(harness):
    await grant(harness, member=harness.buyer)
    shown = await harness.run(harness.as_buyer, "me")
    assert r"**Alice\_T**" in text_of(shown.original)
    assert "**Trend**: until" in text_of(shown.original)


async def test_a_member_whose_access_ended_sees_when_and_how_to_go_on(harness):
    await grant(harness, member=harness.buyer)
    await harness.time.advance(40 * 86_400)
    said = text_of((await harness.run(harness.as_buyer, "me")).original)
    assert "Nothing of yours is running now" in said
    assert "**Trend**: ended **<t:" in said
    assert "ask the staff" in said
    assert "no scripts here yet" not in said
    await grant(harness, member=harness.buyer)
    ended = int(clock.now().timestamp())
    request = await harness.run(harness.as_mod, "access revoke", item="trend", member=harness.buyer)
    if "Yes, end it" in labels(request.original):
        await pressed(harness, request.original, "Yes, end it", "✅")
    said = text_of((await harness.run(harness.as_buyer, "me")).original)
    [when] = re.findall(r"ended by the staff \*\*<t:(\d+):D>", said)
    assert ended - 60 <= int(when) <= ended + 60


async def test_who_links_a_name_whose_access_is_over_learns_nothing_of_it(harness):
    await grant(harness)
    await harness.time.advance(40 * 86_400)
    request = await harness.run(harness.as_stranger, "link", username="Alice_T")
    press = await harness.as_stranger.press(request.original, "Yes, that is me")
    await press.until(lambda now: "is your TradingView name now" in text_of(now))
    said = text_of((await harness.run(harness.as_stranger, "me")).original)
    assert "You have no scripts here." in said
    assert "<t:" not in said


async def test_what_lapsed_before_usher_came_is_said_to_whom_staff_tied_to_the_name(harness):
    script = next(iter(harness.vendor.world.scripts))
    harness.vendor.world.grant(script, "Alice_T", clock.now() - timedelta(days=3))
    await harness.run(harness.as_mod, "sync sweep", item="trend")
    await harness.run(harness.as_mod, "customer link", member=harness.buyer, username="Alice_T")
    said = text_of((await harness.run(harness.as_buyer, "me")).original)
    ended = int((clock.now() - timedelta(days=3)).timestamp())
    assert f"**Trend**: ended **<t:{ended}:D>**" in said


async def test_a_buyer_is_told_plainly_what_staff_ended_and_what_they_put_back(harness):
    await grant(harness, member=harness.buyer)
    await harness.passes(harness.as_buyer.dms)
    request = await harness.run(harness.as_mod, "access revoke", item="trend", member=harness.buyer)
    await harness.passes(lambda: len(harness.as_buyer.dms()) == 2)
    said = text_of(harness.as_buyer.dms()[-1])
    assert "Your access to **Trend** has ended" in said
    assert "write to the staff" in said
    for internal in ("<@", "`/access", "order", "Usher"):
        assert internal not in said
    await harness.as_mod.press(request.original, "Put back")
    await harness.passes(lambda: len(harness.as_buyer.dms()) == 3)
    assert "Your access to **Trend** is back" in text_of(harness.as_buyer.dms()[-1])


async def test_status_and_retry_say_when_there_is_nothing_to_do(harness):
    shown = await harness.run(harness.as_mod, "sync status")
    assert "Everything is on TradingView" in text_of(shown.original)
    tried = await harness.run(harness.as_mod, "sync retry", item="trend")
    assert "Nothing waits or is stuck for `trend`" in text_of(tried.original)
    tried = await harness.run(harness.as_mod, "sync retry", item="tren")
    assert "**trend**" in text_of(tried.original)


@pytest.mark.parametrize(("seconds", "said"), [(45, False), (7200, True)])
async def test_status_says_until_when_tradingview_asked_to_wait(harness, seconds, said):
    until = int(clock.now().timestamp() + seconds)
    (await harness.vendor.sessions.of(harness.guild.id)).limiter.hold(seconds)
    text = text_of((await harness.run(harness.as_mod, "sync status")).original)
    assert (f"TradingView asked me to send nothing until <t:{until}:f>" in text) is said
    assert ("Nobody lost access" in text) is said


async def test_in_a_long_pause_an_order_says_at_once_when_it_is_sent(harness):
    until = int(clock.now().timestamp() + 3600)
    (await harness.vendor.sessions.of(harness.guild.id)).limiter.hold(3600)
    for name in ("Alice_T", "Alice_Two"):
        request = await harness.as_mod.run(
            "access grant",
            guild=harness.guild,
            channel=harness.channel,
            **(ALL | {"duration": "1M", "username": name}),
        )
        await request.acknowledged_()
        await harness.passes(lambda request=request: "⏳" in text_of(request.original), seconds=3)
        said = text_of(request.original)
        assert f"TradingView asked me to send nothing until <t:{until}:t>." in said
        assert "I send it then; there is nothing to do." in said
        assert "keep trying" not in said
    status = text_of((await harness.run(harness.as_mod, "sync status")).original)
    assert status.count("TradingView ask") == 1


async def test_a_name_that_tradingview_does_not_know_is_said_by_check(harness):
    checked = await harness.run(harness.as_mod, "access check", username="Alice_")
    said = text_of(checked.original)
    assert "TradingView knows nobody called `Alice_`" in said
    assert r"**Alice\_T**" in said


async def test_check_names_a_known_name_without_access_as_such(harness):
    checked = await harness.run(harness.as_mod, "access check", username="Alice_T")
    assert r"**Alice\_T** has no access" in text_of(checked.original)


async def test_a_dead_login_is_said_with_what_mends_it(harness):
    harness.vendor.world.end_all_sessions()
    request = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel, duration="1M", **ALL
    )
    await request.acknowledged_()
    await harness.passes(lambda: "⏳" in text_of(request.original))
    assert "login has ended" in text_of(request.original)
    shown = await harness.run(harness.as_mod, "sync status")
    assert "1 order waiting" in text_of(shown.original)
    assert "`/session update`" in text_of(shown.original)
    await harness.log_in()
    await harness.passes(lambda: "✅" in text_of(request.original))


async def test_a_look_that_fails_after_waiting_was_said_replaces_it(harness, monkeypatch):
    async def broken(*_):
        await harness.time.sleep(7)
        raise RuntimeError

    monkeypatch.setattr(harness.overview, "check", broken)
    checked = await harness.as_mod.run(
        "access check", guild=harness.guild, channel=harness.channel, username="Alice_T"
    )
    await checked.acknowledged_()
    await harness.passes(lambda: "Something went wrong" in text_of(checked.original))
    assert len(checked.messages) == 1


async def test_waiting_is_said_five_seconds_after_the_command(harness):
    harness.switches.hang = True
    request = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel, duration="1M", **ALL
    )
    await request.acknowledged_()
    await eventually(lambda: harness.vendor.fake.calls("hint"))
    began = harness.time.now()
    await harness.passes(lambda: "⏳ **Waiting:**" in text_of(request.original))
    assert harness.time.now() - began == timedelta(seconds=5)
    harness.switches.hang = False


async def test_a_press_delivered_again_later_leaves_the_answer_as_it_is(harness, monkeypatch):
    service, bodies = harness.fake.interaction_service, []
    deliver = service.deliver
    monkeypatch.setattr(
        service, "deliver", lambda it, body: (bodies.append(body), deliver(it, body))
    )
    request = await grant(harness, username="Alice_")
    await pressed(harness, request.original, "Alice_T", "Done")
    said = text_of(request.original)
    service.deliver_again(bodies[-1])
    await grant(harness, username="Alice_Two")  # by then the second delivery was worked on
    assert text_of(request.original) == said


async def test_a_second_press_never_says_that_nothing_was_changed(harness):
    request = await grant(harness, username="Alice_")
    message = request.original
    before = list(message.components)
    await pressed(harness, message, "Alice_T", "Done")
    message.components[:] = before
    again = await harness.as_mod.press(message, "Alice_T")
    said = text_of(await again.answered())
    assert "is answered already" in said
    assert "run the command again" not in said
    assert await rows(harness) == 1


async def test_two_months_upon_access_without_an_end_stay_two_months(harness):
    harness.vendor.world.grant(next(iter(harness.vendor.world.scripts)), "Alice_T", None)
    await grant(harness, "1M")
    again = await grant(harness, "1M")
    label = labels(again.original)[0]
    await pressed(harness, again.original, label, "until **<t:")
    assert ends(harness) == datetime(2026, 5, 10, 12, tzinfo=UTC)


async def test_an_end_that_was_typed_as_a_day_is_shown_as_that_day_everywhere(harness):
    typed = "**30 April 2026, end of day UTC** (<t:1777593599:f> for you, <t:1777593599:R>)"
    for until in ("2026-04-30", "2026-04-30T23:59:59Z", "<t:1777593599:f>"):
        put = await harness.run(harness.as_mod, "access set", **ALL, until=until)
        assert f"until {typed}" in text_of(put.original)
    checked = await harness.run(harness.as_mod, "access check", username="Alice_T")
    assert f"until {typed}" in text_of(checked.original)
    listed = await harness.run(harness.as_mod, "access list", item="trend")
    assert "until 30 April 2026, end of day UTC" in text_of(listed.original)
    shorter = await harness.run(harness.as_mod, "access set", **ALL, until="2026-04-20")
    assert f"Now: {typed}" in text_of(shorter.original)
    assert "Then: **20 April 2026, end of day UTC**" in text_of(shorter.original)


@pytest.mark.parametrize(
    ("typed", "shown", "end"),
    [
        ("2026-04-30T18:00+02:00", "until 30 April 2026, 16:00 UTC", (2026, 4, 30, 16)),
        ("2026-05-01T00:30+02:00", "until 30 April 2026, 22:30 UTC", (2026, 4, 30, 22, 30)),
        ("<t:1777550400:R>", "until 30 April 2026, 12:00 UTC", (2026, 4, 30, 12)),
        ("+1 quarter", "until 10 June 2026", (2026, 6, 10, 12)),
    ],
)
async def test_an_end_may_be_a_moment(harness, typed, shown, end):
    found = await harness.as_mod.complete("access set", "until", typed, guild=harness.guild)
    assert found == [{"name": shown, "value": typed}]
    put = await harness.run(harness.as_mod, "access set", **ALL, until=typed)
    assert "✅ **Done:**" in text_of(put.original)
    assert ends(harness) == datetime(*end, tzinfo=UTC)


async def test_a_time_of_day_without_a_zone_is_refused(harness):
    put = await harness.run(harness.as_mod, "access set", **ALL, until="2026-04-30 18:00")
    assert "does not say in which time zone" in text_of(put.original)
    assert "`2026-04-30T18:00Z`" in text_of(put.original)
    for typed in ("forever", "permanent"):
        assert "for lifetime" in text_of((await grant(harness, typed)).original)
