"""What goes out without being asked: direct messages, outcomes of orders, the log channel, alarms."""
