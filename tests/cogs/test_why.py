"""/why over a real gateway: the cause, its button, who may press it, and what the buyer reads."""

from datetime import timedelta

import pytest

from bot import clock
from bot.replies import Button, Message, key, why_mends
from tests.support.discord_harness import eventually, labels, text_of


def pine_id(harness):
    return next(iter(harness.vendor.world.scripts))


def row(harness, name="Alice_T"):
    return harness.vendor.world.row(pine_id(harness), name)


async def sold(harness, user=None, name="Alice_T", duration="1M"):
    member = {} if user is None else {"member": user}
    request = await harness.run(
        harness.as_mod, "access grant", item="trend", duration=duration, username=name, **member
    )
    await request.until(lambda now: "✅" in text_of(now))


async def begun(harness, path, words, **options):
    """Run a command whose answer takes time, until these words are read."""
    request = await harness.as_mod.run(
        path, guild=harness.guild, channel=harness.channel, **options
    )
    await harness.passes(lambda: request.messages and words in text_of(request.original), 400)
    return request


async def why(harness, **options):
    request = await harness.run(harness.as_mod, "why", **options)
    assert request.ephemeral
    return request.original


async def press(harness, message, label, words, who=None, **more):
    pressed = await (who or harness.as_mod).press(message, label, **more)
    await harness.passes(lambda: words in text_of(pressed.original) or words in text_of(message))
    return pressed


async def fill(harness, message, label, words, fields, who=None):
    """Open the form of a button, send it, and return the answer."""
    who = who or harness.as_mod
    pressed = await who.press(message, label)
    sent = await who.submit(pressed, fields)
    await harness.passes(lambda: words in text_of(sent.original))
    return sent.original


async def dms(harness, user, words):
    await harness.passes(
        lambda: any(words in text_of(each) for each in harness.fake.person(user).dms())
    )
    return [each for each in harness.fake.person(user).dms() if words in text_of(each)]


async def test_staff_grant_where_nothing_was_given_and_see_that_it_stands(harness):
    said = await why(harness, username="Alice_T", item="trend")
    assert r"**Alice\_T never got Trend.**" in text_of(said)
    assert labels(said) == ["Grant"]
    await fill(harness, said, "Grant", "✅ **Done:**", {"duration": "1M"})
    said = await why(harness, username="Alice_T", item="trend")
    assert "Everything is as it should be" in text_of(said)
    assert labels(said) == []  # no member, so nobody to send it to


async def test_without_an_item_the_form_asks_for_it_too(harness):
    said = await why(harness, username="Alice_T")
    assert "never got anything here" in text_of(said)
    answer = await fill(harness, said, "Grant", "✅", {"item": "trend", "duration": "7D"})
    assert "7 days added" in text_of(answer)


async def test_a_grant_from_there_meets_the_same_gates_as_the_command(harness):
    await harness.run(harness.as_buyer, "link", username="Alice_T")
    request = await harness.run(
        harness.as_owner, "customer block", username="Alice_Two", reason="chargeback"
    )
    assert "is blocked" in text_of(request.original)
    said = await why(harness, username="Alice_Two", item="trend")
    assert "They are blocked since" in text_of(said)
    assert labels(said) == ["Grant", "Unblock"]
    answer = await fill(harness, said, "Grant", "is blocked: `chargeback`", {"duration": "1M"})
    assert row(harness, "Alice_Two") is None
    await press(harness, answer, "Yes, do it", "✅")
    assert row(harness, "Alice_Two") is not None
    said = await why(harness, username="Alice_Two", item="trend")
    assert "is blocked." in text_of(said)
    refused = await harness.as_mod.press(said, "Unblock")
    await refused.until(lambda now: "Only those who manage" in text_of(now))


async def test_a_member_without_a_name_is_linked_from_there(harness):
    said = await why(harness, member=harness.buyer, item="trend")
    assert f"No TradingView name of <@{harness.buyer.id}> is known" in text_of(said)
    await fill(harness, said, "Link a TradingView name", "Alice", {"username": "alice_t"})
    said = await why(harness, member=harness.buyer, item="trend")
    assert "never got Trend" in text_of(said)


async def test_a_misspelled_item_and_a_misspelled_name_are_one_press_away(harness):
    await sold(harness)
    said = await why(harness, username="Alice_T", item="trnd")
    assert "short name `trnd`" in text_of(said)
    await press(harness, said, "trend", "Everything is as it should be")
    said = await why(harness, username="Alice_", item="trend")
    assert "knows nobody called `Alice_`" in text_of(said)
    await press(harness, said, "Alice_T", "Everything is as it should be")


async def test_the_name_of_a_customer_is_put_right_and_what_they_wait_for_goes_along(harness):
    harness.switches.down = True
    who = {"member": harness.buyer, "username": "Alice_Tw"}
    request = await begun(harness, "access grant", "Waiting", item="trend", duration="1M", **who)
    harness.switches.down = False
    await harness.passes(lambda: "knows nobody" in text_of(request.original), 400)
    said = await why(harness, member=harness.buyer, item="trend")
    assert labels(said)[:1] == ["Alice_Two"]
    await press(harness, said, "Alice_Two", r"Their TradingView name is Alice\_Two now")
    await harness.passes(lambda: row(harness, "Alice_Two") is not None)


async def test_somebody_who_left_is_said_to_have_left_and_looked_at_all_the_same(harness):
    await sold(harness, harness.buyer)
    harness.leave(harness.buyer)
    said = await why(harness, username="Alice_T", item="trend")
    assert "is not in this server" in text_of(said)
    await press(harness, said, "Look at their access", "Everything is as it should be")


async def test_what_was_revoked_is_put_back(harness):
    await sold(harness)
    before = row(harness).end
    request = await harness.run(
        harness.as_mod, "access revoke", item="trend", username="Alice_T", note="refund 7"
    )
    await request.until(lambda now: "✅" in text_of(now))
    said = await why(harness, username="Alice_T", item="trend")
    assert f"<@{harness.mod.id}> ended it – `refund 7`" in text_of(said)
    await press(harness, said, "Put back", "✅ **Done:**")
    assert row(harness).end == before


async def test_what_ran_out_is_granted_again(harness):
    await sold(harness, duration="7D")
    await harness.time.advance(8 * 86_400)
    said = await why(harness, username="Alice_T", item="trend")
    assert "its time ran out" in text_of(said)
    await fill(harness, said, "Grant", "✅ **Done:**", {"duration": "1M"})


async def test_a_dead_login_is_named_with_the_form_that_only_managers_open(harness):
    harness.switches.logged_out = True
    await harness.vendor.test_logins()
    request = await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    await harness.passes(lambda: "login has ended" in text_of(request.original))
    said = await why(harness, username="Alice_T", item="trend")
    assert "The TradingView login has ended" in text_of(said)
    assert labels(said) == ["Renew the login"]
    refused = await harness.as_mod.press(said, "Renew the login")
    await refused.until(lambda now: "Only those who manage" in text_of(now))


async def test_a_paused_script_is_tried_once_more(harness):
    harness.switches.forbidden = True
    who = {"username": "Alice_T"}
    await begun(harness, "access grant", "refuses this script", item="trend", duration="1M", **who)
    said = await why(harness, username="Alice_T", item="trend")
    assert labels(said) == ["Try once more"]
    harness.switches.forbidden = False
    await press(harness, said, "Try once more", "trend")
    await harness.passes(lambda: row(harness) is not None)


async def test_a_paused_customer_goes_on_with_a_press(harness):
    await sold(harness)
    before = row(harness).end
    request = await harness.run(harness.as_mod, "access pause", username="Alice_T", item="trend")
    await request.until(lambda now: "Paused" in text_of(now))
    await harness.time.advance(86_400)
    said = await why(harness, username="Alice_T", item="trend")
    assert "is paused since" in text_of(said)
    await press(harness, said, "Resume", "Goes on")
    assert row(harness).end >= before + timedelta(days=1)


@pytest.mark.parametrize("days", [3, 300])
async def test_another_end_on_tradingview_is_set_right(harness, days):
    await sold(harness)
    before = row(harness).end
    harness.vendor.world.grant(pine_id(harness), "Alice_T", clock.now() + timedelta(days=days))
    said = await why(harness, username="Alice_T", item="trend")
    assert "shows something else" in text_of(said)
    assert labels(said)[0] == "Set to what it should be"
    await press(harness, said, "Set to what it should be", "✅ **Done:**")
    assert row(harness).end == before
    shown = await harness.run(harness.as_mod, "audit", username="Alice_T")
    assert "Trend" in text_of(shown.original)


async def test_what_was_given_by_hand_is_taken_over(harness):
    harness.vendor.world.grant(pine_id(harness), "Alice_T", None)
    said = await why(harness, username="Alice_T", item="trend")
    assert "by hand" in text_of(said)
    assert labels(said) == ["Take over", "End access"]
    await press(harness, said, "Take over", "taken over")
    said = await why(harness, username="Alice_T", item="trend")
    assert "Everything is as it should be" in text_of(said)


async def test_the_buyer_reads_where_it_is_once(harness):
    await sold(harness, harness.buyer)
    said = await why(harness, member=harness.buyer)
    for words in ("Logged in to TradingView as", "Invite-only scripts", "Ctrl+R", "two indicators"):
        assert words in text_of(said)
    await press(harness, said, "Send that to the buyer", "gets that by direct message")
    [message] = await dms(harness, harness.buyer, "Your access stands")
    for words in (r"**Alice\_T**", "**Trend** until", "Invite-only scripts", "Ctrl+R"):
        assert words in text_of(message)
    assert f"{harness.mod.id}" not in text_of(message)
    said = await why(harness, member=harness.buyer)
    pressed = await harness.as_mod.press(said, "Send that to the buyer")
    await harness.passes(lambda: "Once a day is enough" in everything(pressed, said))
    assert len(await dms(harness, harness.buyer, "Your access stands")) == 1


def everything(pressed, message):
    return "".join(text_of(each) for each in (*pressed.messages, message))


async def test_a_missing_role_is_named_and_one_that_was_not_seen_is_followed(harness):
    vip = harness.make_role("VIP")
    await harness.run(harness.as_buyer, "link", username="Alice_T")
    request = await harness.run(harness.as_owner, "role add", role=vip, item="trend")
    await harness.passes(lambda: "Asking Discord" not in text_of(request.original))
    if "now on" not in text_of(request.original):
        await press(harness, request.original, "Yes, let it open that", "now on", harness.as_owner)
    await harness.customers.tie(
        harness.vendor.request(harness.mod.id, harness.guild.id), harness.buyer.id, "Alice_T"
    )
    said = await why(harness, member=harness.buyer, item="trend")
    assert f"It comes with <@&{vip.id}>" in text_of(said)
    assert labels(said) == ["Grant"]
    harness.give_role(harness.buyer, vip)
    await harness.passes(harness.as_buyer.dms)  # it stands, and was read back
    said = await why(harness, member=harness.buyer, item="trend")
    assert "Everything is as it should be" in text_of(said)


async def test_while_tradingview_is_slow_it_says_so(harness):
    await sold(harness)
    harness.switches.latency = 20
    request = await begun(
        harness, "why", "Waiting for TradingView", username="Alice_T", item="trend"
    )
    await harness.passes(lambda: "did not answer just now" in text_of(request.original))
    assert "Everything is as it should be" in text_of(request.original)


# Only the right people


async def test_strangers_buyers_and_staff_of_another_server_learn_nothing(harness):
    await sold(harness, harness.buyer)
    harness.fake.open_commands(harness.guild)
    for who in (harness.as_stranger, harness.as_buyer):
        request = await harness.run(who, "why", member=harness.buyer)
        assert "Only staff of this server" in text_of(request.original)
        assert "Alice" not in text_of(request.original)
    other = harness.fake.add_guild("Another shop", harness.stranger)
    await eventually(lambda: harness.client.get_guild(other.id))
    for options in ({"username": "Alice_T"}, {"username": "Alice_T", "item": "trend"}):
        request = await harness.as_stranger.run(
            "why", guild=other, channel=next(iter(other.channels.values())), **options
        )
        said = text_of(await request.answered())
        assert "until" not in said
        assert f"<@{harness.buyer.id}>" not in said


async def test_a_forged_press_changes_nothing_for_another_servers_people(harness):
    """Staff of another server put the numbers of this one's people into keys of their own server."""
    await sold(harness, harness.buyer)
    end = row(harness).end
    harness.vendor.world.grant(pine_id(harness), "Alice_T", None)
    other = harness.fake.add_guild("Another shop", harness.stranger)
    await eventually(lambda: harness.client.get_guild(other.id))
    [channel] = other.channels.values()
    person = await harness.directory.search(harness.guild.id, "Alice_T")
    customer = person.people[0][0]
    script = (await harness.scripts.listed(harness.guild.id))[0].script.id
    presses = {
        why_mends.ASK: (f"c{customer.id}", "trend"),
        why_mends.CORRECT: (customer.id, "Alice_Two"),
        why_mends.RETRY: ("trend",),
        why_mends.SET_RIGHT: (script, "Alice_T"),
        why_mends.TELL: (customer.id,),
        why_mends.RESUME: (f"c{customer.id}", "trend"),
        why_mends.FOLLOW: (harness.buyer.id, "trend"),
    }
    for name, args in presses.items():
        message = Message("x", buttons=(Button("Press", key(name, other.id, *args)),))
        await harness.client.get_channel(channel.id).send("x", view=message.board())
        pressed = await harness.as_stranger.press(harness.as_stranger.sees(channel)[-1], "Press")
        said = text_of(await pressed.answered())
        assert "until" not in said, name
        assert "✅" not in said, name
    assert row(harness).end is None
    assert end is not None
    assert (await harness.directory.by_id(harness.guild.id, customer.id)).username == "Alice_T"
    assert not [
        each for each in harness.fake.person(harness.buyer).dms() if "stands" in text_of(each)
    ]
