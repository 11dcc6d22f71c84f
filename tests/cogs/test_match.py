"""/customer match over a real gateway: a dry run first, then one press."""

from sqlalchemy import select

from bot.sandbox.discord import Upload
from bot.store.people import customers
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
        await customers.add_claim(connection, harness.guild.id, harness.buyer.id, "alice_t", _now())
    request = await match(harness, f"username,discord_id\nAlice_T,{harness.buyer.id}")
    await press(harness, request, "Tie 1 name")
    async with harness.vendor.database.read() as connection:
        assert await customers.waiting_claims(connection, harness.guild.id) == []
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
    await eventually(lambda: len(harness.client.get_guild(harness.guild.id).members) > 30)
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
