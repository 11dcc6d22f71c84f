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
