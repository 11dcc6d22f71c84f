"""Reads for people: how somebody stands, and suggestions while they type."""
