"""Content-addressed bytes behind one guarded door."""
