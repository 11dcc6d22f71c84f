"""Every answer against Discord's own OpenAPI document, whose path is in DISCORD_OPENAPI.

The document (discord/discord-api-spec, MIT) is not part of this repository; without it these
tests are skipped and say so.
"""

import functools
import json
import os
from pathlib import Path

import aiohttp
import jsonschema
import pytest

from bot.sandbox.discord import permissions

DOCUMENT = os.environ.get("DISCORD_OPENAPI")

pytestmark = pytest.mark.skipif(
    not DOCUMENT, reason="DISCORD_OPENAPI does not name Discord's OpenAPI document"
)


@functools.cache
def document():
    return json.loads(Path(DOCUMENT).read_text())


def numbered(tree):
    """The document has numbers where Discord sends names ("BASE_TYPE_REQUIRED"): swap them."""
    for key, value in tree.items():
        if key == "_errors":
            for each in value:
                assert each["code"].isupper()
                each["code"] = 0
        else:
            numbered(value)


class Checked:
    """Requests whose answers are checked against the document."""

    def __init__(self, api):
        self.api = api
        self.seen = set()

    async def __call__(self, method, template, body=None, query="", status=200, **ids):
        path = template
        for name, value in ids.items():
            path = path.replace("{" + name + "}", str(getattr(value, "id", value)))
        answered, answer = await self.api(method, path + query, body)
        assert answered == status, (method, path, answer)
        self.check(method, template, status, answer)
        self.seen.add((method, template, status))
        return answer

    def check(self, method, template, status, answer):
        operation = document()["paths"][template][method.lower()]
        responses = operation["responses"]
        entry = responses.get(str(status)) or responses[f"{status // 100}XX"]
        if "$ref" in entry:
            entry = document()["components"]["responses"][entry["$ref"].split("/")[-1]]
        content = entry.get("content")
        if content is None:
            assert answer is None
            return
        schema = content["application/json"]["schema"]
        if status == 400 and answer["code"] == 50035:
            numbered(answer["errors"])
        validator = jsonschema.Draft202012Validator(
            {**schema, "components": document()["components"]}
        )
        error = jsonschema.exceptions.best_match(validator.iter_errors(answer))
        if error is not None:
            pytest.fail(f"{method} {template} {status}: {error.json_path}: {error.message[:600]}")


@pytest.fixture
def ask(api):
    return Checked(api)


CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
HOOK = "/webhooks/{webhook_id}/{webhook_token}"
MESSAGES = "/channels/{channel_id}/messages"
ROLE = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}"
RICH = {
    "content": "Hello <@1>",
    "embeds": [
        {
            "title": "T",
            "description": "D",
            "color": 3,
            "url": "https://example.org",
            "timestamp": "2026-03-10T12:00:00+00:00",
            "fields": [{"name": "a", "value": "b"}],
            "footer": {"text": "f"},
            "author": {"name": "n"},
        }
    ],
    "components": [
        {
            "type": 1,
            "components": [
                {"type": 2, "style": 1, "label": "Go", "custom_id": "go", "disabled": False},
                {"type": 2, "style": 5, "label": "Open", "url": "https://example.org"},
            ],
        },
        {
            "type": 1,
            "components": [
                {
                    "type": 3,
                    "custom_id": "menu",
                    "options": [{"label": "A", "value": "a", "default": False}],
                }
            ],
        },
        {"type": 1, "components": [{"type": 5, "custom_id": "who"}]},
        {"type": 1, "components": [{"type": 6, "custom_id": "role"}]},
        {"type": 1, "components": [{"type": 8, "custom_id": "where", "channel_types": [0]}]},
    ],
}


async def test_the_account_and_the_application(ask, fake, shop):
    await ask("GET", "/gateway")
    await ask("GET", "/gateway/bot")
    await ask("GET", "/users/@me")
    await ask("GET", "/users/@me/guilds")
    await ask("GET", "/users/{user_id}", user_id=shop.buyer)
    await ask("GET", "/users/{user_id}", user_id=1, status=404)
    await ask("GET", "/applications/@me")
    await ask("GET", "/oauth2/applications/@me")


async def test_what_the_application_sells(ask, fake, shop):
    sku = fake.premium.add_sku("Gold")
    bought = fake.premium.subscribe(shop.buyer, sku)
    mine = {"application_id": fake.bot, "entitlement_id": bought.entitlement}
    listed, one = "/applications/{application_id}/entitlements", "/{entitlement_id}"
    await ask("GET", listed, query="?limit=1&after=0", application_id=fake.bot)
    await ask("GET", listed, query="?limit=0", application_id=fake.bot, status=400)
    await ask("GET", listed + one, **mine)
    await ask("POST", listed + one + "/consume", status=204, **mine)
    held = {"sku_id": sku, "subscription_id": bought}
    subscriptions = "/skus/{sku_id}/subscriptions"
    await ask("GET", subscriptions, query=f"?user_id={shop.buyer.id}", sku_id=sku)
    await ask("GET", subscriptions, sku_id=sku, status=400)
    await ask("GET", subscriptions + "/{subscription_id}", **held)
    await ask("DELETE", listed + one, status=204, **mine)
    mine["entitlement_id"] = 1
    await ask("GET", listed + one, status=404, **mine)


async def test_guilds_members_and_roles(ask, fake, shop):
    guild = {"guild_id": shop.guild}
    await ask("GET", "/guilds/{guild_id}", query="?with_counts=true", **guild)
    await ask("GET", "/guilds/{guild_id}", status=404, guild_id=1)
    await ask("GET", "/guilds/{guild_id}/channels", **guild)
    await ask("GET", "/guilds/{guild_id}/roles", **guild)
    role = fake.bot_role(shop.guild)
    await ask("GET", "/guilds/{guild_id}/roles/{role_id}", role_id=role, **guild)
    await ask("GET", "/guilds/{guild_id}/members", query="?limit=10", **guild)
    await ask("GET", "/guilds/{guild_id}/members/search", query="?query=b", **guild)
    member = {**guild, "user_id": shop.buyer}
    await ask("GET", "/guilds/{guild_id}/members/{user_id}", **member)
    low = fake.add_role(shop.guild, "low", position=1)
    fake.change_role(shop.guild, role, position=5)
    await ask("PUT", ROLE, status=204, role_id=low, **member)
    await ask("DELETE", ROLE, status=204, role_id=low, **member)
    await ask("PUT", ROLE, status=403, role_id=role, **member)
    fake.boost(shop.guild, shop.buyer)
    await ask("GET", "/guilds/{guild_id}/roles", **guild)
    await ask("GET", "/guilds/{guild_id}/members/{user_id}", **member)
    await ask("PUT", ROLE, status=403, role_id=shop.guild.booster_role, **member)
    await ask("PUT", ROLE, status=404, role_id=1, **member)
    await ask("DELETE", ROLE, status=404, role_id=low, **{**guild, "user_id": 1})
    search = "/guilds/{guild_id}/members/search"
    await ask("GET", search, query="?query=b&limit=1001", status=400, **guild)
    await ask("GET", search, status=400, **guild)


async def test_roles_and_channels_that_are_made(ask, fake, shop):
    guild = {"guild_id": shop.guild}
    make, open_ = "/guilds/{guild_id}/roles", "/guilds/{guild_id}/channels"
    own = fake.bot_role(shop.guild)
    fake.change_role(shop.guild, own, permissions=permissions.EVERYONE)
    await ask("POST", open_, {"name": "x"}, status=403, **guild)
    fake.change_role(shop.guild, own, permissions=permissions.BOT)
    role = await ask("POST", make, {"name": "Staff", "permissions": "0"}, **guild)
    seen = {"id": role["id"], "type": 0, "allow": "1024", "deny": "0"}
    body = {"name": "log", "topic": "t", "permission_overwrites": [seen]}
    channel = await ask("POST", open_, body, status=201, **guild)
    await ask("POST", open_, {}, status=400, **guild)
    await ask("DELETE", "/channels/{channel_id}", channel_id=channel["id"])
    await ask("DELETE", make + "/{role_id}", status=204, role_id=role["id"], **guild)


async def test_channels_and_messages(ask, fake, shop):
    where = {"channel_id": shop.channel}
    await ask("GET", "/channels/{channel_id}", **where)
    message = await ask("POST", MESSAGES, RICH, **where)
    one = {**where, "message_id": message["id"]}
    await ask("GET", MESSAGES + "/{message_id}", **one)
    await ask("PATCH", MESSAGES + "/{message_id}", {"content": "new"}, **one)
    reply = {"content": "yes", "message_reference": {"message_id": message["id"]}}
    await ask("POST", MESSAGES, {**reply, "nonce": "7"}, **where)
    await ask("GET", MESSAGES, **where)
    await ask("DELETE", MESSAGES + "/{message_id}", status=204, **one)
    await ask("POST", MESSAGES, {"content": "x" * 2001}, status=400, **where)
    await ask("POST", MESSAGES, {}, status=400, **where)
    dm = await ask("POST", "/users/@me/channels", {"recipient_id": str(shop.buyer.id)})
    await ask("GET", "/channels/{channel_id}", channel_id=dm["id"])
    await ask("POST", MESSAGES, {"content": "psst"}, channel_id=dm["id"])


async def test_uploads(ask, api, shop):
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "here"}')
    form.add_field("files[0]", b"a,b", filename="list.csv")
    path = f"/channels/{shop.channel.id}/messages"
    status, answer = await api("POST", path, data=form)
    ask.check("POST", MESSAGES, status, answer)


@pytest.mark.parametrize("place", ["", "/guilds/{guild_id}"])
async def test_commands(ask, fake, shop, place):
    base = "/applications/{application_id}" + place + "/commands"
    ids = {"application_id": fake.bot, "guild_id": shop.guild}
    option = {"name": "item", "description": "Which", "required": True}
    kinds = [{**option, "name": f"o{kind}", "type": kind} for kind in range(3, 12)]
    kinds[0]["autocomplete"] = True
    kinds[1]["choices"] = [{"name": "one", "value": 1}]
    grant = {"type": 1, "name": "grant", "description": "Grants", "options": kinds}
    inner = {"type": 2, "name": "deep", "description": "Deep", "options": [grant]}
    body = {
        "name": "access",
        "description": "Access",
        "default_member_permissions": 8192,
        "contexts": [0],
        "integration_types": [0],
        "options": [grant, inner],
    }
    (command,) = await ask("PUT", base, [body], **ids)
    await ask("GET", base, **ids)
    one = base + "/{command_id}"
    await ask("GET", one, command_id=command["id"], **ids)
    await ask("PATCH", one, {"description": "New"}, command_id=command["id"], **ids)
    # 201 is for a new name, 200 for one that is replaced
    await ask("POST", base, {"name": "me", "description": "Me"}, status=201, **ids)
    await ask("POST", base, {"name": "me", "description": "Mine"}, **ids)
    await ask("PUT", base, [{"name": "A"}], status=400, **ids)
    await ask("DELETE", one, status=204, command_id=command["id"], **ids)


async def test_a_menu_and_its_answer(ask, fake, shop):
    ids = {"application_id": fake.bot}
    menu = {"name": "Look up", "type": 2, "contexts": [0], "integration_types": [0]}
    await ask("PUT", "/applications/{application_id}/commands", [menu], **ids)
    wrong = [{**menu, "description": "d"}]
    await ask("PUT", "/applications/{application_id}/commands", wrong, status=400, **ids)
    used, _ = shop.opened(target=shop.owner)
    hook = {"interaction_id": used.id, "interaction_token": used.token}
    body = {"type": 4, "data": {"content": "seen"}}
    await ask("POST", CALLBACK, body, query="?with_response=true", **hook)
    hook = {"webhook_id": fake.bot, "webhook_token": used.token}
    seen = await ask("GET", HOOK + "/messages/@original", **hook)
    assert seen["interaction_metadata"]["target_user"]["id"] == str(shop.owner.id)


async def test_interactions(ask, fake, shop):
    async def reply(body, status=200, query="?with_response=true"):
        used, _ = shop.opened()
        ids = {"interaction_id": used.id, "interaction_token": used.token}
        await ask("POST", CALLBACK, body, query=query, status=status, **ids)
        return {"webhook_id": fake.bot, "webhook_token": used.token}

    hook = await reply({"type": 4, "data": RICH})
    await ask("GET", HOOK + "/messages/@original", **hook)
    await ask("PATCH", HOOK + "/messages/@original", {"content": "two", "components": []}, **hook)
    more = await ask("POST", HOOK, {"content": "more", "flags": 64}, query="?wait=true", **hook)
    one = HOOK + "/messages/{message_id}"
    await ask("GET", one, message_id=more["id"], **hook)
    await ask("PATCH", one, {"content": "less"}, message_id=more["id"], **hook)
    await ask("DELETE", one, status=204, message_id=more["id"], **hook)
    await ask("DELETE", HOOK + "/messages/@original", status=204, **hook)
    await ask("GET", HOOK + "/messages/@original", status=404, **hook)
    await reply({"type": 4, "data": {"content": "x"}}, status=204, query="")
    await reply({"type": 5}, status=204, query="")
    field = {"type": 4, "custom_id": "a", "label": "A", "style": 1}
    form = {"title": "T", "custom_id": "f", "components": [{"type": 1, "components": [field]}]}
    await reply({"type": 9, "data": form})
    await reply({"type": 7, "data": {"content": "x"}}, status=400)
    await reply({"type": 4, "data": {}}, status=400)
