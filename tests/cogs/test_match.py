"""/customer match over a real gateway: a dry run first, then one press."""

from sqlalchemy import select

from bot.sandbox.discord import Upload
from bot.store.people import customers
from bot.store.tables.core import event
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import eventually


async def known(office, *names):
    """People whom Usher knows from TradingView."""
    async with office.shop.database.write() as connection:
        for name in names:
            await customers.add(connection, office.guild.id, username=name)


async def holder(office, name):
    async with office.shop.database.read() as connection:
        person = await customers.by_name(connection, office.guild.id, name)
    return None if person is None else person.member_id


async def actions(office):
    async with office.shop.database.read() as connection:
        found = await connection.execute(select(event.c.action).order_by(event.c.id))
        return list(found.scalars())


async def match(office, text):
    upload = Upload("list.csv", text if isinstance(text, bytes) else text.encode())
    return await office.run(office.as_mod, "customer match", file=upload)


async def press(office, asked, label):
    pressed = await office.as_mod.press(asked.original, label)
    await eventually(lambda: not labels(asked.original) or "tied" in text_of(asked.original))
    return pressed


async def test_a_file_is_shown_first_and_ties_upon_one_press(office):
    await known(office, "Alice_T", "__bob__", "Carl")
    office.shop.fake.log.clear()
    asked = await match(
        office,
        f"username;discord_id\nalice_t;{office.buyer.id}\n__BOB__;{office.stranger.id}\n"
        f"Nobody;{office.mod.id}\nCarl;123456789012345678\n",
    )
    said = text_of(asked.original)
    assert "4 lines read.** Nothing was changed yet" in said
    assert "✅ 2 fit" in said
    assert "Line 4: `" in said
    assert labels(asked.original) == ["Tie 2 names", "No, leave it"]
    [file] = asked.original.attachments
    assert file["filename"] == "matches.csv"
    table = office.fake.world.files[int(file["id"])].decode("utf-8-sig")
    assert f"4,{office.mod.id},Nobody,TradingView name not known here" in table
    assert await holder(office, "Alice_T") is None
    await press(office, asked, "Tie 2 names")
    assert "✅ **2 names tied.**" in text_of(asked.original)
    assert labels(asked.original) == []
    assert await holder(office, "Alice_T") == office.buyer.id
    assert await holder(office, "__bob__") == office.stranger.id
    assert (await actions(office))[-3:] == ["matched", "matched", "match"]
    assert not office.shop.fake.log, "nothing is asked at TradingView"


async def test_what_changed_in_between_is_left_as_it_is(office):
    await known(office, "Alice_T", "__bob__")
    asked = await match(
        office, f"username,discord\nAlice_T,{office.buyer.name}\n__bob__,{office.stranger.name}"
    )
    async with office.shop.database.write() as connection:
        person = await customers.by_name(connection, office.guild.id, "Alice_T")
        await customers.tie(connection, person.id, office.owner.id, 1, person.linked_at or _now())
    await press(office, asked, "Tie 2 names")
    assert "1 name tied" in text_of(asked.original)
    assert "1 no longer fitted" in text_of(asked.original)
    assert await holder(office, "Alice_T") == office.owner.id


async def test_a_request_of_the_member_for_the_same_name_is_settled_with_it(office):
    await known(office, "Alice_T")
    async with office.shop.database.write() as connection:
        await customers.add(connection, office.guild.id, member_id=office.buyer.id)
        await customers.add_claim(connection, office.guild.id, office.buyer.id, "alice_t", _now())
    asked = await match(office, f"username,discord_id\nAlice_T,{office.buyer.id}")
    await press(office, asked, "Tie 1 name")
    async with office.shop.database.read() as connection:
        assert await customers.waiting_claims(connection, office.guild.id) == []
    assert await holder(office, "Alice_T") == office.buyer.id


async def test_the_log_channel_gets_one_line_and_each_history_its_own(office):
    channel = office.fake.add_channel(office.guild, "log")
    await office.log_channel(channel)
    await known(office, "Alice_T", "__bob__")
    asked = await match(
        office, f"username,discord_id\nAlice_T,{office.buyer.id}\n__bob__,{office.stranger.id}"
    )
    await press(office, asked, "Tie 2 names")
    office.teller.wake()

    def shown():
        return "\n".join(text_of(one) for one in office.as_mod.sees(channel))

    await office.passes(lambda: "tied 2 names to members" in shown())
    assert "Alice" not in shown()
    asked = await office.run(office.as_mod, "audit", username="Alice_T")
    assert f"tied **Alice\\_T** to <@{office.buyer.id}>" in text_of(asked.original)


async def test_a_file_that_is_no_list_is_refused(office):
    asked = await match(office, b"PK\x03\x04")
    assert "Save it as CSV" in text_of(asked.original)
    asked = await match(office, "mail,name\n")
    assert "`discord_id`" in text_of(asked.original)
    asked = await match(office, b"x" * (2 * 1024 * 1024 + 1))
    assert "too large" in text_of(asked.original)


async def test_a_cell_that_a_spreadsheet_would_calculate_is_made_harmless(office):
    asked = await match(office, 'username,discord\n"=1+1","@SUM(A1)"')
    [file] = asked.original.attachments
    table = office.fake.world.files[int(file["id"])].decode("utf-8-sig")
    assert "2,'@SUM(A1),'=1+1," in table


async def test_without_a_file_equal_names_are_proposed_and_tied_one_by_one(office):
    await known(office, "BEN", "Stan", "Other")
    asked = await office.run(office.as_mod, "customer match")
    said = text_of(asked.original)
    assert "2 members go by a name" in said
    assert "no proof" in said
    assert "Other" not in said
    ben = f"{(await person(office, 'BEN')).id}-{office.buyer.id}"
    await office.as_mod.choose(asked.original, "Tie only these", [ben])
    await eventually(lambda: "1 name tied" in text_of(asked.original))
    assert await holder(office, "ben") == office.buyer.id
    assert await holder(office, "stan") is None
    assert "Tie 1 name" in labels(asked.original)
    await office.as_mod.press(asked.original, "Tie 1 name")
    await eventually(lambda: not labels(asked.original))
    assert await holder(office, "stan") == office.stranger.id
    asked = await office.run(office.as_mod, "customer match")
    assert "No member goes by" in text_of(asked.original)


async def test_many_proposals_come_in_pages(office):
    for number in range(30):
        name = f"trader_{number:02}"
        office.fake.add_member(office.guild, office.fake.add_user(name))
        await known(office, name.upper())
    await eventually(lambda: len(office.client.get_guild(office.guild.id).members) > 30)
    asked = await office.run(office.as_mod, "customer match")
    assert labels(asked.original)[-1] == "Next"
    assert r"TRADER\_24" in text_of(asked.original)
    await office.as_mod.press(asked.original, "Next")
    await eventually(lambda: r"TRADER\_29" in text_of(asked.original))
    assert labels(asked.original)[-1] == "Back"
    await office.as_mod.press(asked.original, "Tie 30 names")
    await eventually(lambda: "30 names tied" in text_of(asked.original))


async def person(office, name):
    async with office.shop.database.read() as connection:
        return await customers.by_name(connection, office.guild.id, name)


def _now():
    from bot import clock

    return clock.now()
