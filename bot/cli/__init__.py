"""The `usher` command and what its subcommands do on the terminal."""
