"""Queries about scripts and servers."""
