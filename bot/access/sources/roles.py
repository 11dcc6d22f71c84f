"""Discord roles that open items: as long as somebody has one, they have what it opens."""

from bot.access.sources import Source

SOURCE = Source(
    "role",
    "a role",
    returns_by_itself=True,
    has="you have the role {role} in {server}",
    lost="you no longer have the role {role} in {server}",
    again="Get the role back and it returns by itself.",
    lasts="you have the role",
)
