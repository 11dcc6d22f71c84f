"""What is wrong with settings, token, logins, clock, disk and database, each finding with its mend.

`usher check` prints it, and the dashboard's page Checks shows it.
"""
