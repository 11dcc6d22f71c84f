"""The kinds of failure that end in a sentence instead of a traceback."""


class UserError(Exception):
    """Somebody asked for what cannot be done; nothing was changed.

    A subclass carries the facts; `bot.replies.explain` turns them into words.
    """


class DiskFullError(UserError):
    """The disk has no room for what was to be recorded."""


class StartupError(Exception):
    """Usher cannot start; its text is one readable paragraph for whoever runs it."""

    def __init__(self, text: str, exit_code: int = 78) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class DatabaseBusyError(Exception):
    """Another program holds the database: what was to be written was not."""
