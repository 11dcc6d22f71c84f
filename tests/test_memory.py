"""What the libraries say about themselves is let go once everything is loaded, and nothing else is."""

import subprocess
import sys

_PROGRAM = """
from bot import memory

memory.hold_little()
memory.load_libraries()
import discord, sqlalchemy
from bot.store.records import Actor

memory.spare_what_is_loaded()
assert discord.Client.__doc__ is None and discord.utils.get.__doc__ is None
assert discord.utils.get.__code__.co_consts[0] is None
assert sqlalchemy.select.__doc__ is None and discord.ButtonStyle.__doc__ is None
assert discord.Client.user.__doc__ is None
assert Actor.__doc__.startswith("Who orders")
assert discord.utils.get([discord.Object(1), discord.Object(2)], id=2).id == 2
print(sqlalchemy.select(sqlalchemy.literal(1)))
"""


def test_docstrings_of_the_large_libraries_go_and_everything_works_on():
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("SELECT")
