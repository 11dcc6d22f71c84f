"""The `usher` command: what can be typed, and what it does on the terminal."""
