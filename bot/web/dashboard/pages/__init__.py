"""One module for each place of the menu, found by walking this package: each has `add_to(routes)`."""
