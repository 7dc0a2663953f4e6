"""One engine, one session rule, one line of migrations; SQLite by default, PostgreSQL to grow."""
