"""Members who boost the server: Discord gives them a role of its own, and takes it when the boost ends."""

from bot.access.sources import Source

SOURCE = Source(
    "boost",
    "a server boost",
    returns_by_itself=True,
    stands_for=lambda role: role.is_of_boosters,
    has="you boost {server}",
    lost="you no longer boost {server}",
    again="Boost it again and it returns by itself.",
    lasts="you boost the server",
)
