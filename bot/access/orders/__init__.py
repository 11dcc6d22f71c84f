"""What staff order, and what became of it."""
