"""/product over a real gateway."""

import pytest

from tests.support.discord_harness import labels, text_of


async def run(harness, command, **options):
    return (await harness.run(harness.as_owner, f"product {command}", **options)).original


@pytest.fixture
async def gold(harness):
    await harness.script("range")
    return await run(harness, "create", slug="Gold", title="Gold", scripts="trend, range")


async def test_a_product_is_made_of_scripts_and_listed(harness, gold):
    assert "Gold is added" in text_of(gold)
    role = harness.make_role("Gold member")
    said = await run(
        harness, "create", slug="silver", title="Silver", scripts="trend", duration="1M", role=role,
        grace=3, trial="7D", link="https://shop.example/silver",
    )  # fmt: skip
    text = text_of(said)
    for words in (
        "usually 1 month",
        f"<@&{role.id}>",
        "3 grace days",
        "trial of 7 days",
        "<https://",
    ):
        assert words in text
    text = text_of(await run(harness, "list"))
    assert "2 products." in text
    assert "**Gold** – `gold` – 0 people have it" in text
    assert "**Range** and **Trend**" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"slug": "two words"}, "cannot be a short name"),
        ({"slug": "trend"}, "is taken"),
        ({"slug": "gold"}, "is taken** (a product)"),
        ({"title": "a" * 101}, "1 to 100"),
        ({"scripts": "trend,trnd"}, "no script called `trnd`"),
        ({"scripts": "gold"}, "no script called `gold`"),
        ({"duration": "soon"}, "not a duration"),
        ({"trial": "L"}, "A trial has an end"),
        ({"link": "http://shop.example"}, "begins with `https://`"),
        ({"link": "javascript:alert(1)"}, "begins with `https://`"),
        ({"link": "https://user@shop.example"}, "begins with `https://`"),
        ({"link": "https://[shop"}, "begins with `https://`"),
        ({"link": "https://shop.example/" + "a" * 500}, "too long"),
    ],
)
async def test_bad_input_is_told_what_is_wrong_and_adds_nothing(harness, gold, options, words):
    asked = {"slug": "new", "title": "New", "scripts": "trend", **options}
    assert words in text_of(await run(harness, "create", **asked))
    assert "1 product." in text_of(await run(harness, "list"))


async def test_a_role_that_must_not_be_handed_out_is_refused(harness, gold):
    everyone = harness.guild.roles[harness.guild.id]
    boosters = harness.boost(harness.buyer)
    for role, words in (
        (everyone, "Everybody has that role"),
        (boosters, "belongs to an app or to Discord itself"),
        (harness.staff, "may manage your customers"),
    ):
        said = await run(harness, "edit", product="gold", role=role)
        assert words in text_of(said)
    assert "role" not in text_of(await run(harness, "list"))


async def test_a_script_takes_no_products_name(harness, gold):
    pine_id = harness.vendor.world.add_script(harness.vendor.vendor).pine_id
    said = await harness.run(
        harness.as_owner, "script add", pine_id=pine_id, slug="gold", title="X"
    )
    assert "is taken** (a product)" in text_of(said.original)
    said = await harness.run(
        harness.as_owner, "script rename", item="trend", slug="gold", title="X"
    )
    assert "is taken** (a product)" in text_of(said.original)


async def test_a_product_is_changed_and_says_so(harness, gold):
    said = await run(harness, "edit", product="gold", title="Gold Club", duration="1Y", grace=5)
    assert "**Gold Club** (`gold`) **is changed.**" in text_of(said)
    assert "usually 1 year" in text_of(said)
    said = await run(harness, "edit", product="gold", slug="club", without="duration")
    assert "`club`" in text_of(said)
    assert "usually" not in text_of(said)
    assert "is so already" in text_of(await run(harness, "edit", product="club", grace=5))
    assert "no product called `gold`" in text_of(
        await run(harness, "edit", product="gold", grace=5)
    )


async def test_archiving_asks_and_whoever_has_it_keeps_it(harness, gold):
    done = await harness.run(
        harness.as_mod, "access grant", item="gold", duration="L", username="Alice_T"
    )
    assert "Done" in text_of(done.original)
    question = await run(harness, "archive", product="gold")
    assert "1 person has it and keep it" in text_of(question)
    press = await harness.as_owner.press(question, "No, leave it")
    await press.until(lambda now: "stays as it is" in text_of(now))
    question = await run(harness, "archive", product="gold")
    press = await harness.as_owner.press(question, "Yes, archive it")
    await press.until(lambda now: "is archived" in text_of(now))
    assert labels(question) == []
    for pine_id in harness.vendor.world.scripts:
        assert harness.vendor.world.has_access(pine_id, "Alice_T")
    refused = await harness.run(
        harness.as_mod, "access grant", item="gold", duration="L", username="Alice_T"
    )
    assert "no script called `gold`" in text_of(refused.original)
    assert "– archived" in text_of(await run(harness, "list"))


async def test_suggestions_tell_products_from_scripts(harness, gold):
    async def values(command, option, typed):
        found = await harness.as_owner.complete(command, option, typed, guild=harness.guild)
        return {each["value"]: each["name"] for each in found}

    items = await values("access grant", "item", "g")
    assert items == {"gold": "gold – Gold (product)", "range": "range – Range"}
    assert await values("product archive", "product", "") == {"gold": "gold – Gold"}
    assert list(await values("script archive", "item", "")) == ["range", "trend"]
    assert list(await values("product create", "scripts", "trend, r")) == ["trend, range"]


async def scripts(harness, **options):
    return await run(harness, "scripts", product="gold", **options)


async def give(harness, name, item="gold"):
    done = await harness.run(
        harness.as_mod, "access grant", item=item, duration="1M", username=name
    )
    assert "Done" in text_of(done.original)


async def test_a_script_that_leaves_is_asked_about_and_put_back(harness, gold):
    await give(harness, "Alice_T")
    await give(harness, "Alice_Two")
    await give(harness, "Alice_Two", "range")
    world = harness.vendor.world
    script = next(each for each in world.scripts.values() if each.title == "Range")
    question = await scripts(harness, remove="range")
    assert "Nothing was changed yet" in text_of(question)
    assert r"**Range** leaves: 1 person loses it: Alice\_T (until" in text_of(question)
    press = await harness.as_owner.press(question, "No, leave it")
    await press.until(lambda now: "Left as it was" in text_of(now))
    question = await scripts(harness, remove="range")
    press = await harness.as_owner.press(question, "Yes, change it")
    await press.until(lambda now: "are changed" in text_of(now))
    await harness.passes(lambda: not world.has_access(script.pine_id, "Alice_T"))
    assert world.has_access(script.pine_id, "Alice_Two")
    press = await harness.as_owner.press(question, "Put back")
    await press.until(lambda now: "**Range** came: 1 person gets it" in text_of(now))
    await harness.passes(lambda: world.has_access(script.pine_id, "Alice_T"))


async def test_more_people_than_agreed_are_asked_about_again(harness, gold):
    await harness.script("third")
    await give(harness, "Alice_T")
    question = await scripts(harness, add="third")
    assert "1 person gets it" in text_of(question)
    await give(harness, "Alice_Two")
    press = await harness.as_owner.press(question, "Yes, change it")
    await press.until(lambda now: "2 people get it" in text_of(now))
    press = await harness.as_owner.press(question, "Yes, change it")
    await press.until(lambda now: "are changed" in text_of(now))


async def test_many_people_come_in_a_file(harness, gold):
    await harness.script("third")
    for number in range(12):
        harness.vendor.world.add_user(f"Buyer_{number:02}")
        await give(harness, f"Buyer_{number:02}")
    question = await scripts(harness, add="third")
    assert "12 people get it: " in text_of(question)
    assert "2 more (in the file)" in text_of(question)
    [attached] = question.attachments
    assert attached["filename"] == "gold-people.csv"


async def test_the_log_channel_tells_of_all_holders_in_one_line(harness, gold):
    await harness.script("third")
    log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(log)
    await give(harness, "Alice_T")
    question = await scripts(harness, add="third")
    press = await harness.as_owner.press(question, "Yes, change it")
    await press.until(lambda now: "are changed" in text_of(now))
    third = next(each for each in harness.vendor.world.scripts.values() if each.title == "Third")
    await harness.passes(lambda: harness.vendor.world.has_access(third.pine_id, "Alice_T"))
    await harness.time.advance(60)

    def told():
        return [text_of(each) for each in harness.as_owner.sees(log)]

    await harness.passes(
        lambda: any("changed the scripts of the product" in each for each in told())
    )
    assert not [each for each in told() if "**Third**" in each]
    audit = await harness.run(harness.as_owner, "audit", username="Alice_T")
    assert "added **Third** to a product" in text_of(audit.original)
