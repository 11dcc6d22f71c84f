"""The database: engine, tables, migrations and one module of queries for each subject."""
