"""/validate, /link, /unlink, /customer over a real gateway, and the requests in the log channel."""

import logging
import re
from datetime import timedelta

from bot.store.people import claims, customers
from tests.support.discord_harness import at_work, eventually, labels, text_of
from tests.support.idle import at_rest
from tests.support.vendor_fixture import AT


async def person(harness, user):
    async with harness.vendor.database.read() as connection:
        return await customers.by_member(connection, harness.guild.id, user.id)


async def link(harness, who, name):
    """Ask, and press the button."""
    request = await harness.run(who, "link", username=name)
    press = await who.press(request.original, "Yes, that is me")
    await press.until(
        lambda now: "is your TradingView name now" in text_of(now) or "⏳" in text_of(now)
    )
    return request.original


def takes(harness, name, end=None):
    """Somebody of that name has access on TradingView."""
    harness.vendor.world.grant(next(iter(harness.vendor.world.scripts)), name, end)


async def staff_channel(harness):
    channel = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(channel)
    return channel


async def asked_in(harness, channel):
    """The question to staff, once it stands there."""

    def questions():
        return [one for one in harness.as_mod.sees(channel) if "staff must look" in text_of(one)]

    await harness.passes(questions)
    return questions()[-1]


async def test_anybody_learns_the_exact_spelling(harness):
    request = await harness.run(harness.as_stranger, "validate", username=" @ALICE_t ")
    assert request.ephemeral
    assert r"Alice\_T exists on TradingView" in text_of(request.original)
    request = await harness.run(harness.as_stranger, "validate", username="alice_")
    assert r"Did you mean **Alice\_T**" in text_of(request.original)
    request = await harness.run(harness.as_stranger, "validate", username="two words 😀")
    assert "cannot be a TradingView name" in text_of(request.original)
    harness.switches.set("down", True)
    request = await harness.run(harness.as_stranger, "validate", username="Alice_T")
    assert "does not answer just now" in text_of(request.original)


async def test_a_look_up_that_must_wait_for_others_says_for_how_long(harness):
    harness.customers._public._limiter.hold(40)
    for path in ("validate", "link"):
        request = await harness.run(harness.as_stranger, path, username="Alice_T")
        assert "Too many names are being looked up right now" in text_of(request.original)
        assert "Try again in 40 s" in text_of(request.original)
        assert "TradingView" not in text_of(request.original)
    assert harness.tradingview.calls("hint") == []


async def test_strangers_on_the_web_do_not_slow_members(harness):
    harness.public._limiter.hold(3600)
    request = await harness.run(harness.as_stranger, "validate", username="alice_t")
    assert r"Alice\_T exists on TradingView" in text_of(request.original)


async def test_whoever_misspells_their_own_name_is_told_so(harness):
    request = await harness.run(harness.as_stranger, "link", username="nobody_zz")
    assert "nobody called `nobody_zz`" in text_of(request.original)
    assert "exactly as it stands on your TradingView profile" in text_of(request.original)


async def test_a_member_sees_the_spelling_and_the_profile_before_linking(harness):
    request = await harness.run(harness.as_buyer, "link", username="alice_t")
    assert request.ephemeral
    assert "<https://www.tradingview.com/u/Alice_T/>" in text_of(request.original)
    assert labels(request.original) == ["Yes, that is me", "No"]
    assert await person(harness, harness.buyer) is None
    said = await link(harness, harness.as_buyer, "alice_t")
    assert r"Alice\_T is your TradingView name now" in text_of(said)
    assert (await person(harness, harness.buyer)).username == "Alice_T"
    request = await harness.run(harness.as_buyer, "link", username="__bob__")
    assert r"Your TradingView name here is Alice\_T" in text_of(request.original)
    assert labels(request.original) == ["New name of the same account", "Another account", "No"]


async def test_no_links_nothing(harness):
    request = await harness.run(harness.as_buyer, "link", username="Alice_T")
    press = await harness.as_buyer.press(request.original, "No")
    await press.until(lambda now: "Nothing was linked" in text_of(now))
    assert await person(harness, harness.buyer) is None


async def test_unlinking_and_linking_again(harness):
    request = await harness.run(harness.as_buyer, "unlink")
    assert "You have not linked" in text_of(request.original)
    await link(harness, harness.as_buyer, "Alice_T")
    request = await harness.run(harness.as_buyer, "unlink")
    assert r"Untie Alice\_T from you?" in text_of(request.original)
    kept = await harness.as_buyer.press(request.original, "No, keep it")
    await kept.until(lambda now: "stays your TradingView name" in text_of(now))
    assert (await person(harness, harness.buyer)).username == "Alice_T"
    await unlink(harness, harness.as_buyer)
    assert await person(harness, harness.buyer) is None


async def unlink(harness, who):
    request = await harness.run(who, "unlink")
    press = await who.press(request.original, "Yes, untie it")
    await press.until(lambda now: r"Alice\_T is no longer tied to you" in text_of(now))


async def granted_to(harness, user):
    request = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", member=user
    )
    await request.until(lambda now: "✅" in text_of(now))


async def test_the_name_that_a_member_held_is_theirs_again_at_once(harness):
    await link(harness, harness.as_buyer, "Alice_T")
    await granted_to(harness, harness.buyer)
    await unlink(harness, harness.as_buyer)
    said = await link(harness, harness.as_buyer, "alice_t")
    assert r"Alice\_T is your TradingView name now" in text_of(said)
    shown = await harness.run(harness.as_buyer, "me")
    assert "**Trend**: until" in text_of(shown.original)


async def test_what_somebody_let_go_of_is_nobody_elses_at_once(harness):
    await link(harness, harness.as_buyer, "Alice_T")
    await granted_to(harness, harness.buyer)
    await unlink(harness, harness.as_buyer)
    said = await link(harness, harness.as_stranger, "Alice_T")
    assert "member of staff looks at this first" in text_of(said)
    # Two say now that it is theirs: staff decide about the first holder, too.
    said = await link(harness, harness.as_buyer, "Alice_T")
    assert "member of staff looks at this first" in text_of(said)


async def test_a_name_that_staff_gave_to_another_is_not_taken_back(harness):
    await link(harness, harness.as_buyer, "Alice_T")
    await unlink(harness, harness.as_buyer)
    await harness.run(harness.as_mod, "customer link", member=harness.stranger, username="Alice_T")
    await granted_to(harness, harness.stranger)
    await unlink(harness, harness.as_stranger)
    said = await link(harness, harness.as_buyer, "Alice_T")
    assert "member of staff looks at this first" in text_of(said)


async def test_a_name_that_is_another_persons_on_tradingview_now_waits_for_staff(harness):
    await link(harness, harness.as_buyer, "Alice_T")
    await granted_to(harness, harness.buyer)
    await unlink(harness, harness.as_buyer)
    world = harness.vendor.world
    world.rename_user(world.find_user("Alice_T"), "Alice_Old")
    world.add_user("Alice_T")
    await harness.time.advance(3_600)
    said = await link(harness, harness.as_buyer, "Alice_T")
    assert "member of staff looks at this first" in text_of(said)


async def test_the_answer_tells_a_stranger_nothing_about_anybody_else(harness):
    takes(harness, "Alice_T", AT + timedelta(days=30))
    await link(harness, harness.as_buyer, "__bob__")
    said, views, asked = set(), set(), set()
    for name, shown in (
        ("Alice_T", r"Alice\_T"),
        ("__bob__", r"\_\_bob\_\_"),
        ("Alice_Two", r"Alice\_Two"),
    ):
        before = len(harness.tradingview.calls())
        answer = await link(harness, harness.as_stranger, name)
        asked.add(len(harness.tradingview.calls()) - before)
        said.add(text_of(answer).replace(shown, "NAME"))
        view = await harness.run(harness.as_stranger, "me")
        views.add(text_of(view.original).replace(shown, "NAME"))
        await harness.run(harness.as_stranger, "unlink")
    assert len(said) == len(views) == 1, "taken, a customer's and free are answered alike"
    assert len(asked) == 1, "and TradingView is asked as much about each"
    [text], [view] = said, views
    assert "member of staff looks at this first" in text
    for secret in ("ben", str(harness.buyer.id), "<t:", "2026"):
        assert secret not in text + view


async def test_staff_accept_a_request_and_the_member_hears_of_it(harness):
    channel = await staff_channel(harness)
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)
    press = await harness.as_mod.press(question, "Yes, it is theirs")
    await press.until(lambda now: "accepted" in text_of(now))
    assert labels(question) == []
    assert (await person(harness, harness.stranger)).username == "Alice_T"
    await eventually(harness.as_stranger.dms)
    assert r"Alice\_T is your TradingView name in The shop now" in text_of(
        harness.as_stranger.dms()[-1]
    )


async def test_moving_a_name_from_another_member_is_asked_once_more(harness):
    channel = await staff_channel(harness)
    await link(harness, harness.as_buyer, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)
    press = await harness.as_mod.press(question, "Yes, it is theirs")
    await press.until(lambda now: "Move it" in text_of(now))
    assert f"<@{harness.buyer.id}>" in text_of(question)
    assert (await person(harness, harness.buyer)).username == "Alice_T"
    press = await harness.as_mod.press(question, "Yes, move it")
    await press.until(lambda now: "accepted" in text_of(now))
    assert await person(harness, harness.buyer) is None
    assert (await person(harness, harness.stranger)).username == "Alice_T"


async def test_staff_refuse_a_request_also_after_a_restart(harness):
    channel = await staff_channel(harness)
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)
    await harness.client.close()
    async with at_work(harness):
        press = await harness.as_mod.press(question, "No")
        await press.until(lambda now: "refused" in text_of(now))
        await eventually(harness.as_stranger.dms)
    assert "was refused" in text_of(harness.as_stranger.dms()[-1])
    assert await person(harness, harness.stranger) is None


async def test_whoever_waits_for_staff_is_told_so(harness):
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    used = await harness.as_stranger.run("me", guild=harness.guild)
    await used.until(lambda now: "still looks at Alice\\_T" in text_of(now))


async def test_a_member_with_closed_messages_does_not_stop_staff(harness):
    channel = await staff_channel(harness)
    harness.fake.close_dms(harness.stranger)
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)
    press = await harness.as_mod.press(question, "Yes, it is theirs")
    await press.until(lambda now: "accepted" in text_of(now))


async def test_the_question_says_whose_the_name_is_what_it_may_use_and_links_the_profile(harness):
    channel = await staff_channel(harness)
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="L", username="Alice_T"
    )
    await link(harness, harness.as_stranger, "Alice_T")
    first = text_of(await asked_in(harness, channel)).partition("\n")[0]
    profile = "<https://www.tradingview.com/u/Alice_T/>"
    assert rf"<@{harness.stranger.id}> says that **Alice\_T** ({profile}) is theirs" in first
    assert "It is nobody's here yet, and may use **Trend** (lifetime)." in first
    await harness.run(harness.as_mod, "customer link", member=harness.buyer, username="__bob__")
    await link(harness, harness.as_stranger, "__bob__")
    owned = f"It is <@{harness.buyer.id}>'s now, and may use nothing that I know of."
    await harness.passes(lambda: any(owned in text_of(one) for one in harness.as_mod.sees(channel)))


async def test_the_question_names_what_only_tradingviews_list_shows(harness):
    channel = await staff_channel(harness)
    takes(harness, "Alice_T", AT + timedelta(days=30))
    await harness.run(harness.as_mod, "sync sweep", item="trend")
    await link(harness, harness.as_stranger, "Alice_T")
    assert "may use **Trend** (until <t:" in text_of(await asked_in(harness, channel))


async def test_a_request_that_was_taken_back_loses_its_buttons(harness):
    channel = await staff_channel(harness)
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)
    assert labels(question) == ["Yes, it is theirs", "No"]
    await harness.run(harness.as_stranger, "unlink")
    await harness.passes(lambda: not labels(question))
    assert r"took back the request for **Alice\_T**" in text_of(question)


async def test_a_request_that_staff_settle_with_a_command_loses_its_buttons(harness):
    channel = await staff_channel(harness)
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)
    await harness.run(harness.as_mod, "customer link", member=harness.stranger, username="Alice_T")
    await harness.passes(lambda: not labels(question))
    assert "accepted that" in text_of(question)


async def test_the_member_hears_of_a_decision_whose_answer_got_lost(harness, monkeypatch):
    """The message is kept with the decision: nothing that breaks off afterwards takes it away."""
    channel = await staff_channel(harness)
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("bot.replies.claims.decided", broken)
    await harness.as_mod.press(question, "Yes, it is theirs")
    await harness.passes(harness.as_stranger.dms)
    assert "is your TradingView name in The shop now" in text_of(harness.as_stranger.dms()[0])


async def test_the_member_hears_of_a_request_that_staff_settle_with_a_command(harness):
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    await harness.run(harness.as_mod, "customer link", member=harness.stranger, username="Alice_T")
    await harness.passes(harness.as_stranger.dms)
    [said] = harness.as_stranger.dms()
    assert r"Alice\_T is your TradingView name in The shop now" in text_of(said)


async def test_under_sync_status_the_question_says_as_much_and_a_move_leads_on(harness):
    await link(harness, harness.as_buyer, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    await link(harness, harness.as_owner, "Alice_T")
    request = await harness.run(harness.as_mod, "sync status")
    press = await harness.as_mod.press(request.original, "Decide")
    await press.until(lambda now: "staff must look" in text_of(now))
    said = text_of(request.original)
    assert "<https://www.tradingview.com/u/Alice_T/>" in said
    assert f"It is <@{harness.buyer.id}>'s now, and may use nothing that I know of." in said
    assert "1 more request after this one" in said
    press = await harness.as_mod.press(request.original, "Yes, it is theirs")
    await press.until(lambda now: "Move it" in text_of(now))
    press = await harness.as_mod.press(request.original, "Yes, move it")
    await press.until(lambda now: "accepted" in text_of(now))
    assert labels(request.original) == ["Next request (1)"]


async def test_a_question_that_somebody_deleted_holds_up_no_line(harness, caplog):
    caplog.set_level(logging.INFO, "bot.notifications.log_channel")
    channel = await staff_channel(harness)
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)
    question.deleted = True
    await harness.run(harness.as_stranger, "unlink")
    await harness.run(harness.as_mod, "sync retry", item="trend")
    await harness.passes(
        lambda: any("tried again" in text_of(one) for one in harness.as_mod.sees(channel))
    )
    await harness.passes(lambda: "stays as it is" in caplog.text)
    await at_rest(harness.vendor.database)
    async with harness.vendor.database.read() as connection:
        assert await claims.answered_questions(connection, harness.guild.id) == []


async def test_only_staff_decide(harness):
    channel = harness.channel
    await harness.choose_log_channel(channel)
    takes(harness, "Alice_T")
    await link(harness, harness.as_buyer, "Alice_T")
    question = await asked_in(harness, channel)
    for label in ("Yes, it is theirs", "No"):
        press = await harness.as_buyer.press(question, label)
        said = await press.until(lambda one: "Only staff" in text_of(one))
        assert said.ephemeral
    assert await person(harness, harness.buyer) is None


async def test_staff_tie_a_name_by_its_spelling(harness):
    request = await harness.run(
        harness.as_mod, "customer link", member=harness.buyer, username="ALICE_T"
    )
    assert r"Alice\_T belongs to" in text_of(request.original)
    request = await harness.run(
        harness.as_mod, "customer link", member=harness.stranger, username="Alice_T"
    )
    assert f"<@{harness.buyer.id}>" in text_of(request.original)
    request = await harness.run(
        harness.as_mod, "customer link", member=harness.stranger, username="Alice_Tw"
    )
    assert r"Did you mean **Alice\_Two**" in text_of(request.original)
    assert await person(harness, harness.stranger) is None


# A second name


async def test_another_account_takes_along_what_the_member_has(harness):
    await link(harness, harness.as_buyer, "Alice_T")
    await granted_to(harness, harness.buyer)
    script = next(iter(harness.vendor.world.scripts))
    end = harness.vendor.world.row(script, "Alice_T").end
    request = await harness.run(harness.as_buyer, "link", username="__bob__")
    press = await harness.as_buyer.press(request.original, "Another account")
    await press.until(lambda now: "what you have moves there" in text_of(now))
    await harness.passes(lambda: harness.vendor.world.row(script, "Alice_T") is None)
    assert harness.vendor.world.row(script, "__bob__").end == end
    await harness.passes(lambda: r"as **\_\_bob\_\_**" in text_of(harness.as_buyer.dms()[-1]))
    assert not any("ended" in text_of(said) for said in harness.as_buyer.dms())
    shown = await harness.run(harness.as_buyer, "me")
    assert r"**\_\_bob\_\_**" in text_of(shown.original)
    assert "**Trend**: until" in text_of(shown.original)


async def test_the_same_account_under_a_new_name_is_one_press(harness):
    await link(harness, harness.as_buyer, "Alice_T")
    await granted_to(harness, harness.buyer)
    request = await harness.run(harness.as_buyer, "link", username="Alice_New")
    assert "TradingView shows a new name after some minutes" in text_of(request.original)
    world = harness.vendor.world
    world.rename_user(world.find_user("Alice_T"), "Alice_New")
    request = await harness.run(harness.as_buyer, "link", username="alice_new")
    assert labels(request.original) == ["Yes, that is me", "No"]
    press = await harness.as_buyer.press(request.original, "Yes, that is me")
    await press.until(lambda now: r"Alice\_New is your TradingView name now" in text_of(now))
    shown = await harness.run(harness.as_buyer, "me")
    assert "**Trend**: until" in text_of(shown.original)


async def test_a_second_move_within_a_week_waits_for_the_yes_of_staff(harness):
    channel = await staff_channel(harness)
    await link(harness, harness.as_buyer, "Alice_T")
    for name, answer in (("__bob__", "moves there"), ("Alice_Two", "within the last week")):
        request = await harness.run(harness.as_buyer, "link", username=name)
        press = await harness.as_buyer.press(request.original, "Another account")
        await press.until(lambda now, answer=answer: answer in text_of(now))
    question = await asked_in(harness, channel)
    assert r"what they have as **\_\_bob\_\_** moves there" in text_of(question)
    press = await harness.as_mod.press(question, "Yes, it is theirs")
    await press.until(lambda now: "accepted" in text_of(now))
    assert (await person(harness, harness.buyer)).username == "Alice_Two"


# Proof


async def code_for(harness, who, message):
    """Ask for a code; returns the message with it."""
    press = await who.press(message, "Prove that it is mine")
    return await press.until(lambda one: one is not message and "usher-" in text_of(one))


async def test_a_code_on_the_public_page_decides_without_staff_also_after_a_restart(harness):
    channel = await staff_channel(harness)
    await link(harness, harness.as_buyer, "Alice_T")
    said = await link(harness, harness.as_stranger, "Alice_T")
    question = await asked_in(harness, channel)
    task = await code_for(harness, harness.as_stranger, said)
    code = re.search(r"usher-[-A-Z0-9]+", text_of(task))[0]
    await harness.client.close()
    async with at_work(harness):
        press = await harness.as_stranger.press(task, "I put it there")
        await press.until(lambda one: "I do not see the code" in text_of(one))
        harness.vendor.world.find_user("Alice_T").about = code
        press = await harness.as_stranger.press(task, "I put it there")
        await press.until(lambda one: "is yours: I found the code" in text_of(one))
        assert await person(harness, harness.buyer) is None
        assert (await person(harness, harness.stranger)).username == "Alice_T"
        await harness.passes(lambda: not labels(question))
    assert "showed that" in text_of(question)


async def test_me_leads_to_a_proof_too(harness):
    await link(harness, harness.as_buyer, "Alice_T")
    shown = await harness.run(harness.as_buyer, "me")
    assert labels(shown.original)[0] == "Prove that it is mine"
    assert "`usher-" in text_of(await code_for(harness, harness.as_buyer, shown.original))


# Limits


async def test_a_fourth_link_on_a_day_is_refused_and_staff_hear_of_it_once(harness):
    channel = await staff_channel(harness)
    for _ in range(3):
        request = await harness.run(harness.as_stranger, "link", username="Alice_T")
    for _ in range(2):
        request = await harness.run(harness.as_stranger, "link", username="Alice_T")
        assert "It works again <t:" in text_of(request.original)

    def told():
        return [one for one in harness.as_mod.sees(channel) if "more than three" in text_of(one)]

    await harness.passes(told)
    await at_rest(harness.vendor.database)
    assert len(told()) == 1


async def test_a_member_who_looks_up_many_names_is_slowed_down(harness):
    for _ in range(30):
        request = await harness.run(harness.as_stranger, "validate", username="Alice_T")
    request = await harness.run(harness.as_stranger, "validate", username="Alice_T")
    assert "You looked up many names" in text_of(request.original)


# A name that nobody has shown to be theirs


async def test_staff_who_grant_to_a_claimed_name_are_asked_and_the_claimer_hears_nothing(harness):
    await link(harness, harness.as_stranger, "Alice_T")
    request = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    assert labels(request.original) == ["Only for the name", "The name is theirs", "No, leave it"]
    assert f"<@{harness.stranger.id}> says that Alice\\_T is theirs" in text_of(request.original)
    press = await harness.as_mod.press(request.original, "Only for the name")
    await press.until(lambda now: "✅" in text_of(now))
    await at_rest(harness.vendor.database)
    shown = await harness.run(harness.as_stranger, "me")
    assert "You have no scripts here" in text_of(shown.original)
    assert harness.as_stranger.dms() == []
    request = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    press = await harness.as_mod.press(request.original, "The name is theirs")
    await press.until(lambda now: "✅" in text_of(now))
    await harness.passes(harness.as_stranger.dms)
    shown = await harness.run(harness.as_stranger, "me")
    assert "**Trend**: until" in text_of(shown.original)


# The question in an older log channel


async def test_a_question_that_is_asked_anew_elsewhere_loses_its_buttons(harness):
    first = await staff_channel(harness)
    takes(harness, "Alice_T")
    await link(harness, harness.as_stranger, "Alice_T")
    old = await asked_in(harness, first)
    second = harness.fake.add_channel(harness.guild, "new-log")
    await harness.as_owner.run("setup log", guild=harness.guild, at=harness.channel, channel=second)
    new = await asked_in(harness, second)
    await harness.passes(lambda: not labels(old))
    assert "asked in the new log channel now" in text_of(old)
    assert labels(new) == ["Yes, it is theirs", "No"]
