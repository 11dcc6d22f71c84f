"""What people read where Discord does not tell who joins, leaves, gains and loses roles."""

from bot.access.people.member_facts import MembersIntent

_MISSES = (
    "I notice a role that was gained or lost, and who left, a little later: I ask about one customer after "
    "the other, and see at once only whoever uses me."
)
_GOES_ON = "Everything else goes on as always."
_REMEDY = (
    "Whoever runs me switches on *Server Members Intent* in Discord's developer portal (my application, "
    "page *Bot*) and starts me again"
)


def announced() -> str:
    """Return what the log channel says once."""
    return (
        f"⚠️ **Discord does not tell me who joins, leaves, gains and loses roles.** {_MISSES} {_GOES_ON} "
        f"{_REMEDY}; `DISCORD_MEMBERS_INTENT=off` in my settings says that it is to stay so"
    )


def over() -> str:
    """Return what the log channel says once it is over."""
    return "✅ Discord tells me again who joins, leaves, gains and loses roles"


def setup_line(intent: MembersIntent) -> str | None:
    """Return the line of the checklist; None where Discord tells everything."""
    match intent:
        case MembersIntent.GRANTED:
            return None
        case MembersIntent.REFUSED:
            return (
                f"⚠️ Members: Discord does not tell me who joins, leaves, gains and loses roles. {_MISSES} "
                f"{_REMEDY}."
            )
        case MembersIntent.OFF:
            return f"▫️ Members: I do not ask Discord who gains and loses roles, as my settings say. {_MISSES}"
