"""Discord's limits: what is too long, too many or empty is refused with its code and path."""

import io

import aiohttp
import pytest

from bot.sandbox.discord.interactions import Kind

BUTTON = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}


def row(*parts):
    return {"type": 1, "components": list(parts)}


def select(count=1, **more):
    options = [{"label": str(n), "value": str(n)} for n in range(count)]
    return {"type": 3, "custom_id": "menu", "options": options, **more}


@pytest.fixture
def path(shop):
    return f"/channels/{shop.channel.id}/messages"


TOO_MUCH = [
    ({"content": "x" * 2001}, "content"),
    ({"embeds": [{"title": "x"}] * 11}, "embeds"),
    ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title"),
    ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description"),
    ({"embeds": [{"footer": {"text": "x" * 2049}}]}, "embeds.0.footer.text"),
    ({"embeds": [{"author": {"name": "x" * 257}}]}, "embeds.0.author.name"),
    ({"embeds": [{"fields": [{"name": "a", "value": "b"}] * 26}]}, "embeds.0.fields"),
    ({"embeds": [{"fields": [{"name": "x" * 257, "value": "b"}]}]}, "embeds.0.fields.0.name"),
    ({"embeds": [{"fields": [{"name": "a", "value": "x" * 1025}]}]}, "embeds.0.fields.0.value"),
    ({"embeds": [{"fields": [{"name": "a", "value": " "}]}]}, "embeds.0.fields.0.value"),
    ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds"),
    ({"embeds": [{"title": "a", "url": "nowhere"}]}, "embeds.0.url"),
    ({"components": [row(BUTTON)] * 6}, "components"),
    (
        {"components": [row(*({**BUTTON, "custom_id": str(n)} for n in range(6)))]},
        "components.0.components",
    ),
    ({"components": [row(select(26))]}, "components.0.components.0.options"),
    ({"components": [row(select(), BUTTON)]}, "components.0.components"),
    ({"components": [row({**BUTTON, "label": "x" * 81})]}, "components.0.components.0.label"),
    (
        {"components": [row({**BUTTON, "custom_id": "x" * 101})]},
        "components.0.components.0.custom_id",
    ),
    (
        {"components": [row({"type": 2, "style": 1, "label": "a"})]},
        "components.0.components.0.custom_id",
    ),
    ({"components": [row({"type": 2, "style": 5, "label": "a"})]}, "components.0.components.0.url"),
    ({"components": [row({"type": 2, "style": 1, "custom_id": "a"})]}, "components.0.components.0"),
    ({"components": [row(BUTTON, BUTTON)]}, "components"),
    (
        {"components": [row(select(options=[{"label": "x" * 101, "value": "a"}]))]},
        "components.0.components.0.options.0.label",
    ),
    ({"components": [row(select(placeholder="x" * 151))]}, "components.0.components.0.placeholder"),
    ({"components": [BUTTON]}, "components.0.type"),
    ({"nonce": "x" * 26}, "nonce"),
]


@pytest.mark.parametrize(("body", "where"), TOO_MUCH, ids=range(len(TOO_MUCH)))
async def test_a_message_over_a_limit_is_refused_with_the_path(api, path, body, where):
    assert where in await api.faults("POST", path, {"content": "x", **body})


async def test_a_message_at_the_limits_is_taken(api, path):
    body = {
        "content": "x" * 2000,
        "embeds": [{"title": "x" * 256, "description": "x" * 4096}],
        "components": [
            row(*({**BUTTON, "custom_id": f"{r}.{n}"} for n in range(5))) for r in range(4)
        ]
        + [row(select(25))],
    }
    status, _ = await api("POST", path, body)
    assert status == 200


@pytest.mark.parametrize("body", [{}, {"content": "  "}, {"content": None, "embeds": []}])
async def test_an_empty_message_is_50006(api, path, body):
    assert await api.refused("POST", path, body) == 50006


async def test_an_edit_that_leaves_nothing_is_50006(api, path):
    _, message = await api("POST", path, {"content": "x"})
    assert await api.refused("PATCH", f"{path}/{message['id']}", {"content": ""}) == 50006


async def test_an_upload_over_ten_mebibytes_is_40005(api, path):
    form = aiohttp.FormData()
    form.add_field("payload_json", "{}")
    form.add_field("files[0]", io.BytesIO(bytes(10 * 1024 * 1024 + 1)), filename="a.txt")
    assert await api.refused("POST", path, data=form) == 40005


async def test_an_upload_is_served_again(api, path):
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"attachments": [{"id": 0, "description": "the list"}]}')
    form.add_field("files[0]", b"a,b", filename="list.csv")
    _, message = await api("POST", path, data=form)
    (attachment,) = message["attachments"]
    assert (attachment["size"], attachment["description"]) == (3, "the list")
    async with api.http.get(attachment["url"]) as answer:
        assert await answer.read() == b"a,b"


def text_input(**more):
    return {"type": 4, "style": 1, "label": "A", "custom_id": "a", **more}


def label(inner, **more):
    return {"type": 18, "label": "A", "component": inner, **more}


BAD_FORMS = [
    ({"title": "x" * 46}, "data.title"),
    ({"title": ""}, "data.title"),
    ({"custom_id": "x" * 101}, "data.custom_id"),
    ({"components": []}, "data.components"),
    ({"components": [row(text_input(custom_id=str(n))) for n in range(6)]}, "data.components"),
    ({"components": [row(text_input(label="x" * 46))]}, "data.components.0.components.0.label"),
    (
        {"components": [row(text_input(max_length=4001))]},
        "data.components.0.components.0.max_length",
    ),
    ({"components": [row(BUTTON)]}, "data.components.0.components.0.type"),
    ({"components": [label(text_input())]}, "data.components.0.component.label"),
    (
        {"components": [label({**text_input(), "label": None}, label="x" * 46)]},
        "data.components.0.label",
    ),
    ({"components": [row(text_input()), row(text_input())]}, "data.components"),
]


@pytest.mark.parametrize(("change", "where"), BAD_FORMS, ids=range(len(BAD_FORMS)))
async def test_a_form_over_a_limit_is_refused(api, shop, change, where):
    used, path = shop.opened()
    form = {"title": "T", "custom_id": "f", "components": [row(text_input())], **change}
    assert where in await api.faults("POST", path, {"type": 9, "data": form})
    assert not used.acknowledged


@pytest.mark.parametrize(
    ("choices", "where"),
    [
        ([{"name": "a", "value": "a"}] * 26, "data.choices"),
        ([{"name": "", "value": "a"}], "data.choices.0.name"),
        ([{"name": "x" * 101, "value": "a"}], "data.choices.0.name"),
        ([{"name": "a", "value": "x" * 101}], "data.choices.0.value"),
    ],
)
async def test_autocomplete_answers_have_limits(api, shop, choices, where):
    _, path = shop.opened(Kind.AUTOCOMPLETE)
    body = {"type": 8, "data": {"choices": choices}}
    assert where in await api.faults("POST", path, body)


@pytest.mark.parametrize(
    ("kind", "reply"),
    [(Kind.COMMAND, 7), (Kind.COMMAND, 8), (Kind.AUTOCOMPLETE, 4), (Kind.MODAL, 9)],
)
async def test_an_interaction_takes_only_the_replies_of_its_kind(api, shop, kind, reply):
    _, path = shop.opened(kind)
    assert "type" in await api.faults("POST", path, {"type": reply, "data": {"content": "x"}})


def option(**more):
    return {"type": 3, "name": "a", "description": "d", **more}


CHOICES = [{"name": f"{n:0100}", "value": f"{n:0100}"} for n in range(25)]
BAD_COMMANDS = [
    ({"name": "Upper"}, "0.name"),
    ({"name": "two words"}, "0.name"),
    ({"name": "x" * 33}, "0.name"),
    ({"name": ""}, "0.name"),
    ({"description": ""}, "0.description"),
    ({"description": "x" * 101}, "0.description"),
    ({"options": [option(name=f"o{n}") for n in range(26)]}, "0.options"),
    ({"options": [option(name="A")]}, "0.options.0.name"),
    ({"options": [option(), option()]}, "0.options.1"),
    ({"options": [option(), option(name="b", required=True)]}, "0.options.1"),
    ({"options": [option(choices=[{"name": "a", "value": "a"}] * 26)]}, "0.options.0.choices"),
    (
        {"options": [option(choices=[{"name": "a", "value": "a"}], autocomplete=True)]},
        "0.options.0.autocomplete",
    ),
    ({"options": [option(type=5, autocomplete=True)]}, "0.options.0.autocomplete"),
    ({"options": [option(), option(type=1, name="b")]}, "0.options"),
    ({"options": [option(type=99)]}, "0.options.0.type"),
    ({"options": [option(type=1, options=[option(type=1)])]}, "0.options.0.options.0.type"),
    ({"type": 3, "name": "x" * 33}, "0.name"),
    ({"type": 2, "name": "Has one"}, "0.description"),
    ({"type": 2, "name": "Has some", "options": [option()]}, "0.options"),
    ({"default_member_permissions": "all"}, "0.default_member_permissions"),
    (
        {"options": [option(name=f"o{n}", choices=CHOICES) for n in range(5)]},
        "0",
    ),
]


@pytest.mark.parametrize(("change", "where"), BAD_COMMANDS, ids=range(len(BAD_COMMANDS)))
async def test_a_command_over_a_limit_is_refused(api, fake, change, where):
    body = [{"name": "good-ñame_1", "description": "d", **change}]
    assert where in await api.faults("PUT", f"/applications/{fake.bot.id}/commands", body)


async def test_commands_that_share_a_name_are_refused(api, fake):
    body = [{"name": "a", "description": "d"}] * 2
    assert "1" in await api.faults("PUT", f"/applications/{fake.bot.id}/commands", body)


async def test_a_command_keeps_its_id_when_it_is_set_again(api, fake):
    path = f"/applications/{fake.bot.id}/commands"
    _, first = await api("PUT", path, [{"name": "grüße", "description": "d"}])
    _, second = await api("PUT", path, [{"name": "grüße", "description": "e"}])
    assert first[0]["id"] == second[0]["id"]
    assert first[0]["version"] != second[0]["version"]
