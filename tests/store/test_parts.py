import pytest

from bot.store.catalogue import scripts
from bot.store.parts import MAX_VALUES, parts
from tests.support.many import many_scripts
from tests.support.vendor_fixture import HOME, open_shop


@pytest.mark.parametrize(
    ("number", "sizes"),
    [(0, []), (1, [1]), (MAX_VALUES, [MAX_VALUES]), (MAX_VALUES + 1, [MAX_VALUES, 1])],
)
def test_long_lists_are_cut(number, sizes):
    assert [len(some) for some in parts(range(number))] == sizes
    assert [each for some in parts(range(number)) for each in some] == list(range(number))


async def test_more_ids_than_a_statement_takes_are_looked_up_all_the_same(tmp_path, frozen):
    async with open_shop(tmp_path) as vendor:
        [script] = await many_scripts(vendor.database, HOME, 1)
        async with vendor.database.read() as connection:
            found = await scripts.by_ids(connection, [*range(10**6, 10**6 + 40_000), script.id])
    assert found == {script.id: script}
