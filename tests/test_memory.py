"""What code says about itself is let go, and all of it works on."""

import gc
import subprocess
import sys

from bot import memory

_PROGRAM = """
from bot import memory

memory.hold_little()
memory.load_libraries()
import discord, sqlalchemy
from bot.store.records import Actor

memory.forget_notes()
memory.spare_what_is_loaded()
assert discord.Client.__doc__ is None and discord.utils.get.__doc__ is None
assert discord.utils.get.__code__.co_consts[0] is None
assert sqlalchemy.select.__doc__ is None and discord.ButtonStyle.__doc__ is None
assert discord.Client.user.__doc__ is None
assert Actor.__doc__ is None and Actor.__annotations__
assert discord.utils.get([discord.Object(1), discord.Object(2)], id=2).id == 2
print(sqlalchemy.select(sqlalchemy.literal(1)))
"""


def test_it_goes_and_everything_works_on():
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("SELECT")


def test_what_makes_very_much_is_not_looked_through_meanwhile():
    before = gc.get_threshold()
    with memory.without_full_collections():
        with memory.without_full_collections():
            assert gc.get_threshold()[2] > 10**9
        assert gc.get_threshold() == (*before[:2], gc.get_threshold()[2]) != before
    assert gc.get_threshold() == before
