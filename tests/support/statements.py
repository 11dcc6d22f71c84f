"""Counts what the database is asked, to hold how much of it there may be."""

from contextlib import contextmanager

from sqlalchemy import event


@contextmanager
def counting(database):
    """Yield a list of the statements that the database runs meanwhile, each BEGIN among them.

    One that is run for many rows at once is one statement.
    """
    engines = [engine.sync_engine for engine in (database._reader, database._writer)]
    statements = []

    def note(connection, cursor, statement, parameters, context, executemany):
        statements.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
