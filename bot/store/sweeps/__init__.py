"""Queries about full reads of the lists and what they showed."""
