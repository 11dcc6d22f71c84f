"""Hundreds of orders at once: read from a file or a filter, shown first, carried out one by one, undone as a whole."""
