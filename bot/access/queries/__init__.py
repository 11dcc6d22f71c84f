"""Reads for people: how a person stands, and suggestions while they type."""
