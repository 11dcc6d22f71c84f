"""Queries about what members get by themselves, one module for each subject."""
