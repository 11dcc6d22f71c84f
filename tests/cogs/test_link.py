"""/validate, /link, /unlink, /customer over a real gateway, and the requests in the log channel."""

from datetime import timedelta

from bot.store.people import customers
from tests.support.discord_harness import at_work, eventually, labels, text_of
from tests.support.vendor_fixture import AT


async def person(office, user):
    async with office.shop.database.read() as connection:
        return await customers.by_member(connection, office.guild.id, user.id)


async def link(office, who, name):
    """Ask, and press the button."""
    asked = await office.run(who, "link", username=name)
    press = await who.press(asked.original, "Yes, that is me")
    await press.until(
        lambda now: "is your TradingView name now" in text_of(now) or "⏳" in text_of(now)
    )
    return asked.original


def takes(office, name, end=None):
    """Somebody of that name has access on TradingView."""
    office.shop.world.grant(next(iter(office.shop.world.scripts)), name, end)


async def staff_channel(office):
    channel = office.fake.add_channel(office.guild, "log")
    await office.log_channel(channel)
    return channel


async def asked_in(office, channel):
    """The question to staff, once it stands there."""

    def questions():
        return [one for one in office.as_mod.sees(channel) if "staff must look" in text_of(one)]

    await office.passes(questions)
    return questions()[-1]


async def test_anybody_learns_the_exact_spelling(office):
    asked = await office.run(office.as_stranger, "validate", username=" @ALICE_t ")
    assert asked.ephemeral
    assert r"Alice\_T exists on TradingView" in text_of(asked.original)
    asked = await office.run(office.as_stranger, "validate", username="alice_")
    assert r"Did you mean **Alice\_T**" in text_of(asked.original)
    asked = await office.run(office.as_stranger, "validate", username="two words 😀")
    assert "cannot be a TradingView name" in text_of(asked.original)
    office.switches.set("down", True)
    asked = await office.run(office.as_stranger, "validate", username="Alice_T")
    assert "does not answer just now" in text_of(asked.original)


async def test_whoever_misspells_their_own_name_is_told_so(office):
    asked = await office.run(office.as_stranger, "link", username="nobody_zz")
    assert "nobody called `nobody_zz`" in text_of(asked.original)
    assert "exactly as it stands on your TradingView profile" in text_of(asked.original)


async def test_a_member_sees_the_spelling_and_the_profile_before_linking(office):
    asked = await office.run(office.as_buyer, "link", username="alice_t")
    assert asked.ephemeral
    assert "<https://www.tradingview.com/u/Alice_T/>" in text_of(asked.original)
    assert labels(asked.original) == ["Yes, that is me", "No"]
    assert await person(office, office.buyer) is None
    said = await link(office, office.as_buyer, "alice_t")
    assert r"Alice\_T is your TradingView name now" in text_of(said)
    assert (await person(office, office.buyer)).username == "Alice_T"
    asked = await office.run(office.as_buyer, "link", username="__bob__")
    assert r"You have linked" in text_of(asked.original)


async def test_no_links_nothing(office):
    asked = await office.run(office.as_buyer, "link", username="Alice_T")
    press = await office.as_buyer.press(asked.original, "No")
    await press.until(lambda now: "Nothing was linked" in text_of(now))
    assert await person(office, office.buyer) is None


async def test_unlinking_and_linking_again(office):
    asked = await office.run(office.as_buyer, "unlink")
    assert "You have not linked" in text_of(asked.original)
    await link(office, office.as_buyer, "Alice_T")
    asked = await office.run(office.as_buyer, "unlink")
    assert r"Alice\_T is no longer tied to you" in text_of(asked.original)
    assert await person(office, office.buyer) is None


async def test_the_answer_tells_a_stranger_nothing_about_anybody_else(office):
    takes(office, "Alice_T", AT + timedelta(days=30))
    await link(office, office.as_buyer, "__bob__")
    said = {
        text_of(await link(office, office.as_stranger, name)) for name in ("Alice_T", "__bob__")
    }
    assert len(said) == 1, "access and another member's name are answered alike"
    [text] = said
    assert "member of staff looks at this first" in text
    for secret in ("ben", str(office.buyer.id), "Alice", "bob", "<t:", "2026"):
        assert secret not in text


async def test_staff_accept_a_request_and_the_member_hears_of_it(office):
    channel = await staff_channel(office)
    takes(office, "Alice_T")
    await link(office, office.as_stranger, "Alice_T")
    question = await asked_in(office, channel)
    press = await office.as_mod.press(question, "Yes, it is theirs")
    await press.until(lambda now: "accepted" in text_of(now))
    assert labels(question) == []
    assert (await person(office, office.stranger)).username == "Alice_T"
    await eventually(office.as_stranger.dms)
    assert r"Alice\_T is your TradingView name in The shop now" in text_of(
        office.as_stranger.dms()[-1]
    )


async def test_moving_a_name_from_another_member_is_asked_once_more(office):
    channel = await staff_channel(office)
    await link(office, office.as_buyer, "Alice_T")
    await link(office, office.as_stranger, "Alice_T")
    question = await asked_in(office, channel)
    press = await office.as_mod.press(question, "Yes, it is theirs")
    await press.until(lambda now: "Move it" in text_of(now))
    assert f"<@{office.buyer.id}>" in text_of(question)
    assert (await person(office, office.buyer)).username == "Alice_T"
    press = await office.as_mod.press(question, "Yes, move it")
    await press.until(lambda now: "accepted" in text_of(now))
    assert await person(office, office.buyer) is None
    assert (await person(office, office.stranger)).username == "Alice_T"


async def test_staff_refuse_a_request_also_after_a_restart(office):
    channel = await staff_channel(office)
    takes(office, "Alice_T")
    await link(office, office.as_stranger, "Alice_T")
    question = await asked_in(office, channel)
    await office.client.close()
    async with at_work(office):
        press = await office.as_mod.press(question, "No")
        await press.until(lambda now: "refused" in text_of(now))
        await eventually(office.as_stranger.dms)
    assert "was refused" in text_of(office.as_stranger.dms()[-1])
    assert await person(office, office.stranger) is None


async def test_whoever_waits_for_staff_is_told_so(office):
    takes(office, "Alice_T")
    await link(office, office.as_stranger, "Alice_T")
    used = await office.as_stranger.run("me", guild=office.guild)
    await used.until(lambda now: "still looks at Alice\\_T" in text_of(now))


async def test_a_member_with_closed_messages_does_not_stop_staff(office):
    channel = await staff_channel(office)
    office.fake.close_dms(office.stranger)
    takes(office, "Alice_T")
    await link(office, office.as_stranger, "Alice_T")
    question = await asked_in(office, channel)
    press = await office.as_mod.press(question, "Yes, it is theirs")
    await press.until(lambda now: "accepted" in text_of(now))


async def test_only_staff_decide(office):
    channel = office.channel
    await office.log_channel(channel)
    takes(office, "Alice_T")
    await link(office, office.as_buyer, "Alice_T")
    question = await asked_in(office, channel)
    for label in ("Yes, it is theirs", "No"):
        press = await office.as_buyer.press(question, label)
        said = await press.until(lambda one: "Only staff" in text_of(one))
        assert said.ephemeral
    assert await person(office, office.buyer) is None


async def test_staff_tie_a_name_by_its_spelling(office):
    asked = await office.run(
        office.as_mod, "customer link", member=office.buyer, username="ALICE_T"
    )
    assert r"Alice\_T belongs to" in text_of(asked.original)
    asked = await office.run(
        office.as_mod, "customer link", member=office.stranger, username="Alice_T"
    )
    assert f"<@{office.buyer.id}>" in text_of(asked.original)
    asked = await office.run(
        office.as_mod, "customer link", member=office.stranger, username="Alice_Tw"
    )
    assert r"Did you mean **Alice\_Two**" in text_of(asked.original)
    assert await person(office, office.stranger) is None
