"""The database itself: how it is opened, locked, migrated."""
