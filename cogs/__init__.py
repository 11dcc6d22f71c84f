"""Slash commands, one module for each group: defer, one call, one reply."""
