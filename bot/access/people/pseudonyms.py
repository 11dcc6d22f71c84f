"""What stands in place of a person who was erased: a number that cannot be turned back into them."""

from bot.store.people.traces import LARGEST_NUMBER
from bot.store.records import Customer
from bot.store.vault import Vault

_DIGITS = 1_000


def number_of(vault: Vault, person: Customer) -> int:
    """Return the number of that person in their server: the same each time, as long as the key is."""
    if person.member_id is not None:
        identity = f"member {person.member_id}"
    elif person.tv_user_id is not None:
        identity = f"user {person.tv_user_id}"
    else:
        identity = f"name {person.name_folded}"
    return vault.number(f"{person.guild_id} {identity}", LARGEST_NUMBER)


def pseudonym(number: int) -> str:
    """Return how that number is written: person 482-130."""
    return f"person {number // _DIGITS:03}-{number % _DIGITS:03}"
