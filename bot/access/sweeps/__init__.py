"""Full reads of the lists, what differs, and what staff do about it."""
