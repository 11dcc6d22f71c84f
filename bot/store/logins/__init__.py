"""Queries about logins, spares, one-time pages and outages."""
