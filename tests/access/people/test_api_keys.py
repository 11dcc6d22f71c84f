"""Keys of the HTTP API: made, used, over, and of whoever made them."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from bot import clock
from bot.access.errors import DiscordSilent
from bot.access.people.api_keys import ORPHANED, ApiKeys
from bot.access.people.errors import (
    KeyNameTaken,
    KeyNameUnreadable,
    KeyUnknown,
    ScopesUnreadable,
    TooManyKeys,
)
from bot.access.rules.duration import parse_length
from bot.store.catalogue import guilds
from bot.store.vault import Vault, rekey
from tests.support.idle import at_rest
from tests.support.vendor_fixture import AT, HOME, OTHER, STAFF, open_shop


class Managers:
    """Who is a manager, as Discord tells."""

    def __init__(self):
        self.there, self.silent, self.asked = True, False, []

    async def __call__(self, guild_id, member_id):
        self.asked.append((guild_id, member_id))
        if self.silent:
            raise DiscordSilent
        return self.there


@pytest.fixture
async def vendor(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor:
        vendor.time, vendor.may = frozen, Managers()
        vendor.keys_of_api = ApiKeys(vendor.database, vendor.vault, vendor.may, vendor.jobs)
        yield vendor


async def create(vendor, name="shop", scopes="read, write", expires=None, guild_id=HOME):
    request = vendor.request(guild_id=guild_id)
    return await vendor.keys_of_api.create(request, name, scopes, expires)


async def test_a_key_opens_its_own_server(vendor):
    made = await create(vendor)
    key = await vendor.keys_of_api.opened_by(made.text)
    assert (key.guild_id, key.name, key.allows) == (HOME, "shop", {"read", "write"})
    assert made.text not in repr(made)


async def test_nothing_that_is_kept_opens(vendor, tmp_path):
    made = await create(vendor)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("usher.db*"))
    secret = made.text.split("_")[2][:40]
    assert secret.encode() not in content


async def test_the_same_request_makes_one_key(vendor):
    request = vendor.request()
    assert await vendor.keys_of_api.create(request, "shop", "read", None)
    assert await vendor.keys_of_api.create(request, "shop", "read", None) is None


async def test_another_secret_opens_nothing(vendor):
    from bot.access.rules.api_keys import new_secret, written

    made = await create(vendor)
    assert await vendor.keys_of_api.opened_by(written(made.key.id, new_secret())) is None
    assert await vendor.keys_of_api.opened_by(written(99, new_secret())) is None


async def test_a_revoked_key_opens_nothing_at_once_and_its_name_is_free(vendor):
    made = await create(vendor)
    await vendor.keys_of_api.revoke(vendor.request(), "SHOP")
    assert await vendor.keys_of_api.opened_by(made.text) is None
    again = await create(vendor)
    assert await vendor.keys_of_api.opened_by(again.text)
    assert [each.action for each in await vendor.events()][-3:] == [
        "api_key_made", "api_key_revoked", "api_key_made",
    ]  # fmt: skip


async def test_an_expired_key_opens_nothing(vendor):
    made = await create(vendor, expires=parse_length("1D"))
    vendor.time.set(AT + timedelta(hours=23))
    assert await vendor.keys_of_api.opened_by(made.text)
    vendor.time.set(AT + timedelta(days=1))
    assert await vendor.keys_of_api.opened_by(made.text) is None


async def test_names_are_one_of_a_kind_in_a_server_in_any_case(vendor):
    await create(vendor, "Shop")
    with pytest.raises(KeyNameTaken):
        await create(vendor, " sHOP ")
    assert await create(vendor, "shop", guild_id=OTHER)


@pytest.mark.parametrize("name", ["", "   ", "x" * 33, "a\u202eb"])
async def test_a_name_can_be_read(vendor, name):
    with pytest.raises(KeyNameUnreadable):
        await create(vendor, name)


@pytest.mark.parametrize("scopes", ["", ",", "admin", "read,everything"])
async def test_a_scope_that_is_none_is_refused(vendor, scopes):
    with pytest.raises(ScopesUnreadable):
        await create(vendor, scopes=scopes)


async def test_a_server_has_a_number_of_keys(vendor):
    for number in range(25):
        await create(vendor, f"key {number}")
    with pytest.raises(TooManyKeys):
        await create(vendor, "one more")


async def test_a_key_of_another_server_cannot_be_revoked(vendor):
    await create(vendor, guild_id=OTHER)
    with pytest.raises(KeyUnknown):
        await vendor.keys_of_api.revoke(vendor.request(), "shop")


async def test_a_key_of_a_server_that_was_left_opens_nothing(vendor):
    made = await create(vendor)
    async with vendor.database.write() as connection:
        await guilds.set_left(connection, HOME, AT)
    assert await vendor.keys_of_api.opened_by(made.text) is None


async def test_keys_outlive_a_new_key_of_the_database(vendor):
    made = await create(vendor)
    old = vendor.vault._first.decode()
    new = Fernet.generate_key().decode()
    await rekey(vendor.database, Vault(new, old))
    keys = ApiKeys(vendor.database, Vault(new), vendor.may, vendor.jobs)
    assert await keys.opened_by(made.text)


async def test_a_key_whose_hash_key_cannot_be_read_opens_nothing(vendor):
    made = await create(vendor)
    other = Vault(Fernet.generate_key().decode())
    keys = ApiKeys(vendor.database, other, vendor.may, vendor.jobs)
    assert await keys.opened_by(made.text) is None


async def used_at(vendor):
    [key] = await vendor.keys_of_api.listed(HOME)
    return key.used_at


async def test_the_last_use_is_noted_once_a_minute(vendor):
    made = await create(vendor)

    async def use():
        vendor.keys_of_api.note_use(await vendor.keys_of_api.opened_by(made.text))
        await at_rest(vendor.database)

    await use()
    assert await used_at(vendor) == AT
    vendor.time.set(AT + timedelta(seconds=59))
    await use()
    assert await used_at(vendor) == AT
    vendor.time.set(AT + timedelta(seconds=60))
    await use()
    assert await used_at(vendor) == clock.now()


async def alarms(vendor):
    return [each.member_id for each in await vendor.events(ORPHANED)]


async def test_a_maker_who_is_no_manager_is_told_of_once_and_the_key_goes_on(vendor):
    made = await create(vendor)
    await vendor.keys_of_api.watch()
    assert await alarms(vendor) == []
    vendor.may.there = False
    await vendor.keys_of_api.watch()
    await vendor.keys_of_api.watch()
    assert await alarms(vendor) == [STAFF]
    assert await vendor.keys_of_api.opened_by(made.text)
    vendor.may.there = True
    await vendor.keys_of_api.watch()
    vendor.may.there = False
    await vendor.keys_of_api.watch()
    assert await alarms(vendor) == [STAFF, STAFF]


async def test_a_use_looks_who_made_the_key(vendor):
    made = await create(vendor)
    vendor.may.there = False
    vendor.keys_of_api.note_use(made.key)
    await at_rest(vendor.database)
    assert await alarms(vendor) == [STAFF]


async def test_nothing_is_said_when_discord_does_not_tell(vendor):
    await create(vendor)
    vendor.may.there, vendor.may.silent = False, True
    await vendor.keys_of_api.watch()
    assert await alarms(vendor) == []
