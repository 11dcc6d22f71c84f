"""/customer match over a real gateway: a dry run first, then one press."""

import pytest
from sqlalchemy import select

from bot.sandbox.discord import Upload
from bot.store.people import claims, customers
from bot.store.tables.ledger import event
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import eventually


async def known(harness, *names):
    """People whom Usher knows from TradingView."""
    async with harness.vendor.database.write() as connection:
        for name in names:
            await customers.add(connection, harness.guild.id, username=name)


async def holder(harness, name):
    async with harness.vendor.database.read() as connection:
        person = await customers.by_name(connection, harness.guild.id, name)
    return None if person is None else person.member_id


async def actions(harness):
    async with harness.vendor.database.read() as connection:
        found = await connection.execute(select(event.c.action).order_by(event.c.id))
        return list(found.scalars())


async def match(harness, text):
    upload = Upload("list.csv", text if isinstance(text, bytes) else text.encode())
    return await harness.run(harness.as_mod, "customer match", file=upload)


async def press(harness, request, label):
    pressed = await harness.as_mod.press(request.original, label)
    await eventually(lambda: not labels(request.original) or "tied" in text_of(request.original))
    return pressed


async def test_a_file_is_shown_first_and_ties_upon_one_press(harness):
    await known(harness, "Alice_T", "__bob__", "Carl")
    harness.vendor.fake.log.clear()
    request = await match(
        harness,
        f"username;discord_id\nalice_t;{harness.buyer.id}\n__BOB__;{harness.stranger.id}\n"
        f"Nobody;{harness.mod.id}\nCarl;123456789012345678\n",
    )
    said = text_of(request.original)
    assert "4 lines read.** Nothing was changed yet" in said
    assert "✅ 2 fit" in said
    assert "Line 4: `" in said
    assert labels(request.original) == ["Tie 2 names", "No, leave it"]
    [file] = request.original.attachments
    assert file["filename"] == "matches.csv"
    table = harness.fake.world.files[int(file["id"])].decode("utf-8-sig")
    assert f"4,{harness.mod.id},Nobody,TradingView name not known here" in table
    assert await holder(harness, "Alice_T") is None
    await press(harness, request, "Tie 2 names")
    assert "✅ **2 names tied.**" in text_of(request.original)
    assert labels(request.original) == []
    assert await holder(harness, "Alice_T") == harness.buyer.id
    assert await holder(harness, "__bob__") == harness.stranger.id
    assert (await actions(harness))[-3:] == ["matched", "matched", "match"]
    assert not harness.vendor.fake.log, "nothing is asked at TradingView"


async def test_what_changed_in_between_is_left_as_it_is(harness):
    await known(harness, "Alice_T", "__bob__")
    request = await match(
        harness, f"username,discord\nAlice_T,{harness.buyer.name}\n__bob__,{harness.stranger.name}"
    )
    async with harness.vendor.database.write() as connection:
        person = await customers.by_name(connection, harness.guild.id, "Alice_T")
        await customers.tie(connection, person.id, harness.owner.id, 1, person.linked_at or _now())
    await press(harness, request, "Tie 2 names")
    assert "1 name tied" in text_of(request.original)
    assert "1 no longer fitted" in text_of(request.original)
    assert await holder(harness, "Alice_T") == harness.owner.id


async def test_a_request_of_the_member_for_the_same_name_is_settled_with_it(harness):
    await known(harness, "Alice_T")
    async with harness.vendor.database.write() as connection:
        await customers.add(connection, harness.guild.id, member_id=harness.buyer.id)
        await claims.add(connection, harness.guild.id, harness.buyer.id, "alice_t", _now())
    request = await match(harness, f"username,discord_id\nAlice_T,{harness.buyer.id}")
    await press(harness, request, "Tie 1 name")
    async with harness.vendor.database.read() as connection:
        assert await claims.waiting(connection, harness.guild.id) == []
    assert await holder(harness, "Alice_T") == harness.buyer.id


async def test_the_log_channel_gets_one_line_and_each_history_its_own(harness):
    channel = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(channel)
    await known(harness, "Alice_T", "__bob__")
    request = await match(
        harness, f"username,discord_id\nAlice_T,{harness.buyer.id}\n__bob__,{harness.stranger.id}"
    )
    await press(harness, request, "Tie 2 names")
    harness.outcome_notifier.wake()

    def shown():
        return "\n".join(text_of(one) for one in harness.as_mod.sees(channel))

    await harness.passes(lambda: "tied 2 names to members" in shown())
    assert "Alice" not in shown()
    request = await harness.run(harness.as_mod, "audit", username="Alice_T")
    assert f"tied **Alice\\_T** to <@{harness.buyer.id}>" in text_of(request.original)


async def test_a_file_that_is_no_list_is_refused(harness):
    request = await match(harness, b"PK\x03\x04")
    assert "Save it as CSV" in text_of(request.original)
    request = await match(harness, "mail,name\n")
    assert "`discord_id`" in text_of(request.original)
    request = await match(harness, b"x" * (2 * 1024 * 1024 + 1))
    assert "too large" in text_of(request.original)


async def test_a_cell_that_a_spreadsheet_would_calculate_is_made_harmless(harness):
    request = await match(harness, 'username,discord\n"=1+1","@SUM(A1)"')
    [file] = request.original.attachments
    table = harness.fake.world.files[int(file["id"])].decode("utf-8-sig")
    assert "2,'@SUM(A1),'=1+1," in table


async def test_without_a_file_equal_names_are_proposed_and_tied_one_by_one(harness):
    await known(harness, "BEN", "Stan", "Other")
    request = await harness.run(harness.as_mod, "customer match")
    said = text_of(request.original)
    assert "2 members go by a name" in said
    assert "no proof" in said
    assert "Other" not in said
    ben = f"{(await person(harness, 'BEN')).id}-{harness.buyer.id}"
    await harness.as_mod.choose(request.original, "Tie only these", [ben])
    await eventually(lambda: "1 name tied" in text_of(request.original))
    assert await holder(harness, "ben") == harness.buyer.id
    assert await holder(harness, "stan") is None
    assert "Tie 1 name" in labels(request.original)
    await harness.as_mod.press(request.original, "Tie 1 name")
    await eventually(lambda: not labels(request.original))
    assert await holder(harness, "stan") == harness.stranger.id
    request = await harness.run(harness.as_mod, "customer match")
    assert "No member goes by" in text_of(request.original)


async def test_many_proposals_come_in_pages(harness):
    for number in range(30):
        name = f"trader_{number:02}"
        harness.fake.add_member(harness.guild, harness.fake.add_user(name))
        await known(harness, name.upper())
    request = await harness.run(harness.as_mod, "customer match")
    assert labels(request.original)[-1] == "Next"
    assert r"TRADER\_24" in text_of(request.original)
    await harness.as_mod.press(request.original, "Next")
    await eventually(lambda: r"TRADER\_29" in text_of(request.original))
    assert labels(request.original)[-1] == "Back"
    await harness.as_mod.press(request.original, "Tie 30 names")
    await eventually(lambda: "30 names tied" in text_of(request.original))


async def person(harness, name):
    async with harness.vendor.database.read() as connection:
        return await customers.by_name(connection, harness.guild.id, name)


def _now():
    from bot import clock

    return clock.now()


async def test_the_column_that_says_tradingview_is_taken_and_another_can_be_chosen(harness):
    await known(harness, "Alice_T", "Stranger_X")
    request = await match(
        harness, f"Discord ID,Username,TradingView\n{harness.buyer.id},Stranger_X,Alice_T\n"
    )
    said = text_of(request.original)
    assert "The TradingView names are taken from the column **TradingView**." in said
    assert "Tie 1 name" in labels(request.original)
    chosen = await harness.as_mod.choose(
        request.original, "Another column for the names", ["Username"]
    )
    await chosen.until(lambda now: "from the column **Username**" in text_of(now))
    assert "✅ 1 fit" in text_of(request.original)
    await harness.as_mod.choose(request.original, "Another column for the names", ["TradingView"])
    await eventually(lambda: "from the column **TradingView**" in text_of(request.original))
    assert await holder(harness, "Alice_T") is await holder(harness, "Stranger_X") is None
    await press(harness, request, "Tie 1 name")
    assert await holder(harness, "Alice_T") == harness.buyer.id
    assert await holder(harness, "Stranger_X") is None


async def test_another_column_for_the_members_can_be_chosen(harness):
    await known(harness, "Alice_T")
    request = await match(
        harness,
        f"Discord ID,Referrer Discord ID,TradingView\n{harness.buyer.id},{harness.owner.id},Alice_T",
    )
    assert "The members are taken from the column **Discord ID**." in text_of(request.original)
    await harness.as_mod.choose(
        request.original, "Another column for the members", ["Referrer Discord ID"]
    )
    await eventually(lambda: "column **Referrer Discord ID**" in text_of(request.original))
    await press(harness, request, "Tie 1 name")
    assert await holder(harness, "Alice_T") == harness.owner.id


async def test_a_list_under_a_preview_asks_for_the_level_again_and_for_whoever_asked(harness):
    await known(harness, "Alice_T")
    request = await match(
        harness, f"Discord ID,Username,TradingView\n{harness.buyer.id},x,Alice_T\n"
    )
    before = text_of(request.original)
    harness.fake.take_role(harness.guild, harness.mod, harness.staff)
    chosen = await harness.as_mod.choose(
        request.original, "Another column for the names", ["Username"]
    )
    await eventually(lambda: chosen.messages)
    assert "Only staff" in text_of(chosen.messages[0])
    assert text_of(request.original) == before


def shortened(user):
    digits = str(user.id)
    return digits[:15].ljust(len(digits), "0")


async def test_a_shortened_number_is_proposed_and_tied_only_when_picked(harness):
    await known(harness, "Alice_T", "Carl")
    await harness.time.advance(1)
    zoe = harness.fake.add_user("zoe")  # nobody else's number begins so
    harness.fake.add_member(harness.guild, zoe)
    request = await match(
        harness, f"discord_id,tradingview\n{shortened(zoe)},Alice_T\n1.23457E+17,Carl\n"
    )
    said = text_of(request.original)
    assert f"- **Alice\\_T**: <@{zoe.id}>?" in said
    assert "a spreadsheet has shortened this number" in said
    assert not any("Tie " in label for label in labels(request.original))
    assert await holder(harness, "Alice_T") is None
    one = f"{(await person(harness, 'Alice_T')).id}-{zoe.id}"
    await harness.as_mod.choose(request.original, "Tie only these", [one])
    await eventually(lambda: "1 name tied" in text_of(request.original))
    assert await holder(harness, "Alice_T") == zoe.id
    assert "1 are tied so already" in text_of(request.original)
    assert await holder(harness, "Carl") is None


async def test_a_shortened_number_that_fits_several_is_said_and_proposes_nobody(harness):
    await known(
        harness, "Alice_T"
    )  # the members came within one moment, so their numbers begin alike
    request = await match(harness, f"discord_id,tradingview\n{shortened(harness.buyer)},Alice_T\n")
    assert "several members' begin so" in text_of(request.original)
    assert labels(request.original) == []
    assert "There is nothing to tie" in text_of(request.original)


async def test_a_member_is_found_by_name_and_the_answer_says_that_names_are_no_proof(harness):
    await known(harness, "Alice_T", "__bob__")
    request = await match(
        harness,
        "What is your Discord username?\tWhat is your TradingView username?\n"
        f"@{harness.buyer.name}\tAlice_T\n{harness.stranger.name}#1234\t\u202a__bob__\u202c\n",
    )
    assert "✅ 2 fit" in text_of(request.original)
    assert "2 of those that fit are found by a Discord name" in text_of(request.original)
    await press(harness, request, "Tie 2 names")
    assert await holder(harness, "__bob__") == harness.stranger.id


async def test_letters_that_are_uncertain_are_said_and_nothing_is_offered(harness):
    await known(harness, "Alice_T")
    for encoding in ("cp1251", "utf-16-le"):
        request = await match(harness, "Discord;TradingView\nИван;Alice_T\n".encode(encoding))
        assert "Save it as **CSV UTF-8**" in text_of(request.original)
        assert labels(request.original) == []


async def test_a_name_that_cannot_be_one_is_told_why(harness):
    request = await match(
        harness,
        f"discord_id,tradingview\n{harness.buyer.id},Alice—T\n{harness.mod.id},Ali\u200bce\n"
        f"{harness.owner.id},https://evil.example/u/Alice/\n",
    )
    said = text_of(request.original)
    assert "1 have a long dash in the TradingView name" in said
    assert "1 have an invisible character inside" in said
    assert "1 have the address of a page that is no TradingView profile" in said


# Without the members intent


@pytest.fixture
def unseen(harness):
    """As after Discord refused the intent: nobody is listed, but who is named can be asked about."""
    harness.client.go_without_members()
    return harness


def searches(harness):
    return [path for _, path, _ in harness.fake.calls if path.endswith("/members/search")]


async def test_without_the_intent_a_file_is_compared_by_numbers_and_names(unseen):
    await known(unseen, "Alice_T", "__bob__", "Carl")
    request = await match(
        unseen,
        f"username,discord\nalice_t,{unseen.buyer.id}\n__bob__,@{unseen.stranger.name}\nCarl,nobody\n",
    )
    said = text_of(request.original)
    assert "✅ 2 fit" in said
    assert "nobody in this server" in said
    assert len(searches(unseen)) == 2
    await press(unseen, request, "Tie 2 names")
    assert "2 names tied" in text_of(request.original)
    assert await holder(unseen, "__bob__") == unseen.stranger.id


async def test_without_the_intent_who_left_before_the_yes_is_not_tied(unseen):
    await known(unseen, "Alice_T", "__bob__")
    request = await match(
        unseen,
        f"username,discord\nAlice_T,{unseen.buyer.id}\n__bob__,{unseen.stranger.name}\n",
    )
    unseen.fake.remove_member(unseen.guild, unseen.stranger)
    await press(unseen, request, "Tie 2 names")
    assert "1 name tied" in text_of(request.original)
    assert await holder(unseen, "__bob__") is None


async def test_without_the_intent_equal_names_are_proposed_and_pages_ask_nothing_again(unseen):
    for number in range(26):
        name = f"trader_{number:02}"
        unseen.fake.add_member(unseen.guild, unseen.fake.add_user(name))
        await known(unseen, name.upper())
    await known(unseen, "Other")
    request = await unseen.run(unseen.as_mod, "customer match")
    assert "26 members go by a name" in text_of(request.original)
    await unseen.as_mod.press(request.original, "Next")
    await eventually(lambda: r"TRADER\_25" in text_of(request.original))
    assert len(searches(unseen)) == 27
    one = f"{(await person(unseen, 'TRADER_25')).id}-"
    member_id = next(u.id for u in unseen.fake.world.users.values() if u.name == "trader_25")
    await unseen.as_mod.choose(request.original, "Tie only these", [f"{one}{member_id}"])
    await eventually(lambda: "1 name tied" in text_of(request.original))
    assert await holder(unseen, "trader_25") == member_id


async def test_many_names_show_how_far_they_are_and_what_ends_too_late_comes_in_private(unseen):
    await known(unseen, "Alice_T", "__bob__")
    held = unseen.fake.switches.hold("search")
    request = await unseen.as_mod.run(
        "customer match",
        guild=unseen.guild,
        channel=unseen.channel,
        file=Upload(
            "list.csv",
            f"username,discord\nAlice_T,{unseen.buyer.id}\n__bob__,{unseen.stranger.name}".encode(),
        ),
    )
    await unseen.passes(lambda: request.original and "1 of 2" in text_of(request.original))
    assert "Looking for the members" in text_of(request.original)
    await unseen.time.advance(16 * 60)
    held.release()
    await unseen.passes(unseen.as_mod.dms)
    [message] = unseen.as_mod.dms()
    said = text_of(message)
    assert "The comparison with the members of **The shop** is ready" in said
    assert "✅ 2 fit" in said
    await unseen.as_mod.press(message, "Tie 2 names")
    await unseen.passes(lambda: "2 names tied" in text_of(message))
    assert await holder(unseen, "Alice_T") == unseen.buyer.id


async def test_a_discord_that_shows_nobody_at_all_is_said_and_nothing_is_guessed(unseen):
    await known(unseen, "Alice_T", "BEN")
    unseen.fake.switches.refuse("search", 50001, times=None)
    for request in (
        await match(unseen, f"discord,tradingview\n{unseen.buyer.name},Alice_T\n"),
        await unseen.run(unseen.as_mod, "customer match"),
    ):
        assert "does not show me who is in this server" in text_of(request.original)
        assert labels(request.original) == []
