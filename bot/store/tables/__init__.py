"""Every table, one module for each subject; importing the package makes all of them known."""
