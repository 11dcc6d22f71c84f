"""What code says about itself is let go, and all of it works on."""

import gc
import subprocess
import sys

from bot import memory

_PROGRAM = """
from dataclasses import FrozenInstanceError, dataclass, field, replace
from bot import memory

memory.hold_little()
memory.load_program()
import discord, sqlalchemy
from bot.store.records import USHER, Actor, Batch, Record

memory.spare_what_is_loaded()
assert discord.Client.__doc__ is None and discord.utils.get.__doc__ is None
assert discord.utils.get.__code__.co_consts[0] is None
assert sqlalchemy.select.__doc__ is None and discord.ButtonStyle.__doc__ is None
assert discord.Client.user.__doc__ is None
assert Actor.__doc__ is None and Actor.__annotations__
assert discord.utils.get([discord.Object(1), discord.Object(2)], id=2).id == 2
print(sqlalchemy.select(sqlalchemy.literal(1)))

# Dataclasses share what they do not differ in, and there is none twice, as it was without slots.
for name in ("__repr__", "__setattr__", "__delattr__"):
    assert getattr(Actor, name) is getattr(Batch, name)

@dataclass(frozen=True, slots=True)
class Pair:
    name: object
    secret: str = field(repr=False)

unshared = Pair("a", "s")
before = repr(unshared)
memory._share_methods(Pair)
assert Pair.__repr__ is Actor.__repr__
assert [kind.__name__ for kind in Record.__subclasses__()].count("Batch") == 1
assert repr(unshared) == before == "Pair(name='a')"
assert repr(USHER) == "Actor(kind=<ActorKind.USHER: 'usher'>, id=None)"
rounded = Pair([], "s")
rounded.name.append(rounded)
assert repr(rounded) == "Pair(name=[...])"
assert replace(unshared, name="b").name == "b" and hash(unshared) == hash(Pair("a", "s"))

def refused(change):
    try:
        change()
    except FrozenInstanceError as error:
        return str(error)

assert refused(lambda: setattr(USHER, "id", "1")) == "cannot assign to field 'id'"
assert refused(lambda: delattr(USHER, "id")) == "cannot delete field 'id'"
assert refused(lambda: setattr(USHER, "other", "1")) == "cannot assign to field 'other'"

class Noted(Actor):
    pass

noted = Noted(USHER.kind)
noted.more = 1
del noted.more
assert refused(lambda: setattr(noted, "id", "1")) == "cannot assign to field 'id'"
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
