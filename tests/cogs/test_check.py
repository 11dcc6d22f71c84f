"""/access check: what should be beside what is, what is over, and the buttons where the two differ."""

from datetime import timedelta

from bot import clock
from tests.support.discord_harness import labels, text_of

ALICE = {"item": "trend", "username": "Alice_T"}
BUTTONS = ["Take over", "Set an end", "End access"]


def pine_id(harness):
    return next(iter(harness.vendor.world.scripts))


def row(harness, name="Alice_T"):
    return harness.vendor.world.row(pine_id(harness), name)


def give(harness, days, name="Alice_T"):
    """By hand, on TradingView itself."""
    end = None if days is None else clock.now() + timedelta(days=days)
    harness.vendor.world.grant(pine_id(harness), name, end)


async def check(harness, name="Alice_T"):
    request = await harness.as_mod.run(
        "access check", guild=harness.guild, channel=harness.channel, username=name
    )
    await harness.passes(
        lambda: (
            request.messages
            and text_of(request.original)
            and "Waiting for TradingView" not in text_of(request.original)
        )
    )
    return request.original


async def press(harness, message, label, words):
    pressed = await harness.as_mod.press(message, label)
    await harness.passes(lambda: words in text_of(message))
    return pressed


async def granted(harness, duration):
    request = await harness.run(harness.as_mod, "access grant", duration=duration, **ALICE)
    await harness.passes(lambda: "✅" in text_of(request.original))
    return request.original


async def test_a_row_that_ended_agrees_with_no_access(harness):
    give(harness, -3)
    said = text_of(await check(harness))
    assert "ended" in said
    assert "differ" not in said


async def test_what_is_over_is_not_what_somebody_has(harness):
    give(harness, -3)
    said = await check(harness)
    assert r"**Alice\_T** has no access now. 1 script ended." in text_of(said)
    assert "**Trend** – ended" in text_of(said)
    assert labels(said) == []


async def test_what_ended_stays_told_with_what_is_known_while_tradingview_is_down(harness):
    give(harness, -3)
    await harness.run(harness.as_mod, "sync sweep", item="trend")
    harness.switches.down = True
    said = text_of(await check(harness))
    assert "has no access now. 1 script ended." in said
    assert "it did not answer just now; last seen <t:" in said
    assert "ended **<t:" in said
    assert "No access:" not in said


async def test_the_same_of_access_that_was_sold_and_ran_out(harness):
    await granted(harness, "7D")
    await harness.time.advance(8 * 86_400)
    harness.switches.down = True
    said = text_of(await check(harness))
    assert "has no access now. 1 script ended." in said
    assert "last seen <t:" in said


async def test_what_nobody_saw_is_not_said_to_be_no_access(harness):
    harness.switches.down = True
    said = text_of(await check(harness))
    assert "I do not know what" in said
    assert "Not known, as TradingView did not answer: Trend" in said
    assert "No access" not in said
    assert "has no access" not in said


async def test_a_row_that_somebody_gave_by_hand_is_taken_over_with_a_press(harness):
    give(harness, 3)
    said = await check(harness)
    assert r"**Alice\_T** has 1 script." in text_of(said)
    assert "Not taken over yet: somebody gave this on TradingView itself" in text_of(said)
    assert labels(said) == BUTTONS
    end = row(harness).end
    await press(harness, said, "Take over", r"✅ **Alice\_T taken over** on **Trend**")
    assert labels(said) == []
    assert row(harness).end == end
    assert [call for call in harness.tradingview.log if call.writes] == []
    [entry] = await entries(harness, "taken_over")
    assert entry.after == {"number": 1}


async def entries(harness, action):
    from bot.store.ledger import events
    from tests.support.fake_time import START

    async with harness.vendor.database.read() as connection:
        return await events.of_action(connection, harness.guild.id, action, START)


async def test_a_later_end_of_somebody_known_is_taken_over_and_an_earlier_one_is_not(harness):
    await granted(harness, "1M")
    give(harness, 90)
    said = await check(harness)
    assert "The two differ: somebody changed it on TradingView" in text_of(said)
    await press(harness, said, "Take over", "taken over")
    assert "differ" not in text_of(said)
    give(harness, 3)
    assert labels(await check(harness)) == BUTTONS[1:]


async def test_it_is_ended_with_a_press(harness):
    give(harness, 3)
    said = await check(harness)
    await press(harness, said, "End access", "✅ **Done:**")
    assert not harness.vendor.world.has_access(pine_id(harness), "Alice_T")


async def test_another_end_is_set_in_a_form_that_holds_what_should_be(harness):
    await granted(harness, "1M")
    should_be = row(harness).end
    harness.vendor.world.revoke(pine_id(harness), "Alice_T")
    said = await check(harness)
    assert "has no access now" in text_of(said)
    assert labels(said) == BUTTONS[1:]
    pressed = await harness.as_mod.press(said, "Set an end")
    await harness.passes(lambda: pressed.modal)
    [field] = fields(pressed.modal["components"])
    assert field["value"] == f"{should_be:%Y-%m-%d}"
    sent = await harness.as_mod.submit(pressed, {"until": "2026-12-24"})
    await harness.passes(lambda: sent.messages and "✅ **Done:**" in text_of(sent.original))
    assert f"{row(harness).end:%Y-%m-%d}" == "2026-12-24"
    sent = await harness.as_mod.submit(pressed, {"until": "someday"})
    assert "is not a date that I understand" in text_of(await sent.answered())


def fields(parts):
    """The text inputs of a form."""
    found = []
    for part in parts:
        inner = part.get("component") or part
        found += [inner] if inner.get("custom_id") else fields(part.get("components", ()))
    return found


async def test_several_scripts_that_differ_are_told_apart_on_the_buttons(harness):
    await harness.script("tail")
    for script in harness.vendor.world.scripts:
        harness.vendor.world.grant(script, "Alice_T", None)
    said = await check(harness)
    assert "has 2 scripts" in text_of(said)
    assert labels(said) == [
        "Take over Tail", "Set an end for Tail", "End Tail",
        "Take over Trend", "Set an end for Trend", "End Trend",
    ]  # fmt: skip
    await press(harness, said, "Take over Trend", "taken over** on **Trend**")
    assert labels(said) == ["Take over Tail", "Set an end for Tail", "End Tail"]


async def test_an_answer_that_came_too_late_changes_nothing(harness):
    give(harness, 3)
    said = await check(harness)
    harness.vendor.world.revoke(pine_id(harness), "Alice_T")
    pressed = await harness.as_mod.press(said, "Take over")
    await pressed.until(lambda now: "in order by now" in text_of(now))
    harness.switches.down = True
    pressed = await harness.as_mod.press(said, "Take over")
    await harness.passes(lambda: any("does not answer" in text_of(one) for one in pressed.messages))


async def waiting(harness):
    """An order that TradingView does not answer, waiting for its next try."""
    harness.switches.down = True
    request = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel, duration="1M", **ALICE
    )
    await harness.passes(lambda: request.messages and "⏳" in text_of(request.original))
    await harness.time.advance(400)  # the next try is minutes away by now
    harness.switches.down = False
    return request.original


async def test_a_waiting_order_is_tried_now_with_a_press(harness):
    said = await waiting(harness)
    assert labels(said) == ["Try now"]
    before = clock.now()
    await harness.as_mod.press(said, "Try now")
    await harness.passes(lambda: "✅ **Done:**" in text_of(said), seconds=5)
    assert clock.now() - before <= timedelta(seconds=5)
    assert harness.vendor.world.has_access(pine_id(harness), "Alice_T")


async def test_only_staff_try_now(harness, monkeypatch):
    said, tried = await waiting(harness), []
    monkeypatch.setattr(harness.retries, "try_now", tried.append)
    request = harness.vendor.request(guild_id=harness.guild.id)
    await harness.guild_settings.remove_role(request, harness.staff.id, "staff")
    pressed = await harness.as_mod.press(said, "Try now")
    await harness.passes(lambda: any("Only staff" in text_of(one) for one in pressed.messages))
    assert tried == []


async def test_what_a_try_cannot_help_has_no_such_button(harness):
    harness.switches.logged_out = True
    request = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel, duration="1M", **ALICE
    )
    await harness.passes(
        lambda: request.messages and "login has ended" in text_of(request.original)
    )
    assert "Try now" not in labels(request.original)
